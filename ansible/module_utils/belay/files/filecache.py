"""A memory of files on the host's disk: read by one look, and written anew by it for the next.

The file says to whom it belongs and carries a SHA-256 over everything. What is not exactly as it was written is not believed in any
part: a look without it costs time and nothing else.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import time
from typing import BinaryIO, Iterator, NamedTuple, Optional, Sequence, Tuple

from .filememory import Kept, Memory
from .filewalk import STATE
from ..scope.index_folder import IndexFolder
from ..scope.keptfile import writing
from .listing import ListingBroken, read_run

_MAGIC = b"belay-files-1\n"
#: Version, whose memory it is, and when the look began that wrote it (nanoseconds since 1970).
_HEAD = struct.Struct(f">{len(_MAGIC)}s32sQ")
_SHA = 32
_now = time.time_ns
_BOOT = "/proc/sys/kernel/random/boot_id"


@contextlib.contextmanager
def memory(folder: IndexFolder, identity: Sequence[str], full: bool = False) -> Iterator[Memory]:
    """The memory of a place that `identity` tells from every other, in a folder of such memories; renewed if all goes well.

    `full`: nothing that is remembered counts.
    """
    name = f"files-{_digest_of(identity).hex()[:32]}"
    started, body = _now(), hashlib.sha256()
    # After a crash of the system a file may hold what was written last, and the times of before.
    who = _digest_of([*identity, _boot()])
    with contextlib.ExitStack() as stack:
        old = None if full else stack.enter_context(_opened(folder, name, (who, started)))
        out = stack.enter_context(writing(folder, "files"))

        def store(part: bytes) -> None:
            body.update(part)
            out.write(part)

        head = _HEAD.pack(_MAGIC, who, started)
        out.write(head)
        yield Memory(iter(()) if old is None else _kept(old), store, started)
        if old is None or old.body != body.digest():
            out.write(hashlib.sha256(head + body.digest()).digest())
            out.keep(name, durable=False)


def _digest_of(identity: Sequence[str]) -> bytes:
    return hashlib.sha256(json.dumps(list(identity)).encode()).digest()


def _boot() -> str:
    """What names this start of the system; where nothing does, no memory is believed twice."""
    try:
        with open(_BOOT, encoding="ascii") as file:
            return file.read()
    except (OSError, ValueError):
        return os.urandom(16).hex()


class _Old(NamedTuple):
    file: BinaryIO
    end: int
    body: bytes


@contextlib.contextmanager
def _opened(folder: IndexFolder, name: str, now: Tuple[bytes, int]) -> Iterator[Optional[_Old]]:
    """A memory that is whole and of this place; `now`: whose it must be, and when this look began."""
    with contextlib.ExitStack() as stack:
        found = None
        with contextlib.suppress(OSError):
            found = _proven(stack.enter_context(folder.use(name)), *now)
        yield found


def _proven(file: BinaryIO, who: bytes, started: int) -> Optional[_Old]:
    """None unless every byte is as it was written. A memory of a later time is of no use: the clock was set back."""
    end = os.fstat(file.fileno()).st_size - _SHA
    head = file.read(_HEAD.size)
    if len(head) != _HEAD.size or end < _HEAD.size:
        return None
    magic, owner, then = _HEAD.unpack(head)
    if (magic, owner) != (_MAGIC, who) or then > started:
        return None
    body, left = hashlib.sha256(), end - _HEAD.size
    while left:
        block = file.read(min(left, 1 << 20))
        if not block:
            return None
        body.update(block)
        left -= len(block)
    if file.read(_SHA + 1) != hashlib.sha256(head + body.digest()).digest():
        return None
    file.seek(_HEAD.size)
    return _Old(file, end, body.digest())


def _kept(old: _Old) -> Iterator[Kept]:
    left = old.end - _HEAD.size
    while left:
        run, length = read_run(old.file, left)
        states = old.file.read(len(run.names) * STATE)
        if len(states) != len(run.names) * STATE:
            raise ListingBroken("a run has no states")
        left -= length + len(states)
        yield Kept(run, states)
