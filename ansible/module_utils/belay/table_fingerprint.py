"""Checksums of one table's rows, by data class. The server hashes each row; what is held here does not grow with the table.

A row's hash is the SHA-256 of its columns' values, each with its length, NULL marked (table_shape.py). A part's digest is
the SHA-256 of `00000020` and the hash of every row, in the order of the key; without a key in the order of the hashes.
"""
from __future__ import annotations

import hashlib
from typing import Dict, Optional

from . import ddl
from .files import SHORT
from .mysql import ident
from .rules import Rules, TableClass, class_expression
from .table_shape import Shape, shape_of
from .text import readable

_LENGTH = b"\x00\x00\x00\x20"
_FRAMED = len(_LENGTH) + 32


class _Part:
    def __init__(self, wants_rows: bool):
        self.rows = 0
        self.digest = hashlib.sha256()
        self.row_hashes: Optional[Dict[str, str]] = {} if wants_rows else None

    def add(self, row_hash: bytes, key) -> None:
        self.rows += 1
        self.digest.update(_LENGTH + row_hash)
        if self.row_hashes is not None:
            self.row_hashes[_key_text(key)] = row_hash.hex()[:SHORT]

    def facts(self) -> dict:
        hashes = {} if self.row_hashes is None else {"row_hashes": self.row_hashes}
        return {"rows": self.rows, "digest": self.digest.hexdigest(), **hashes}


def table_fingerprint(session, site, rules: Rules, full_name: str, table: str) -> Optional[dict]:
    """TableFingerprint (facts.ts) of the table `full_name`, looked at as `table` (without prefix); None where it does not exist.

    Works on shadows and archives too. Give the session a snapshot first where the table may be written to.
    """
    shape = shape_of(session, full_name)
    if shape is None:
        return None
    kind = rules.table(table)
    text = ddl.template(session, site, table, full_name)
    return {
        "class": kind.name,
        "origin": kind.origin,
        "engine": shape.engine,
        "ddl": hashlib.sha256(text.encode()).hexdigest(),
        "parts": _parts(session, site, (full_name, shape, kind), rules.row_limit),
    }


def _parts(session, site, subject, limit: int) -> dict:
    full_name, shape, kind = subject
    small = bool(shape.key) and _at_most(session, full_name, limit)
    classes, names = class_expression(kind, shape.names, site.prefix)
    if not small and len(names) == 1:
        return {kind.name: _whole(session, _statement(full_name, shape, kind, []))}
    keys = [column.value for column in shape.key] if small else []
    parts = {name: _Part(small) for name in names}
    for row in session.stream(_statement(full_name, shape, kind, [classes, *keys])):
        parts[names[int(row[1])]].add(row[0], row[2:])
    return {name: part.facts() for name, part in parts.items() if part.rows or name == kind.name}


def _whole(session, sql: str) -> dict:
    """All rows are one part and no single hash is wanted: the frames are what the digest is made of."""
    digest, size = hashlib.sha256(), 0
    for body in session.bodies(sql):
        digest.update(body)
        size += len(body)
    return {"rows": size // _FRAMED, "digest": digest.hexdigest()}


def _statement(full_name: str, shape: Shape, kind: TableClass, more: list) -> str:
    columns = ", ".join([f"{shape.row_hash(kind.ignore_columns)} AS belay_hash", *more])
    hint = " FORCE INDEX FOR ORDER BY (PRIMARY)" if shape.has_primary else ""
    order = ", ".join(ident(column.name) for column in shape.key) or "belay_hash"
    return f"SELECT {columns} FROM {ident(full_name)}{hint} ORDER BY {order}"


def _at_most(session, full_name: str, limit: int) -> bool:
    rows = session.query(f"SELECT COUNT(*) FROM (SELECT 1 FROM {ident(full_name)} LIMIT {limit + 1}) AS some")
    return int(rows[0][0]) <= limit


def _key_text(key) -> str:
    """`12`, or `3,category`: a comma inside a value is escaped, so that different keys have different names."""
    return ",".join(readable(value or b"").replace(",", "\\,") for value in key)
