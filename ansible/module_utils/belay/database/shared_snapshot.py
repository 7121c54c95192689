"""Several connections that see tables at one and the same instant, without a writer that waits for more than a moment.

A read lock on a table is given only while no transaction that has written to it is open. Snapshots opened under it therefore
hold the same rows of that table. It is asked for without waiting, so nobody ever queues behind the question. A table that is being
written to is not shared: one connection reads it whole.

How long the lock is held is the server's affair alone: lock, wait and unlock reach it as one packet, and the wait ends when the
snapshots are open (the gate, a lock that is only a name, is let go of), or after `HELD_S`. Whoever stands still meanwhile, this process,
PHP or the network, nobody waits longer. A wait that ended by itself proves nothing, so that attempt does not count.
"""
from __future__ import annotations

import contextlib
import secrets
import time
from typing import FrozenSet, Iterator, List, Sequence

from .mysql import Session
from .sql import LostConnection, SqlError, ident, literal

#: How long to try, and the pause between two attempts.
PATIENCE_S, PAUSE_S = 0.3, 0.01
#: The lock is held for so long at most.
HELD_S = 0.04
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
        stack.callback(_end, sessions)
        with Session(site) as locker:
            shared = _together(locker, sessions, list(tables))
        if not shared:
            _announce(sessions)
            _open(sessions)
        for session in sessions:
            stack.enter_context(session.enter_snapshot())
        yield shared


def _together(locker: Session, sessions: Sequence[Session], tables: List[str]) -> FrozenSet[str]:
    """Opens the snapshots under a lock on as many of the tables as are free; none are open where no table could be locked."""
    started = time.monotonic()
    while tables and time.monotonic() - started < PATIENCE_S:
        try:
            if _opened(locker, sessions, tables):
                return frozenset(tables)
        except SqlError as error:
            if error.errno not in (_BUSY, _GONE):
                # No right to lock: trying again is of no use.
                break
        if time.monotonic() - started > PATIENCE_S / 2:
            tables = [table for table in tables if _is_free(locker, table)]
        time.sleep(PAUSE_S)
    return frozenset()


def _opened(locker: Session, sessions: Sequence[Session], tables: List[str]) -> bool:
    """One attempt; where it is False, no snapshot is open. Raises SqlError of a lock that is not given."""
    gate = literal("belay-" + secrets.token_hex(8))
    sessions[0].execute(f"DO GET_LOCK({gate}, 0)")
    try:
        _announce(sessions)
        answers = locker.several([_lock(tables), f"SELECT GET_LOCK({gate}, {HELD_S})", "UNLOCK TABLES"])
        next(answers)
        _open(sessions)
    finally:
        sessions[0].execute(f"DO RELEASE_LOCK({gate})")
    in_time = next(answers)[0][0] == b"1"
    next(answers)
    if not in_time:
        _end(sessions)
    return in_time


def _announce(sessions: Sequence[Session]) -> None:
    for session in sessions:
        session.announce_snapshot()


def _open(sessions: Sequence[Session]) -> None:
    """All are asked before one is waited for: writers wait as long as this takes, on a busy machine most of all."""
    for session in sessions:
        session.ask_snapshot()
    for session in sessions:
        session.await_snapshot()


def _end(sessions: Sequence[Session]) -> None:
    for session in sessions:
        if session.in_snapshot:
            with contextlib.suppress(LostConnection):
                session.end_snapshot(lost=False)


def _is_free(locker: Session, table: str) -> bool:
    try:
        for _ in locker.several([_lock([table]), "UNLOCK TABLES"]):
            pass
    except SqlError:
        return False
    return True


def _lock(tables: List[str]) -> str:
    return f"LOCK TABLES {', '.join(f'{ident(table)} READ' for table in tables)} NOWAIT"
