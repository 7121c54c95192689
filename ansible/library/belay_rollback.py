#!/usr/bin/python3
"""Ansible module: one step of a rollback on the target's host."""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.switch import rollback_steps
from ansible.module_utils.belay.arguments import RULES, SITE, SWITCHING
from ansible.module_utils.belay.errors import run_module

DOCUMENTATION = r"""
module: belay_rollback
short_description: One step of a rollback on the target
options:
  step:
    description: C(check) whether the target may go back, C(activate) the switch back, C(purge) what caches in front hold, C(verify) health.
    type: str
    required: true
    choices: [check, activate, purge, verify]
  purge_keys: {type: str, description: "Lines C(NAME=value) for the headers of C(purge); from the runner's secrets."}
  root: {type: path, required: true, description: Folder of the target.}
  url: {type: str, required: true, description: Address of the target.}
  database: {type: str, required: true, description: Name of its database.}
  prefix: {type: str, required: true, description: Prefix of its tables.}
notes:
  - All other options are the input of the job release_rollback under the same names; see the role's argument specification.
"""

EXAMPLES = r"""
- name: Switch back
  belay_rollback:
    step: activate
"""

RETURN = r"""
belay_facts: {type: dict, returned: always, description: Facts of release_rollback.}
"""

STEPS = {"check": rollback_steps.check, "activate": rollback_steps.activate, "purge": rollback_steps.purge, "verify": rollback_steps.verify}


def main():
    spec = {"step": {"type": "str", "required": True, "choices": list(STEPS)}, **SITE, **RULES, **SWITCHING}
    spec.update(dict.fromkeys(("to_release", "expected_release"), {"type": "str", "required": True}))
    spec["health_checks"] = {"type": "list", "elements": "dict", "required": True}
    module = AnsibleModule(argument_spec=spec)
    run_module(module, STEPS[module.params["step"]])


if __name__ == "__main__":
    main()
