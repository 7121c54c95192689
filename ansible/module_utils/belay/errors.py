"""Errors that people read, and the frame in which every module runs."""
from __future__ import annotations

import json
import os
import traceback


class BelayError(Exception):
    """A definite no: a stable code (see docs/errors.md), a sentence saying what and why, a remedy saying what to type next."""

    def __init__(self, code: str, message: str, remedy: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def as_dict(self) -> dict:
        return {"code": self.code, "message": self.message, "remedy": self.remedy}


#: Nobody waits for work beside the live site: with this niceness it leaves the processors to visitors.
BESIDE_VISITORS = 10


def run_module(module, func, niceness: int = 0) -> None:
    """Calls `func(module.params)` and ends the module with its result: a dict with `changed` and `belay_facts`, both optional.

    A BelayError ends it as failed with `belay_error`. As root everything happens in a child process, because opening a
    site gives root's rights up for good, and Ansible needs them afterwards to remove its own temporary files.
    """
    work = _nicely(func, niceness) if niceness else func
    outcome = _in_child(work, module.params) if os.geteuid() == 0 else _outcome(work, module.params)
    error = outcome.get("belay_error")
    if error:
        module.fail_json(msg=" ".join(filter(None, [error["message"], error["remedy"]])), **outcome)
    module.exit_json(**{"changed": False, **outcome})


def _nicely(func, niceness):
    def work(params):
        os.nice(niceness)
        return func(params)

    return work


def _outcome(func, params) -> dict:
    try:
        return func(params) or {}
    except BelayError as error:
        return {"belay_error": error.as_dict()}
    except Exception as error:  # a fault of Belay or of the host: said with its place, not swallowed
        unexpected = BelayError("HOST_UNEXPECTED", f"Something unexpected happened on the host: {type(error).__name__}: {error}.")
        return {"belay_error": unexpected.as_dict(), "exception": traceback.format_exc()}


def _in_child(func, params) -> dict:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "w", encoding="utf-8") as out:
                json.dump(_outcome(func, params), out)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"code {os.WEXITSTATUS(status)}"
        return {"belay_error": BelayError("HOST_PROCESS_ENDED", f"The work on the host ended early, with {how}.").as_dict()}
    return json.loads(text)
