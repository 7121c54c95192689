"""Reads files: the SHA-256 of each as it was at one moment, several at a time, in the order in which they were asked for."""
from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import resource
import stat
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .errors import BelayError
from .filewalk import Seen, size_in, state_of, unreadable
from .text import readable

TRIES = 3
#: Fits the second-level cache of one processor: larger ones are slower, smaller ones call the system more often.
BUFFER = 1 << 17
#: A write within one tick of the system's clock leaves the times as they were. So long after the last one nothing is missed.
TICK_NS = 20_000_000
COARSE_TICK_NS = 2_000_000_000
#: Files that one thread takes at a time, and their size in bytes.
_TAKEN, _TAKEN_BYTES = 32, 4 << 20
#: Files in runs that wait to be read, or for those before them.
_WAITING = 8192
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
#: What opening answers where a file was replaced by something else since it was listed.
_REPLACED = (errno.ELOOP, errno.ENXIO)
_own = threading.local()


class Hashed(NamedTuple):
    """`digest` is the SHA-256 (32 bytes) of the content that the file had in this `state`."""

    digest: bytes
    state: bytes


class Wanted(NamedTuple):
    """A run and the values that are known of it, one after the other; those at the positions `missing` stand for nothing."""

    seen: Seen
    known: bytes
    missing: List[int]


def processors(workers: int) -> int:
    """So many threads: as many as are asked for, or half of the processors, 1 to 4."""
    return workers or min(4, max(1, (os.cpu_count() or 1) // 2))


def read_all(top: bytes, wanted: Iterable[Wanted], workers: int) -> Iterator[Tuple[Wanted, List[Optional[Hashed]]]]:
    """Each run with what was read of its missing files (None: removed meanwhile). Raises what `hashed` raises."""
    pool = ThreadPoolExecutor(processors(workers))
    waiting: Deque[Tuple[Wanted, List[Future]]] = deque()
    files = 0
    try:
        for want in wanted:
            waiting.append((want, [pool.submit(_several, part) for part in _parts(top, want)]))
            files += len(want.seen.names)
            while waiting and (files > _WAITING or all(part.done() for part in waiting[0][1])):
                first, parts = waiting.popleft()
                files -= len(first.seen.names)
                yield first, _results(parts)
        for first, parts in waiting:
            yield first, _results(parts)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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


def _parts(top: bytes, want: Wanted) -> Iterator[List[bytes]]:
    seen = want.seen
    folder = os.path.join(top, seen.folder) if seen.folder else top
    part: List[bytes] = []
    size = 0
    for position in want.missing:
        part.append(os.path.join(folder, seen.names[position]))
        size += size_in(seen.states, position)
        if len(part) == _TAKEN or size >= _TAKEN_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _several(paths: List[bytes]) -> List[Optional[Hashed]]:
    before = _from_disk()
    if getattr(_own, "cold", False):
        for path in paths[1:]:
            _announce(path)
    found = [hashed(path) for path in paths]
    _own.cold = _from_disk() > before
    return found


def _from_disk() -> int:
    """How much this thread has had read from disks. Announcing files that the system has in memory would only cost."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_inblock


def _announce(path: bytes) -> None:
    """The system fetches a file from the disk while others are hashed. What is wrong with it will be found when it is read."""
    with contextlib.suppress(OSError):
        handle = os.open(path, _FLAGS)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)


def _results(parts: List[Future]) -> List[Optional[Hashed]]:
    return [found for part in parts for found in part.result()]


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
        return os.open(path, _FLAGS | os.O_NOATIME)
    except PermissionError:
        return os.open(path, _FLAGS)


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
