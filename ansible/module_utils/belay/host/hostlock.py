"""One operation at a time per site and host, whoever started it and whether or not its runner still lives."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from datetime import datetime, timezone
from typing import Iterator, Optional

from ..errors import BelayError
from .processes import Process

POLL_S = 0.1


@contextlib.contextmanager
def host_lock(site, operation_id: str, wait_s: float = 120.0, patient: bool = False) -> Iterator[None]:
    """Holds `<root>/.belay/lock` for the block.

    A step of the same operation that outlived its runner is waited for, at most `wait_s`; another operation only by who is `patient`:
    BelayError HOST_BUSY. A process that dies frees the lock.
    """
    os.makedirs(site.belay, mode=0o700, exist_ok=True)
    handle = os.open(_path(site), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(handle, None if patient else operation_id, time.monotonic() + wait_s)
        owner = {"operation_id": operation_id, "since": datetime.now(timezone.utc).isoformat(timespec="seconds"), **Process.this().as_dict()}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(owner).encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def owner(site) -> Optional[dict]:
    """Who holds the lock at this moment: `operation_id`, `since`, `pid`, `started`; {} where it did not say; None: nobody."""
    try:
        handle = os.open(_path(site), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _owner(handle)
    finally:
        os.close(handle)


def _path(site) -> str:
    return os.path.join(site.belay, "lock")


def _acquire(handle: int, waited_for: Optional[str], deadline: float) -> None:
    """`waited_for`: the only operation that is; None: whichever holds it."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            held = _owner(handle)
        other = waited_for is not None and held.get("operation_id") not in (None, waited_for)
        if other or time.monotonic() > deadline:
            raise BelayError(
                "HOST_BUSY",
                f"Another operation ({held.get('operation_id', 'unknown')}, process {held.get('pid', '?')}, since {held.get('since', '?')}) works on this site.",
                "Wait for it to end, then try again. A process that died does not hold the lock; one that hangs is stopped by recover.yml with `stop`.",
            )
        time.sleep(POLL_S)


def _owner(handle: int) -> dict:
    try:
        held = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
