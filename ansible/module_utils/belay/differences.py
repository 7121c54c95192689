"""What changed in a part since a baseline, row by row: the index of the baseline against what chunks that differ hold now."""
from __future__ import annotations

import contextlib
from collections import deque
from typing import Deque, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from .chunk_reader import Key, Reader
from .chunks import Chunk
from .index_folder import IndexFolder
from .row_index import Corrupt, Entry, RowIndex, open_index
from .table_sql import TableSql

#: So many keys are told; counts are exact.
MAX_CHANGED_KEYS = 1000
_HASH = 32
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

    Waiting rows are no more than the longest stretch in which no key is on both sides.
    """

    def __init__(self, then: Iterator[_Row], changes: Changes):
        self._then, self._changes = then, changes
        self._old: Dict[Key, bytes] = {}
        self._new: Dict[Key, bytes] = {}

    def push(self, key: Key, row_hash: bytes) -> None:
        self._new[key] = row_hash
        if key in self._old:
            self._meet(key)
        self._pull()

    def end(self) -> None:
        while self._pull():
            pass
        self._leave(self._old, "-")
        self._leave(self._new, "+")

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


class KeylessMatcher:
    """The same for rows without a key, which come in the order of their hashes: each counts as often as it is there."""

    def __init__(self, then: Iterator[_Row], changes: Changes):
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

    def _gone(self) -> None:
        self._changes.tell("-", None)
        self._head = next(self._then, None)


def _until(waiting: Dict[Key, bytes], before: Key) -> Iterator[Key]:
    for key in waiting:
        if key == before and before is not None:
            return
        yield key


class Now(NamedTuple):
    """A table as it is in the snapshot of `session`: the chunks of its parts, by class."""

    session: object
    sql: TableSql
    chunks: Mapping[str, Iterable[Chunk]]


def differences(folder: IndexFolder, now: Now, baseline: Mapping[str, str]) -> Dict[str, dict]:
    """{class: RowChanges} for the parts whose digests at the baseline are given; a part whose index is missing, or is of no use,
    is left out."""
    found = {}
    for name, digest in baseline.items():
        with open_index(folder, digest, now.sql.signature) as index, contextlib.suppress(Corrupt, OSError):
            if index is not None:
                found[name] = _changes(index, now, name).facts()
    return found


def _changes(index: RowIndex, now: Now, name: str) -> Changes:
    """Chunk by chunk, in their order; only those that differ are read."""
    comparison = _Comparison(index, now.sql, name)
    present = []
    for then, chunk in _side_by_side(index.entries(), iter(now.chunks.get(name, ()))):
        if then is None or chunk is None or then.chunk != chunk:
            comparison.expect(then, chunk)
            present += [] if chunk is None else [chunk.number]
    reader = Reader(now.session, now.sql, comparison.piece)
    # Chunks that are gone have nothing to be read; they are told when the next one comes.
    chunks = reader.listed(present) if now.sql.shape.chunked else reader.everything() if present else ()
    for _ in chunks:
        pass
    return comparison.end()


def _side_by_side(then: Iterator[Entry], now: Iterator[Chunk]) -> Iterator[Tuple[Optional[Entry], Optional[Chunk]]]:
    """The chunks of both, each pair of one number."""
    old, new = next(then, None), next(now, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old.chunk.number < new.number):
            yield old, None
            old = next(then, None)
        elif old is None or new.number < old.chunk.number:
            yield None, new
            new = next(now, None)
        else:
            yield old, new
            old, new = next(then, None), next(now, None)


class _Comparison:
    """Takes the pieces of chunks that differ, in their order, and holds them against the index."""

    def __init__(self, index: RowIndex, sql: TableSql, name: str):
        self._index = index
        self._class = sql.classes.index(name) if name in sql.classes else None
        self._matcher = Matcher if sql.shape.key else KeylessMatcher
        self._changes = Changes()
        self._waiting: Deque[Tuple[int, Optional[Entry]]] = deque()
        self._number: Optional[int] = None
        self._current = None

    def expect(self, then: Optional[Entry], chunk: Optional[Chunk]) -> None:
        self._waiting.append((chunk.number if then is None else then.chunk.number, then))

    def piece(self, index: int, number: int, keys: List[Key], hashes: bytes) -> None:
        if index != self._class:
            return
        while self._number != number:
            self._next()
        for at, key in enumerate(keys):
            self._current.push(key, hashes[at * _HASH : at * _HASH + _HASH])

    def end(self) -> Changes:
        while self._waiting:
            self._next()
        self._finish()
        return self._changes

    def _next(self) -> None:
        self._finish()
        self._number, then = self._waiting.popleft()
        self._current = self._matcher(self._index.rows(then), self._changes)

    def _finish(self) -> None:
        if self._current is not None:
            self._current.end()
