"""Append-only tables: what visitors wrote up to the baseline must still be there untouched, while new rows may have come.

The drift check has judged that; rows can change between it and the switch, so it is judged once more as other tables are.
"""
from typing import Callable, Dict, NamedTuple, Optional, Tuple

from ..errors import BelayError
from ..scope.index_folder import IndexFolder
from ..scope.rules import Rules
from ..tables.table_fingerprint import describe
from ..tables.table_parts import Wish, measure
from ..tables.table_shape import shape_of

LIVE = "live"


class Found(NamedTuple):
    """A table's live rows: their digest, None where it has none; row by row where they are few (key -> hash); and their RowChanges
    since the baseline, None where this host has no index of it."""

    digest: Optional[str]
    rows: Optional[Dict[str, str]]
    changes: Optional[dict]


class Appended(NamedTuple):
    """`tables` as in the job's input; `found(session, table, digest of the baseline)` measures one of them."""

    tables: Dict[str, dict] = {}
    found: Optional[Callable[..., Found]] = None


def appended(site, rules: Rules, tables: Dict[str, dict]) -> Appended:
    def found(session, table: str, baseline: str) -> Found:
        full = site.prefix + table
        with session.snapshot():
            shape = shape_of(session, full)
            if shape is None:
                return Found(None, {}, None)
            _, sql = describe(session, site, rules, (full, table), shape)
            parts = measure(session, sql, Wish(rules.row_limit, None, IndexFolder(site), {LIVE: baseline}))
        live = parts.facts.get(LIVE, {"row_hashes": {}})
        return Found(live.get("digest"), live.get("row_hashes"), parts.changes.get(LIVE))

    return Appended(tables, found)


def check(session, appended_: Appended, table: str, empty: str) -> None:
    """Raises BelayError DRIFT_IN_HOLD. `empty`: the digest of no rows."""
    wanted = appended_.tables[table]
    found = appended_.found(session, table, wanted["baseline"])
    # As the drift check saw it, it was judged there.
    if (found.digest or empty) in (wanted["baseline"], wanted["seen"]):
        return
    lost = _lost(found, wanted["rows"])
    if lost is None:
        raise _refusal(f"table {table} was written since the drift check, and nobody can tell whether rows of the baseline are among what changed: this host has no index of it")
    changed, removed = lost
    if changed + removed:
        raise _refusal(f"rows of the baseline in table {table} are not what they were: {changed} changed, {removed} removed")


def _lost(found: Found, before: Optional[Dict[str, str]]) -> Optional[Tuple[int, int]]:
    """How many rows of the baseline were changed, and how many removed; None where nobody can tell."""
    if before is not None and found.rows is not None:
        gone = before.keys() - found.rows.keys()
        return sum(found.rows[key] != value for key, value in before.items() if key not in gone), len(gone)
    return None if found.changes is None else (found.changes["changed"], found.changes["removed"])


def _refusal(what: str) -> BelayError:
    return BelayError("DRIFT_IN_HOLD", f"The policy calls a table append-only, and {what}. Nothing was switched.", "Comment `/drift` to see what changed, then `/promote` again.")
