#!/usr/bin/python3
"""Ansible module: prepare an environment's host for Belay."""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.errors import run_module
from ansible.module_utils.belay.switch.prepare_steps import prepare_host

DOCUMENTATION = r"""
module: belay_host_prepare
short_description: Install the hold of an environment and take the release that runs as it is
description:
  - Makes the folders below C(<root>/.belay), installs hold.php with its lock files, settings and link C(state), and the table C(release).
  - Records the files of the active release, unless Belay unpacked it itself. A second run changes nothing.
options:
  root: {type: str, required: true, description: Folder of the environment.}
  url: {type: str, required: true, description: Address of the environment.}
  database: {type: str, required: true, description: Name of its database.}
  prefix: {type: str, required: true, description: Prefix of its tables.}
  hold_php: {type: str, required: true, description: Text of hold.php.}
  environment_type: {type: str, choices: [production, staging, clone], description: "Whether it is a copy, from which no mail leaves; without it the mark stays as it is."}
  protected_paths: {type: list, elements: str, required: true, description: Paths of the code tree that are data.}
  volatile_paths: {type: list, elements: str, required: true, description: Paths of the code tree that are caches.}
  shared_paths: {type: list, elements: str, required: true, description: Paths of the code tree that live in C(shared).}
"""

EXAMPLES = r"""
- name: Install the hold
  belay_host_prepare:
    root: /var/www/shop
    url: https://shop.example
    database: shop
    prefix: wp_
    hold_php: "{{ lookup('file', 'hold.php', rstrip=false) }}"
    protected_paths: [wp-content/uploads]
    volatile_paths: [wp-content/cache]
    shared_paths: [wp-config.php, wp-content/uploads]
"""

RETURN = r"""
done: {type: list, returned: always, description: What had to be done.}
hold: {type: str, returned: always, description: The file that PHP has to run before every script.}
"""


def main():
    text = {"type": "str", "required": True}
    paths = {"type": "list", "elements": "str", "required": True}
    spec = {**dict.fromkeys(("root", "url", "database", "prefix", "hold_php"), text)}
    spec.update(dict.fromkeys(("protected_paths", "volatile_paths", "shared_paths"), paths))
    spec["environment_type"] = {"type": "str", "choices": ["production", "staging", "clone"]}
    run_module(AnsibleModule(argument_spec=spec), prepare_host)


if __name__ == "__main__":
    main()
