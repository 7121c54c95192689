"""The table `release`: one row that says which release the database is on, and what the switch to it moved.

It is renamed in the same statement as the site's tables, so it is true at every instant, also after a crash; and what a
later rollback has to know (`record`) can be neither lost nor ahead of the tables.
"""
import json
from dataclasses import dataclass, field
from typing import Any, Dict, Optional

from .hold import Version
from ..database.mysql import ident, literal

COLUMNS = (
    "id TINYINT UNSIGNED NOT NULL PRIMARY KEY, `release` VARCHAR(64) NOT NULL, operation VARCHAR(36) NOT NULL, record LONGTEXT NOT NULL"
)


@dataclass(frozen=True)
class Record:
    """What one switch did. Table names of the site are without prefix, names of kept tables are whole."""

    #: The version before, and the table that keeps *its* row; None for a release that was adopted as it ran.
    previous: Optional[Version] = None
    previous_row: Optional[str] = None
    #: Table -> where its rows from before this switch are kept.
    swapped: Dict[str, str] = field(default_factory=dict)
    #: Tables that exist since this switch.
    created: tuple = ()
    #: Promoted option -> hash of the value it got, None where it was removed.
    options: Dict[str, Optional[str]] = field(default_factory=dict)
    #: Where the option rows from before this switch are kept.
    options_kept: Optional[str] = None
    #: Table -> its TableFingerprint at the switch: late rows are counted against it.
    fingerprints: Dict[str, Any] = field(default_factory=dict)
    #: Tables of the last release that was rolled back to this one, kept for inspection.
    inspect: tuple = ()
    #: Unix time of that rollback.
    inspect_since: float = 0.0

    def kept(self):
        """Every table that this record refers to."""
        return {*self.needed(), *self.inspect}

    def needed(self):
        """The tables without which nobody could go back behind this switch."""
        return {name for name in (*self.swapped.values(), self.options_kept, self.previous_row) if name}

    def to_json(self):
        plain = dict(vars(self), previous=str(self.previous) if self.previous else None)
        return json.dumps(plain, sort_keys=True, ensure_ascii=True)

    @staticmethod
    def from_json(text):
        plain = json.loads(text)
        plain["previous"] = Version.parse(plain["previous"]) if plain["previous"] else None
        plain["created"] = tuple(plain["created"])
        plain["inspect"] = tuple(plain["inspect"])
        return Record(**plain)


@dataclass(frozen=True)
class CommitPoint:
    version: Version
    record: Record


def read(session, table):
    """The row of this table; None when the table does not exist, or has no row because whoever made it was killed."""
    found = session.query(f"SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = {literal(table)}")
    if not found:
        return None
    rows = session.query(f"SELECT `release`, operation, record FROM {ident(table)}")
    if not rows:
        return None
    release, operation, record = (value.decode() for value in rows[0])
    return CommitPoint(Version(release, operation), Record.from_json(record))


def write(session, table, point):
    """Make the table anew with this one row."""
    session.execute(f"DROP TABLE IF EXISTS {ident(table)}")
    session.execute(f"CREATE TABLE {ident(table)} ({COLUMNS}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin")
    values = ", ".join(literal(value) for value in (point.version.release, point.version.operation, point.record.to_json()))
    session.execute(f"INSERT INTO {ident(table)} VALUES (1, {values})")


def history(session, table):
    """The points from the active one back to the adopted release, as far as their rows are kept."""
    point = read(session, table)
    while point is not None:
        yield point
        previous = point.record.previous_row
        point = read(session, previous) if previous else None
