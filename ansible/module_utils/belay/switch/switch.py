"""The switch: one RENAME TABLE and one symbolic link, made while no PHP request runs.

What may happen at any instant, and what then:
- killed before the RENAME: the locks are free at once, `state` says old or is in doubt, the tables say old.
- killed after it: `state` is in doubt, the tables say new; requests and `recover` believe the tables.
- the server refuses: nothing has changed, `state` goes back to old.
- the connection is lost during the RENAME: the server is asked over a new one, after it has finished.
- frozen: the guard kills the process, and one of the above holds.
"""
import os
import random
import time
from dataclasses import dataclass
from typing import Tuple

from . import armed as arms
from . import late_rows
from ..errors import BelayError
from ..hold.hold import NotDrained, Version
from ..hold import pool
from ..host.links import sync_folder
from ..database.mysql import LostConnection, SqlError, ident
from ..hold.recovery import LOCK_WAIT_S, active, set_links, take_lock

#: About a minute and a half; visitors get more and more room between the attempts.
ATTEMPTS = 60
PAUSE_S = (0.2, 0.5)
PAUSE_GROWS_UP_TO = 4
#: A site on which pages take longer than the deadline would never be switched: every few attempts it may take a bit more.
PATIENCE = 5
DRAIN_GROWS_UP_TO = 4
#: Visitors wait through the drain and through this at most; the work inside takes milliseconds.
INSIDE_S = 4.0
#: For each table that it renames the server waits for its disk five times. Killing whoever asked for it would not make that any quicker.
RENAME_EACH_S = 0.02
RENAME_RETRY_S = 0.005
RENAME_CAP_S = 0.5
LOCK_WAIT_TIMEOUT = 1205
DEADLOCK = 1213
#: How much longer than the hold the server keeps a connection, with its lock, whose other end has vanished without a word.
VANISHED_S = 30


class Again(Exception):
    """This attempt changed nothing and was given up; another one may succeed."""


@dataclass(frozen=True)
class Move:
    """From one version to another. `renames` are (from, to) in order, the table `release` among them."""

    old: Version
    new: Version
    renames: Tuple[Tuple[str, str], ...]


def switch(host, move, settle, drain_s):
    """Make the move; returns the figures of SwitchFacts.

    `settle(session)` runs inside the hold: it carries late rows over, returns their number, and raises BelayError where
    the move must not happen; then nothing has changed. `drain_s` is how long running requests may take to end in the first
    attempts; later ones allow up to DRAIN_GROWS_UP_TO times as much. Raises BelayError HOLD_NOT_DRAINED after many attempts.
    """
    if not os.path.isdir(os.path.join(host.site.releases, move.new.release)):
        raise BelayError("RELEASE_DAMAGED", f"The code of release {move.new.release} is not on this host.", "Promote it again.")
    host.journal.append("switch", old=str(move.old), new=str(move.new), renames=[list(pair) for pair in move.renames])
    reason, stayed = "", None
    for attempt in range(1, ATTEMPTS + 1):
        arms.renew(host.site, move.new)
        try:
            figures = _attempt(host, move, settle, drain_s * _patience(attempt))
        except (NotDrained, Again, LostConnection) as given_up:
            reason = str(given_up) or "requests that were running did not end in time"
            stayed = pool.inside(host.hold) & (pool.inside(host.hold) if stayed is None else stayed)
            time.sleep(random.uniform(*PAUSE_S) * min(1 + attempt / 10, PAUSE_GROWS_UP_TO))
            continue
        arms.renew(host.site, move.new)
        sync_folder(host.hold.folder)
        figures = {**figures, "attempts": attempt, "tables": sum(new.startswith(host.site.prefix) for _, new in move.renames)}
        host.journal.append("activated", version=str(move.new), **figures)
        return figures
    raise BelayError(
        "HOLD_NOT_DRAINED",
        f"The switch was given up after {ATTEMPTS} attempts: {reason}. Nothing has changed.{_stayed(stayed)}",
        "Look for requests or queries that run for long on the target, then promote again.",
    )


def _stayed(workers):
    """Those that were there at each attempt."""
    return f" PHP workers that ran all the time: {', '.join(map(str, sorted(workers)))}." if workers else ""


def _patience(attempt):
    return min(1 + (attempt - 1) // PATIENCE / 2, DRAIN_GROWS_UP_TO)


def _attempt(host, move, settle, drain_s):
    with host.open_session() as session:
        take_lock(host.site, session, LOCK_WAIT_S)
        _never_wait(session, drain_s)
        host.guard.arm(drain_s + INSIDE_S)
        started = time.monotonic()
        try:
            with host.hold.closed(drain_s):
                merged = _settled(settle, session)
                _in_time(started + drain_s + INSIDE_S / 2)
                rename_s, crossing_s = _activate(host, session, move)
        finally:
            host.guard.disarm()
        hold_s = time.monotonic() - started
    milliseconds = {"hold_ms": hold_s, "rename_ms": rename_s, "crossing_ms": crossing_s}
    return {**{name: round(seconds * 1000, 1) for name, seconds in milliseconds.items()}, "merged_rows": merged}


def _never_wait(session, drain_s):
    """Writers other than PHP do not stop for the hold: their locks must not keep visitors waiting."""
    late_rows.read_committed(session)
    alone = int(drain_s + INSIDE_S + VANISHED_S)
    session.execute(f"SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, wait_timeout = {alone}")


def _settled(settle, session):
    try:
        return settle(session)
    except SqlError as error:
        if error.errno not in (LOCK_WAIT_TIMEOUT, DEADLOCK):
            raise
        raise Again("a transaction kept rows of the site in use") from None


def _in_time(deadline):
    """Before anything changes there is still a kinder end than the guard's."""
    if time.monotonic() > deadline:
        raise BelayError(
            "HOLD_TOO_LONG",
            "The last checks took too long to keep visitors waiting. Nothing has changed.",
            "Try again when the target is less busy.",
        )


def _activate(host, session, move):
    host.hold.set_in_doubt(move.old, move.new)
    host.guard.arm(INSIDE_S + RENAME_EACH_S * len(move.renames))
    started = time.monotonic()
    try:
        _rename(session, move.renames)
    except (SqlError, Again) as error:
        host.hold.set_certain(move.old)
        if isinstance(error, Again):
            raise
        raise BelayError("SWITCH_REFUSED", f"The database refused to rename the tables: {error}. Nothing has changed.") from error
    except LostConnection:
        # An orphaned statement may still be at work: the server frees the lock when it has ended.
        session.close()
        if _ask_again(host) != move.new:
            host.hold.set_certain(move.old)
            raise Again("the connection to the database was lost") from None
    rename_s = time.monotonic() - started
    set_links(host.site, host.hold, move.new)
    return rename_s, time.monotonic() - started


def _rename(session, renames):
    """The commit point. It must not wait for a table: every reader behind it would wait too."""
    pairs = ", ".join(f"{ident(old)} TO {ident(new)}" for old, new in renames)
    deadline = time.monotonic() + RENAME_CAP_S
    while True:
        try:
            session.execute(f"SET STATEMENT lock_wait_timeout=0 FOR RENAME TABLE {pairs}")
            return
        except SqlError as error:
            if error.errno not in (LOCK_WAIT_TIMEOUT, DEADLOCK):
                raise
            if time.monotonic() > deadline:
                raise Again("a transaction kept one of the tables in use") from None
        time.sleep(RENAME_RETRY_S)


def _ask_again(host):
    """The version after a lost reply. Where nobody answers, the doubt stays, and visitors ask for themselves."""
    deadline = time.monotonic() + INSIDE_S / 2
    while True:
        try:
            with host.open_session() as session:
                take_lock(host.site, session, 1)
                return active(host.site, session).version
        except (LostConnection, SqlError, BelayError):
            if time.monotonic() > deadline:
                raise BelayError(
                    "SWITCH_UNKNOWN",
                    "The connection to the database was lost during the switch, and the database does not answer.",
                    "When it is back, run the same operation again: it finds out by itself which release is active.",
                ) from None
        time.sleep(0.05)
