"""What the target's database must be like before a switch: its settings, its clock, its tables. Each check raises BelayError or returns warnings."""
from __future__ import annotations

import os
import re
import time
from typing import Dict, Iterable, List, Optional

from ..bundle.rowfile import read_header
from ..database.mysql import SqlError, ident, literal
from ..errors import BelayError
from ..fingerprint.fingerprint import OPTIONS, site_tables

#: How far clocks may be apart. Deadlines, ages of backups and WordPress's own times are all longer than this.
CLOCK_TOLERANCE_S = 60
#: WordPress's own locks of its updates, and for how long it believes them.
UPDATE_LOCKS = {"core_updater.lock": 900, "auto_updater.lock": 3600}
MAINTENANCE_S = 600
SHOWN = 10
_NAMED = re.compile(r"\bCOLLATE(?:\s*=\s*|\s+)(\w+)|\bCHARSET\s*=\s*(\w+)|\bCHARACTER SET(?:\s*=\s*|\s+)(\w+)", re.I)


def check_settings(session) -> None:
    """Every table in a file of its own: otherwise what a promotion copies stays in the shared file for good."""
    if session.query("SELECT @@innodb_file_per_table")[0][0] != b"1":
        raise BelayError(
            "FILE_PER_TABLE_OFF",
            "The target's database server keeps all tables in one file (innodb_file_per_table is off): it would grow with every promotion and never shrink.",
            "SET GLOBAL innodb_file_per_table = ON; and the same in the server's configuration.",
        )


def check_clock(session, runner_time: Optional[float]) -> None:
    """`runner_time`: Unix time on the runner, taken just before this step began there; None where nobody says."""
    here = time.time()
    others = {"the database server": float(session.query("SELECT UNIX_TIMESTAMP(NOW(6))")[0][0])}
    others.update({"the runner": runner_time} if runner_time else {})
    for who, told in others.items():
        if abs(here - told) > CLOCK_TOLERANCE_S:
            raise BelayError(
                "CLOCK_OFF",
                f"The clock of the target's host and that of {who} are {abs(here - told):.0f} s apart (at most {CLOCK_TOLERANCE_S} s are allowed): "
                "ages of backups and deadlines would mean nothing.",
                "Let both keep time by NTP (timedatectl set-ntp true), then try again.",
            )


def check_tables(site, session, planned: Iterable[str]) -> None:
    """The target has exactly the tables that the plan was made for; a plan does not name the options."""
    now, then = ({*tables} - {OPTIONS} for tables in ((table.name for table in site_tables(site, session)), planned))
    if now != then:
        new, gone = (", ".join(sorted(names)[:SHOWN]) for names in (now - then, then - now))
        said = "; ".join([*([f"new: {new}"] if new else []), *([f"gone: {gone}"] if gone else [])])
        raise BelayError("TABLES_CHANGED", f"The target has other tables than the plan was made for ({said}).", "Make a new plan: comment `/plan`.")


def check_updates(site, session) -> None:
    """WordPress is not updating itself at this moment."""
    listed = ", ".join(literal(name) for name in UPDATE_LOCKS)
    rows = session.query(f"SELECT option_name, option_value FROM {ident(site.prefix + 'options')} WHERE option_name IN ({listed})")
    running = [name.decode() for name, since in rows if since.isdigit() and time.time() - int(since) < UPDATE_LOCKS[name.decode()]]
    if _age(os.path.join(site.current, ".maintenance")) < MAINTENANCE_S:
        running.append(".maintenance")
    if running:
        raise BelayError(
            "UPDATE_RUNNING",
            f"WordPress is being updated on {site.url} ({', '.join(running)}).",
            "Wait until the update has ended, and see that no automatic update runs on this site; then promote again.",
        )


def _age(path: str) -> float:
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return float("inf")


def check_collations(session, files: Dict[str, str]) -> None:
    """The server knows every character set and collation of the release's tables: {table: its file}."""
    columns = session.query("SELECT collation_name, character_set_name FROM information_schema.collations")
    known = {value.decode().lower() for row in columns for value in row if value is not None} | {"default"}
    known |= {name.decode().lower() for name, in _full_names(session)}
    unknown = {}
    for table, path in files.items():
        named = {next(filter(None, found)).lower() for found in _NAMED.findall(_without_texts(read_header(path)["ddl"]))}
        if named - known:
            unknown[table] = sorted(named - known)
    if unknown:
        said = ", ".join(f"{table} ({', '.join(names)})" for table, names in sorted(unknown.items()))
        raise BelayError(
            "COLLATION_MISSING",
            f"The target's database server does not know what these tables of the release are sorted by: {said}.",
            "Convert them on the source, for example: ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci; then comment `/plan`.",
        )


def _full_names(session) -> list:
    """Collations that belong to several character sets, as tables name them; servers before MariaDB 10.10 have none."""
    try:
        return session.query(
            "SELECT full_collation_name FROM information_schema.collation_character_set_applicability WHERE full_collation_name IS NOT NULL"
        )
    except SqlError:
        return []


def _without_texts(ddl: str) -> str:
    """Comments and default values may say anything."""
    return re.sub(r"'(?:[^'\\]|''|\\.)*'|`(?:[^`]|``)*`", "''", ddl)
