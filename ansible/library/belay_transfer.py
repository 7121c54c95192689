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
  - C(pull) and C(push) are done by the action plugin of the same name, which fetches chunks to the controller and brings them.
options:
  step:
    type: str
    required: true
    choices: [offer, have, pull, push, cut, take, finish, tidy]
    description: C(offer) measures a file, C(have) tells what of an offer is missing, C(pull) fetches that, C(push) brings it.
  path: {type: path, required: true, description: "The file, in C(<root>/.belay/incoming) or C(outgoing)."}
  offer: {type: dict, description: What C(offer) returned.}
  missing: {type: list, elements: int, description: What C(have) returned.}
  room: {type: path, description: Folder of the controller for chunks on their way.}
  index: {type: int, description: Which chunk.}
  chunk: {type: path, description: Where a chunk was brought to.}
"""

EXAMPLES = r"""
- name: Measure the file
  belay_transfer:
    step: offer
    path: /srv/www/acme/.belay/outgoing/0123456789ab.tar.zst
"""

RETURN = r"""
offer: {type: dict, returned: "step=offer", description: "C(size), C(sha256) and the SHA-256 of every chunk."}
complete: {type: bool, returned: "step=have", description: Whether the whole file is in its place.}
missing: {type: list, returned: "step=have", description: Numbers of the chunks that are missing.}
"""


def main():
    spec = {
        "step": {"type": "str", "required": True, "choices": list(transfer.STEPS)},
        "path": {"type": "path", "required": True},
        "offer": {"type": "dict"},
        "index": {"type": "int"},
        "chunk": {"type": "path"},
    }
    needs = [("step", "have", ["offer"]), ("step", "cut", ["index"]), ("step", "take", ["offer", "index", "chunk"]), ("step", "finish", ["offer"])]
    module = AnsibleModule(argument_spec=spec, required_if=needs)
    run_module(module, transfer.STEPS[module.params["step"]])


if __name__ == "__main__":
    main()
