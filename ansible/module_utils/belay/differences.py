"""What changed in a part since a baseline, row by row: the index of the baseline against what chunks that differ hold now."""
from __future__ import annotations

import contextlib
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from .chunk_reader import Key, Reader
from .chunks import Chunk
from .index_folder import IndexFolder
from .row_index import Corrupt, RowIndex, open_index
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


class Now:
    """A table as it is in the snapshot of `session`: the chunks of its parts, by class."""

    def __init__(self, session, sql: TableSql, chunks: Mapping[str, List[Chunk]]):
        self.session, self.sql, self.chunks = session, sql, chunks


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
    then = {chunk.number: chunk for chunk in index.chunks}
    present = {chunk.number: chunk for chunk in now.chunks.get(name, ())}
    differing = sorted(number for number in then.keys() | present.keys() if then.get(number) != present.get(number))
    comparison = _Comparison(index, now, name)
    if now.sql.shape.chunked:
        reader = Reader(now.session, now.sql, comparison.piece)
        # Those that are gone have nothing to be read; they are told when the next one comes.
        chunks = reader.listed([number for number in differing if number in present])
    else:
        chunks = Reader(now.session, now.sql, comparison.piece).everything() if present else iter(())
    comparison.expect(differing)
    for _ in chunks:
        pass
    return comparison.end()


class _Comparison:
    def __init__(self, index: RowIndex, now: Now, name: str):
        self._index = index
        self._class = now.sql.classes.index(name) if name in now.sql.classes else None
        self._matcher = Matcher if now.sql.shape.key else KeylessMatcher
        self._changes = Changes()
        self._waiting: List[int] = []
        self._number: Optional[int] = None
        self._current = None

    def expect(self, numbers: List[int]) -> None:
        self._waiting = numbers[::-1]

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
        self._number = self._waiting.pop()
        self._current = self._matcher(self._index.rows(self._number), self._changes)

    def _finish(self) -> None:
        if self._current is not None:
            self._current.end()
