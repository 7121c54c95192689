"""The structure of a site's tables as data, and what an upgrade changed in it: additive, or destructive.

Additive is what the code of before does not notice: nothing is lost, and it can go on writing. All else is destructive.
"""
from __future__ import annotations

import re
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional

from ..database.mysql import ident, literal

ADDITIVE, DESTRUCTIVE = "additive", "destructive"
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_TEXTS = {"tinytext": 255, "text": 65535, "mediumtext": (1 << 24) - 1, "longtext": (1 << 32) - 1}
_BLOBS = {"tinyblob": 255, "blob": 65535, "mediumblob": (1 << 24) - 1, "longblob": (1 << 32) - 1}
PRIMARY = "PRIMARY"
_TABLES = "SELECT table_name, engine, table_collation FROM information_schema.tables"
_COLUMNS = "SELECT table_name, column_name, column_type, is_nullable, column_default, extra, collation_name FROM information_schema.columns"
_INDEXES = "SELECT table_name, index_name, non_unique, column_name, sub_part FROM information_schema.statistics"


class Table(NamedTuple):
    """One table: engine and collation, columns `{name: [type, nullable, default, extra, collation]}`, indexes `{name: [unique, columns]}`."""

    options: List[Optional[str]]
    columns: Dict[str, list]
    indexes: Dict[str, list]


class Change(NamedTuple):
    """One difference of two structures. `what`: `table_added`, `column_changed`, ...; `name`: of the column or index, "" for a table."""

    table: str
    what: str
    name: str
    effect: str
    detail: str


def snapshot(session, prefix: str, only: Optional[Iterable[str]] = None) -> Dict[str, Table]:
    """Tables (named without `prefix`) and their structures; `only`: of these, as far as they exist."""
    where = f"table_schema = DATABASE() AND LEFT(table_name, {len(prefix)}) = {literal(prefix)}"
    if only is not None:
        where += f" AND table_name IN ({', '.join(literal(prefix + table) for table in only) or 'NULL'})"
    tables: Dict[str, Table] = {}
    for name, engine, collation in _rows(session, f"{_TABLES} WHERE {where} AND table_type = 'BASE TABLE'"):
        tables[name[len(prefix):]] = Table([engine, collation], {}, {})
    for name, column, *rest in _rows(session, f"{_COLUMNS} WHERE {where} ORDER BY table_name, ordinal_position"):
        if name[len(prefix):] in tables:
            tables[name[len(prefix):]].columns[column] = rest
    for name, index, loose, column, part in _rows(session, f"{_INDEXES} WHERE {where} ORDER BY table_name, index_name, seq_in_index"):
        if name[len(prefix):] in tables:
            found = tables[name[len(prefix):]].indexes.setdefault(index, [loose == "0", []])
            found[1].append(f"{column}({part})" if part else column)
    return tables


def plain(tables: Dict[str, Table]) -> dict:
    """For a journal; `of_plain` reads it."""
    return {name: list(table) for name, table in tables.items()}


def of_plain(told: dict) -> Dict[str, Table]:
    return {name: Table(*table) for name, table in told.items()}


def changes(before: Dict[str, Table], after: Dict[str, Table]) -> List[Change]:
    """What has to be done to make `after` of `before`."""
    return sorted(change for table in {*before, *after} for change in _of_table(table, before.get(table), after.get(table)))


def _of_table(table: str, before: Optional[Table], after: Optional[Table]) -> Iterator[Change]:
    if before is None or after is None:
        yield Change(table, "table_added", "", ADDITIVE, "") if before is None else Change(table, "table_removed", "", DESTRUCTIVE, "")
        return
    if before.options != after.options:
        yield Change(table, "table_changed", "", DESTRUCTIVE, f"{_words(before.options)} -> {_words(after.options)}")
    for name in {*before.columns, *after.columns}:
        yield from _of_column(table, name, before.columns.get(name), after.columns.get(name))
    for name in {*before.indexes, *after.indexes}:
        yield from _of_index(table, name, before.indexes.get(name), after.indexes.get(name))


def _of_column(table: str, name: str, before: Optional[list], after: Optional[list]) -> Iterator[Change]:
    if before == after:
        return
    if before is None:
        # Code that does not know the column leaves it out when it writes.
        left_out = after[1] == "YES" or after[2] is not None or re.search("GENERATED|AUTO_INCREMENT", after[3].upper())
        why = "" if left_out else " without a default: code of before cannot write rows"
        yield Change(table, "column_added", name, ADDITIVE if left_out else DESTRUCTIVE, f"{after[0]}{why}")
    elif after is None:
        yield Change(table, "column_removed", name, DESTRUCTIVE, before[0])
    else:
        yield Change(table, "column_changed", name, ADDITIVE if _widened(before, after) else DESTRUCTIVE, f"{_words(before)} -> {_words(after)}")


def _widened(before: list, after: list) -> bool:
    """Every value of before fits as it is, and leaving the column out or NULL goes on working."""
    if before[3:] != after[3:] or (before[1] == "YES" and after[1] != "YES") or (before[2] is not None and after[2] is None and after[1] != "YES"):
        return False
    return before[0] == after[0] or _holds(before[0], after[0])


def _holds(before: str, after: str) -> bool:
    old, new = (re.fullmatch(r"(\w+)(?:\((\d+)\))?(.*)", kind) for kind in (before, after))
    if not (old and new) or old.group(3) != new.group(3):
        return False
    if old.group(1) in _INTEGERS and new.group(1) in _INTEGERS:
        return _INTEGERS.index(old.group(1)) <= _INTEGERS.index(new.group(1))
    for family in (_TEXTS, _BLOBS):
        if old.group(1) in family and new.group(1) in family:
            return family[old.group(1)] <= family[new.group(1)]
    if old.group(1) in ("varchar", "varbinary") and old.group(2):
        longer = old.group(1) == new.group(1) and new.group(2) and int(old.group(2)) <= int(new.group(2))
        return bool(longer) or (old.group(1) == "varchar" and _TEXTS.get(new.group(1), 0) >= 4 * int(old.group(2)))
    return False


def _of_index(table: str, name: str, before: Optional[list], after: Optional[list]) -> Iterator[Change]:
    if before == after:
        return
    what = "index_added" if before is None else "index_removed" if after is None else "index_changed"
    # A new unique index refuses rows that the code of before may write; without a primary key rows cannot be told apart.
    stricter = name == PRIMARY or (after is not None and after[0])
    detail = " -> ".join(("unique " if one[0] else "") + ", ".join(one[1]) for one in (before, after) if one)
    yield Change(table, what, name, DESTRUCTIVE if stricter else ADDITIVE, detail)


def added_columns(session, full: str, after: Optional[Table]) -> List[str]:
    """Expressions for the columns that `after` has and the table `full` lacks, each with the value that its rows would get."""
    if after is None:
        return []
    there = {name for (name,) in _rows(session, f"SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = {literal(full)}")}
    return [f"{found[2] or 'NULL'} AS {ident(name)}" for name, found in after.columns.items() if name not in there]


def _words(parts: list) -> str:
    return " ".join(str(part) for part in parts if part not in (None, ""))


def _rows(session, sql: str) -> Iterator[list]:
    return ([None if value is None else value.decode() for value in row] for row in session.query(sql))
