"""What a host remembers of files that it has read: the digest of each, valid as long as the system tells the same of the file.

A file is remembered only if it was last changed well before the look at it began; else another change could leave its times as
they are. docs/fingerprint.md says what that rests on.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import time
from typing import BinaryIO, Collection, FrozenSet, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from .filehash import Wanted
from .filewalk import NO_STATE, STATE, Seen, state_in
from .keptfiles import Writing, drop_unused, used, writing
from .listing import VALUE, ListingBroken, Run, order_of, read_run

_MAGIC = b"belay-files-1\n"
_HEAD = struct.Struct(f">{len(_MAGIC)}s32sQ")
_SHA = 32
#: More than the clock of any local file system is apart from the host's, or coarse.
MARGIN_NS = 2_000_000_000
#: Their times come from other hosts' clocks, or their contents change without them.
_REMOTE = frozenset((
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "virtiofs", "gfs2", "ocfs2", "gpfs", "beegfs",
    "orangefs", "pvfs2", "coda", "vboxsf", "prl_fs",
))


class _Kept(NamedTuple):
    run: Run
    states: bytes


class Memory:
    """What is known of the files of one place, and what is to be remembered of them. Runs are asked for and added in order."""

    def __init__(self, runs: Iterator[_Kept], out: Optional[Writing], started: int):
        self._runs = runs
        self._head = next(runs, None)
        self._out = out
        self._latest = started - MARGIN_NS
        self._remote = _remote_devices()
        self.body = hashlib.sha256()

    def wanted(self, seen: Seen) -> Wanted:
        """A run with the values that are known of it. Links are never among them."""
        place = order_of(seen.folder)
        while self._head is not None and order_of(self._head.run.folder) < place:
            self._head = next(self._runs, None)
        head = self._head
        if head is not None and head.run.folder == seen.folder:
            if head.run.names == seen.names and head.states == seen.states:
                self._head = next(self._runs, None)
                return Wanted(seen, head.run.values, [])
            return _looked_up(seen, self._up_to(seen))
        return _looked_up(seen, {})

    def add(self, encoded: bytes, states: bytes, read: Collection[int]) -> None:
        """To be remembered: a run as it is stored, with its files' states; `read` are the positions of those read just now."""
        if self._out is None:
            return
        if read:
            kept = bytearray(states)
            for position in read:
                if not self._may_keep(states, position):
                    kept[position * STATE : (position + 1) * STATE] = NO_STATE
            states = bytes(kept)
        for part in (encoded, states):
            self.body.update(part)
            self._out.write(part)

    def _may_keep(self, states: bytes, position: int) -> bool:
        device, _, _, changed, touched = state_in(states, position)
        return max(changed, touched) < self._latest and self._remote is not None and device not in self._remote

    def _up_to(self, seen: Seen) -> dict:
        """{name: (state, value)} of this folder up to the last name of a run. What goes on after it is looked at again."""
        found: dict = {}
        while self._head is not None and self._head.run.folder == seen.folder and self._head.run.names[0] <= seen.names[-1]:
            run, states = self._head
            for position, name in enumerate(run.names):
                found[name] = states[position * STATE : (position + 1) * STATE], run.value(position)
            if run.names[-1] > seen.names[-1]:
                break
            self._head = next(self._runs, None)
        return found


def nothing() -> Memory:
    """Knows nothing and remembers nothing."""
    return Memory(iter(()), None, 0)


@contextlib.contextmanager
def memory(folder: str, identity: Sequence[str], full: bool = False) -> Iterator[Memory]:
    """The memory of a place that `identity` tells from every other, in a folder of such memories; renewed if all goes well.

    `full`: nothing that is remembered counts. A memory that cannot be written or read costs time and nothing else.
    """
    who = hashlib.sha256(json.dumps(list(identity)).encode()).digest()
    path = os.path.join(folder, f"files-{who.hex()[:32]}")
    started = time.time_ns()
    with contextlib.ExitStack() as stack:
        old = None if full else stack.enter_context(_opened(path, who, started))
        out = stack.enter_context(writing(path))
        head = _HEAD.pack(_MAGIC, who, started)
        out.write(head)
        found = Memory(_kept(old) if old else iter(()), out, started)
        yield found
        body = found.body.digest()
        if old and old.body == body:
            used(path)
            return
        out.write(hashlib.sha256(head + body).digest())
        if out.finish():
            drop_unused(folder)


class _Old(NamedTuple):
    file: BinaryIO
    end: int
    body: bytes


@contextlib.contextmanager
def _opened(path: str, who: bytes, started: int) -> Iterator[Optional[_Old]]:
    """A memory that is whole, of this place, and not of a later time: the clock may have been set back."""
    try:
        file = open(path, "rb")
    except OSError:
        yield None
        return
    with file:
        yield _proven(file, who, started)


def _proven(file: BinaryIO, who: bytes, started: int) -> Optional[_Old]:
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


def _kept(old: _Old) -> Iterator[_Kept]:
    left = old.end - _HEAD.size
    while left:
        run, length = read_run(old.file, left)
        states = old.file.read(len(run.names) * STATE)
        if len(states) != len(run.names) * STATE:
            raise ListingBroken("a run has no states")
        left -= length + len(states)
        yield _Kept(run, states)


def _looked_up(seen: Seen, found: dict) -> Wanted:
    values: List[bytes] = []
    missing: List[int] = []
    for position, name in enumerate(seen.names):
        state, value = found.get(name, (b"", b""))
        if state == seen.states[position * STATE : (position + 1) * STATE]:
            values.append(value)
            continue
        values.append(bytes(VALUE))
        if position not in seen.links:
            missing.append(position)
    return Wanted(seen, b"".join(values), missing)


def _remote_devices() -> Optional[FrozenSet[int]]:
    """Devices of file systems whose times are another host's; None where the system does not tell."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            return frozenset(device for kind, device in map(_mount, mounts) if kind in _REMOTE or kind.startswith("fuse"))
    except (OSError, ValueError):
        return None


def _mount(line: str) -> Tuple[str, int]:
    before, _, after = line.partition(" - ")
    major, _, minor = before.split(" ")[2].partition(":")
    return after.split(" ")[0], os.makedev(int(major), int(minor))
