"""The values of a table's file as SQL for another environment: rewritten, with the keys that carry its prefix."""
from __future__ import annotations

from typing import Callable, List, NamedTuple

from ..errors import BelayError
from ..database.mysql import literal
from .rewrite import Rewriter, Unrewritable
from .rowfile import Row

TEXT = frozenset(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json", "enum", "set"))
BINARY = frozenset(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"))
SHAPES = frozenset(("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"))
# Columns that WordPress promises never to change, even when a site moves.
_KEPT = frozenset((("posts", "guid"),))
_REFUSED_LIMIT = 20


class Target(NamedTuple):
    """Where rows go: `name` in full; `reference(table)` is the full name that foreign keys to a table of the site get."""

    name: str
    reference: Callable[[str], str]
    min_auto_increment: int = 0
    prefixes: tuple = ("", "")


class Changes:
    """Turns a row of the file into SQL, rewritten; what cannot be rewritten is remembered and refused at the end."""

    def __init__(self, header: dict, rewriter: Rewriter, target: Target):
        self.target = target
        self._table, self._columns = header["table"], header["columns"]
        self._key = [n for n, column in enumerate(self._columns) if column["name"] in header["key"]]
        self._rewriter = rewriter
        self._refused: List[str] = []
        self._how = [self._converter(column) for column in self._columns]

    def values(self, row: Row) -> str:
        return "(%s)" % ",".join("NULL" if value is None else how(value, row) for value, how in zip(row, self._how))

    def refuse(self) -> None:
        if self._refused:
            raise BelayError(
                "REWRITE_REFUSED",
                "Values of table %s hold the other environment's address and cannot be rewritten safely: %s." % (self._table, "; ".join(self._refused)),
                "Repair or delete these values where they come from, then try again.",
            )

    def _converter(self, column: dict) -> Callable[[bytes, Row], str]:
        name, kind = column["name"], column["type"]
        if kind in TEXT and (self._table, name) not in _KEPT:
            return lambda value, row: _text(self._rewritten(self._renamed(name, value), name, row))
        if kind in TEXT:
            return lambda value, row: _text(value)
        if kind in BINARY:
            return lambda value, row: literal(self._rewritten(value, name, row) if _is_utf8(value) else value)
        if kind in SHAPES:
            return lambda value, row: literal(value)
        if kind == "bit":
            return lambda value, row: value.decode("ascii")
        return lambda value, row: "'%s'" % value.decode("ascii").replace("'", "''")

    def _renamed(self, column: str, value: bytes) -> bytes:
        old, new = (prefix.encode() for prefix in self.target.prefixes)
        return rename_key(self._table, column, value, old, new)

    def _rewritten(self, value: bytes, column: str, row: Row) -> bytes:
        try:
            return self._rewriter.value(value)
        except Unrewritable as error:
            if len(self._refused) < _REFUSED_LIMIT:
                key = ", ".join((row[n] or b"").decode(errors="replace") for n in self._key)
                self._refused.append("%s of row %s: %s" % (column, key or "without a key", error))
            return value


def rename_key(table: str, column: str, value: bytes, old: bytes, new: bytes) -> bytes:
    """Keys that carry the prefix: option `{prefix}user_roles`, and every usermeta key that begins with it."""
    if old == new or not value.startswith(old):
        return value
    is_key = (table, column) == ("usermeta", "meta_key") or (table, column, value) == ("options", "option_name", old + b"user_roles")
    return new + value[len(old) :] if is_key else value


def _text(value: bytes) -> str:
    return "_utf8mb4 " + literal(value) if value else "''"


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
