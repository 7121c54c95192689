"""What is done with each table of an environment, and what came of it."""
from __future__ import annotations

import hashlib
import threading
from typing import Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..database.mysql import Session
from ..database.sql import SqlError, ident
from ..database.workers import Task, how_many, run
from ..scope.index_folder import IndexFolder
from ..scope.look import Look
from ..scope.rules import Rules
from .chunk_reader import require_packet
from .shared_table import SharedTable
from .table_fingerprint import CHANGED, TRIES, describe, same, unstable
from .table_parts import Wish, measure
from .table_shape import Shape, shape_of, shapes_under

#: Tables of fewer bytes are not worth sharing; environments of fewer bytes, and of fewer tables, not worth more connections.
LARGE, ANY_LARGE, MANY_TABLES = 32 << 20, 16 << 20, 500
_NO_ROWS = ("VIEW", "SEQUENCE")


class Table(NamedTuple):
    """`name` has no prefix; `kind` is `BASE TABLE`, `VIEW`, `SEQUENCE` or `SYSTEM VERSIONED`."""

    name: str
    kind: str
    engine: str


class Tables(NamedTuple):
    """`facts`: {table: TableFingerprint}; `changes`: {table: {class: RowChanges}}; `shared`: tables that several connections read;
    `warnings` are sentences for the operator."""

    facts: Dict[str, dict]
    changes: Dict[str, Dict[str, dict]]
    shared: FrozenSet[str]
    warnings: List[str]


class Work:
    """What is done with each table, and what came of it; tasks of several threads write to it, each about a table of its own."""

    def __init__(self, site, session: Session, rules: Rules, look: Look):
        """Raises BelayError PACKET_TOO_SMALL."""
        require_packet(session)
        self._site, self._rules = site, rules
        self._shapes: Dict[str, Shape] = shapes_under(session, site.prefix)
        folder = IndexFolder(site)
        self._keep = folder if look.keep_index else None
        self._indexes = folder if look.baseline_index else None
        self._baseline: Mapping[str, Mapping[str, str]] = (look.baseline_index or {}).get("tables", {})
        self._facts: Dict[str, dict] = {}
        self._changes: Dict[str, Dict[str, dict]] = {}
        self._altered: List[Table] = []
        self._measured: List[Table] = []
        self._warnings: Dict[str, str] = {}
        self._divided_tables: List[SharedTable] = []

    def connections(self, session: Session, tables: Sequence[Table]) -> int:
        """How many are worth it, or possible."""
        alone = session.in_snapshot or not (sum(map(self._size, tables)) >= ANY_LARGE or len(tables) >= MANY_TABLES)
        return 1 if alone else how_many(self._rules.workers)

    def large(self, tables: Sequence[Table]) -> List[str]:
        """The full names of the tables that several connections may read together."""
        shapes = [(self._full(table), self._shapes.get(self._full(table))) for table in tables]
        return [name for name, shape in shapes if shape is not None and shape.bytes >= LARGE and shape.chunked]

    def tasks(self, tables: Sequence[Table], shared: FrozenSet[str], count: int) -> Tuple[List[Task], List[Task], List[Task]]:
        """Large tables that one session has to read whole come first, then those that all sessions share, then the rest."""
        tables = sorted(tables, key=lambda table: -self._size(table))
        whole = [table for table in tables if self._full(table) not in shared]
        early = [table for table in whole if self._size(table) >= LARGE]
        divided = [task for table in tables if self._full(table) in shared for task in self._divided(table, count)]
        return list(map(self._task, early)), divided, list(map(self._task, whole[len(early):]))

    def run(self, sessions: Sequence[Session], tasks: Sequence[Task], own: Sequence[Task] = ()) -> None:
        try:
            run(sessions, tasks, own)
        finally:
            # What was begun and did not end well.
            for whole in self._divided_tables:
                whole.drop()
        self._recheck(sessions[0])

    def refuse_altered(self) -> None:
        """Raises BelayError TABLE_UNSTABLE."""
        for table in self._altered:
            raise unstable(self._full(table))

    def _recheck(self, session: Session) -> None:
        """Structures must still be those that the rows were read by."""
        now = shapes_under(session, self._site.prefix)
        for table in self._measured:
            if not same(self._shapes[self._full(table)], now.get(self._full(table))):
                self._altered.append(table)

    def again(self, session: Session) -> None:
        """Tables that changed their structure are measured once more, each at a later instant of its own."""
        for table in {table.name: table for table in self._altered}.values():
            for _ in range(0 if session.in_snapshot else TRIES):
                self._forget(table)
                self._measured, self._altered = [], []
                shape = shape_of(session, self._full(table))
                if shape is None:
                    break
                self._shapes[self._full(table)] = shape
                with session.snapshot():
                    self._task(table)(session, lambda: False)
                    if not self._altered and same(shape, shape_of(session, self._full(table))):
                        break
            else:
                raise unstable(self._full(table))

    def done(self, shared: FrozenSet[str]) -> Tables:
        names = frozenset(name[len(self._site.prefix):] for name in shared)
        return Tables(dict(sorted(self._facts.items())), self._changes, names, list(self._warnings.values()))

    def _task(self, table: Table) -> Task:
        def task(session: Session, stopped: Callable[[], bool]) -> None:
            if table.kind in _NO_ROWS:
                self._facts[table.name] = self._definition(session, table)
                return
            found = self._described(session, table)
            if found is not None:
                facts, sql = found
                self._record(table, facts, measure(session, sql, self._wish(table)))

        return self._guarded(table, task)

    def _divided(self, table: Table, count: int) -> List[Task]:
        """The tasks of a table that is shared: the first one describes it, one of them puts its parts together."""
        lock, found = threading.Lock(), []

        def task(session: Session, stopped: Callable[[], bool]) -> None:
            with lock:
                if not found:
                    found.append(self._shared(session, table))
            if found[0] is None:
                return
            facts, whole = found[0]
            if whole.work(session, stopped):
                few = whole.tally.rows <= self._rules.row_limit
                wish = self._wish(table)
                self._record(table, facts, measure(session, whole.tally.sql, wish) if few else whole.tally.parts(session, wish))

        return [self._guarded(table, task)] * count

    def _shared(self, session: Session, table: Table):
        found = self._described(session, table)
        if found is None:
            return None
        whole = SharedTable(found[1], self._keep)
        self._divided_tables.append(whole)
        return found[0], whole

    def _guarded(self, table: Table, task: Task) -> Task:
        def guarded(session: Session, stopped: Callable[[], bool]) -> None:
            try:
                task(session, stopped)
            except SqlError as error:
                if error.errno not in CHANGED:
                    raise
                self._altered.append(table)

        return guarded

    def _described(self, session: Session, table: Table):
        """None of a table that is gone."""
        shape = self._shapes.get(self._full(table))
        if shape is None:
            self._altered.append(table)
            return None
        self._measured.append(table)
        return describe(session, self._site, self._rules, (self._full(table), table.name), shape)

    def _definition(self, session: Session, table: Table) -> dict:
        kind = self._rules.table(table.name)
        # As a table a sequence says nothing of its steps and bounds.
        kind_of = "SEQUENCE" if table.kind == "SEQUENCE" else "TABLE"
        text = session.query(f"SHOW CREATE {kind_of} {ident(self._full(table))}")[0][1].decode()
        neutral = text.replace(f"`{self._site.database}`.", "").replace(f"`{self._site.prefix}", "`{prefix}")
        return {"class": kind.name, "origin": kind.origin, "engine": table.kind, "ddl": hashlib.sha256(neutral.encode()).hexdigest(), "parts": {}}

    def _record(self, table: Table, facts: dict, parts) -> None:
        self._facts[table.name] = {**facts, "parts": parts.facts}
        if parts.changes:
            self._changes[table.name] = parts.changes
        if parts.failed is not None:
            self._warnings[table.name] = (
                f"No index of table {table.name} was kept: {parts.failed.strerror or parts.failed}. Its rows cannot be told one by one when it differs later."
            )

    def _forget(self, table: Table) -> None:
        for found in (self._facts, self._changes, self._warnings):
            found.pop(table.name, None)

    def _wish(self, table: Table) -> Wish:
        return Wish(self._rules.row_limit, self._keep, self._indexes, self._baseline.get(table.name, {}))

    def _full(self, table: Table) -> str:
        return self._site.prefix + table.name

    def _size(self, table: Table) -> int:
        shape: Optional[Shape] = self._shapes.get(self._full(table))
        return 0 if shape is None else shape.bytes
