#!/usr/bin/python3
"""Ansible module: freeze a site into a release."""
from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.arguments import COMPARISON, RULES, SITE
from ansible.module_utils.belay.errors import BESIDE_VISITORS, run_module
from ansible.module_utils.belay.host.hostlock import host_lock
from ansible.module_utils.belay.scope.look import Look
from ansible.module_utils.belay.release.release import Baseline, build, told
from ansible.module_utils.belay.scope.rules import Rules
from ansible.module_utils.belay.host.site import Site

DOCUMENTATION = r"""
module: belay_release_build
short_description: Freeze a site as it runs into a release
description:
  - Packs the code, and the promotable tables and option rows that differ from the site's own baseline, into
    C(.belay/outgoing/<digest12>.tar.zst). The same state gives the same digest, and nothing is packed twice.
options:
  environment: {type: str, required: true, description: Name of the environment; it stands in the manifest.}
  baseline_tables: {type: dict, required: true, description: Table to digest of its promotable rows at the baseline.}
  baseline_options: {type: dict, required: true, description: Option to hash of its row at the baseline.}
  target_ddl: {type: dict, required: true, description: Table to digest of its definition in the target; what is defined otherwise here is told.}
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
  full: {type: bool, required: true, description: "Read every file, whatever the host remembers of it."}
  baseline_index: {type: dict, required: true, description: Digests of the baseline's items that are too large to be compared by the bot.}
"""

EXAMPLES = r"""
- name: Freeze the site into a release
  belay_release_build:
    environment: staging
    root: /srv/www/acme-staging
    url: https://staging.acme.example
    database: acme_staging
    prefix: wp_
    operation_id: 0b0c9a52-5d0a-4a86-9d5c-6a8f6f4a3f5e
    baseline_tables: {}
    baseline_options: {}
    target_ddl: {}
    table_rules: [{pattern: "*", class: editorial, origin: site}]
    option_rules: [{pattern: "*", class: config, origin: unknown}]
    protected_paths: [wp-content/uploads]
    volatile_paths: []
    shared_paths: [wp-config.php, wp-content/uploads]
    reference_options: {page_on_front: post}
    row_limit: 5000
    workers: 0
    full: false
    baseline_index: {tables: {}, files: {}, code: null}
"""

RETURN = r"""
belay_facts: {type: dict, returned: success, description: "C(release), C(fingerprint), C(differences), C(option_values) and C(structures), as src/core/facts.ts describes them."}
archive: {type: dict, returned: success, description: "C(path) and C(sha256) of the archive on this host."}
"""


def freeze(params):
    site = Site.open(params["root"], params["url"], params["database"], params["prefix"])
    os.umask(0o022)
    baseline = Baseline(params["baseline_tables"], params["baseline_options"], params["target_ddl"])
    with host_lock(site, params["operation_id"]):
        look = Look(params["full"], False, params["baseline_index"], params["baseline_options"], keep_code=True)
        built = build(site, Rules.of(params), params["environment"], baseline, look)
    release = {**{name: built[name] for name in ("digest", "bytes", "reused")}, "manifest": told(built["manifest"])}
    return {
        "changed": not built["reused"],
        "belay_facts": {"release": release, **built["measured"].facts(), "structures": built["structures"]},
        "warnings": built["measured"].warnings,
        "archive": {"path": built["path"], "sha256": built["sha256"]},
    }


def main():
    spec = {**SITE, **RULES, **COMPARISON, "environment": {"type": "str", "required": True}}
    spec.update(dict.fromkeys(("baseline_tables", "target_ddl"), {"type": "dict", "required": True}))
    run_module(AnsibleModule(argument_spec=spec), freeze, BESIDE_VISITORS)


if __name__ == "__main__":
    main()
