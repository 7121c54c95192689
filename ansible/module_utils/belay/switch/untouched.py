"""Which tables nobody has written to since they were compared: one statement for hundreds, where comparing takes several for each.

The server's checksum has 32 bits. That is enough for a table to be passed over while visitors wait: one that is replaced is compared whole
once more after the switch, and a difference leads back.
"""
from dataclasses import dataclass
from typing import Dict, Iterable, List

from ..database.mysql import ident

#: Larger tables are compared as they would be without this: their checksum takes about as long.
SMALL = 8 << 20


@dataclass(frozen=True)
class Untouched:
    prefix: str
    #: Table without prefix -> checksum.
    sums: Dict[str, bytes]

    def since(self, session, tables: Iterable[str]) -> List[str]:
        """Those of the tables that may have changed, or of which nothing is remembered."""
        tables = list(tables)
        now = _checksums(session, self.prefix, [table for table in tables if table in self.sums])
        return [table for table in tables if table not in now or now[table] != self.sums[table]]


def remember(session, prefix: str, tables: Iterable[str]) -> Untouched:
    """What small tables hold now. To be called before they are compared."""
    rows = session.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' "
        f"AND engine = 'InnoDB' AND data_length <= {SMALL}"
    )
    small = {row[0].decode() for row in rows}
    return Untouched(prefix, _checksums(session, prefix, [table for table in sorted(tables) if prefix + table in small]))


def _checksums(session, prefix, tables) -> Dict[str, bytes]:
    """Of those that are there."""
    if not tables:
        return {}
    rows = session.query(f"CHECKSUM TABLE {', '.join(ident(prefix + table) for table in tables)}")
    return {table: row[1] for table, row in zip(tables, rows) if row[1] is not None}
