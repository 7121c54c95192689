#!/usr/bin/python3
"""Ansible module: one step of a promotion on the target's host."""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.host import program
from ansible.module_utils.belay.switch import promote_steps, trial_steps
from ansible.module_utils.belay.arguments import RULES, SITE, SWITCHING
from ansible.module_utils.belay.errors import BESIDE_VISITORS, run_module

DOCUMENTATION = r"""
module: belay_promote
short_description: One step of a promotion on the target
description:
  - Every step may be repeated. Up to C(activate) nothing that a visitor can see has changed.
options:
  step:
    description:
      - C(check) whether the promotion may begin. C(receive) unpacks and verifies the release. C(load) fills the shadow tables.
      - C(trial) asks the release for its pages on a scratch view, and tries its upgrades of tables on empty copies.
      - C(activate) is the switch, and the point of no return.
      - C(migrate) upgrades the tables where C(trial) found something to upgrade. C(prime) runs the activation hooks of newly active plugins, C(purge) tells caches in front to forget.
      - C(verify) checks health, and where C(prime) has nothing to do tells which events and roles are missing. C(verify_restored) checks the health of the release before, C(confirm) lets the release stay, C(undo) cleans up before the switch and goes back after it.
    type: str
    required: true
    choices: [check, receive, load, trial, activate, migrate, prime, purge, verify, confirm, undo, verify_restored]
  runner_time: {type: float, description: "Unix time on the runner, for C(check): clocks that are far apart are refused."}
  purge_keys: {type: str, description: "Lines C(NAME=value) for the headers of C(purge); from the runner's secrets."}
  restored: {type: bool, description: "For C(purge): the release before serves again."}
  archive: {type: path, description: The release on this host; for C(receive).}
  root: {type: path, required: true, description: Folder of the target.}
  url: {type: str, required: true, description: Address of the target.}
  database: {type: str, required: true, description: Name of its database.}
  prefix: {type: str, required: true, description: Prefix of its tables.}
notes:
  - All other options are the input of the job env_promote under the same names; see the role's argument specification.
"""

EXAMPLES = r"""
- name: Switch to the release
  belay_promote:
    step: activate
"""

RETURN = r"""
belay_facts: {type: dict, returned: always, description: Facts of env_promote.}
rolled_back: {type: bool, returned: "step=undo", description: Whether the target went back to the release before.}
kept: {type: bool, returned: "step=undo", description: Whether the release stays, because what failed came after its confirmation.}
"""

STEPS = {
    "check": promote_steps.check,
    "receive": promote_steps.receive,
    "load": promote_steps.load,
    "trial": trial_steps.trial,
    "activate": promote_steps.activate,
    "migrate": trial_steps.migrate,
    "prime": promote_steps.prime,
    "purge": promote_steps.purge,
    "verify": promote_steps.verify,
    "confirm": promote_steps.confirm,
    "undo": promote_steps.undo,
    "verify_restored": promote_steps.verify_restored,
}
TEXTS = ("source_url", "source_root", "source_prefix", "release_digest", "expected_release")


def main():
    spec = {"step": {"type": "str", "required": True, "choices": list(STEPS)}, "archive": {"type": "path"}, **SITE, **RULES, **SWITCHING}
    spec.update(runner_time={"type": "float"}, restored={"type": "bool"})
    spec.update(dict.fromkeys(TEXTS, {"type": "str", "required": True}))
    spec.update(dict.fromkeys(("promote_tables", "promote_options", "target_tables"), {"type": "list", "elements": "str", "required": True}))
    spec.update(dict.fromkeys(("expected_tables", "expected_options", "append_only_tables"), {"type": "dict", "required": True}))
    spec.update(dict.fromkeys(("keep_releases", "confirm_within_s"), {"type": "int", "required": True}))
    spec.update(candidate={"type": "bool", "required": True}, migrations={"type": "dict", "required": True})
    spec["health_checks"] = {"type": "list", "elements": "dict", "required": True}
    # Read now: after the step has become the site's owner it cannot read Ansible's copy of the sources any more.
    program.packed()
    module = AnsibleModule(argument_spec=spec, required_if=[("step", "receive", ["archive"])])
    step = module.params["step"]
    run_module(module, STEPS[step], BESIDE_VISITORS if step in promote_steps.BESIDE else 0)


if __name__ == "__main__":
    main()
