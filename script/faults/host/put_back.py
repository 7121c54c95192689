"""Puts a site back to an earlier release between two cases: the switch of a rollback, without Ansible, which is not what is asked about then.

Usage: put_back.py <folder of the package belay>; the input of the step stands on standard input, as JSON.
"""
import json
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from belay.switch import rollback_steps  # noqa: E402  (its folder is known only now)

rollback_steps.activate({**json.load(sys.stdin), "step": "activate"})
