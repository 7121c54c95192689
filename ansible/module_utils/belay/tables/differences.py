"""What changed in a part since a baseline, row by row: the index of the baseline against what chunks that differ hold now."""
from __future__ import annotations

import contextlib
from collections import deque
from typing import Deque, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from .chunk_reader import Reader
from .chunks import Chunk
from ..scope.index_folder import IndexFolder
from .row_gathering import Key
from .row_index import Entry, RowIndex, open_index
from .row_index_form import HASH, Corrupt
from .row_matcher import Changes, KeylessMatcher, Matcher
from .table_sql import TableSql


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
                found[name] = _changes(_Comparison(index, now.sql, name, folder.path), now, name).facts()
    return found


def _changes(comparison: "_Comparison", now: Now, name: str) -> Changes:
    """Chunk by chunk, in their order; only those that differ are read."""
    present = []
    for then, chunk in _side_by_side(comparison.index.entries(), iter(now.chunks.get(name, ()))):
        if then is None or chunk is None or then.chunk != chunk:
            comparison.expect(then, chunk)
            present += [] if chunk is None else [chunk.number]
    reader = Reader(now.session, now.sql, comparison.piece)
    # Chunks that are gone have nothing to be read; they are told when the next one comes.
    chunks = reader.listed(present) if now.sql.shape.chunked else reader.everything() if present else ()
    try:
        for _ in chunks:
            pass
        return comparison.end()
    finally:
        comparison.close()


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
    """Takes the pieces of chunks that differ, in their order, and holds them against the index; rows that have to wait lie in `folder`."""

    def __init__(self, index: RowIndex, sql: TableSql, name: str, folder: str):
        self.index, self._folder = index, folder
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
            self._current.push(key, hashes[at * HASH : at * HASH + HASH])

    def end(self) -> Changes:
        while self._waiting:
            self._next()
        self._finish()
        return self._changes

    def close(self) -> None:
        if self._current is not None:
            self._current.close()

    def _next(self) -> None:
        self._finish()
        self._number, then = self._waiting.popleft()
        self._current = self._matcher(self.index.rows(then), self._changes, self._folder)

    def _finish(self) -> None:
        if self._current is not None:
            self._current.end()
            self._current.close()
