#!/usr/bin/python3
"""Ansible module: back an environment up and prove it."""
from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.arguments import RULES, SITE
from ansible.module_utils.belay.backup.backup import create
from ansible.module_utils.belay.errors import BESIDE_VISITORS, run_module
from ansible.module_utils.belay.host.hostlock import host_lock
from ansible.module_utils.belay.backup.restic import Restic
from ansible.module_utils.belay.scope.rules import Rules
from ansible.module_utils.belay.host.site import Site

DOCUMENTATION = r"""
module: belay_backup
short_description: Take a full backup with restic, and prove that it can be restored
description:
  - Dumps the site's tables, stores them with its shared files and its code in a restic repository, reads everything back,
    loads the dump into the schema C(<database>_belay_scratch) and compares rows and files with the live site.
  - Rows that were written meanwhile are counted and not compared. Anything else that differs is the error C(BACKUP_NOT_PROVEN).
options:
  environment: {type: str, required: true, description: Name of the environment; the host of the snapshot in restic.}
  repository: {type: str, required: true, description: Where restic keeps its backups; made when it is not there.}
  password: {type: str, required: true, description: The repository's password.}
  root: {type: path, required: true, description: Folder of the environment.}
  url: {type: str, required: true, description: Its address.}
  database: {type: str, required: true, description: Name of its database.}
  prefix: {type: str, required: true, description: Prefix of its tables.}
  operation_id: {type: str, required: true, description: The operation that this belongs to; one at a time per host.}
  table_rules: {type: list, elements: dict, required: true, description: Ordered rules that say what a table is.}
  option_rules: {type: list, elements: dict, required: true, description: Ordered rules that say what an option row is.}
  protected_paths: {type: list, elements: str, required: true, description: Protected data in the code tree.}
  volatile_paths: {type: list, elements: str, required: true, description: Neither data nor code.}
  shared_paths: {type: list, elements: str, required: true, description: Paths that live in shared/.}
  reference_options: {type: dict, required: true, description: Options that hold ids of protected rows.}
  row_limit: {type: int, required: true, description: Up to this many rows or files are reported one by one.}
  workers: {type: int, required: true, description: Connections and threads that measure at the same time; 0 leaves it to the host.}
"""

EXAMPLES = r"""
- name: Back everything up, and prove it
  belay_backup:
    environment: production
    repository: "{{ lookup('env', 'BELAY_RESTIC_REPOSITORY') }}"
    password: "{{ lookup('env', 'BELAY_RESTIC_PASSWORD') }}"
    root: /srv/www/acme
    url: https://acme.example
    database: acme
    prefix: wp_
    operation_id: 0b0c9a52-5d0a-4a86-9d5c-6a8f6f4a3f5e
    table_rules: [{pattern: "*", class: editorial, origin: site}]
    option_rules: [{pattern: "*", class: config, origin: unknown}]
    protected_paths: [wp-content/uploads]
    volatile_paths: []
    shared_paths: [wp-config.php, wp-content/uploads]
    reference_options: {page_on_front: post}
    row_limit: 5000
    workers: 0
"""

RETURN = r"""
belay_facts: {type: dict, returned: success, description: "C(backup), as src/core/facts.ts describes it."}
"""


def back_up(params):
    site = Site.open(params["root"], params["url"], params["database"], params["prefix"])
    restic = Restic(params["repository"], params["password"], os.path.join(site.belay, "restic-cache"))
    labels = {"host": params["environment"], "tags": ["belay", params["operation_id"]]}
    with host_lock(site, params["operation_id"]):
        return {"changed": True, "belay_facts": {"backup": create(site, Rules.of(params), restic, labels)}}


def main():
    spec = {**SITE, **RULES, "environment": {"type": "str", "required": True}}
    spec.update(dict.fromkeys(("repository", "password"), {"type": "str", "required": True, "no_log": True}))
    run_module(AnsibleModule(argument_spec=spec), back_up, BESIDE_VISITORS)


if __name__ == "__main__":
    main()
