"""The parts of one table: counts, digests, and what else is wanted of them, gathered from chunks in any order."""
from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Optional

from .chunk_reader import Reader
from .chunks import Chunk, ChunkList, are_told, packed, part_digest
from .differences import Now, differences
from ..scope.index_folder import IndexFolder
from .row_gathering import Key
from .row_index_writer import IndexWriter
from .table_sql import TableSql, bounds_of

#: Digits of a row's hash that a fingerprint tells.
SHORT = 24
_HASH = 32
#: How many times as many rows a table may have at a comparison as at its baseline.
_GROWTH = 20


class Wish(NamedTuple):
    """What is wanted beside digests: rows one by one of tables up to `row_limit` rows; an index in `keep`; what changed since the
    digests of `baseline` (by class), looked up in `indexes`."""

    row_limit: int
    keep: Optional[IndexFolder] = None
    indexes: Optional[IndexFolder] = None
    baseline: Mapping[str, str] = {}


class Parts(NamedTuple):
    """`facts` are those of facts.ts, by class; `changes` its RowChanges; `failed` says why an index could not be kept."""

    facts: Dict[str, dict]
    changes: Dict[str, dict]
    failed: Optional[OSError] = None


class Tally:
    """Takes chunks and pieces of one table, from any number of threads."""

    def __init__(self, sql: TableSql, keep: Optional[IndexFolder] = None, rows: bool = False):
        self.sql = sql
        self.chunks = [ChunkList() for _ in sql.classes]
        self.row_hashes: Optional[List[Dict[str, str]]] = [{} for _ in sql.classes] if rows else None
        self._writers = [IndexWriter(keep, sql.signature) for _ in sql.classes] if keep else []

    def reader(self, session) -> Reader:
        wanted = self._writers or self.row_hashes is not None
        return Reader(session, self.sql, self._piece if wanted else None)

    def add(self, index: int, chunk: Chunk, place: int = 0) -> None:
        """A chunk of a class; `place` as in ChunkList."""
        self.chunks[index].add(chunk, place)
        if self._writers:
            self._writers[index].end(chunk, place)

    @property
    def rows(self) -> int:
        return sum(chunks.rows for chunks in self.chunks)

    def drop(self) -> None:
        """Forgets the indexes that were not kept; harmless after `parts`."""
        for writer in self._writers:
            writer.drop()

    def parts(self, session, wish: Wish) -> Parts:
        """`session` must see what was read."""
        by_class = {name: chunks for name, chunks in zip(self.sql.classes, self.chunks) if chunks or name == self.sql.classes[0]}
        facts = {name: self._facts(name, chunks) for name, chunks in by_class.items()}
        changed = {name: digest for name, digest in wish.baseline.items() if name not in facts or facts[name]["digest"] != digest}
        changes = differences(wish.indexes, Now(session, self.sql, by_class), changed) if wish.indexes and changed else {}
        for writer, name in zip(self._writers, self.sql.classes):
            if name in facts and facts[name]["rows"]:
                writer.keep(facts[name]["digest"])
        return Parts(facts, changes, next((writer.failed for writer in self._writers if writer.failed), None))

    def _facts(self, name: str, chunks: ChunkList) -> dict:
        facts = {"rows": chunks.rows, "digest": part_digest(chunks)}
        if self.row_hashes is not None:
            return {**facts, "row_hashes": self.row_hashes[self.sql.classes.index(name)]}
        return {**facts, "chunks": packed(chunks)} if self.sql.shape.chunked and are_told(chunks, facts["rows"]) else facts

    def _piece(self, index: int, number: int, keys: List[Key], hashes: bytes) -> None:
        if self._writers:
            self._writers[index].add(number, keys, hashes)
        if self.row_hashes is not None:
            found, text = self.row_hashes[index], hashes.hex()
            for at, key in enumerate(keys):
                start = at * 2 * _HASH
                found[str(key)] = text[start : start + SHORT]


def measure(session, sql: TableSql, wish: Wish) -> Parts:
    """All parts of a table, through one session that has a snapshot."""
    few = _few(session, sql, wish) if sql.shape.rows <= 4 * wish.row_limit else None
    if few is not None:
        return few
    tally = Tally(sql, wish.keep)
    try:
        for found in _chunks(session, tally):
            tally.add(*found)
        # The server's guess was wrong.
        few = _few(session, sql, wish) if tally.rows <= wish.row_limit else None
        return few or tally.parts(session, wish)
    finally:
        tally.drop()


def _chunks(session, tally: Tally):
    if not tally.sql.shape.chunked:
        return tally.reader(session).everything()
    bounds = bounds_of(session, tally.sql)
    return tally.reader(session).chunks(*bounds) if bounds else iter(())


def _few(session, sql: TableSql, wish: Wish) -> Optional[Parts]:
    """Of a table that is small enough every row by its key; None of a larger one, and where rows have no names."""
    if not sql.shape.key:
        return None
    # What may outgrow the limit before it is compared needs an index as well: then nobody tells its rows one by one.
    tally = Tally(sql, wish.keep if sql.shape.rows * _GROWTH > wish.row_limit else None, rows=True)
    try:
        for found in tally.reader(session).everything(wish.row_limit + 1):
            tally.add(*found)
        return tally.parts(session, wish) if tally.rows <= wish.row_limit else None
    finally:
        tally.drop()
