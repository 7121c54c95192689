"""The host's own watchdog: a process that undoes an activation which nobody confirms in time.

It is started before the switch and needs nothing of whoever started it: no runner, no ssh connection, no terminal. Where it
is killed, the next operation, recover.yml, or this program run again (`python3 belay.pyz once`) does the same.
"""
from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import List

from . import armed as arms
from . import inspected
from ..database import names
from ..hold import commit_point
from ..host import program
from .armed import Armed
from ..errors import BelayError
from ..host.hostlock import host_lock, owner
from ..host.journal import Journal
from ..database.mysql import LostConnection, Session, SqlError
from ..host.processes import Process, stop
from ..hold.recovery import host_for
from ..host.site import Site
from .unconfirmed import settle

#: How soon it notices that it was disarmed, and how long it waits after a failure, growing with each.
POLL_S, PAUSE_S, LONGEST_PAUSE_S = 0.25, 1.0, 30.0
#: A step of the same operation that still holds the host's lock so long after the deadline is frozen.
FROZEN_S = 15.0
STARTS_WITHIN_S = 30.0


def start(site, goal, previous, params) -> Armed:
    """Arm an activation, with its watchdog running; BelayError WATCHDOG_FAILED, and then nothing is armed."""
    armed = arms.arm(site, goal, previous, params)
    try:
        said = _launch(site, armed)
    except BaseException:
        arms.disarm(armed)
        raise
    if said:
        arms.disarm(armed)
        raise BelayError(
            "WATCHDOG_FAILED",
            f"The process that watches over the new release did not start: {said}. Nothing has changed.",
            "Look at the host: may the site's owner start processes that outlive a session?",
        )
    return armed


def revive(site, operation) -> bool:
    """Start the watchdog of an activation again where it was killed; whether there was need."""
    lonely = [armed for armed in arms.all_of(site) if armed.operation == operation and not arms.is_watched(armed)]
    for armed in lonely:
        _launch(site, armed)
    return bool(lonely)


def _launch(site, armed: Armed) -> str:
    """Runs the watchdog; why it does not run, or nothing."""
    try:
        path = program.install(arms.folder_of(site))
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    said = _run([sys.executable, "-I", path, "watch", armed.path])
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not said and not arms.is_watched(armed):
        if time.monotonic() > deadline:
            return "it says nothing"
        time.sleep(arms.POLL_S)
    watcher = arms.watcher_of(armed)
    Journal(site, armed.operation).append("armed", within_s=armed.params["confirm_within_s"], **(watcher.as_dict() if watcher else {}))
    return said


def _run(command: List[str]) -> str:
    """Starts a program that goes to the background by itself; what it complains of until then."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, cwd="/", check=False,
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return done.stderr.decode(errors="replace").strip()[-300:]


def main(arguments: List[str]) -> int:
    """`watch <file>` goes to the background; `once` looks after everything of the program's own site whose time is over."""
    os.umask(0o027)
    if len(arguments) == 2 and arguments[0] == "watch":
        _go_to_the_background()
        watch(arguments[1])
        return 0
    if arguments in ([], ["once"]):
        folder = os.path.dirname(os.path.abspath(sys.argv[0]))
        _become_owner(folder)
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                watch(os.path.join(folder, name), waits=False)
        return _clean(os.path.dirname(folder))
    print("Usage: belay.pyz watch <file> | once", file=sys.stderr)
    return 2


def _clean(belay: str) -> int:
    """Tables that were kept for inspection, where their time is over. An operation that is at work does it itself, or the next minute does."""
    told = inspected.due(belay)
    if told is None or any(name.endswith(".json") for name in os.listdir(os.path.join(belay, arms.FOLDER))):
        return 0
    try:
        site = Site.open(told["root"], told["url"], told["database"], told["prefix"])
        with host_lock(site, "inspected", 0.0):
            inspected.clean(site)
    except (BelayError, SqlError, LostConnection, OSError) as error:
        if getattr(error, "code", "") == "HOST_BUSY":
            return 0
        print(error, file=sys.stderr)
        return 1
    return 0


def _become_owner(folder: str) -> None:
    """Root would write into a folder where the site's owner may lay links."""
    mine = os.stat(folder)
    if os.geteuid() == 0 and mine.st_uid != 0:
        os.setgroups([])
        os.setgid(mine.st_gid)
        os.setuid(mine.st_uid)


def _go_to_the_background() -> None:
    if os.fork():
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)


def watch(path: str, waits: bool = True) -> None:
    """Until the activation is confirmed, gone or undone; without `waits` only if its time is over."""
    armed = arms.read(path)
    if armed is None:
        return
    with arms.watching(armed) as mine:
        failures = 0
        while mine and armed.still_there():
            left = armed.seconds_left()
            if left > 0:
                if not waits:
                    return
                time.sleep(min(left, POLL_S))
                continue
            if not _try(armed):
                failures += 1
                _pause(armed, min(PAUSE_S * failures, LONGEST_PAUSE_S))


def _pause(armed: Armed, seconds: float) -> None:
    until = time.monotonic() + seconds
    while armed.still_there() and time.monotonic() < until:
        time.sleep(POLL_S)


def _try(armed: Armed) -> bool:
    """One attempt to settle it. Whatever stands in the way, the database above all, may be gone at the next one."""
    try:
        site = _open(armed)
        with contextlib.ExitStack() as stack:
            if not _locked(stack, site, armed):
                return False
            journal = Journal(site, armed.operation)
            with host_for(site, journal, lambda: Session(site)) as host:
                settle(host, armed, "the watchdog")
        return True
    except (BelayError, SqlError, LostConnection, OSError) as error:
        with contextlib.suppress(BelayError, OSError):
            Journal(_Folder(armed), armed.operation).append("watchdog_failed", error=str(error)[:300])
        return False


class _Folder:
    """As much of a Site as a journal needs, where the site cannot be opened."""

    def __init__(self, armed: Armed):
        self.belay = os.path.dirname(os.path.dirname(armed.path))


def _open(armed: Armed) -> Site:
    told = armed.params
    return Site.open(told["root"], told["url"], told["database"], told["prefix"])


def _locked(stack: contextlib.ExitStack, site, armed: Armed) -> bool:
    """The host's lock; a step of the same operation that is frozen with it, after the switch, is stopped first."""
    try:
        stack.enter_context(host_lock(site, armed.operation, FROZEN_S))
        return True
    except BelayError as busy:
        if busy.code != "HOST_BUSY":
            raise
    held = owner(site) or {}
    holder = Process.of(held)
    if held.get("operation_id") != armed.operation or holder is None or not _is_on(site, armed):
        return False
    if armed.seconds_left() > 0 or Journal(site, armed.operation).last("confirmed") is not None:
        return False
    Journal(site, armed.operation).append("stopped", **holder.as_dict())
    stop(holder, 0)
    return False


def _is_on(site, armed: Armed) -> bool:
    with Session(site) as session:
        point = commit_point.read(session, names.release_table(site))
    return point is not None and point.version == armed.goal
