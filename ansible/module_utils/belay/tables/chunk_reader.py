"""Reads a table's chunks: many at a time where keys are dense, row by row where they are not. What comes out is the same."""
from __future__ import annotations

import hashlib
from typing import Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from .chunks import SPAN, Chunk, runs
from ..errors import BelayError
from .row_gathering import ALL, DIGITS, Found, Gathering, Key, Pieces
from .row_windows import rows_together, windows
from .table_sql import TableSql

#: Chunks that one statement looks at: few enough for a waiting ALTER, many enough that asking costs nothing.
TOGETHER = 32
#: Rows that one statement streams where keys are sparse, or no integers.
WINDOW = 20_000
#: Hashes of one chunk that the server may join; above it rows are streamed.
JOINED_BYTES = 4 << 20
_FRAME = b"\x00\x00\x00\x40"


class Reader(NamedTuple):
    """Reads `sql`'s rows through a session; `pieces` is told every row, where it is wanted."""

    session: object
    sql: TableSql
    pieces: Optional[Pieces] = None

    def everything(self, limit: int = 0) -> Iterator[Found]:
        """(class, chunk) of all rows, or of the first `limit`."""
        if limit:
            yield from self._gathered([""], limit)
        elif self.pieces is None and not self.sql.shape.chunked and len(self.sql.classes) == 1:
            yield from self._hashes()
        else:
            yield from self._gathered(self._windows())

    def chunks(self, start: int, stop: int) -> Iterator[Found]:
        """(class, chunk) of the chunks from `start` to the one before `stop`, in their order."""
        dense, together = True, max(1, rows_together(self.sql.shape, TOGETHER * SPAN) // SPAN)
        while start < stop:
            upto = min(start + together, stop)
            if dense and self._joins:
                found = list(self.listed(range(start, upto)))
                dense = sum(chunk.rows for _, chunk in found) * 8 >= (upto - start) * SPAN
            else:
                found, upto = self._window(start, stop)
                dense = sum(chunk.rows for _, chunk in found) * 8 >= (upto - start) * SPAN
            yield from found
            start = upto

    def listed(self, numbers: Sequence[int]) -> Iterator[Found]:
        """(class, chunk) of these chunks, in their order."""
        if not self._joins:
            for start, stop in runs(numbers):
                yield from self._streamed(start, stop)
            return
        for at in range(0, len(numbers), TOGETHER):
            part = numbers[at : at + TOGETHER]
            rows = self.session.query(self.sql.sums(part) if self.pieces is None else self.sql.listings(part))
            self.session.release()
            for row in sorted(rows, key=lambda row: int(row[0])):
                yield from self._of(row)

    @property
    def _joins(self) -> bool:
        """Whether the server can tell by chunk what is wanted: keys of several columns it could not tell apart, and partitions it
        might join one after the other."""
        return (self.pieces is None or self.sql.shape.has_number) and not self.sql.shape.partitioned

    def _of(self, row) -> Iterator[Found]:
        number, rows = int(row[0]), int(row[1])
        if rows * DIGITS > min(JOINED_BYTES, self.session.packet):
            yield from self._streamed(number, number + 1)
        elif rows and self.pieces is None:
            yield from self._summed(number, rows, row[2:])
        elif rows:
            for index in range(len(self.sql.classes)):
                hashes, keys = row[2 + 2 * index], row[3 + 2 * index]
                if hashes:
                    numbers: List[Key] = [int(key) for key in keys.split(b",")]
                    self.pieces(index, number, numbers, bytes.fromhex(hashes.decode()))
                    yield index, Chunk(number, len(numbers), hashlib.sha256(hashes).digest())

    @staticmethod
    def _summed(number: int, rows: int, values) -> Iterator[Found]:
        others = [(index, value) for index, value in enumerate(values[1:], 1) if value]
        left = rows - sum(len(value) // DIGITS for _, value in others)
        if left:
            yield 0, Chunk(number, left, bytes.fromhex(values[0].decode()))
        for index, value in others:
            yield index, Chunk(number, len(value) // DIGITS, hashlib.sha256(value).digest())

    def _window(self, start: int, stop: int) -> Tuple[List[Found], int]:
        """What a limited number of rows shows of the chunks from `start` on, and where it ends."""
        inner = self.pieces
        held: List[tuple] = []
        rows = Gathering(self.sql.shape, None if inner is None else lambda *piece: held.append(piece))
        found: List[Found] = []
        seen = 0
        for row in self.session.stream(self.sql.stream(self.sql.within(start, stop), WINDOW)):
            seen += 1
            found += rows.add(row)
        cut = seen == WINDOW
        last = rows.number
        if not cut:
            found += rows.end()
        self.session.release()
        if cut and not found:
            return list(self._streamed(last, last + 1)), last + 1
        for piece in held:
            if not cut or piece[1] != last:
                inner(*piece)
        return found, last if cut else stop

    def _streamed(self, start: int, stop: int) -> Iterator[Found]:
        yield from self._gathered(self._windows(self.sql.within(start, stop)))

    def _gathered(self, conditions: Iterable[str], limit: int = 0) -> Iterator[Found]:
        """(class, chunk) of the rows that meet one of the conditions, which follow each other in the order of the key."""
        rows = Gathering(self.sql.shape, self.pieces)
        for where in conditions:
            for row in self.session.stream(self.sql.stream(where, limit)):
                yield from rows.add(row)
            self.session.release()
        yield from rows.end()

    def _windows(self, within: str = "") -> Iterator[str]:
        return windows(self.session, self.sql, rows_together(self.sql.shape, WINDOW), within)

    def _hashes(self) -> Iterator[Found]:
        """All rows are one part and no single hash is wanted: what the frames hold, without the lengths."""
        digest, size = hashlib.sha256(), 0
        for where in self._windows():
            for body in self.session.bodies(self.sql.hashes(where)):
                text = body.replace(_FRAME, b"")
                digest.update(text)
                size += len(text)
            self.session.release()
        if size:
            yield 0, Chunk(ALL, size // DIGITS, digest.digest())


def require_packet(session) -> None:
    """Raises BelayError PACKET_TOO_SMALL where a row's encoding might not fit."""
    if session.packet < 1 << 20:
        raise BelayError(
            "PACKET_TOO_SMALL",
            f"The database server joins no more than {session.packet} bytes (max_allowed_packet): rows cannot be hashed with that.",
            "Set max_allowed_packet = 16M in the database server's configuration; WordPress needs that too.",
        )
