"""Whoever made the active version may have died before late rows of others than PHP were carried over: they lie in the table that left.

What a row is compared with, the table `base`, is made anew by every switch that is prepared. So this comes before anything else that an
operation does on the host, and the journal of the operation that switched says that it is done.
"""
from __future__ import annotations

from dataclasses import replace
from typing import List

from ..database.sql import SqlError
from ..errors import BelayError
from ..host.journal import Journal
from . import late_rows, leftovers, promote, rollback

CARRIED = "carried"
#: What a switch begins with -> what is written down when its strays are carried over already.
FORTH, BACK = "prepared", "prepared_back"
DONE = frozenset((CARRIED, promote.STRAYS, "promoted", "rolled_back"))


def finish(host, point) -> None:
    """Carry over what the switch to this point has left; nothing where it has been done, however often it is asked for.

    What can never be carried over is written down, and done with. What another time may bring (a lock, a connection) is raised.
    """
    operation = point.version.operation
    host = replace(host, journal=Journal(host.site, operation))
    steps = [entry["step"] for entry in host.journal.steps()]
    begun = [name for name in (BACK, FORTH) if _unfinished(steps, name)]
    if not begun:
        return
    with host.open_session() as session:
        went_back = leftovers.exists(session, rollback.aside(host.site, operation, promote.ROW))
    if (BACK if went_back else FORTH) not in begun:
        return
    try:
        _carry(host, point, went_back)
    except BelayError as error:
        if not _is_final(error):
            raise
        # Whoever works on the host next must be able to: else a release that is not healthy could not be left.
        host.journal.append("untidy", error=f"rows that were written at the moment of the switch stay where they are: {error}"[:300])
    host.journal.append(CARRIED)


def _carry(host, point, went_back) -> None:
    if went_back:
        rollback.carry_strays_back(host, host.journal.operation_id, point.version.release)
    else:
        promote.carry_strays_forth(host, point.record, resumed=True)


def _is_final(error: BelayError) -> bool:
    """Tables that somebody has changed or removed are no others the next time; a lock comes free, and a database comes back."""
    return error.errno not in late_rows.IN_USE if isinstance(error, SqlError) else error.code == "RELEASE_NOT_KEPT"


def _unfinished(steps: List[str], begun: str) -> bool:
    """Whether this was begun, and nothing of DONE came after its last time."""
    return begun in steps and not DONE & set(steps[len(steps) - steps[::-1].index(begun):])
