"""A file with the rows of one table: one line of JSON about the table, then the values, each with its length.

A value is four bytes of length, most significant first, and its bytes; NULL is the length 0xFFFFFFFF. The digest covers
the line (without `auto_increment`, which says nothing about the rows) and the rows in their order; of a table without a
key the sorted rows.
"""
from __future__ import annotations

import hashlib
import json
import struct
from typing import BinaryIO, Iterator, List, Optional, Tuple

from .manifest import canonical

_NULL = 0xFFFFFFFF
_LENGTH = struct.Struct(">I")
_HEADER_LIMIT = 16 * 1024 * 1024

Row = Tuple[Optional[bytes], ...]


class Damaged(ValueError):
    """The file is not a whole file of rows."""


class RowDigest:
    """The digest of a table's rows, made row by row."""

    def __init__(self, header: dict):
        self._keyless = [] if not header["key"] else None
        self._ddl = header["ddl"]
        about = {name: value for name, value in header.items() if name != "auto_increment"}
        self._hash = hashlib.sha256(hashlib.sha256(canonical(about)).digest())
        self._rows = 0

    def add(self, row: bytes) -> None:
        one = hashlib.sha256(row).digest()
        self._rows += 1
        if self._keyless is None:
            self._hash.update(one)
        else:
            self._keyless.append(one)

    def result(self) -> dict:
        """`{rows, digest, ddl}` as in a manifest."""
        for one in sorted(self._keyless or []):
            self._hash.update(one)
        return {"rows": self._rows, "digest": self._hash.hexdigest(), "ddl": hashlib.sha256(self._ddl.encode()).hexdigest()}


def write_rows(path: str, header: dict, rows: Iterator[Row]) -> dict:
    """Writes the file and returns `{rows, digest, ddl}`."""
    digest = RowDigest(header)
    with open(path, "wb") as out:
        out.write(canonical(header) + b"\n")
        for row in rows:
            packed = pack(row)
            digest.add(packed)
            out.write(packed)
    return digest.result()


def pack(row: Row) -> bytes:
    parts: List[bytes] = []
    for value in row:
        parts.append(_LENGTH.pack(_NULL if value is None else len(value)))
        if value is not None:
            parts.append(value)
    return b"".join(parts)


def read_header(path: str) -> dict:
    """The line about the table. Raises Damaged."""
    with open(path, "rb") as file:
        return _header(file)


def read_rows(path: str) -> Iterator[Row]:
    """The rows, one at a time. Raises Damaged when the file ends inside a row."""
    with open(path, "rb", buffering=1 << 20) as file:
        columns = len(_header(file)["columns"])
        while True:
            first = file.read(4)
            if not first:
                return
            row = [_value(file, first)]
            row.extend(_value(file, file.read(4)) for _ in range(columns - 1))
            yield tuple(row)


def measure(path: str) -> dict:
    """`{rows, digest, ddl}` of a file that was written elsewhere. Raises Damaged."""
    digest = RowDigest(read_header(path))
    for row in read_rows(path):
        digest.add(pack(row))
    return digest.result()


def _header(file: BinaryIO) -> dict:
    line = file.readline(_HEADER_LIMIT)
    try:
        header = json.loads(line.decode())
        columns, _key, _ddl = header["columns"], header["key"], header["ddl"]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged("the file does not begin with a description of its table") from error
    if not line.endswith(b"\n") or not columns:
        raise Damaged("the description of the table is cut")
    return header


def _value(file: BinaryIO, length: bytes) -> Optional[bytes]:
    if len(length) != 4:
        raise Damaged("the file ends inside a row")
    size = _LENGTH.unpack(length)[0]
    if size == _NULL:
        return None
    value = file.read(size)
    if len(value) != size:
        raise Damaged("the file ends inside a value")
    return value
