"""Activations that nobody has confirmed yet, as files in `<root>/.belay/watchdog`.

`<operation>.json` says what was activated and how to go back, `<operation>.deadline` until when it may stay unconfirmed,
and whoever watches over it holds a lock on `<operation>.alive`. Without the first there is nothing to watch over.
"""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import threading
import time
from dataclasses import dataclass
from typing import Iterator, List, Optional

from ..hold.hold import Version
from ..host.processes import Process, boot_id, stop
from ..host.wholefile import read_json, write_json

FOLDER = "watchdog"
#: What a watcher needs of a job's input: how to open the site, how to look at it, how to ask for its health.
NEEDED = (
    "root", "url", "database", "prefix", "operation_id", "table_rules", "option_rules", "protected_paths", "volatile_paths",
    "shared_paths", "reference_options", "row_limit", "workers", "health_checks", "drain_ms", "confirm_within_s", "purge", "keep_failed_s",
)
POLL_S = 0.02
ASKING_S = 1.0
#: How often a step at work says so, and for how long at most: one that never ends is not waited for without end.
BEAT_S = 1.0
BEATS_FOR_S = 900.0
#: Threads of one process write the same temporary file.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Armed:
    """An activation under watch: `goal` was (or is being) activated, `previous` is what it came from."""

    path: str
    operation: str
    goal: Version
    previous: Version
    #: NEEDED of the job's input.
    params: dict

    @property
    def deadline_path(self) -> str:
        return self.path[: -len("json")] + "deadline"

    @property
    def alive_path(self) -> str:
        return self.path[: -len("json")] + "alive"

    def still_there(self) -> bool:
        return os.path.exists(self.path)

    def seconds_left(self) -> float:
        """Until the deadline; without a readable one the time is over. Clocks may jump: the time since the boot counts."""
        told = read_json(self.deadline_path)
        if not isinstance(told, dict) or {"boot", "at", "wall"} - told.keys():
            return 0.0
        if told["boot"] == boot_id():
            return told["at"] - _since_boot()
        return told["wall"] - time.time()


def folder_of(site) -> str:
    return os.path.join(site.belay, FOLDER)


def arm(site, goal: Version, previous: Version, params: dict) -> Armed:
    """Write down that `goal` is about to be activated; from here on it must be confirmed, or it is undone."""
    os.makedirs(folder_of(site), mode=0o700, exist_ok=True)
    armed = Armed(_path(site, goal.operation), goal.operation, goal, previous, {name: params[name] for name in NEEDED})
    _set_deadline(armed)
    write_json(armed.path, {"goal": str(goal), "previous": str(previous), "params": armed.params})
    return armed


def extend(site, operation: str) -> None:
    """A step of the operation is at work: it has the whole time again, unless the time is over already."""
    armed = read(_path(site, operation))
    if armed is not None and armed.seconds_left() > 0:
        _set_deadline(armed)
        if not armed.still_there():  # disarmed meanwhile, by whoever decided
            with contextlib.suppress(FileNotFoundError):
                os.unlink(armed.deadline_path)


@contextlib.contextmanager
def at_work(site, operation: str) -> Iterator[None]:
    """As long as this lasts the operation has its whole time, also while one call takes longer than that: a tree that is hashed, a
    cache that does not answer, an index on a large table. A process that stands still does not say that it works, and loses its time."""
    over, until = threading.Event(), time.monotonic() + BEATS_FOR_S

    def beat() -> None:
        while not over.wait(BEAT_S) and time.monotonic() < until:
            with contextlib.suppress(OSError):
                extend(site, operation)

    extend(site, operation)
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    extend(site, operation)


def renew(site, goal: Version) -> None:
    """Whoever holds the host's lock is about to make this activation, or has made it at this moment: only now its time begins.

    What came before, looking at tables and attempts that were given up, may have taken longer than a confirmation may.
    """
    armed = read(_path(site, goal.operation))
    if armed is not None and armed.goal == goal:
        _set_deadline(armed)


def read(path: str) -> Optional[Armed]:
    """The activation that this file tells of; None where it was disarmed, or never whole."""
    told = read_json(path)
    if not isinstance(told, dict) or {"goal", "previous", "params"} - told.keys():
        return None
    goal = Version.parse(told["goal"])
    return Armed(path, goal.operation, goal, Version.parse(told["previous"]), told["params"])


def all_of(site) -> List[Armed]:
    """Every activation of this site that waits for its confirmation."""
    folder = folder_of(site)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = (read(os.path.join(folder, name)) for name in names if re.fullmatch(r"[0-9A-Za-z-]{1,64}\.json", name))
    return [one for one in found if one is not None]


def disarm(armed: Armed) -> None:
    """Nothing to watch over any more. The watcher is killed, unless it is this process: it acts only under the host's lock,
    which is held by whoever calls this, so it is in the middle of nothing."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(armed.path)
    watcher = watcher_of(armed)
    if watcher is not None and watcher.pid != os.getpid():
        stop(watcher, 0)
    for path in (armed.deadline_path, armed.alive_path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def disarm_operation(site, operation: str) -> None:
    """Disarm what this operation has armed, if it has."""
    for armed in all_of(site):
        if armed.operation == operation:
            disarm(armed)


@contextlib.contextmanager
def watching(armed: Armed) -> Iterator[bool]:
    """Be the one that watches over it; False where another process does already."""
    handle = os.open(armed.alive_path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if not _locked(handle):
            yield False
            return
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(Process.this().as_dict()).encode(), 0)
        yield True
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Tried for a moment: whoever asks `is_watched` holds the lock too, for as long as that takes."""
    deadline = time.monotonic() + ASKING_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
        time.sleep(POLL_S)


def is_watched(armed: Armed) -> bool:
    """Whether a living process watches over it."""
    try:
        handle = os.open(armed.alive_path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def watcher_of(armed: Armed) -> Optional[Process]:
    return Process.of(read_json(armed.alive_path)) if is_watched(armed) else None


def _set_deadline(armed: Armed) -> None:
    within = float(armed.params["confirm_within_s"])
    with _one_at_a_time:
        # Without a readable one the time is over: what a power cut takes away is no reason to wait for the disk.
        write_json(armed.deadline_path, {"boot": boot_id(), "at": _since_boot() + within, "wall": time.time() + within}, lasting=False)


def _since_boot() -> float:
    """Seconds, also those that the host slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _path(site, operation: str) -> str:
    return os.path.join(folder_of(site), f"{operation}.json")
