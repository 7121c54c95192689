"""Single rows of the options table in a file: one JSON object a line, `{name, value, autoload}`, sorted by name.

`value` is hexadecimal, null where the row is to be removed.
"""
from __future__ import annotations

import json
from typing import Dict, Iterable, List, Optional

from ..errors import BelayError
from .manifest import canonical
from ..database.mysql import ident, literal
from .rewrite import Rewriter, Unrewritable
from ..tables.row_encoding import row_hash
from ..text import raw, readable


def export_options(session, site, names: Iterable[str], path: str) -> None:
    """Writes the rows of these options; an option that has no row is one to be removed."""
    found: Dict[str, tuple] = {}
    listed = sorted(names)
    for start in range(0, len(listed), 500):
        batch = ", ".join(literal(raw(name)) for name in listed[start : start + 500])
        sql = "SELECT option_name, option_value, autoload FROM %s WHERE BINARY option_name IN (%s)"
        for name, value, autoload in session.stream(sql % (ident(site.prefix + "options"), batch)):
            found[readable(name)] = (value, autoload)
    with open(path, "wb") as out:
        for name in listed:
            value, autoload = found.get(name, (None, None))
            row = {"name": name, "value": None if value is None else value.hex(), "autoload": autoload.decode() if autoload else None}
            out.write(canonical(row) + b"\n")


def read_options(path: str) -> List[dict]:
    """The lines of the file, with `value` as bytes."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [{**row, "value": None if row["value"] is None else bytes.fromhex(row["value"])} for row in rows]


def measure(path: str) -> Dict[str, Optional[str]]:
    """Name -> hash of the row as a fingerprint has it (row_encoding.py), or None where the row is to be removed."""
    return {row["name"]: None if row["value"] is None else row_hash([row["value"], _bytes(row["autoload"])]) for row in read_options(path)}


def import_options(path: str, rewriter: Rewriter, names: Optional[Iterable[str]] = None) -> Dict[str, Optional[Dict[str, Optional[bytes]]]]:
    """Rows as the other environment has to have them: name -> columns, or None where the row goes.

    Only the given names, or all. Raises BelayError REWRITE_REFUSED naming every option that cannot be rewritten.
    """
    wanted = None if names is None else set(names)
    rows: Dict[str, Optional[Dict[str, Optional[bytes]]]] = {}
    refused = []
    for row in read_options(path):
        if wanted is not None and row["name"] not in wanted:
            continue
        name = row["name"]
        try:
            rows[name] = None if row["value"] is None else _columns(name, rewriter.value(row["value"]), row["autoload"])
        except Unrewritable as error:
            refused.append("%s: %s" % (name, error))
    if refused:
        raise BelayError(
            "REWRITE_REFUSED",
            "Options hold the other environment's address and cannot be rewritten safely: %s." % "; ".join(refused),
            "Repair or delete these options where they come from, then try again.",
        )
    return rows


def _columns(name: str, value: bytes, autoload: Optional[str]) -> Dict[str, Optional[bytes]]:
    return {"option_name": raw(name), "option_value": value, "autoload": _bytes(autoload)}


def _bytes(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else text.encode()
