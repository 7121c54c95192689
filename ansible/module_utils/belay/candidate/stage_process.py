"""One question to PHP in a process of its own: a stage of an upgrade, or what plugins have to say; never longer than it was given."""
from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from typing import List, Optional, Union


def run_stage(command: List[str], question: dict, timeout_s: float, how: dict) -> Optional[str]:
    """One stage of an upgrade in a PHP process; what went wrong, or None. A stage that exits early is as good: plugins redirect.

    `how`: more of what starts a process.
    """
    told = answer(command, question, timeout_s, how)
    return told if isinstance(told, str) else told["fatal"]


def answer(command: List[str], question: dict, timeout_s: float, how: dict) -> Union[dict, str]:
    """The object on the last line, which has at least `fatal`; a sentence where there is none."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", start_new_session=True, **how
    )
    try:
        out, _ = process.communicate(json.dumps(question).encode(), timeout=timeout_s)
    except subprocess.TimeoutExpired:
        end(process)
        return f"did not end within {timeout_s:g} s"
    text = out.decode("utf-8", "replace")
    try:
        told = json.loads(text.rstrip().rpartition("\n")[2])
        return told if isinstance(told, dict) and "fatal" in told else "PHP answered something else"
    except ValueError:
        return f"PHP ended without an answer (exit code {process.returncode}): {text.strip()[-300:]}"


def end(process: subprocess.Popen) -> None:
    """With everything that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
