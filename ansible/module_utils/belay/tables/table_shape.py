"""How a table's rows are named and hashed: its columns and its key, as the server describes them."""
from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Dict, NamedTuple, Optional, Sequence, Tuple

from .row_encoding import INTEGERS, SHOWN_WHOLE, Column, row_hash_sql
from ..database.sql import WRITTEN, literal

__all__ = ["SHOWN_WHOLE", "Column", "Shape", "shape_of", "shapes_under", "under"]


#: Of the text that defines an ENUM or a SET; in it a quote stands twice.
_MEMBER = re.compile(rb"'((?:[^']|'')*)'")
#: Of these the server finds ranges, and a variable holds their values as they are. (ENUM and SET are compared by their texts.)
DIVISIBLE = INTEGERS | frozenset(("decimal", "double", "date", "datetime", "timestamp", "time", "year", "char", "varchar", "binary", "varbinary"))


@dataclass(frozen=True)
class Shape:
    """`columns` without generated ones; `key` is the primary key, or else a unique one without NULLs, or empty. `has_primary`: it is
    the primary one, and the server keeps the rows in its ascending order (not in that of the beginnings of values). `index` is the
    key's name, and `window` the columns it begins with that rows can be divided by: whole ones in one direction, whose order is
    that of their values. `rows` and `bytes` are the server's guesses; `created` changes with the table's name and structure.
    `partitioned`: without being told to sort, the server may give rows partition by partition."""

    engine: str
    columns: Tuple[Column, ...]
    key: Tuple[Column, ...]
    has_primary: bool
    index: str = ""
    window: Tuple[Column, ...] = ()
    rows: int = 0
    bytes: int = 0
    created: str = ""
    partitioned: bool = False

    @property
    def names(self) -> Tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def chunked(self) -> bool:
        """Whether rows lie in chunks of 1024 values of the key's first column."""
        return self.has_primary and self.key[0].type in INTEGERS

    @property
    def has_number(self) -> bool:
        """Whether the whole key is that number."""
        return self.chunked and len(self.key) == 1

    def row_hash(self, ignored: Sequence[str] = ()) -> str:
        """SQL for the SHA-256 (64 hexadecimal digits) of a row without the ignored columns."""
        return row_hash_sql([column for column in self.columns if column.name not in ignored])

    def signature(self, ignored: Sequence[str], classes: str) -> str:
        """Rows that were hashed and named under another signature cannot be compared one by one."""
        text = repr((self.row_hash(ignored), self.key, self.has_primary, classes))
        return hashlib.sha256(text.encode()).hexdigest()


def under(prefix: str) -> str:
    """The condition on tables of information_schema for names that begin with a prefix, exactly."""
    return f"table_schema = DATABASE() AND BINARY LEFT(table_name, {len(prefix)}) = BINARY {literal(prefix)}"


def shape_of(session, full_name: str) -> Optional[Shape]:
    """None where there is no such table."""
    return _shapes(session, f"table_schema = DATABASE() AND table_name = {literal(full_name)}").get(full_name)


def shapes_under(session, prefix: str) -> Dict[str, Shape]:
    """Every table whose name begins with the prefix, by full name; asks the server three times, however many there are."""
    return _shapes(session, under(prefix))


def _shapes(session, named: str) -> Dict[str, Shape]:
    tables = {
        name.decode(): ((engine or b"none").decode(), int(rows or 0), int(size or 0), (created or b"").decode(), b"partitioned" in (more or b""))
        for name, engine, rows, size, created, more in session.stream(
            f"SELECT table_name, engine, table_rows, data_length, create_time, create_options FROM information_schema.tables WHERE {named}"
        )
    }
    columns = _columns(session, named) if tables else {}
    keys = _keys(session, named, columns) if tables else {}
    return {
        name: Shape(engine, tuple(columns.get(name, {}).values()), *keys.get(name, ((), False, "", ())), *guessed)
        for name, (engine, *guessed) in tables.items()
    }


def _columns(session, named: str) -> Dict[str, Dict[str, Column]]:
    rows = session.stream(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES', IFNULL(character_set_name, ''), IFNULL(character_octet_length, 0), column_type "
        f"FROM information_schema.columns WHERE {named} AND {WRITTEN} ORDER BY table_name, ordinal_position"
    )
    found: Dict[str, Dict[str, Column]] = {}
    for table, name, kind, null, charset, most, full_type in rows:
        kind = kind.decode().lower()
        empty_member = kind in ("enum", "set") and b"" in _MEMBER.findall(full_type)
        column = Column(name.decode(), kind, null == b"1", charset.decode(), int(most) or 4294967295, empty_member)
        found.setdefault(table.decode(), {})[column.name] = column
    return found


class _Part(NamedTuple):
    """A column of a key; `column` is None where it is generated, `whole` False where only its beginning counts."""

    column: Optional[Column]
    whole: bool
    backwards: bool


def _keys(session, named: str, columns: Dict[str, Dict[str, Column]]) -> Dict[str, tuple]:
    """Of each table `key`, `has_primary`, `index` and `window` of its shape. Keys on a part of a column or on a generated one do not
    name rows by what is hashed."""
    rows = session.query(
        "SELECT table_name, index_name, column_name, sub_part IS NULL, collation = 'D' FROM information_schema.statistics "
        f"WHERE {named} AND non_unique = 0 ORDER BY table_name, index_name = 'PRIMARY' DESC, index_name, seq_in_index"
    )
    keys: Dict[str, tuple] = {}
    for (table, index), members in groupby(rows, key=lambda row: (row[0].decode(), row[1].decode())):
        own = columns.get(table, {})
        parts = [_Part(own.get((column or b"").decode()), whole == b"1", backwards == b"1") for _, _, column, whole, backwards in members]
        if table not in keys and all(part.column is not None and not part.column.nullable and (part.whole or index == "PRIMARY") for part in parts):
            primary = index == "PRIMARY" and all(part.whole and not part.backwards for part in parts)
            keys[table] = tuple(part.column for part in parts), primary, index, _window(parts)
    return keys


def _window(parts: Sequence[_Part]) -> Tuple[Column, ...]:
    good = takewhile(lambda part: part.whole and part.backwards == parts[0].backwards and part.column.type in DIVISIBLE, parts)
    return tuple(part.column for part in good)
