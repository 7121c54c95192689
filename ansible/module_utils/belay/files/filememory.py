"""What is known of a place's files from an earlier look, and which of them may be believed the next time.

A file is believed unread if the system tells the same of it as then, and if it had been changed last well before that look began:
else one more change could have left its times as they were. docs/fingerprint.md says what that rests on.
"""
from __future__ import annotations

import os
from typing import Callable, Collection, FrozenSet, Iterator, List, NamedTuple, Optional, Tuple

from .filethreads import Wanted
from .filewalk import NO_STATE, STATE, Seen, state_in
from .listing import VALUE, Run, order_of

#: More than the clock of any local file system is apart from the host's, or coarse.
MARGIN_NS = 2_000_000_000
#: Their times come from other hosts' clocks, or their contents change without them.
_REMOTE = frozenset((
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "virtiofs", "gfs2", "ocfs2", "gpfs", "beegfs",
    "orangefs", "pvfs2", "coda", "vboxsf", "prl_fs",
))
_MOUNTS = "/proc/self/mountinfo"


class Kept(NamedTuple):
    """A run as it was then, with the states of its files."""

    run: Run
    states: bytes


class Memory:
    """What is known of the files of one place (`runs`), and what is to be remembered of them (given to `store`). Runs are asked for
    and added in the order of a listing. `started` is when the look began, in nanoseconds since 1970."""

    def __init__(self, runs: Iterator[Kept], store: Optional[Callable[[bytes], None]], started: int):
        self._runs = runs
        self._head = next(runs, None)
        self._store = store
        self._latest = started - MARGIN_NS
        self._remote = _remote_devices()

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
        if self._store is None:
            return
        if read:
            kept = bytearray(states)
            for position in read:
                if not self._may_keep(states, position):
                    kept[position * STATE : (position + 1) * STATE] = NO_STATE
            states = bytes(kept)
        self._store(encoded)
        self._store(states)

    def _may_keep(self, states: bytes, position: int) -> bool:
        device, _, _, changed, touched = state_in(states, position)
        return max(changed, touched) < self._latest and self._remote is not None and device not in self._remote

    def _up_to(self, seen: Seen) -> dict:
        """{name: (state, value)} of this folder up to the last name of a run. What goes on after it is looked at again."""
        found: dict = {}
        while self._head is not None and self._head.run.folder == seen.folder:
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
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as mounts:
            return frozenset(device for kind, device in map(_mount, mounts) if kind in _REMOTE or kind.startswith("fuse"))
    except (OSError, ValueError):
        return None


def _mount(line: str) -> Tuple[str, int]:
    before, _, after = line.partition(" - ")
    major, _, minor = before.split(" ")[2].partition(":")
    return after.split(" ")[0], os.makedev(int(major), int(minor))
