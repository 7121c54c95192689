"""Rows of the options table that production writes between the copy and the switch, carried over.

Three tables of one shape: `live` (what visitors use), `base` (live as last copied) and `shadow` (base with the promoted
rows applied). What differs between live and base is late. It goes into shadow *and* base: into the shadow alone, a
second attempt would take a row deleted meanwhile for one that the shadow must keep.

A row is named by `option_name`, and values are compared in binary, because a collation calls different values equal.
`option_id` travels with its row but means nothing to WordPress, so it is not compared.
"""
import random
import time
from dataclasses import dataclass, replace
from typing import Tuple

from ..database.mysql import SqlError, ident, literal
from ..database.sql import WRITTEN

NAME = "option_name"
#: The name as bytes, however the column is encoded.
NAME_BYTES = f"BINARY CONVERT({NAME} USING utf8mb4)"
#: New promoted rows get numbers that production will not give to its own rows meanwhile: WordPress uses one up with every transient that it
#: writes over.
NUMBER_MARGIN = 1_000_000
#: Errors that a server gives for what other writers do (a lock that is not free in time, a deadlock): so often it is tried again. A wait is
#: short, because visitors wait for what was written before it.
IN_USE = (1205, 1213)
TRIES, WAIT_S, PAUSE_S = 10, 3, (0.05, 0.3)


@dataclass(frozen=True)
class Options:
    live: str
    base: str
    shadow: str
    #: Columns that are copied, and those of them that are compared.
    columns: Tuple[str, ...]
    compared: Tuple[str, ...]

    @property
    def list(self):
        return ", ".join(ident(column) for column in self.columns)


def describe(session, live, base, shadow):
    """The Options of these three tables, which all have the columns of `live`."""
    rows = session.query(
        "SELECT column_name, extra LIKE '%auto_increment%' FROM information_schema.columns WHERE table_schema = DATABASE() "
        f"AND table_name = {literal(live)} AND {WRITTEN} ORDER BY ordinal_position"
    )
    columns = tuple(row[0].decode() for row in rows)
    return Options(live, base, shadow, columns, tuple(row[0].decode() for row in rows if row[1] == b"0"))


def make(session, options):
    """Make base and shadow as copies of live."""
    read_committed(session)
    for source, table in ((options.live, options.base), (options.base, options.shadow)):
        session.execute(f"DROP TABLE IF EXISTS {ident(table)}")
        session.execute(f"CREATE TABLE {ident(table)} LIKE {ident(options.live)}")
        session.execute(f"INSERT INTO {ident(table)} ({options.list}) SELECT {options.list} FROM {ident(source)}")
    next_number = session.query(
        f"SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = {literal(options.live)}"
    )[0][0]
    if next_number is not None:
        session.execute(f"ALTER TABLE {ident(options.shadow)} AUTO_INCREMENT = {int(next_number) + NUMBER_MARGIN}")


def read_committed(session):
    """Copying puts no locks on the rows that are read: visitors go on writing."""
    session.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")


def changed_names(session, options):
    """Names (bytes) whose row is new, different or gone in live, compared with base."""
    same, join = _alike(options), _named_alike("l", "b")
    live, base = ident(options.live), ident(options.base)
    gone = session.query(f"SELECT b.{NAME} FROM {base} b LEFT JOIN {live} l ON {join} WHERE l.{NAME} IS NULL")
    changed = session.query(f"SELECT l.{NAME} FROM {live} l LEFT JOIN {base} b ON {join} WHERE b.{NAME} IS NULL OR NOT ({same})")
    return {row[0] for row in gone} | {row[0] for row in changed}


def _alike(options):
    """SQL condition: the rows `l` and `b` say the same."""
    return " AND ".join(f"BINARY l.{ident(c)} <=> BINARY b.{ident(c)}" for c in options.compared)


def _named_alike(one, other):
    return f"{one}.{NAME} = {other}.{NAME} AND BINARY {one}.{NAME} = BINARY {other}.{NAME}"


def merge(session, options, promoted):
    """Carry late rows over in one transaction; returns their number. `promoted` (bytes) are left as they are."""
    names = changed_names(session, options) - set(promoted)
    if not names:
        return 0
    wanted = named(names)
    session.execute("START TRANSACTION")
    for source, table in ((options.live, options.base), (options.base, options.shadow)):
        _replace(session, options, table, source, wanted)
    session.execute("COMMIT")
    return len(names)


def _replace(session, options, table, source, wanted):
    """Rows of `table` become those of `source`. All deletions first: where only the case of a name changed, both rows have one place
    in the unique key."""
    session.execute(f"DELETE FROM {ident(table)} WHERE {wanted}")
    session.execute(f"INSERT INTO {ident(table)} ({options.list}) SELECT {options.list} FROM {ident(source)} WHERE {wanted}")


def carry(session, options, kept, promoted):
    """What was written into the table `kept` since base was copied comes into live, except where somebody has written there since base.

    Each statement decides that itself, row by row: a visitor who writes at this moment wins. Returns the number of rows, None where
    nothing is to be carried over. The same transaction brings base to what kept says, so a second call finds nothing: a visitor may
    have put a row back to what base said before. SqlError where a row stays in use, or the tables are not what they were.
    """
    read_committed(session)
    session.execute(f"SET SESSION lock_wait_timeout = {WAIT_S}, innodb_lock_wait_timeout = {WAIT_S}")
    for left in reversed(range(TRIES)):
        try:
            return _carried(session, options, kept, promoted)
        except SqlError as error:
            if error.errno not in IN_USE or not left:
                raise
        # A deadlock has ended the transaction, a wait has not.
        session.execute("ROLLBACK")
        time.sleep(random.uniform(*PAUSE_S))


def _carried(session, options, kept, promoted):
    names = changed_names(session, replace(options, live=kept)) - set(promoted)
    if not names:
        return None
    live, base, left = ident(options.live), ident(options.base), ident(kept)
    sets = ", ".join(f"l.{ident(c)} = k.{ident(c)}" for c in options.compared)
    columns = ", ".join(ident(c) for c in options.compared)
    three = f"{live} l JOIN {base} b ON {_named_alike('l', 'b')} LEFT JOIN {left} k ON {_named_alike('k', 'b')}"
    untouched = f"{named(names, 'b')} AND {_alike(options)}"
    session.execute("START TRANSACTION")
    # All deletions first, as in `_replace`.
    rows = session.execute(f"DELETE l FROM {three} WHERE {untouched} AND k.{NAME} IS NULL")
    rows += session.execute(f"UPDATE {three} SET {sets} WHERE {untouched} AND k.{NAME} IS NOT NULL")
    rows += session.execute(
        f"INSERT INTO {live} ({columns}) SELECT {', '.join(f'k.{ident(c)}' for c in options.compared)} FROM {left} k "
        f"LEFT JOIN {base} b ON {_named_alike('b', 'k')} LEFT JOIN {live} l ON {_named_alike('l', 'k')} "
        f"WHERE {named(names, 'k')} AND b.{NAME} IS NULL AND l.{NAME} IS NULL ON DUPLICATE KEY UPDATE {live}.{NAME} = {live}.{NAME}"
    )
    _replace(session, options, options.base, kept, named(names))
    session.execute("COMMIT")
    return rows


def named(names, alias=""):
    """SQL condition for the rows of exactly these names (bytes); of a table with an alias, where several are read."""
    column = NAME_BYTES.replace(NAME, f"{alias}.{NAME}") if alias else NAME_BYTES
    return f"{column} IN ({', '.join(literal(name) for name in sorted(names))})" if names else "FALSE"


def read(session, options, table, names):
    """{name: {column: bytes or None}} of the rows with these names (bytes), without their numbers."""
    listed = ", ".join(ident(column) for column in options.compared)
    rows = session.query(f"SELECT {NAME_BYTES}, {listed} FROM {ident(table)} WHERE {named(names)}")
    return {row[0]: dict(zip(options.compared, row[1:])) for row in rows}


def apply(session, options, changes):
    """Put promoted rows into the shadow: {name (bytes): {column: bytes or None}, or None to remove the row}."""
    present = {row[0] for row in session.query(f"SELECT {NAME_BYTES} FROM {ident(options.shadow)} WHERE {named(changes)}")}
    session.execute("START TRANSACTION")
    for name, row in sorted(changes.items()):
        values = {column: value for column, value in (row or {}).items() if column in options.compared}
        if row is None:
            session.execute(f"DELETE FROM {ident(options.shadow)} WHERE {named([name])}")
        elif name in present:
            pairs = ", ".join(f"{ident(column)} = {text(value)}" for column, value in values.items())
            session.execute(f"UPDATE {ident(options.shadow)} SET {pairs} WHERE {named([name])}")
        else:
            columns = ", ".join(ident(column) for column in values)
            session.execute(f"INSERT INTO {ident(options.shadow)} ({columns}) VALUES ({', '.join(map(text, values.values()))})")
    session.execute("COMMIT")


def text(value):
    """A value of a text column; marked as UTF-8, so that a table in another encoding gets it converted."""
    return "NULL" if value is None else f"_utf8mb4 {literal(value)}"
