#!/usr/bin/python3
"""Ansible module: the steps of a refresh."""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.arguments import RULES, SITE
from ansible.module_utils.belay.errors import run_module
from ansible.module_utils.belay.refresh.refresh_steps import STEPS

DOCUMENTATION = r"""
module: belay_refresh
short_description: Replace an environment's protected data by another's
description:
  - C(inventory) on the source writes down which tables and protected files it has.
  - C(export) on the target packs, out of one snapshot, what the source will take over, and takes the target's fingerprint.
    For a first clone it packs the code too.
  - C(import) on the source loads the tables beside the live ones, swaps them in one statement, makes the protected files
    equal and takes the source's fingerprint.
  - C(tidy) on either side removes what the other steps left in the outgoing and incoming folders.
  - Every step may be repeated.
options:
  step: {type: str, required: true, choices: [inventory, export, import, tidy], description: Which of them.}
  environment: {type: str, required: true, description: Name of the environment that this host runs.}
  initial: {type: bool, required: true, description: The first clone of an empty environment.}
  keep_tables: {type: list, elements: str, required: true, description: Tables that stay the source's.}
  keep_options: {type: list, elements: str, required: true, description: Option rows that stay the source's.}
  inventory: {type: path, description: "For C(export): the source's inventory on this host."}
  archive: {type: path, description: "For C(import): the packed data on this host."}
  digest: {type: str, description: "For C(import): digest of the packed data's manifest."}
  release: {type: path, description: "For C(import) of a first clone: the packed code on this host."}
  release_digest: {type: str, description: "For C(import) of a first clone: digest of the code's manifest."}
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
  source_type: {type: str, required: true, choices: [production, staging, clone], description: What kind of environment the source is.}
  expected_source: {type: dict, description: "What the source was like when it was judged; null for a first clone."}
  clone_options: {type: list, elements: str, required: true, description: Patterns of secret option rows that a first clone gets all the same.}
  leave_out_tables: {type: list, elements: str, required: true, description: Patterns of tables that the copy gets empty.}
  leave_out_files: {type: list, elements: str, required: true, description: Protected paths that the copy does not get.}
  hold_php: {type: str, description: "For C(import): text of hold.php, which keeps a copy from sending mail."}
  masks: {type: list, elements: dict, required: true, description: Personal data that the copy gets in another form.}
"""

EXAMPLES = r"""
- name: See what the source has
  belay_refresh:
    step: inventory
    environment: staging
    initial: false
    keep_tables: []
    keep_options: []
    root: /srv/www/acme-staging
    url: https://staging.acme.example
    database: acme_staging
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
    source_type: staging
    clone_options: [siteurl, home]
    leave_out_tables: []
    leave_out_files: []
    masks: []
"""

RETURN = r"""
incoming: {type: str, returned: success, description: The folder of this host for what is brought to it.}
inventory: {type: dict, returned: "C(inventory)", description: "C(path) and C(sha256) of the inventory."}
archive: {type: dict, returned: "C(export)", description: "C(path), C(sha256) and C(digest) of the packed data."}
release: {type: dict, returned: "C(export) of a first clone", description: "C(path), C(sha256) and C(digest) of the packed code."}
belay_facts: {type: dict, returned: success, description: "C(target) after C(export); C(source), C(tables) and C(files) after C(import)."}
"""


def main():
    texts = {"type": "list", "elements": "str", "required": True}
    spec = {
        **SITE,
        **RULES,
        "step": {"type": "str", "required": True, "choices": list(STEPS)},
        "environment": {"type": "str", "required": True},
        "initial": {"type": "bool", "required": True},
        "keep_tables": texts,
        "keep_options": texts,
        "source_type": {"type": "str", "required": True, "choices": ["production", "staging", "clone"]},
        "expected_source": {"type": "dict"},
        "clone_options": texts,
        "leave_out_tables": texts,
        "leave_out_files": texts,
        "masks": {"type": "list", "elements": "dict", "required": True},
        **dict.fromkeys(("inventory", "archive", "release"), {"type": "path"}),
        **dict.fromkeys(("digest", "release_digest", "hold_php"), {"type": "str"}),
    }
    module = AnsibleModule(argument_spec=spec)
    run_module(module, STEPS[module.params["step"]])


if __name__ == "__main__":
    main()
