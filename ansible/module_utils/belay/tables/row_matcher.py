"""Which rows of then and of now belong together, and what changed; for rows that come in an order that only the server knows."""
from __future__ import annotations

import heapq
from itertools import groupby
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

from .row_gathering import Key
from .sorted_runs import SortedRuns

#: So many keys are told; counts are exact.
MAX_CHANGED_KEYS = 1000
#: So many rows may wait in memory.
WAITING = 8192
_Row = Tuple[Key, bytes]


class Changes:
    """Counts, and the first keys, of rows that were added, changed and removed."""

    def __init__(self):
        self._counts = {"+": 0, "~": 0, "-": 0}
        self._keys: List[dict] = []

    def tell(self, change: str, key: Key) -> None:
        self._counts[change] += 1
        if key is not None and len(self._keys) < MAX_CHANGED_KEYS:
            self._keys.append({"change": change, "key": str(key)})

    def facts(self) -> dict:
        """RowChanges of facts.ts."""
        added, changed, removed = (self._counts[change] for change in "+~-")
        return {"added": added, "changed": changed, "removed": removed, "keys": self._keys}


class Matcher:
    """Matches rows of now, which are pushed, with those of then, which are pulled. Both come in the order of the same key, which
    only the server knows; so rows wait on either side until a key turns up on the other, and what lies before it has no match.

    Waiting rows are no more than the longest stretch in which no key is on both sides. Once that is more than `WAITING` they and all
    that follow are sorted in files in `folder`, and matched at the end.
    """

    def __init__(self, then: Iterator[_Row], changes: Changes, folder: Optional[str] = None):
        self._then, self._changes, self._folder = then, changes, folder
        self._old: Dict[Key, bytes] = {}
        self._new: Dict[Key, bytes] = {}
        self._sorted: Optional[Tuple[SortedRuns, SortedRuns]] = None

    def push(self, key: Key, row_hash: bytes) -> None:
        if self._sorted is not None:
            self._sorted[1].add(_bytes(key), row_hash)
            return
        self._new[key] = row_hash
        if key in self._old:
            self._meet(key)
        self._pull()
        if len(self._old) + len(self._new) > WAITING:
            self._sort()

    def end(self) -> None:
        while self._sorted is None and self._pull():
            if len(self._old) > WAITING:
                self._sort()
        if self._sorted is not None:
            self._join(*self._sorted)
        self._leave(self._old, "-")
        self._leave(self._new, "+")

    def close(self) -> None:
        for rows in self._sorted or ():
            rows.close()

    def _pull(self) -> bool:
        row = next(self._then, None)
        if row is None:
            return False
        self._old[row[0]] = row[1]
        if row[0] in self._new:
            self._meet(row[0])
        return True

    def _meet(self, key: Key) -> None:
        self._leave(self._old, "-", key)
        self._leave(self._new, "+", key)
        if self._old.pop(key) != self._new.pop(key):
            self._changes.tell("~", key)

    def _leave(self, waiting: Dict[Key, bytes], change: str, before: Key = None) -> None:
        """Rows without a match, up to the key."""
        for key in list(_until(waiting, before)):
            del waiting[key]
            self._changes.tell(change, key)

    def _sort(self) -> None:
        """What waits goes into the files, and all of then."""
        self._sorted = SortedRuns(self._folder), SortedRuns(self._folder)
        for rows, waiting in zip(self._sorted, (self._old, self._new)):
            for key, row_hash in waiting.items():
                rows.add(_bytes(key), row_hash)
            waiting.clear()
        for key, row_hash in self._then:
            self._sorted[0].add(_bytes(key), row_hash)

    def _join(self, then: Iterable[Tuple[bytes, bytes]], now: Iterable[Tuple[bytes, bytes]]) -> None:
        """Both sides in one order: a key that comes twice is on both."""
        sides = heapq.merge(((*row, "-") for row in then), ((*row, "+") for row in now))
        for key, rows in groupby(sides, key=lambda row: row[0]):
            found = list(rows)
            if len(found) == 1:
                self._changes.tell(found[0][2], key.decode("utf-8", "surrogateescape"))
            elif found[0][1] != found[1][1]:
                self._changes.tell("~", key.decode("utf-8", "surrogateescape"))


class KeylessMatcher:
    """The same for rows without a key, which come in the order of their hashes: each counts as often as it is there."""

    def __init__(self, then: Iterator[_Row], changes: Changes, folder: Optional[str] = None):
        self._then, self._changes = then, changes
        self._head = next(then, None)

    def push(self, key: Key, row_hash: bytes) -> None:
        while self._head is not None and self._head[1] < row_hash:
            self._gone()
        if self._head is not None and self._head[1] == row_hash:
            self._head = next(self._then, None)
        else:
            self._changes.tell("+", None)

    def end(self) -> None:
        while self._head is not None:
            self._gone()

    def close(self) -> None:
        """Nothing to do: rows never wait here."""

    def _gone(self) -> None:
        self._changes.tell("-", None)
        self._head = next(self._then, None)


def _until(waiting: Dict[Key, bytes], before: Key) -> Iterator[Key]:
    for key in waiting:
        if key == before and before is not None:
            return
        yield key


def _bytes(key: Key) -> bytes:
    return str(key).encode("utf-8", "surrogateescape")
