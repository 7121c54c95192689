"""What a playbook tells while it runs and when it ended; contracts/report.schema.json says the same. Runs on the controller."""
from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Callable, List, Optional

_KEY_UNKNOWN = re.compile(r"no \S+ host key is known", re.I)
_KEY_CHANGED = re.compile(r"host key verification failed|remote host identification has changed", re.I)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]+")
#: How Ansible introduces what ssh said.
_WRAPPING = re.compile(r"^(Data could not be sent to remote host \S+ Make sure this host can be reached over ssh:|Failed to connect to the host via ssh:)\s*")
_FRAME = re.compile(r"@{4,}")
_DENIED = re.compile(r"permission denied \(|too many authentication failures", re.I)


def now() -> str:
    """This moment in UTC, as the report writes times."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Recorder:
    """Collects steps, facts and the first error. `tell` gets every event as it happens; `clock` counts seconds."""

    def __init__(self, tell: Callable[[dict], None], clock: Callable[[], float]):
        self._tell = tell
        self._clock = clock
        self._started_at = now()
        self._running: Optional[tuple] = None
        self.steps: List[dict] = []
        self.facts: dict = {}
        self.error: Optional[dict] = None

    def step_started(self, name: str) -> None:
        self._running = (name, self._clock())
        self._tell({"at": now(), "event": "step_started", "step": name})

    def step_finished(self, name: str, status: str, result: dict) -> None:
        """A host's result of a task, with its facts, also when it failed."""
        self._collect(result)
        seconds = round(self._clock() - self._running[1], 3) if self._running and self._running[0] == name else 0.0
        self._running = None
        self.steps.append({"name": name, "status": status, "seconds": seconds})
        event = {"at": now(), "event": "step_finished", "step": name, "status": status, "seconds": seconds}
        self._tell({**event, "message": self.error["message"]} if status in ("failed", "unreachable") and self.error else event)

    def lost_sight(self) -> None:
        """The playbook ends while a step runs: the host may finish it, and nobody here will know."""
        if self._running:
            self.step_finished(self._running[0], "unreachable", {})

    def failed(self, error: dict) -> None:
        """Only the first error counts: what follows it is cleaning up."""
        self.error = self.error or error

    def report(self, job: dict, status: str) -> dict:
        """The report of a job (`job_id`, `job_type`, `operation_id`) that ended with this status."""
        words = {} if status == "succeeded" or self.error is None else {
            "error_code": self.error["code"],
            "error_message": " ".join(filter(None, [self.error["message"], self.error.get("remedy", "")])),
        }
        ids = {name: job[name] for name in ("job_id", "job_type", "operation_id")}
        times = {"started_at": self._started_at, "finished_at": now()}
        return {"schema": 1, **ids, "status": status, **words, **times, "steps": self.steps, "facts": self.facts}

    def _collect(self, result: dict) -> None:
        for one in [result, *result.get("results", [])]:
            if isinstance(one, dict) and isinstance(one.get("belay_facts"), dict):
                self.facts.update(one["belay_facts"])


def error_of(host: str, task: str, result: dict) -> dict:
    """The error of a failed task: Belay's own, or Ansible's words with what to do about them."""
    for one in [result, *result.get("results", [])]:
        if isinstance(one, dict) and isinstance(one.get("belay_error"), dict):
            return one["belay_error"]
    words = _words(result)
    if result.get("argument_errors"):
        return _error("INPUT_INVALID", "The input of the playbook is not what it needs: " + "; ".join(result["argument_errors"]) + ".",
                      "Compare it with meta/argument_specs.yml of the role.")
    return _error("ANSIBLE_HOST_FAILED", f"The step '{task}' failed on {host}: {_cut(words)}",
                  "Read the run's log; the host needs Python 3.9 or newer.")


def unreachable(host: str, result: dict) -> dict:
    """Why a host could not be reached, with ssh's own words."""
    words = _words(result)
    code = "ANSIBLE_HOST_UNREACHABLE"
    remedy = "Compare the host's key with known_hosts on the default branch. Change the pinned key only if the host was really given a new one."
    if _KEY_UNKNOWN.search(words):
        return _error(code, f"No key of {host} is pinned, so nothing was sent to it. ssh says: {_cut(words)}", remedy)
    if _KEY_CHANGED.search(words):
        shown = _FINGERPRINT.search(words)
        which = f" It shows {shown.group()}." if shown else ""
        return _error(code, f"The key that {host} shows is not the pinned one, so nothing was sent to it.{which} ssh says: Host key verification failed.", remedy)
    if _DENIED.search(words):
        return _error(code, f"{host} refused the login. ssh says: {_cut(words)}", "Check the ssh key of the GitHub environment and ansible_user in the inventory.")
    return _error(code, f"{host} cannot be reached. ssh says: {_cut(words)}", "Check its name and port in the inventory, that it is up, and that the runner may connect to it.")


def no_such_host(pattern: str) -> dict:
    return _error("HOST_UNKNOWN", f"The inventory has no host `{pattern}`.", "Add it to the inventory, or correct `host` in .github/belay.yml.")


def no_name_of_a_host(option: str) -> dict:
    return _error("INPUT_INVALID", f"The input `{option}` is not the name of a host.", "Use the name that the host has in the inventory.")


def interrupted() -> dict:
    return _error("JOB_CANCELLED", "The playbook was interrupted.", "Ask for the same operation again.")


def play_error() -> dict:
    return _error("ANSIBLE_PLAY_ERROR", "Ansible gave up before the playbook's end.", "Read Ansible's own words in the run's log.")


def _words(result: dict) -> str:
    """What Ansible has to say, on one line; ssh draws frames of @."""
    parts = [str(result.get(name) or "") for name in ("msg", "module_stderr", "stderr", "exception")]
    text = next((part for part in parts if part and part != "MODULE FAILURE\nSee stdout/stderr for the exact error"), "no reason given")
    line = _WRAPPING.sub("", " ".join(_FRAME.sub(" ", text).split()))
    return line if line.endswith((".", "!", "?")) else line + "."


def _cut(line: str) -> str:
    return line if len(line) <= 700 else f"{line[:250]} ... {line[-440:]}"



def _error(code: str, message: str, remedy: str) -> dict:
    return {"code": code, "message": message, "remedy": remedy}
