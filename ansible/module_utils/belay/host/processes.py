"""Processes of this host, named by id and start time: an id alone may belong to another process by now."""
from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from typing import Dict, List, Optional

POLL_S = 0.02


@dataclass(frozen=True)
class Process:
    """`started` is the start in clock ticks since the boot, as /proc tells it, with the id of that boot."""

    pid: int
    started: str

    def as_dict(self) -> dict:
        return {"pid": self.pid, "started": self.started}

    @staticmethod
    def of(told) -> Optional["Process"]:
        """From what `as_dict` wrote; None where it is something else."""
        if not isinstance(told, dict) or not isinstance(told.get("pid"), int) or not isinstance(told.get("started"), str):
            return None
        return Process(told["pid"], told["started"])

    @staticmethod
    def this() -> "Process":
        return Process(os.getpid(), _started(os.getpid()) or "")


def boot_id() -> str:
    """New with every boot of the host."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def is_alive(process: Process) -> bool:
    """Whether exactly this process still runs; one that only waits to be buried does not."""
    return _started(process.pid) == process.started


def stop(process: Process, grace_s: float) -> bool:
    """End a process and what it has started: SIGTERM, and SIGKILL after `grace_s`. Whether it is gone."""
    # Another process that has the id by now has children too: they are nobody's business here.
    family = [process, *(descendants(process.pid) if is_alive(process) else [])]
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 5.0)):
        if number is signal.SIGTERM and not grace_s:
            continue
        for one in family:
            _send(one, number)
        deadline = time.monotonic() + wait_s
        while any(map(is_alive, family)):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_S)
        else:
            return True
    return not is_alive(process)


def descendants(pid: int) -> List[Process]:
    """All processes below one, at this moment."""
    children: Dict[int, List[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        fields = _stat(int(name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(name))
    found, queue = [], [pid]
    while queue:
        for child in children.get(queue.pop(), []):
            found.append(Process(child, _started(child) or ""))
            queue.append(child)
    return found


def _send(process: Process, number: int) -> None:
    """Through a handle where the system has them: between the look and the signal the id cannot change hands."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        try:
            handle = os.pidfd_open(process.pid)
        except (AttributeError, OSError) as error:
            if isinstance(error, ProcessLookupError):
                raise
            if is_alive(process):
                os.kill(process.pid, number)
            return
        try:
            if is_alive(process):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def _started(pid: int) -> Optional[str]:
    fields = _stat(pid)
    return f"{boot_id()}:{fields[19]}" if fields and fields[0] not in ("Z", "X") else None


def _stat(pid: int) -> Optional[List[str]]:
    """Fields of /proc/<pid>/stat from the state on; the name before them may hold anything."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None
