"""A table that several sessions read at the same time: each takes ranges of chunks until none is left."""
from __future__ import annotations

import threading
from typing import Callable, Optional, Tuple

from .chunks import SPAN
from ..scope.index_folder import IndexFolder
from .table_parts import Tally
from .table_sql import TableSql

#: The smallest range, in chunks. One with fewer rows than `FEW` makes the next ones wider, one with more than `MANY` narrower.
SMALLEST, FEW, MANY = 64, 16 * SPAN, 256 * SPAN
_LAST = (1 << 64) // SPAN


class SharedTable:
    """All sessions see the table at one instant. `drop` at the end, whatever happened."""

    def __init__(self, sql: TableSql, keep: Optional[IndexFolder]):
        self.tally = Tally(sql, keep)
        self._lock = threading.Lock()
        self._next: Optional[int] = None
        self._width = SMALLEST
        self._readers = 0
        self._read = self._broken = self._given = False

    def work(self, session, stopped: Callable[[], bool]) -> bool:
        """Reads ranges until none is left, or somebody stops. True for one of all callers: when everything is read, it is the one
        that puts the parts together."""
        with self._lock:
            self._readers += 1
        complete = False
        try:
            complete = self._read_ranges(session, stopped)
        finally:
            with self._lock:
                self._readers -= 1
                self._broken = self._broken or not complete
                mine = self._readers == 0 and self._read and not self._broken and not self._given
                self._given = self._given or mine
        return mine

    def drop(self) -> None:
        self.tally.drop()

    def _read_ranges(self, session, stopped: Callable[[], bool]) -> bool:
        while not stopped():
            taken = self._take(session)
            if taken is None:
                return True
            rows = 0
            for index, chunk in self.tally.reader(session).chunks(*taken):
                self.tally.add(index, chunk, taken[0])
                rows += chunk.rows
            self._adapt(rows)
        return False

    def _take(self, session) -> Optional[Tuple[int, int]]:
        """The next range that has rows; gaps between keys are skipped, however wide."""
        with self._lock:
            if self._read:
                return None
            first = session.query(self.tally.sql.first_from(self._next))[0][0]
            session.release()
            if first is None:
                self._read = True
                return None
            start = int(first) // SPAN
            self._next = min(start + self._width, _LAST)
            return start, self._next

    def _adapt(self, rows: int) -> None:
        if rows < FEW:
            self._width = min(self._width * 4, _LAST)
        elif rows > MANY:
            self._width = max(self._width // 4, SMALLEST)
