"""The fingerprint of an environment (facts.ts): every table of the site at one instant, option rows one by one, files and code."""
from __future__ import annotations

import contextlib
import hashlib
import os
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional

from ..database import names
from ..wordpress import wordpress
from ..errors import BelayError
from .filemeasure import measure, measure_files
from ..scope.look import Look
from ..database.mysql import ident, literal
from .references import references
from ..report import now
from ..scope.rules import Rules
from .shown_values import shown
from ..host.site import multisite
from ..tables.table_shape import shape_of, under
from ..tables.tables import Table, Tables, measure_tables, tables_of_one_instant
from ..text import raw, readable

#: Another text here means that old digests cannot be compared with new ones.
ALGORITHM = "belay-2"
OPTIONS = "options"
#: Tables that every WordPress has; where all of them exist under a longer prefix, that is another site.
_CORE = ("options", "posts", "postmeta", "terms", "term_taxonomy", "comments")
_CONFIG = "config"


class Measured(NamedTuple):
    """The Fingerprint, Differences and option_values of facts.ts; `warnings` are sentences for the operator."""

    fingerprint: dict
    differences: dict
    option_values: Dict[str, Optional[str]]
    warnings: List[str]

    def facts(self) -> dict:
        return {"fingerprint": self.fingerprint, "differences": self.differences, "option_values": self.option_values}


def fingerprint(site, session, rules: Rules, look: Look = Look()) -> dict:
    """Fingerprint of the environment, as `compare` takes it."""
    return compare(site, session, rules, look).fingerprint


def compare(site, session, rules: Rules, look: Look) -> Measured:
    """Fingerprint of the environment, and how it differs from what `look` says. No writer waits for it for more than a moment; hold
    the host's lock, so that no switch happens meanwhile.

    Within a snapshot of the caller all of the database is read in it, by this session alone; otherwise by `rules.workers` of them.
    The options table is not among `tables`: its rows are classified, hashed and promoted one by one, never as a whole.
    Raises BelayError TABLES_MISSING, MULTISITE_UNSUPPORTED, ENGINE_UNSUPPORTED, TABLE_UNSTABLE, and those of filescan.py.
    """
    with _look(site, session, rules, look, _measured_once) as found:
        return found


@contextlib.contextmanager
def compared(site, session, rules: Rules, look: Look) -> Iterator[Measured]:
    """As `compare`, all of the database at one instant, which the session still sees within the block: what is exported in it is what
    was measured."""
    with _look(site, session, rules, look, tables_of_one_instant) as found:
        yield found


@contextlib.contextmanager
def _measured_once(*given) -> Iterator[Tables]:
    yield measure_tables(*given)


@contextlib.contextmanager
def _look(site, session, rules: Rules, look: Look, measured_by) -> Iterator[Measured]:
    release = site.active_release()
    tables = [table for table in site_tables(site, session) if table.name != OPTIONS]
    _require_innodb(site, tables)
    facts: dict = {}
    values: Dict[str, Optional[str]] = {}

    def first(session) -> None:
        facts["taken_at"] = now()
        facts.update(_rows_of_options(site, session, rules))
        values.update(_option_values(site, session, rules, (look.baseline_options, facts["options"])))

    with measured_by(site, session, rules, look, tables, first) as measured:
        files = measure_files(site, rules, look)
        taken = {
            "algorithm": ALGORITHM,
            "server_version": session.server_version,
            **facts,
            "tables": measured.facts,
            "other_sites": other_sites(site, session),
            **files.facts,
            "active_release": release,
        }
        yield Measured(taken, {"tables": measured.changes, **files.differences}, values, measured.warnings + files.warnings)


def site_tables(site, session) -> List[Table]:
    """The tables and views of this site: those under its prefix, without Belay's own and without another site's whose
    longer prefix begins with this one."""
    found = _under_prefix(site, session)
    _require_single_site(site, found)
    longer = _longer_prefixes(site.prefix, found)
    own = sorted(name for name in found if not name.startswith(longer))
    return [Table(name[len(site.prefix):], *found[name]) for name in own]


def other_sites(site, session) -> List[dict]:
    """`{prefix, tables}` of every other site whose tables `site_tables` leaves out: nobody would miss them in a plan otherwise."""
    found = _under_prefix(site, session)
    longer = sorted(_longer_prefixes(site.prefix, found), key=len, reverse=True)
    owners = [next((start for start in longer if name.startswith(start)), None) for name in found]
    return [{"prefix": start, "tables": owners.count(start)} for start in sorted(longer)]


def _under_prefix(site, session) -> Dict[str, tuple]:
    rows = session.query(
        "SELECT table_name, table_type, IFNULL(engine, '') FROM information_schema.tables "
        f"WHERE {under(site.prefix)}"
    )
    return {name.decode(): (kind.decode(), engine.decode()) for name, kind, engine in rows if not names.is_any_reserved(name.decode())}


def is_empty(site, session) -> bool:
    """Whether the environment waits for its first clone: no release, and no table of its own."""
    has_code = os.path.lexists(site.current) or (os.path.isdir(site.releases) and os.listdir(site.releases) != [])
    return not has_code and not session.query(f"SELECT 1 FROM information_schema.tables WHERE {under(site.prefix)} LIMIT 1")


def options_fingerprint(session, site, rules: Rules, full_name: str, wanted: Optional[Iterable[str]] = None) -> Dict[str, dict]:
    """{name: {class, hash}} of the rows of an options table that are not noise, or of exactly the `wanted` names.

    The hash covers value and autoload, as hashed in any other table. Where a table without its unique key holds a name more than
    once, it covers all of these rows.
    """
    shape = shape_of(session, full_name)
    if shape is None:
        return {}
    chosen = None if wanted is None else set(wanted)
    sql = f"SELECT option_name, {shape.row_hash(('option_id', 'option_name'))} FROM {ident(full_name)}{_where(chosen)} ORDER BY option_name, option_id"
    found = {}
    for name_bytes, row_hash in session.stream(sql):
        name = readable(name_bytes or b"")
        kind = rules.option(name, site.prefix)
        if kind != "noise" if chosen is None else name in chosen:
            found[name] = {"class": kind, "hash": _also(found.get(name), row_hash.decode())}
    return found


def _also(before: Optional[dict], row_hash: str) -> str:
    return row_hash if before is None else hashlib.sha256((before["hash"] + row_hash).encode()).hexdigest()


def _where(names: Optional[set]) -> str:
    """A condition for at least the rows of these names; a name that is not as it reads is looked for among all."""
    if not names or any("\\" in name for name in names):
        return ""
    return f" WHERE option_name IN ({', '.join(f'_utf8mb4 {literal(name)}' for name in sorted(names))})"


def protected_files(site, rules: Rules, path: str) -> dict:
    """FilesFingerprint of a protected path of the code tree, wherever its link leads inside the site's root."""
    return measure(site, rules, path).facts


def db_version(session, site) -> str:
    rows = session.query(f"SELECT option_value FROM {ident(site.prefix + OPTIONS)} WHERE option_name = 'db_version'")
    return rows[0][0].decode() if rows and rows[0][0] else ""


def _rows_of_options(site, session, rules: Rules) -> dict:
    return {
        "options": options_fingerprint(session, site, rules, site.prefix + OPTIONS),
        "wordpress": {"version": wordpress.version(site.tree), "db_version": db_version(session, site)},
        "references": references(session, site, rules),
    }


def _option_values(site, session, rules: Rules, sides) -> Dict[str, Optional[str]]:
    """What people may see of the rows that differ between the baseline's hashes and the present rows; None: the row is gone."""
    before, present = sides
    if before is None:
        return {}
    changed = [name for name, found in present.items() if found["hash"] != before.get(name)]
    found: Dict[str, Optional[str]] = {}
    for name, value in _values(site, session, changed):
        rule = rules.option_rule(name, site.prefix)
        text = shown(name, value, rule.name, rule.origin)
        if text is not None:
            found[name] = text
    gone = [name for name in before if name not in present and rules.option(name, site.prefix) == _CONFIG]
    return {**found, **{name: None for name in gone}}


def _values(site, session, wanted: List[str]):
    for start in range(0, len(wanted), 500):
        listed = ", ".join(literal(raw(name)) for name in wanted[start : start + 500])
        sql = f"SELECT option_name, option_value FROM {ident(site.prefix + OPTIONS)} WHERE BINARY CONVERT(option_name USING utf8mb4) IN ({listed})"
        for name, value in session.query(sql):
            yield readable(name), value or b""


def _longer_prefixes(prefix: str, found: Dict[str, tuple]) -> tuple:
    starts = {name[:-len(OPTIONS)] for name in found if name.endswith(OPTIONS)} - {prefix}
    return tuple(start for start in starts if all(start + core in found for core in _CORE))


def _require_single_site(site, found: Dict[str, tuple]) -> None:
    if site.prefix + OPTIONS not in found:
        raise BelayError(
            "TABLES_MISSING",
            f"The database `{site.database}` has no table `{site.prefix}{OPTIONS}`: there is no WordPress under the prefix `{site.prefix}`.",
            "Correct database.name and database.prefix of this environment in .github/belay.yml.",
        )
    if all(site.prefix + table in found for table in ("blogs", "site", "sitemeta")):
        raise multisite()


def _require_innodb(site, tables: List[Table]) -> None:
    others = [f"{site.prefix}{table.name} ({table.engine or 'unknown'})" for table in tables
              if table.kind not in ("VIEW", "SEQUENCE") and table.engine != "InnoDB"]
    if others:
        raise BelayError(
            "ENGINE_UNSUPPORTED",
            f"Rows of these tables change inside a snapshot, because they are not InnoDB: {', '.join(others)}.",
            "Convert each: ALTER TABLE `name` ENGINE=InnoDB;",
        )
