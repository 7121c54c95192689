"""Rows that come one by one, gathered into chunks."""
from __future__ import annotations

import hashlib
from typing import Callable, Dict, List, Optional, Tuple, Union

from .chunks import SPAN, Chunk
from ..errors import BelayError
from .table_shape import Shape
from ..text import readable

#: Rows of one piece.
PIECE = 4096
#: Of a row's hash, as the server writes it.
DIGITS = 64
#: One chunk holds all rows of a table that has no numbers to divide.
ALL = 0

#: A row's name: the number that is its key, or its key as text, or None without a key.
Key = Union[int, str, None]
#: Called with (class, chunk, keys, hashes of 32 bytes each) for rows of one class in their order, before their chunk comes.
Pieces = Callable[[int, int, List[Key], bytes], None]
#: A class, and a chunk of it.
Found = Tuple[int, Chunk]


class Gathering:
    """Gathers rows that come in the order of the key into chunks, class by class; `pieces` is told every row, where it is wanted."""

    def __init__(self, shape: Shape, pieces: Optional[Pieces]):
        self._shape, self._pieces = shape, pieces
        self._classes: Dict[int, "_Class"] = {}
        self.number = ALL

    def add(self, row) -> List[Found]:
        """The chunks that end with this row's coming."""
        if row[0] is None or len(row[0]) != DIGITS:
            raise _unhashed()
        number = int(row[2]) // SPAN if self._shape.chunked else ALL
        ended = self.end() if number != self.number else []
        self.number = number
        index = int(row[1])
        if index not in self._classes:
            self._classes[index] = _Class()
        one = self._classes[index]
        one.digest.update(row[0])
        one.rows += 1
        if self._pieces is not None:
            one.keys.append(self._key(row[2:]))
            one.hashes += bytes.fromhex(row[0].decode())
            if len(one.keys) == PIECE:
                self._flush(index, one)
        return ended

    def end(self) -> List[Found]:
        found = []
        for index, one in sorted(self._classes.items()):
            self._flush(index, one)
            found.append((index, Chunk(self.number, one.rows, one.digest.digest())))
        self._classes = {}
        return found

    def _flush(self, index: int, one: "_Class") -> None:
        if self._pieces is not None and one.keys:
            self._pieces(index, self.number, one.keys, bytes(one.hashes))
            one.keys, one.hashes = [], bytearray()

    def _key(self, values) -> Key:
        if self._shape.has_number:
            return int(values[0])
        return _key_text(values) if values else None


class _Class:
    def __init__(self):
        self.rows, self.digest = 0, hashlib.sha256()
        self.keys: List[Key] = []
        self.hashes = bytearray()


def _key_text(values) -> str:
    """`12`, or `3,category`: a comma inside a value is escaped, so that different keys have different names."""
    return ",".join(readable(value or b"").replace(",", "\\,") for value in values)


def _unhashed() -> BelayError:
    return BelayError(
        "ROW_UNREADABLE",
        "The database server could not hash a row: it gave no SHA-256 for it.",
        "Set max_allowed_packet of the database server to 16M or more, then try again.",
    )
