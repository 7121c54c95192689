"""Several connections that see tables at one and the same instant, without a writer that waits for more than a moment.

A read lock on a table is given only while no transaction that has written to it is open. Snapshots opened under it therefore
hold the same rows of that table. It is asked for without waiting, so nobody ever queues behind the question; it is held for as
long as it takes to open the snapshots. A table that is being written to is not shared: one connection reads it whole.
"""
from __future__ import annotations

import contextlib
import time
from typing import FrozenSet, Iterator, List, Sequence

from .mysql import Session
from .sql import SqlError, ident

#: How long to try, and the pause between two attempts.
PATIENCE_S, PAUSE_S = 0.3, 0.01
#: Should this process stand still with the lock held, the server ends its connection after so many seconds, and the lock with it.
_FORGOTTEN_S = 2
_BUSY = 1205
_GONE = 1146


@contextlib.contextmanager
def snapshots(site, sessions: Sequence[Session], tables: Sequence[str]) -> Iterator[FrozenSet[str]]:
    """Opens a snapshot of every session, all at one instant for the tables (full names) that it yields; ends them at the end."""
    with contextlib.ExitStack() as stack:
        if len(sessions) < 2 or not tables or not sessions[0].is_mariadb:
            for session in sessions:
                stack.enter_context(session.snapshot())
            yield frozenset()
            return
        # Closing the connection frees the lock, whatever happens in between.
        with Session(site) as locker:
            _announce(sessions)
            shared = _lock(locker, list(tables))
            _open(sessions)
            locker.execute("UNLOCK TABLES")
        for session in sessions:
            stack.enter_context(session.enter_snapshot())
        yield shared


def _announce(sessions: Sequence[Session]) -> None:
    for session in sessions:
        session.announce_snapshot()


def _open(sessions: Sequence[Session]) -> None:
    """All are asked before one is waited for: writers wait as long as this takes, on a busy machine most of all."""
    for session in sessions:
        session.ask_snapshot()
    for session in sessions:
        session.await_snapshot()


def _lock(locker: Session, tables: List[str]) -> FrozenSet[str]:
    """Locks as many of the tables as are free; none where the user has no right to."""
    locker.execute(f"SET SESSION wait_timeout = {_FORGOTTEN_S}")
    started = time.monotonic()
    while tables and time.monotonic() - started < PATIENCE_S:
        if _locked(locker, tables):
            return frozenset(tables)
        if time.monotonic() - started > PATIENCE_S / 2:
            tables = [table for table in tables if _is_free(locker, table)]
        time.sleep(PAUSE_S)
    return frozenset()


def _is_free(locker: Session, table: str) -> bool:
    free = _locked(locker, [table])
    if free:
        locker.execute("UNLOCK TABLES")
    return free


def _locked(locker: Session, tables: List[str]) -> bool:
    try:
        locker.execute(f"LOCK TABLES {', '.join(f'{ident(table)} READ' for table in tables)} NOWAIT")
    except SqlError as error:
        if error.errno == _GONE or error.errno == _BUSY:
            return False
        return _refused(tables)
    return True


def _refused(tables: List[str]) -> bool:
    """No right to lock: trying again is of no use."""
    tables.clear()
    return False
