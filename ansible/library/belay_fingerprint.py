#!/usr/bin/python3
"""Ansible module: the fingerprint of an environment."""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.arguments import COMPARISON, RULES, SITE, optional
from ansible.module_utils.belay.errors import BESIDE_VISITORS, run_module
from ansible.module_utils.belay.fingerprint import structures
from ansible.module_utils.belay.fingerprint.fingerprint import compare, is_empty
from ansible.module_utils.belay.host.hostlock import host_lock
from ansible.module_utils.belay.scope.look import Look
from ansible.module_utils.belay.database.mysql import Session
from ansible.module_utils.belay.scope.rules import Rules
from ansible.module_utils.belay.host.site import Site
from ansible.module_utils.belay.switch import inspected
from ansible.module_utils.belay.wordpress.components import installed_plugins

DOCUMENTATION = r"""
module: belay_fingerprint
short_description: Measure an environment
description:
  - Takes the checksums of every table at one instant, of option rows, protected files and code. No writer waits for it.
options:
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
  full: {type: bool, default: false, description: "Read every file, whatever the host remembers of it."}
  baseline_index: {type: dict, default: {}, description: Digests of the baseline's items that are too large to be compared by the bot.}
  baseline_options: {type: dict, default: {}, description: Option rows of the environment's own baseline and their hashes.}
  source_structures: {type: list, elements: dict, description: Tables of another environment; what would make them of this one's is told.}
  keep_index: {type: bool, default: false, description: Keep an index of this state on the host, to be compared with later.}
"""

EXAMPLES = r"""
- name: Measure tables, options, files and code
  belay_fingerprint:
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
belay_facts:
  type: dict
  returned: success
  description: C(fingerprint), as src/core/facts.ts describes it (null where the environment is laid out and empty), C(differences) and
    C(option_values); C(structure_changes) and C(plugins) where C(source_structures) was given.
"""


NO_DIFFERENCES = {"differences": {"tables": {}, "files": {}, "code": None}, "option_values": {}}


def measure(params):
    where = (params["root"], params["url"], params["database"], params["prefix"])
    laid_out = Site.open(*where, initial=True)
    with Session(laid_out) as session:
        if is_empty(laid_out, session):
            return {"belay_facts": {"fingerprint": None, **NO_DIFFERENCES}}
    site = Site.open(*where)
    with host_lock(site, params["operation_id"]), Session(site) as session:
        measured = compare(site, session, Rules.of(params), look_of(params))
        inspected.clean(site)
        return {"belay_facts": {**measured.facts(), **beside_the_source(site, session, params)}, "warnings": measured.warnings}


def beside_the_source(site, session, params):
    if params["source_structures"] is None:
        return {}
    return {"structure_changes": structures.compare(site, session, params["source_structures"]), "plugins": installed_plugins(site.tree)}


def look_of(params):
    return Look(params["full"], params["keep_index"], params["baseline_index"], params["baseline_options"])


def main():
    spec = {**SITE, **RULES, **optional(COMPARISON), "keep_index": {"type": "bool", "default": False}}
    spec["source_structures"] = {"type": "list", "elements": "dict"}
    run_module(AnsibleModule(argument_spec=spec), measure, BESIDE_VISITORS)


if __name__ == "__main__":
    main()
