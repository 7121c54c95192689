#!/usr/bin/python3
"""Ansible module: find what was interrupted on a host, and finish or undo it."""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.host import program
from ansible.module_utils.belay.switch import recover_steps
from ansible.module_utils.belay.arguments import SITE
from ansible.module_utils.belay.errors import run_module

DOCUMENTATION = r"""
module: belay_recover
short_description: Finish or undo what was interrupted on a host
description:
  - A command that still runs is waited for or stopped. A switch in doubt is decided by the table C(release). An activation that
    nobody confirmed in time is undone. What switches, backups and transfers have left behind is removed.
  - May be run at any time, also when nothing was interrupted.
options:
  root: {type: path, required: true, description: Folder of the environment.}
  url: {type: str, required: true, description: Its address.}
  database: {type: str, required: true, description: Name of its database.}
  prefix: {type: str, required: true, description: Prefix of its tables.}
  operation_id: {type: str, required: true, description: Id of this recovery.}
  health_checks: {type: list, elements: dict, required: true, description: Questions about the site's health.}
  drain_ms: {type: int, required: true, description: How long running requests may take to end before a switch back.}
  wait_s: {type: int, required: true, description: How long something that still runs or waits is waited for.}
  stop: {type: bool, required: true, description: Whether it is stopped or undone at once instead.}
"""

EXAMPLES = r"""
- name: Finish or undo what was interrupted
  belay_recover:
    root: /srv/www/acme
    url: https://acme.example
    database: acme
    prefix: wp_
    operation_id: 1f0a9c1e-9c5e-4a57-8f0b-0c8a8c1d2e3f
    health_checks: []
    drain_ms: 300
    wait_s: 120
    stop: false
"""

RETURN = r"""
belay_facts: {type: dict, returned: success, description: "What was found and done, what is active, and whether it is healthy."}
"""


def main():
    spec = {**SITE, "health_checks": {"type": "list", "elements": "dict", "required": True}}
    spec.update(dict.fromkeys(("drain_ms", "wait_s"), {"type": "int", "required": True}))
    spec["stop"] = {"type": "bool", "required": True}
    # Read now: after the step has become the site's owner it cannot read Ansible's copy of the sources any more.
    program.packed()
    run_module(AnsibleModule(argument_spec=spec), recover_steps.recover_host)


if __name__ == "__main__":
    main()
