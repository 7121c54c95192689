"""Tables of a site in files, and files in tables of another site: rows exact, addresses and folders rewritten on the way in.

Export reads inside whatever snapshot the session has open. Import creates a table under any name (a shadow's) and never
touches one that exists.
"""
from __future__ import annotations

import os
from typing import Callable, Dict, Iterable, Iterator, NamedTuple, Optional

from ..database import ddl
from ..errors import BelayError
from ..database.mysql import SqlError, ident, literal
from .rewrite import Rewriter
from .row_values import Changes, Target
from .rowfile import Row, read_header, read_rows, write_rows
from ..database.sql import WRITTEN

_BATCH_BYTES = 512 * 1024


def target_of(site, name: str, min_auto_increment: int = 0, from_prefix: str = "") -> Target:
    """A table of this site under the name `name`; its foreign keys refer to the live tables, its keys with a prefix get this site's."""
    return Target(name, lambda table: site.prefix + table, min_auto_increment, (from_prefix or site.prefix, site.prefix))


class Wanted(NamedTuple):
    """Of a table's rows those that belong: `where(table)` gives an SQL condition or nothing; `turn(header)` gives a function from
    a row to the one that is written, None where it is left out, or nothing where all stay as they are."""

    where: Callable[[str], str] = lambda table: ""
    turn: Callable[[dict], Optional[Callable[[Row], Optional[Row]]]] = lambda header: None


def export_tables(session, site, tables: Iterable[str], directory: str, wanted: Wanted = Wanted()) -> Dict[str, dict]:
    """Writes `<directory>/<table>.rows` for every table (named without prefix) -> `{table: {rows, digest, ddl}}`."""
    os.makedirs(directory, exist_ok=True)
    written = {}
    for table in tables:
        header = describe(session, site, table)
        turn = wanted.turn(header)
        rows = _rows(session, site, header, wanted.where(table))
        turned = rows if turn is None else (row for row in map(turn, rows) if row is not None)
        written[table] = write_rows(os.path.join(directory, table + ".rows"), header, turned)
    return written


def describe(session, site, table: str) -> dict:
    """The first line of a table's file: columns that can be written, key, DDL and AUTO_INCREMENT."""
    full = literal(site.prefix + table)
    columns = session.query(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s AND %s ORDER BY ordinal_position" % (full, WRITTEN)
    )
    key = session.query(
        "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = %s AND index_name = 'PRIMARY' ORDER BY seq_in_index" % full
    )
    counter = session.query("SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s" % full)
    return {
        "table": table,
        "columns": [{"name": name.decode(), "type": kind.decode().lower()} for name, kind in columns],
        "key": [name.decode() for (name,) in key],
        "ddl": ddl.template(session, site, table),
        "auto_increment": int(counter[0][0]) if counter and counter[0][0] else None,
    }


def _rows(session, site, header: dict, condition: str) -> Iterator[Row]:
    columns = ", ".join(_selected(column) for column in header["columns"])
    order = " ORDER BY " + ", ".join(map(ident, header["key"])) if header["key"] else ""
    return session.stream("SELECT %s FROM %s%s%s" % (columns, ident(site.prefix + header["table"]), " WHERE " + condition if condition else "", order))


def _selected(column: dict) -> str:
    # As text a FLOAT shows six digits; as DOUBLE it shows all that it has.
    return "%s + 0e0" % ident(column["name"]) if column["type"] == "float" else ident(column["name"])


def import_table(session, file: str, target: Target, rewriter: Rewriter) -> int:
    """Creates `target.name` from the file and fills it -> number of rows.

    Raises BelayError REWRITE_REFUSED (values that hold the other side's address and cannot be changed safely, listed),
    TABLE_REFUSED (the server does not take the table or a row: a collation it does not know, a value too long).
    """
    header = read_header(file)
    try:
        session.execute("SET SESSION foreign_key_checks = 0, unique_checks = 0")
        session.execute(ddl.statement(header["ddl"], target.name, target.reference))
        count = _fill(session, file, header, Changes(header, rewriter, target))
        if header["auto_increment"] is not None:
            session.execute("ALTER TABLE %s AUTO_INCREMENT = %d" % (ident(target.name), max(header["auto_increment"], target.min_auto_increment)))
        return count
    except SqlError as error:
        raise BelayError(
            "TABLE_REFUSED",
            "The database does not take table %s: %s." % (header["table"], error.message),
            "Make both databases alike (version, collations), or shorten the value in the source, then try again.",
        ) from error
    finally:
        session.execute("SET SESSION foreign_key_checks = 1, unique_checks = 1")


def _fill(session, file: str, header: dict, changes: Changes) -> int:
    names = ", ".join(ident(column["name"]) for column in header["columns"])
    head = "INSERT INTO %s (%s) VALUES " % (ident(changes.target.name), names)
    count, size, batch = 0, 0, []
    for row in read_rows(file):
        values = changes.values(row)
        batch.append(values)
        size += len(values)
        count += 1
        if size > _BATCH_BYTES:
            session.execute(head + ",".join(batch))
            size, batch = 0, []
    if batch:
        session.execute(head + ",".join(batch))
    changes.refuse()
    return count
