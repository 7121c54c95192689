"""Reads a file: the SHA-256 of what it was at one moment."""
from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
import time
from typing import Callable, NamedTuple, Optional

from ..errors import BelayError
from .filewalk import state_of, unreadable
from ..text import readable

TRIES = 3
#: Fits the second-level cache of one processor: larger ones are slower, smaller ones call the system more often.
BUFFER = 1 << 17
#: A write within one tick of the system's clock leaves the times as they were. So long after the last one nothing is missed.
TICK_NS = 20_000_000
COARSE_TICK_NS = 2_000_000_000
#: Never waits, and never leads elsewhere.
FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
#: What opening answers where a file was replaced by something else since it was listed.
_REPLACED = (errno.ELOOP, errno.ENXIO)
_own = threading.local()


class Hashed(NamedTuple):
    """`digest` is the SHA-256 (32 bytes) of the content that the file had in this `state`."""

    digest: bytes
    state: bytes


def hashed(path: bytes) -> Optional[Hashed]:
    """None for a file that was removed meanwhile. Raises BelayError FILE_UNREADABLE, FILE_UNSTABLE."""
    for _ in range(TRIES):
        try:
            found = _once(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in _REPLACED:
                continue
            raise unreadable(path, error) from error
        if found is not None:
            return found
    raise BelayError(
        "FILE_UNSTABLE",
        f"{readable(path)} changed each of the {TRIES} times it was read.",
        "List it under `promotion.files.volatile` in .github/belay.yml if it is a log or a cache; else try again later.",
    )


def _once(path: bytes) -> Optional[Hashed]:
    """None for a file that changed while it was read, or that is none any more."""
    handle = _open(path)
    try:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            return None
        if _settle(before, time.time_ns(), time.sleep):
            before = os.fstat(handle)
        digest = _digest(handle)
        after = os.fstat(handle)
    finally:
        os.close(handle)
    return Hashed(digest, state_of(after)) if _times(after) == _times(before) else None


def _times(status: os.stat_result) -> tuple:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _open(path: bytes) -> int:
    """Without a trace in the time of the last access, where the file's owner asks."""
    try:
        return os.open(path, FLAGS | os.O_NOATIME)
    except PermissionError:
        return os.open(path, FLAGS)


def _settle(status: os.stat_result, now: int, sleep: Callable[[float], None]) -> bool:
    """Waits until a write from now on would change the file's times. A time in the future tells nothing, so it is not waited for."""
    tick = TICK_NS if status.st_ctime_ns % 1_000_000_000 else COARSE_TICK_NS
    age = now - status.st_ctime_ns
    if not 0 <= age < tick:
        return False
    sleep((tick - age) / 1e9)
    return True


def _digest(handle: int) -> bytes:
    buffer = _buffer()
    digest = hashlib.sha256()
    while True:
        count = os.readv(handle, (buffer,))
        if count == 0:
            return digest.digest()
        digest.update(buffer[:count])


def _buffer() -> memoryview:
    """One for each thread, used again for every file."""
    if not hasattr(_own, "buffer"):
        _own.buffer = memoryview(bytearray(BUFFER))
    return _own.buffer
