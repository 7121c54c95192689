"""The moment of a refresh in which tables change places on the source, and what somebody wrote at that moment.

Where the host has the hold, PHP requests wait. Others (WP-CLI, cron) do not know it; therefore the tables that were
replaced are looked at once more when nobody can reach them any longer, and go back where somebody had written to them.
"""
from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from ..database import names
from ..switch import late_rows, leftovers
from ..hold.hold import Hold, NotDrained
from ..database.mysql import SqlError, ident

_RENAME_WAIT_S = 10.0
_LOCK_WAIT_TIMEOUT = 1205
_DRAIN_S = 1.0
_DRAINS = 5
#: Longer than this nobody is kept waiting for a look at what was replaced.
_LOOK_S = 10.0


class Swap(NamedTuple):
    """`tables` (with `options`) go live; `look(places)` raises when a table, found at its place, is not what was expected."""

    site: object
    session: object
    tables: List[str]
    look: Callable[[Dict[str, str]], None]
    #: Of the options table, None for a first clone; and the rows of it that the refresh decides (bytes).
    late: Optional[late_rows.Options]
    decided: frozenset
    #: Empties the persistent object cache; None where there is none.
    flush: Optional[Callable[[], None]] = None


def old(site, table: str) -> str:
    """Where a replaced table is until the refresh is through."""
    return names.base(site, "old_" + table)


def swap(step: Swap) -> None:
    """One RENAME TABLE for all of it; option rows that were written meanwhile are carried over. Raises what `look` raises:
    then the live tables are the ones of before.

    The object cache is emptied directly before: while the hold is closed nobody fills it again with rows of before. Where requests
    went on meanwhile it is emptied once more.
    """
    site, session = step.site, step.session
    existing = [table for table in step.tables if leftovers.exists(session, site.prefix + table)]
    started = time.monotonic()
    step.look({table: site.prefix + table for table in existing})
    quick = time.monotonic() - started < _LOOK_S
    with contextlib.ExitStack() as held:
        alone = _hold(site, held) and quick
        if step.late is not None:
            late_rows.merge(session, step.late, step.decided)
        _flush(step)
        _rename(session, _moves(site, step.tables, existing))
        if not quick:
            held.close()
        try:
            step.look({table: old(site, table) for table in existing})
        except BaseException:
            _rename(session, [(new, before) for before, new in reversed(_moves(site, step.tables, existing))])
            if not alone:
                _flush(step)
            raise
        if step.late is not None:
            # Written between the last merge and the RENAME, by something that does not know the hold.
            replaced = replace(step.late, live=old(site, "options"), shadow=site.prefix + "options")
            late_rows.merge(session, replaced, step.decided)
    if not alone:
        _flush(step)


def _flush(step: Swap) -> None:
    if step.flush is not None:
        step.flush()


def _moves(site, tables: List[str], existing: List[str]) -> List[Tuple[str, str]]:
    moves = []
    for table in tables:
        if table in existing:
            moves.append((site.prefix + table, old(site, table)))
        moves.append((names.shadow(site, table), site.prefix + table))
    return moves


def _hold(site, held: contextlib.ExitStack) -> bool:
    """Closes the hold where the host has one and running requests end in time; without it only the look afterwards tells."""
    hold = Hold(os.path.join(site.belay, "hold"))
    if not (os.path.exists(hold.turnstile) and os.path.exists(hold.room)):
        return False
    for _ in range(_DRAINS):
        try:
            held.enter_context(hold.closed(_DRAIN_S))
            return True
        except NotDrained:
            time.sleep(0.2)
    return False


def _rename(session, moves: List[Tuple[str, str]]) -> None:
    """The point of no return. A waiting RENAME stalls every later reader, so it never waits long: it asks again."""
    statement = "RENAME TABLE " + ", ".join("%s TO %s" % (ident(before), ident(new)) for before, new in moves)
    deadline = time.monotonic() + _RENAME_WAIT_S
    session.execute("SET SESSION lock_wait_timeout = 1")
    while True:
        try:
            session.execute(statement)
            return
        except SqlError as error:
            if error.errno != _LOCK_WAIT_TIMEOUT or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
