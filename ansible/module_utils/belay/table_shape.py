"""How a table's rows are named and hashed: its columns, its key, and the SQL that turns a row into 32 bytes."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

from .mysql import ident, literal
from .sql import WRITTEN

_TEXT = frozenset(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json", "enum", "set"))
_BITS = frozenset((
    "bit", "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection",
))
#: Values that may be so long that several of them together exceed max_allowed_packet, where CONCAT gives NULL.
_LONG = frozenset(("mediumtext", "longtext", "json", "mediumblob", "longblob")) | (_BITS - {"bit"})
#: Longer ones stand as their own hash.
SHOWN_WHOLE = 65535


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool

    @property
    def value(self) -> str:
        """SQL for the value as bytes that say all of it."""
        name = ident(self.name)
        if self.type in _TEXT:
            return f"CONVERT({name} USING utf8mb4)"
        if self.type in _BITS:
            return f"HEX({name})"
        # As text a FLOAT shows six digits; as DOUBLE it shows all that it has.
        return f"({name} + 0e0)" if self.type == "float" else name

    @property
    def tagged(self) -> str:
        """SQL for length and value, or N for NULL: what no other sequence of values looks like."""
        value = self.value
        shown = f"IF(LENGTH({value}) > {SHOWN_WHOLE}, SHA2({value}, 256), {value})" if self.type in _LONG else value
        text = f"CONCAT(LENGTH({value}), ':', {shown})"
        return f"IFNULL({text}, 'N')" if self.nullable else text


@dataclass(frozen=True)
class Shape:
    """`columns` without generated ones; `key` is the primary key, or else a unique one without NULLs, or empty."""

    engine: str
    columns: Tuple[Column, ...]
    key: Tuple[Column, ...]
    has_primary: bool

    @property
    def names(self) -> Tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def row_hash(self, ignored: Sequence[str] = ()) -> str:
        """SQL for the SHA-256 (32 bytes) of a row without the ignored columns."""
        parts = [column.tagged for column in self.columns if column.name not in ignored] or ["''"]
        return f"UNHEX(SHA2(CONCAT({', '.join(parts)}), 256))"


def shape_of(session, full_name: str) -> Optional[Shape]:
    """None where there is no such table."""
    named = f"table_schema = DATABASE() AND table_name = {literal(full_name)}"
    found = session.query(f"SELECT engine FROM information_schema.tables WHERE {named}")
    if not found:
        return None
    rows = session.query(
        f"SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns WHERE {named} "
        f"AND {WRITTEN} ORDER BY ordinal_position"
    )
    columns = tuple(Column(name.decode(), kind.decode().lower(), null == b"1") for name, kind, null in rows)
    key, has_primary = _key(session, named, {column.name: column for column in columns})
    return Shape((found[0][0] or b"none").decode(), columns, key, has_primary)


def _key(session, named: str, columns: dict) -> Tuple[Tuple[Column, ...], bool]:
    """Keys on a part of a column or on a generated one do not name rows by what is hashed."""
    rows = session.query(
        "SELECT index_name, column_name, sub_part IS NULL FROM information_schema.statistics "
        f"WHERE {named} AND non_unique = 0 ORDER BY index_name = 'PRIMARY' DESC, index_name, seq_in_index"
    )
    keys: dict = {}
    for index, column, whole in rows:
        keys.setdefault(index.decode(), []).append((columns.get((column or b"").decode()), whole == b"1"))
    for index, parts in keys.items():
        if all(column is not None and not column.nullable and (whole or index == "PRIMARY") for column, whole in parts):
            return tuple(column for column, _ in parts), index == "PRIMARY"
    return (), False
