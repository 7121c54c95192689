"""What the source's tables are made of, told by its host and compared by the target's: what new code has made of tables there, it will
make of the target's too. The target's own trial, right before a switch, says it exactly (candidate/migrations.py).
"""
from __future__ import annotations

from typing import Dict, Iterable, List, Tuple

from ..tables.schema_snapshot import Table, changes, snapshot

#: So many tables are told of at most: where two servers write all definitions differently, nothing could be learned from more.
MOST = 200
#: It is in no fingerprint as a table; its rows are merged, its structure stays.
OPTIONS = "options"


def told(site, session, tables: Dict[str, dict], known: Dict[str, str]) -> List[dict]:
    """TableStructures (facts.ts) of the options and of those of `tables` (of a fingerprint) whose definition differs from `known`:
    the other side's digests. Tables that the other side lacks are not told of."""
    differing = sorted(table for table, found in tables.items() if table in known and found["ddl"] != known[table])
    return [_fact(table, found) for table, found in sorted(snapshot(session, site.prefix, [OPTIONS, *differing[:MOST]]).items())]


def compare(site, session, structures: Iterable[dict]) -> List[dict]:
    """SchemaChanges that make what `structures` tells of this site's tables; tables that it lacks are left out."""
    wanted = dict(map(_table, structures))
    # The server finds names in any case of letters.
    here = {table: found for table, found in snapshot(session, site.prefix, wanted).items() if table in wanted}
    return [change._asdict() for change in changes(here, {table: wanted[table] for table in here})]


def _fact(name: str, table: Table) -> dict:
    engine, collation = table.options
    columns = [
        {"name": column, "type": kind, "nullable": nullable == "YES", "default": default, "extra": extra, "collation": collated}
        for column, (kind, nullable, default, extra, collated) in table.columns.items()
    ]
    indexes = [{"name": index, "unique": unique, "columns": parts} for index, (unique, parts) in table.indexes.items()]
    return {"table": name, "engine": engine, "collation": collation, "columns": columns, "indexes": indexes}


def _table(fact: dict) -> Tuple[str, Table]:
    columns = {one["name"]: [one["type"], "YES" if one["nullable"] else "NO", one["default"], one["extra"], one["collation"]] for one in fact["columns"]}
    indexes = {one["name"]: [one["unique"], one["columns"]] for one in fact["indexes"]}
    return fact["table"], Table([fact["engine"], fact["collation"]], columns, indexes)
