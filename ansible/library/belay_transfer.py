#!/usr/bin/python3
"""Ansible module: one side of bringing a file from host to host."""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.bundle import transfer
from ansible.module_utils.belay.errors import run_module

DOCUMENTATION = r"""
module: belay_transfer
short_description: One side of bringing a file from host to host
description:
  - What an interrupted transfer brought stays and is not brought again. Follows no link, and works as the owner of the site.
  - C(pull) and C(push) are done by the action plugin of the same name, which fetches chunks to the controller and brings them. On their way
    they lie in Ansible's own temporary folder, which goes with the run.
options:
  step:
    type: str
    required: true
    choices: [offer, have, pull, push, cut, take, finish, tidy]
    description: C(have) tells what of a file is there, C(pull) fetches the rest from the other host, C(push) puts it in its place. The others are parts of these.
  path: {type: path, required: true, description: "The file, in C(<root>/.belay/incoming) or C(outgoing)."}
  sha256: {type: str, description: "What the file must be, where that is known; for C(pull) and C(offer)."}
  there: {type: dict, description: "What C(have) returned; for C(pull)."}
  offer: {type: dict, description: "What C(pull) returned; for C(push)."}
  missing: {type: list, elements: int, description: "What C(pull) returned; for C(push)."}
  room: {type: path, description: "What C(pull) returned; for C(push)."}
  index: {type: int, description: Which chunk.}
  chunk: {type: path, description: Where a chunk was brought to.}
  last: {type: bool, description: "With this chunk the file is whole, and takes its name."}
"""

EXAMPLES = r"""
- name: Look what of the file is there already
  belay_transfer:
    step: have
    path: /srv/www/acme/.belay/incoming/0123456789ab.tar.zst
"""

RETURN = r"""
there: {type: dict, returned: "step=have", description: "C(sha256) of the whole file or null, and of the chunks that an interrupted transfer left."}
offer: {type: dict, returned: "step=pull", description: "C(size), C(sha256) and the SHA-256 of every chunk."}
missing: {type: list, returned: "step=pull", description: Numbers of the chunks that are brought.}
room: {type: str, returned: "step=pull", description: Folder of the controller in which they lie.}
"""


def main():
    spec = {
        "step": {"type": "str", "required": True, "choices": list(transfer.STEPS)},
        "path": {"type": "path", "required": True},
        "offer": {"type": "dict"},
        "index": {"type": "int"},
        "chunk": {"type": "path"},
        "last": {"type": "bool"},
        "sha256": {"type": "str"},
    }
    needs = [("step", "cut", ["index"]), ("step", "take", ["offer", "index", "chunk"]), ("step", "finish", ["offer"])]
    module = AnsibleModule(argument_spec=spec, required_if=needs)
    run_module(module, transfer.STEPS[module.params["step"]])


if __name__ == "__main__":
    main()
