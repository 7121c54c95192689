"""All tables of an environment, measured by several connections at once; each table at one instant (docs/fingerprint.md)."""
from __future__ import annotations

import contextlib
from typing import Callable, Iterator, Sequence

from ..database.mysql import Session
from ..database.shared_snapshot import snapshots
from ..database.workers import as_usual, crew
from ..scope.look import Look
from ..scope.rules import Rules
from .table_work import Table, Tables, Work

__all__ = ["Table", "Tables", "measure_tables", "tables_of_one_instant"]


def measure_tables(site, session: Session, rules: Rules, look: Look, tables: Sequence[Table], first: Callable[[Session], None] = lambda session: None) -> Tables:
    """Measures the tables; `first` is called with the session when its snapshot is open.

    Within a snapshot of the caller everything is read through that session. Otherwise large tables are shared by `rules.workers`
    sessions where that costs no writer more than a moment. Raises BelayError TABLE_UNSTABLE, PACKET_TOO_SMALL.
    """
    work = Work(site, session, rules, look)
    with crew(site, session, work.connections(session, tables)) as sessions:
        with snapshots(site, sessions, work.large(tables)) as shared:
            first(session)
            early, divided, rest = work.tasks(tables, shared, len(sessions))
            work.run(sessions, [*early, *divided, *rest])
        work.again(session)
    return work.done(shared)


@contextlib.contextmanager
def tables_of_one_instant(site, session: Session, rules: Rules, look: Look, tables: Sequence[Table], first: Callable[[Session], None] = lambda session: None) -> Iterator[Tables]:
    """As `measure_tables`; within the block the session still sees every table as it was measured, so that it can be exported.

    Other sessions help with the large tables that all see at one instant; whatever else there is this session reads itself.
    """
    work = Work(site, session, rules, look)
    with crew(site, session, work.connections(session, tables)) as sessions, snapshots(site, sessions, work.large(tables)) as shared:
        first(session)
        early, divided, rest = work.tasks(tables, shared, len(sessions))
        work.run(sessions, divided, [*early, *rest])
        work.refuse_altered()
        with as_usual(session):
            yield work.done(shared)
