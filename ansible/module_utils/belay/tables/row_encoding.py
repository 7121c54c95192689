"""A row as bytes, and these as its hash: SQL for the server, and the same for single rows in Python (docs/fingerprint.md).

The encoding is injective: read from the left, every value says where it ends. A number or a time has no comma; a text or
bytes stand behind their length; NULL is `N` where a number would be, and the length -1 where a text would be.
"""
from __future__ import annotations

import hashlib
from typing import Iterable, NamedTuple, Optional, Sequence, Tuple

from ..database.sql import ident

#: Their text holds no comma.
PLAIN = frozenset((
    "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "numeric", "float", "double", "date", "datetime", "timestamp", "time",
    "year", "uuid", "inet4", "inet6",
))
TEXT = frozenset(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json", "enum", "set"))
BYTES = frozenset(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"))
#: Beside a text the server makes one of these of the text too, and NULL of a text that is none.
_STUBBORN = frozenset(("uuid", "inet4", "inet6"))
INTEGERS = frozenset(("tinyint", "smallint", "mediumint", "int", "bigint"))
#: Encodings whose bytes are those of UTF-8 already.
_UTF8 = frozenset(("utf8mb4", "utf8mb3", "utf8", "ascii"))
#: Longer values stand as their own hash ...
SHOWN_WHOLE = 65535
#: ... or already these, in a table whose rows could otherwise be longer than this many bytes: above max_allowed_packet CONCAT_WS gives NULL.
SHOWN_IN_WIDE, SHOWN_IN_WIDEST, ROW_BYTES = 1000, 64, 900_000


class Column(NamedTuple):
    """`charset` is empty where the column is no text; `most` is the largest number of bytes that a value can have. `empty_member`:
    an ENUM or SET with a member of no letters, which reads as the value of none does (in an ENUM what was no member)."""

    name: str
    type: str
    nullable: bool
    charset: str = ""
    most: int = 0
    empty_member: bool = False

    def __repr__(self) -> str:
        """Part of the signatures of indexes that hosts keep."""
        return "Column(name=%r, type=%r, nullable=%r, charset=%r, most=%r)" % self[:5]

    @property
    def value(self) -> str:
        """SQL for the value as it is shown to people, in keys."""
        name = ident(self.name)
        if self.type in TEXT:
            return f"CONVERT({name} USING utf8mb4)"
        # As text a FLOAT shows six digits; as DOUBLE it shows all that it has.
        return f"({name} + 0e0)" if self.type == "float" else name if self.type in PLAIN or self.type in BYTES else f"HEX({name})"

    @property
    def tagged(self) -> str:
        """SQL for the encoding of this value alone."""
        return f"CONCAT_WS(',', {', '.join(self.tokens(SHOWN_WHOLE))})"

    def tokens(self, whole: int) -> Tuple[str, ...]:
        """SQL for the parts of the encoding; a value longer than `whole` bytes stands as its hash. NULL parts are skipped."""
        name = ident(self.name)
        if self.type in PLAIN:
            shown = f"({name} + 0e0)" if self.type == "float" else name
            text = f"CAST({name} AS CHAR)" if self.type in _STUBBORN else shown
            return (f"IFNULL({text}, 'N')" if self.nullable else shown,)
        length = f"IFNULL(LENGTH({name}), -1)" if self.nullable else f"LENGTH({name})"
        if self.empty_member:
            length = f"IF({name} = 0, -2, {length})" if self.type == "enum" else f"IF({name} <> 0 AND LENGTH({name}) = 0, -2, {length})"
        return (length, f"IF(LENGTH({name}) > {whole}, SHA2({name}, 256), {self._bytes})" if self.most > whole else self._bytes)

    def longest(self, whole: int) -> int:
        """The largest number of bytes of this value's encoding."""
        grows = {ident(self.name): 1, f"HEX({ident(self.name)})": 2}.get(self._bytes, 3)
        return 100 if self.type in PLAIN else 30 + max(64, grows * min(self.most, whole))

    @property
    def _bytes(self) -> str:
        """Mixed encodings in one statement are converted by the server, or refused: so they come in one, without loss. Of what
        latin1 holds every byte has a letter of its own; elsewhere two may share one, so there the bytes are written out."""
        name = ident(self.name)
        if self.type in BYTES or (self.type in TEXT and self.charset in _UTF8):
            return name
        return f"CONVERT({name} USING utf8mb4)" if self.charset == "latin1" else f"HEX({name})"


def row_hash_sql(columns: Sequence[Column]) -> str:
    """SQL for the SHA-256 of a row, 64 lower-case hexadecimal digits; never NULL."""
    sizes = (SHOWN_WHOLE, SHOWN_IN_WIDE, SHOWN_IN_WIDEST)
    whole = next((size for size in sizes if sum(column.longest(size) for column in columns) <= ROW_BYTES), SHOWN_IN_WIDEST)
    tokens = [token for column in columns for token in column.tokens(whole)] or ["''"]
    return f"SHA2(CONCAT_WS(',', {', '.join(tokens)}), 256)"


def row_hash(values: Iterable[Optional[bytes]]) -> str:
    """The same for a row of texts, whose columns are in UTF-8."""
    tokens = []
    for value in values:
        tokens.append(b"-1" if value is None else b"%d" % len(value))
        if value is not None:
            tokens.append(hashlib.sha256(value).hexdigest().encode() if len(value) > SHOWN_WHOLE else value)
    return hashlib.sha256(b",".join(tokens)).hexdigest()
