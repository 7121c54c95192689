"""The fingerprint of one table: its structure, and its rows by data class (docs/fingerprint.md)."""
from __future__ import annotations

import hashlib
from typing import Dict, Optional, Tuple

from ..database import ddl
from .chunk_reader import require_packet
from ..errors import BelayError
from ..scope.rules import Rules
from ..database.sql import SqlError
from .table_parts import Wish, measure
from .table_shape import Shape, shape_of
from .table_sql import TableSql

TRIES = 3
#: The table is not what it was when the snapshot was opened or the table described: no such table, column, key; definition changed.
CHANGED = frozenset((1146, 1054, 1176, 1412))


class Altered(Exception):
    """The table's structure changed while it was measured."""


def table_fingerprint(session, site, rules: Rules, full_name: str, table: str) -> Optional[dict]:
    """TableFingerprint (facts.ts) of the table `full_name`, looked at as `table` (without prefix); None where it does not exist.

    Works on shadows and archives too, at one instant: that of the session's snapshot, or one of its own. Raises BelayError
    TABLE_UNSTABLE, PACKET_TOO_SMALL.
    """
    require_packet(session)
    for _ in range(1 if session.in_snapshot else TRIES):
        try:
            with session.snapshot():
                return _measured(session, site, rules, (full_name, table))
        except Altered:
            continue
        except SqlError as error:
            if error.errno not in CHANGED:
                raise
    raise unstable(full_name)


def unstable(full_name: str) -> BelayError:
    return BelayError(
        "TABLE_UNSTABLE",
        f"The structure of table {full_name} changed while it was measured.",
        "Wait until the update that changes it has ended, then try again.",
    )


def describe(session, site, rules: Rules, names: Tuple[str, str], shape: Shape) -> Tuple[dict, TableSql]:
    """A table's facts but for `parts`, and how its rows are read; `names` are the full one and the one without prefix."""
    full_name, table = names
    kind = rules.table(table)
    text = ddl.template(session, site, table, full_name)
    facts = {"class": kind.name, "origin": kind.origin, "engine": shape.engine, "ddl": hashlib.sha256(text.encode()).hexdigest()}
    return facts, TableSql.of(full_name, shape, kind, site.prefix)


def same(before: Shape, after: Optional[Shape]) -> bool:
    """Whether a table is still the one that it was, and described as it was: another one may have taken its name."""
    return after is not None and _identity(before) == _identity(after)


def _identity(shape: Shape) -> tuple:
    return shape.columns, shape.key, shape.has_primary, shape.created


def _measured(session, site, rules: Rules, names: Tuple[str, str]) -> Optional[Dict[str, object]]:
    shape = shape_of(session, names[0])
    if shape is None:
        return None
    facts, sql = describe(session, site, rules, names, shape)
    parts = measure(session, sql, Wish(rules.row_limit))
    if not same(shape, shape_of(session, names[0])):
        raise Altered()
    return {**facts, "parts": parts.facts}
