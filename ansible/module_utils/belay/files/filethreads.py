"""Reads the files of runs, several at a time, in the order in which they were asked for."""
from __future__ import annotations

import contextlib
import os
import resource
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Deque, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .filehash import FLAGS, Hashed, hashed
from .filewalk import Seen, size_in
from ..database.workers import how_many

#: Files that one thread takes at a time, and their size in bytes.
_TAKEN, _TAKEN_BYTES = 32, 4 << 20
#: Files in runs that wait to be read, or for those before them.
_WAITING = 8192
_own = threading.local()


class Wanted(NamedTuple):
    """A run and the values that are known of it, one after the other; those at the positions `missing` stand for nothing."""

    seen: Seen
    known: bytes
    missing: List[int]


def read_all(top: bytes, wanted: Iterable[Wanted], workers: int) -> Iterator[Tuple[Wanted, List[Optional[Hashed]]]]:
    """Each run with what was read of its missing files (None: removed meanwhile). Raises what `hashed` raises."""
    pool = ThreadPoolExecutor(how_many(workers))
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
        handle = os.open(path, FLAGS)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)


def _results(parts: List[Future]) -> List[Optional[Hashed]]:
    return [found for part in parts for found in part.result()]
