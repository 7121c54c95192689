"""A table's rows in windows of its key, so that no statement is long and an ALTER can come between any two of them.

Where a window ends is kept by the server, in variables of the session: there a key keeps its type, its encoding and its collation, and
is compared as the index does.
"""
from __future__ import annotations

from typing import Iterator, List

from ..database.sql import ident
from .table_shape import Shape
from .table_sql import TableSql

#: So many bytes of rows in one statement, at a guess, and not fewer rows than these.
STATEMENT_BYTES, FEWEST = 128 << 20, 100


def rows_together(shape: Shape, most: int) -> int:
    """How many rows, `most` at most, one statement may read without taking long."""
    return min(most, max(FEWEST, STATEMENT_BYTES * max(1, shape.rows) // max(1, shape.bytes)))


def windows(session, sql: TableSql, rows: int, within: str = "") -> Iterator[str]:
    """Conditions of which each row that is `within` meets exactly one; in the order of the key, each for about so many rows. It
    is one alone where the key cannot be divided. No other windows of the session may be begun before the last one was taken."""
    columns = [ident(column.name) for column in sql.shape.window]
    known, turn = within, 0
    while columns:
        marks = [f"@belay_{turn}_{n}" for n in range(len(columns))]
        if session.execute(sql.mark(columns, marks, known, rows)) == 0:
            break
        yield _both(known, _compared(columns, marks, "<", "<="))
        known, turn = _both(within, _compared(columns, marks, ">", ">")), 1 - turn
    yield known


def _compared(columns: List[str], marks: List[str], sign: str, last: str) -> str:
    """A key against a mark; the server finds no range in `(a, b) > (x, y)`."""
    first, mark = columns[0], marks[0]
    if len(columns) == 1:
        return f"{first} {last} {mark}"
    return f"({first} {sign} {mark} OR {first} = {mark} AND {_compared(columns[1:], marks[1:], sign, last)})"


def _both(one: str, other: str) -> str:
    return f"{one} AND {other}" if one else other
