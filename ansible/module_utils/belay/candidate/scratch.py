"""The scratch tables of a trial, in the site's own schema: views that show what the release would find, and empty copies to be upgraded."""
from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Tuple

from ..database import names
from ..errors import BelayError
from ..database.mysql import SqlError, ident, literal
from ..tables.schema_snapshot import Table, added_columns

BASE_TABLE, VIEW = "BASE TABLE", "VIEW"
OPTIONS = "options"


class Scene(NamedTuple):
    """Which table the release would find under each name (without prefix): `{table: whole name}`; what cannot be shown."""

    tables: Dict[str, str]
    hidden: List[str]


def scene(site, session, promoted: Iterable[str]) -> Scene:
    """After `load`: shadows of what is promoted, and of the options; the live tables of all else."""
    live = [name[len(site.prefix):] for name, kind in _listed(session) if name.startswith(site.prefix) and kind == BASE_TABLE and not names.is_any_reserved(name)]
    tables = {table: site.prefix + table for table in live}
    tables.update({table: names.shadow(site, table) for table in (*promoted, OPTIONS)})
    room = names.LIMIT - len(names.view_prefix(site))
    hidden = sorted(table for table in tables if len(table) > room)
    return Scene({table: tables[table] for table in sorted(tables) if table not in hidden}, hidden)


def show(site, session, found: Scene, predicted: Dict[str, Table]) -> None:
    """Makes the views. `predicted`: structures after an upgrade that was tried on copies (empty: none was): what it adds is shown."""
    prefix, copies = names.view_prefix(site), names.copy_prefix(site)
    drop(site, session, views_only=True)
    before = {table: table for table in found.tables} if predicted else {}
    made = {table: copies + table for table in predicted if table not in found.tables}
    try:
        for table, full in {**found.tables, **made}.items():
            source, extra = full, ""
            if table == OPTIONS and predicted:
                # With the rows that the upgrade wrote.
                source = copies + OPTIONS
            elif table in before:
                extra = "".join(f", {column}" for column in added_columns(session, full, predicted.get(table)))
            session.execute(f"CREATE VIEW {ident(prefix + table)} AS SELECT t.*{extra} FROM {ident(source)} t")
    except SqlError as error:
        raise BelayError(
            "RIGHTS_MISSING",
            f"The views in which {site.url} is looked at before the switch could not be made: {error}.",
            f"GRANT CREATE VIEW, SHOW VIEW ON `{site.database}`.* TO the user of wp-config.php;",
        ) from error


def copy(site, session, found: Scene) -> None:
    """Makes a copy of every structure without rows; only the options have theirs, without which WordPress does not start."""
    prefix = names.copy_prefix(site)
    drop(site, session)
    for table, full in found.tables.items():
        session.execute(f"CREATE TABLE {ident(prefix + table)} LIKE {ident(full)}")
    session.execute(f"INSERT INTO {ident(prefix + OPTIONS)} SELECT * FROM {ident(found.tables[OPTIONS])}")


def drop(site, session, views_only: bool = False) -> List[str]:
    """Removes views and copies of this site; the names of what there was."""
    there = [(name, kind) for name, kind in _listed(session) if name.startswith((names.view_prefix(site), names.copy_prefix(site)))]
    views = [name for name, kind in there if kind == VIEW]
    tables = [] if views_only else [name for name, kind in there if kind != VIEW]
    if views:
        session.execute(f"DROP VIEW IF EXISTS {', '.join(map(ident, views))}")
    if tables:
        session.execute(f"DROP TABLE IF EXISTS {', '.join(map(ident, tables))}")
    return views + tables


def live_names(session) -> Tuple[str, ...]:
    """Every table of the schema that is no copy: what a trial may not change."""
    return tuple(name for name, _ in _listed(session))


def _listed(session) -> List[Tuple[str, str]]:
    rows = session.query("SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE()")
    return [(name.decode(), kind.decode()) for name, kind in rows]
