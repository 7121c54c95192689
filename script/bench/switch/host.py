"""Promotes a release and goes back, again and again, on the target's host: the steps of env-promote.yml and release-rollback.yml in the
processes that Ansible would start for them, without Ansible.

Reads {"promotion", "rollback": inputs of the jobs, "archive": the release on the source, "rounds"} from its input; prints one JSON object per
switch: {"way": "forth" | "back", "began_s", "steps": {step: [began_s, ended_s]}, and the figures of the switch}, times of the monotonic clock.
A step that fails ends it all; then "gave_up" says why in place of the figures.
"""
import json
import os
import shutil
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "ansible" / "module_utils"))

from belay.errors import BESIDE_VISITORS, run_module  # noqa: E402
from belay.host import program  # noqa: E402
from belay.switch import promote_steps, rollback_steps, trial_steps  # noqa: E402

FORTH = ("check", "receive", "load", "trial", "activate", "migrate", "prime", "verify", "confirm")
#: Steps of a promotion that have a module of their own.
TRIAL = ("trial", "migrate")
BACK = ("check", "activate", "verify")
SIDE = ("root", "url", "database", "prefix")


class Module:
    """As much of an Ansible module as a step needs."""

    def __init__(self, params):
        self.params = params

    def exit_json(self, **answer):
        self.answer = answer

    def fail_json(self, msg, **answer):
        raise GaveUp(f"{self.params['step']}: {msg} {answer.get('exception', '')}".strip())


class GaveUp(Exception):
    """A step failed."""


def inputs(job):
    return {**job, **{name: job[f"target_{name}"] for name in SIDE}, "operation_id": str(uuid.uuid4()), "runner_time": time.time()}


def play(way, steps, names, params):
    """Runs the steps one after the other, each in a process of its own; prints what became of the switch, and tells whether it was made."""
    times, facts = {}, {}
    told = {"way": way, "began_s": time.monotonic(), "steps": times}
    try:
        for name in names:
            module = Module({**params, "step": name})
            times[name] = [time.monotonic()] * 2
            beside = way == "forth" and name in promote_steps.BESIDE
            run_module(module, getattr(trial_steps if name in TRIAL else steps, name), BESIDE_VISITORS if beside else 0)
            times[name][1] = time.monotonic()
            facts.update(module.answer.get("belay_facts", {}))
        told.update(facts["switch"])
    except GaveUp as error:
        told["gave_up"] = str(error)
    print(json.dumps(told), flush=True)
    return "gave_up" not in told


def bring(archive, job):
    """The release lies where the transfer would have put it, as the site's owner's."""
    place = os.path.join(job["target_root"], ".belay", "incoming", os.path.basename(archive))
    owner = os.stat(job["target_root"])
    os.makedirs(os.path.dirname(place), exist_ok=True)
    shutil.copyfile(archive, place)
    for path in (os.path.dirname(place), place):
        os.chown(path, owner.st_uid, owner.st_gid)
    return place


def main():
    task = json.load(sys.stdin)
    program.packed()
    for _ in range(task["rounds"]):
        params = inputs(task["promotion"])
        params["archive"] = bring(task["archive"], params)
        if not (play("forth", promote_steps, FORTH, params) and play("back", rollback_steps, BACK, inputs(task["rollback"]))):
            return


if __name__ == "__main__":
    main()
