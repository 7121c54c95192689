"""Which tables a RENAME can replace without tearing something apart."""
from typing import NamedTuple

from ..database import ddl
from ..errors import BelayError
from ..database.mysql import ident, literal
from ..bundle.rowfile import read_header

_OUT = "or take these tables out of the promotion."


class Obstacle(NamedTuple):
    """A query for (table, detail) of what stands in the way; `{tables}` is the list of tables that are replaced."""

    code: str
    what: str
    remedy: str
    query: str


_OBSTACLES = (
    Obstacle(
        "ENGINE_UNSUPPORTED", "not InnoDB tables, so they cannot be switched as one", f"ALTER TABLE ... ENGINE=InnoDB on the target, {_OUT}",
        "SELECT table_name, IFNULL(engine, table_type) FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_name IN ({tables}) AND (engine <> 'InnoDB' OR engine IS NULL)",
    ),
    Obstacle(
        "TRIGGERS_ON_TABLE", "tables with triggers, which would stay with the old table", f"Remove the triggers, {_OUT}",
        "SELECT event_object_table, trigger_name FROM information_schema.triggers WHERE event_object_schema = DATABASE() "
        "AND event_object_table IN ({tables})",
    ),
    Obstacle(
        "FOREIGN_KEYS", "tied by foreign keys, which follow the old table", f"Remove the foreign keys, {_OUT}",
        "SELECT table_name, constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() "
        "AND (table_name IN ({tables}) OR referenced_table_name IN ({tables}))",
    ),
    Obstacle(
        "SEQUENCES", "numbered by a sequence, which is not switched", f"Use AUTO_INCREMENT, {_OUT}",
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name IN ({tables}) AND column_default LIKE '%nextval(%'",
    ),
)


def check_live(site, session, tables):
    """`tables` (without prefix) and the options table of the target; raises BelayError with the obstacle's code."""
    listed = ", ".join(literal(site.prefix + table) for table in (*tables, "options"))
    for obstacle in _OBSTACLES:
        rows = session.query(obstacle.query.replace("{tables}", listed))
        if rows:
            found = ", ".join(f"{table.decode()} ({detail.decode()})" for table, detail in rows)
            raise BelayError(obstacle.code, f"These tables of the target are {obstacle.what}: {found}.", obstacle.remedy)
    check_options_key(session, site.prefix + "options")


def check_options_key(session, table):
    """Every name is in the options table once. An index over a part of the name, or over more columns, does not see to that."""
    indexes = session.query(
        "SELECT index_name, MIN(non_unique = 0 AND column_name = 'option_name' AND sub_part IS NULL) FROM information_schema.statistics "
        f"WHERE table_schema = DATABASE() AND table_name = {literal(table)} GROUP BY index_name"
    )
    if any(whole == b"1" for _, whole in indexes):
        return
    twice = f"SELECT option_name, COUNT(*) FROM {ident(table)} GROUP BY option_name HAVING COUNT(*) > 1"
    number = int(session.query(f"SELECT COUNT(*) FROM ({twice}) AS twice")[0][0])
    there = next((f"DROP KEY {ident(name.decode())}, " for name, _ in indexes if name.lower() == b"option_name"), "")
    raise BelayError(
        "OPTIONS_KEY_MISSING",
        f"{table} of the target has no unique key on option_name ({number} names are there more than once): a switch tells its rows by their "
        "names, and of two with one name it would write over one.",
        f"Look which rows are there more than once, and leave one of each: {twice}; then add the key: "
        f"ALTER TABLE {ident(table)} {there}ADD UNIQUE KEY option_name (option_name); then promote again.",
    )


def check_incoming(files):
    """The same for tables of a release: {table: its file}."""
    tied = [table for table, path in files.items() if ddl.references(read_header(path)["ddl"])]
    if tied:
        raise BelayError(
            "FOREIGN_KEYS",
            f"These tables of the release have foreign keys, which a switch would tear apart: {', '.join(tied)}.",
            f"Remove the foreign keys in the source, {_OUT}",
        )
