"""The statements that hash a table's rows, by data class."""
from __future__ import annotations

from typing import Iterable, List, NamedTuple, Optional, Sequence, Tuple

from .chunks import SPAN
from ..scope.rules import TableClass, class_expression
from ..database.sql import ident
from .table_shape import Shape


class TableSql(NamedTuple):
    """`hash` and `class_of` are SQL for a row's hash and for the number of its class in `classes`; `signature` is that of the shape."""

    full_name: str
    shape: Shape
    hash: str
    class_of: str
    classes: List[str]
    signature: str

    @staticmethod
    def of(full_name: str, shape: Shape, kind: TableClass, prefix: str) -> "TableSql":
        class_of, classes = class_expression(kind, shape.names, prefix)
        signature = shape.signature(kind.ignore_columns, class_of)
        return TableSql(full_name, shape, shape.row_hash(kind.ignore_columns), class_of, classes, signature)

    @property
    def number(self) -> str:
        """The first column of the key of a chunked table."""
        return ident(self.shape.key[0].name)

    def sums(self, numbers: Iterable[int]) -> str:
        """Of each chunk: its number, its rows, the digest of the first class's hashes, and the hashes of every other class.

        The first class has nearly all rows; of the others the hashes themselves come, so that they can be counted.
        """
        first = f"SHA2({self._joined(0, self.hash)}, 256)"
        return self._each(numbers, [first, *(self._joined(n, self.hash) for n in range(1, len(self.classes)))])

    def listings(self, numbers: Iterable[int]) -> str:
        """Of each chunk: its number, its rows, and of each class the hashes and the keys (where the key is one number)."""
        return self._each(numbers, [text for n in range(len(self.classes)) for text in (self._joined(n, self.hash), self._joined(n, self.number, ","))])

    def stream(self, where: str = "", limit: int = 0) -> str:
        """Of each row its hash, the number of its class, and its key, in the order of the key; without a key of the hash."""
        keys = [column.value for column in self.shape.key]
        columns = ", ".join([f"{self.hash} AS belay_hash", self.class_of, *keys])
        return f"SELECT {columns} FROM {self._rows}{_where(where)} ORDER BY {self._order}{f' LIMIT {limit}' if limit else ''}"

    def hashes(self, where: str = "") -> str:
        """As `stream`, of the hash alone."""
        return f"SELECT {self.hash} AS belay_hash FROM {self._rows}{_where(where)} ORDER BY {self._order}"

    def mark(self, columns: Sequence[str], marks: Sequence[str], where: str, rows: int) -> str:
        """Keeps the key of the row that is number `rows` of those that meet the condition; changes no row where there are fewer."""
        order = ", ".join(columns)
        return f"SELECT {order} INTO {', '.join(marks)} FROM {self._rows}{_where(where)} ORDER BY {order} LIMIT {rows - 1}, 1"

    def within(self, start: int, stop: int) -> str:
        """The condition for the chunks from `start` to the one before `stop`."""
        return f"{self.number} >= {start * SPAN} AND {self.number} <= {stop * SPAN - 1}"

    def first_from(self, number: Optional[int]) -> str:
        """The smallest number of the key's first column from a chunk on."""
        where = "" if number is None else f" WHERE {self.number} >= {number * SPAN}"
        return f"SELECT MIN({self.number}) FROM {ident(self.full_name)}{where}"

    def last(self) -> str:
        return f"SELECT MAX({self.number}) FROM {ident(self.full_name)}"

    @property
    def _rows(self) -> str:
        return ident(self.full_name) + (f" FORCE INDEX ({ident(self.shape.index)})" if self.shape.index else "")

    @property
    def _order(self) -> str:
        return ", ".join(ident(column.name) for column in self.shape.key) or "belay_hash"

    def _joined(self, number: int, value: str, separator: str = "") -> str:
        own = value if len(self.classes) == 1 else f"IF({self.class_of} = {number}, {value}, NULL)"
        return f"GROUP_CONCAT({own} SEPARATOR '{separator}')"

    def _each(self, numbers: Iterable[int], values: List[str]) -> str:
        """One small range of the primary key for each chunk: its rows come in the order of the key, and nothing is sorted."""
        columns = ", ".join(values)
        return " UNION ALL ".join(
            f"SELECT {n}, COUNT(*), {columns} FROM {self._rows} WHERE {self.number} BETWEEN {n * SPAN} AND {n * SPAN + SPAN - 1}" for n in numbers
        )


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""


def bounds_of(session, sql: TableSql) -> Optional[Tuple[int, int]]:
    """The first chunk of a table, and the one behind its last; None of an empty table."""
    lowest, highest = session.query(sql.first_from(None))[0][0], session.query(sql.last())[0][0]
    return None if lowest is None or highest is None else (int(lowest) // SPAN, int(highest) // SPAN + 1)
