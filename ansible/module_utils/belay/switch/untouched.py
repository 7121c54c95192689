"""Which tables nobody has written to since they were compared: two statements for hundreds, where comparing takes several for each.

Two witnesses must agree before a table is passed over while visitors wait: the time of its last write, which the server keeps in memory, and
its checksum. The time has whole seconds and is forgotten when the server closes the table; the checksum has 32 bits, and edits can cancel
in it. A table that is replaced is compared whole once more after the switch, and a difference leads back.
"""
from dataclasses import dataclass
from typing import Dict, Iterable, List, Tuple

from ..database.mysql import ident, literal

#: Larger tables are compared as they would be without this: their checksum takes about as long.
SMALL = 8 << 20
#: Checksum, and the time of the last write as the server writes it; None: none that it knows of.
Witness = Tuple[bytes, object]


@dataclass(frozen=True)
class Untouched:
    prefix: str
    #: Table without prefix -> what its witnesses said.
    seen: Dict[str, Witness]

    def since(self, session, tables: Iterable[str]) -> List[str]:
        """Those of the tables that may have changed, or of which nothing is remembered."""
        tables = list(tables)
        now = _witnesses(session, self.prefix, [table for table in tables if table in self.seen])
        return [table for table in tables if table not in now or now[table] != self.seen[table]]


def remember(session, prefix: str, tables: Iterable[str]) -> Untouched:
    """What is known of small tables that stood still for a moment. To be called before they are compared."""
    rows = session.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' "
        # A write in the second of the last one would not show in its time.
        f"AND engine = 'InnoDB' AND data_length <= {SMALL} AND (update_time IS NULL OR update_time < SYSDATE() - INTERVAL 1 SECOND)"
    )
    small = {row[0].decode() for row in rows}
    return Untouched(prefix, _witnesses(session, prefix, [table for table in sorted(tables) if prefix + table in small]))


def _witnesses(session, prefix: str, tables: List[str]) -> Dict[str, Witness]:
    """Of those that are there."""
    if not tables:
        return {}
    names = ", ".join(literal(prefix + table) for table in tables)
    rows = session.query(f"SELECT table_name, update_time FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ({names})")
    times = {name.decode(): time for name, time in rows}
    sums = session.query(f"CHECKSUM TABLE {', '.join(ident(prefix + table) for table in tables)}")
    return {table: (row[1], times.get(prefix + table)) for table, row in zip(tables, sums) if row[1] is not None}
