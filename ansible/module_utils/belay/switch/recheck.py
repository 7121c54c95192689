"""What was true at the drift check must still be true when the tables change places.

Tables that are replaced are always compared inside the hold. Protected tables are never overwritten, so a difference in
them is no loss; they are compared inside the hold as long as that takes no visitor's time to speak of, and the largest
ones directly before it.
"""
import time
from dataclasses import dataclass
from typing import Callable, Dict, FrozenSet, Optional

from ..tables.chunks import part_digest
from ..errors import BelayError
from . import appended
from .appended import Appended

#: What comparing protected tables may add to the time that visitors wait.
BUDGET_S = 0.25
#: What comparing the tables that are replaced may take, before the hold is refused as too long.
LIMIT_S = 1.5
SHOWN = 5
#: What is expected of a part without rows.
EMPTY = part_digest(())
WRITERS = "Stop what writes to it (cron jobs, WP-CLI; where PHP does not run the hold, any request), then comment `/promote` again."
#: Rows of these classes are lost where a table is replaced: there must be none that the drift check did not see.
KEPT_CLASSES = frozenset(("editorial", "live", "secret", "config"))


@dataclass(frozen=True)
class Expected:
    """`tables` and `options` as in the job's input; `promoted` are the tables that are replaced."""

    tables: Dict[str, Dict[str, str]]
    options: Dict[str, Optional[str]]
    promoted: FrozenSet[str]
    #: (session, table without prefix) -> {part: digest}; {} where there is no such table.
    parts_of: Callable
    #: (session, names) -> {name: hash}.
    hashes_of: Callable
    appended: Appended = Appended()
    #: (a release on this host): raises CODE_EDITED where its code was edited by hand, and what comes would undo that.
    code: Callable = lambda release: None


def outside(session, expected, passed_over=frozenset()):
    """Compare everything; returns the tables to compare again inside the hold, most important first.

    `passed_over`: tables that cost next to nothing inside the hold where nobody wrote to them.
    """
    taken = {}
    for table in sorted({*expected.tables, *expected.promoted, *expected.appended.tables}):
        started = time.monotonic()
        _check_table(session, expected, table)
        taken[table] = time.monotonic() - started
    _check_options(session, expected)
    replaced = [table for table in taken if table in expected.promoted]
    needed = sum(taken[table] for table in set(replaced) - set(passed_over))
    if needed > LIMIT_S:
        raise BelayError(
            "HOLD_TOO_LONG",
            f"Comparing the tables that would be replaced takes {needed:.1f} s, and visitors would wait for it (limit {LIMIT_S} s).",
            "Take the largest of these tables out of the promotion.",
        )
    again, left = list(replaced), BUDGET_S
    for table in sorted(set(taken) - set(replaced), key=taken.get):
        left -= 0 if table in passed_over else taken[table]
        if left >= 0:
            again.append(table)
    return again


def inside(session, expected, tables):
    """Compare once more, while nobody writes through PHP; raises DRIFT_IN_HOLD or CONFLICT_IN_HOLD."""
    _check_options(session, expected)
    for table in tables:
        _check_table(session, expected, table)


def afterwards(expected, table, parts):
    """`parts` of a table as it was when it left: what others than PHP wrote to it between the last look and the RENAME."""
    found = {name: part["digest"] for name, part in parts.items()}
    if table in expected.promoted and _changed(expected, table, found):
        raise BelayError(
            "CONFLICT_AFTER_SWITCH",
            f"Table {table} was written at the very moment of the switch, by something that does not wait for it.",
            WRITERS,
        )


def options_afterwards(expected, found):
    """`found`: {name: OptionFingerprint} of the table that left, as `afterwards` for tables."""
    changed = _changed_options(expected, {name: entry["hash"] for name, entry in found.items()})
    if changed:
        raise BelayError(
            "CONFLICT_AFTER_SWITCH",
            f"{changed} was written at the very moment of the switch, by something that does not wait for it, and the release replaced it.",
            WRITERS,
        )


def code_afterwards(expected, release):
    """As `afterwards`, for the code of the release that left."""
    try:
        expected.code(release)
    except BelayError as error:
        if error.code != "CODE_EDITED":
            raise
        raise BelayError("CONFLICT_AFTER_SWITCH", f"At the very moment of the switch: {error.message}", error.remedy) from error


def _check_table(session, expected, table):
    if table in expected.appended.tables:
        appended.check(session, expected.appended, table, EMPTY)
    if table not in expected.tables and table not in expected.promoted:
        return
    changed = _changed(expected, table, expected.parts_of(session, table))
    if not changed:
        return
    if table in expected.promoted:
        raise _conflict(f"table {table} was changed on the target since the drift check, and the release replaces it")
    raise BelayError(
        "DRIFT_IN_HOLD",
        f"Protected data changed since the drift check: table {table} ({', '.join(changed)}). Nothing was switched.",
        "Comment `/drift` to see what changed, then `/promote` again.",
    )


def _changed(expected, table, found):
    wanted = expected.tables.get(table, {})
    changed = [part for part, digest in wanted.items() if found.get(part, EMPTY) != digest]
    if table in expected.promoted:
        changed += sorted((found.keys() & KEPT_CLASSES) - wanted.keys())
    return changed


def _check_options(session, expected):
    changed = _changed_options(expected, expected.hashes_of(session, list(expected.options)))
    if changed:
        raise _conflict(f"{changed} changed on the target since the drift check, and the release replaces it")


def _changed_options(expected, found):
    """`option a, b and 3 more`; nothing where all are as they were."""
    changed = [name for name, value in expected.options.items() if found.get(name) != value]
    more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    return f"option {', '.join(changed[:SHOWN])}{more}" if changed else ""


def _conflict(what):
    return BelayError("CONFLICT_IN_HOLD", f"Conflict: {what}. Nothing was switched.", "Comment `/plan` to see both sides.")
