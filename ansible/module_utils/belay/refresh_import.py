"""The source's half of a refresh: tables are loaded beside the live ones and change places in one statement; files follow.

Until the RENAME nothing of the source has changed; after it everything may be done again. So a refresh that died
anywhere is simply run again.
"""
from __future__ import annotations

import os
import shutil
import tempfile
import time
from typing import Dict, List, Optional

from . import bundle, commit_point, late_rows, leftovers, names, object_cache
from .errors import BelayError
from .hold import Hold, Version
from .links import replace_link, sync_folder
from .mysql import Session, SqlError, ident, literal
from .optionfile import import_options
from .own_settings import CACHES, settings_of_clone
from .refresh_export import TAKEN, Scope
from .refresh_files import Wanted, make_equal
from .rewrite import Rewriter
from .text import raw, readable
from .extract import extract

_MARGIN = 1000
_RENAME_WAIT_S = 10.0
_LOCK_WAIT_TIMEOUT = 1205


class Refresh:
    """One refresh of a site from an unpacked archive: `folder` with its `manifest`."""

    def __init__(self, site, rules, scope: Scope, folder: str, manifest: dict):
        self.site, self.rules, self.scope = site, rules, scope
        self._folder, self._manifest = folder, manifest
        origin = manifest["source"]
        self._prefix = origin["prefix"]
        self._rewriter = Rewriter([(origin["url"], site.url), (origin["root"], site.root)])
        self._tables: List[str] = sorted(manifest["tables"])

    def data(self) -> List[dict]:
        """Loads the tables and swaps them in -> `[{table, rows}]`. Raises BelayError; then the live tables are as they were."""
        with Session(self.site) as session:
            self._drop_copies(session)
            self._refuse_ties(session)
            loaded = [{"table": table, "rows": self._load(session, table)} for table in self._tables]
            self._options(session)
            self._swap(session)
            if not self.scope.initial and object_cache.needs_flush(self.site):
                object_cache.flush(self.site)
            self._drop_copies(session)
        return loaded

    def files(self) -> int:
        """Makes the protected files equal to the target's -> how many were written or removed."""
        folder = os.path.join(self._folder, "files")
        return sum(make_equal(self.site, self.rules, place, Wanted(listing, folder)) for place, listing in self._manifest["files"].items())

    def _drop_copies(self, session) -> None:
        session.execute("SET SESSION foreign_key_checks = 0")
        leftovers.drop_copies(self.site, session)
        session.execute("SET SESSION foreign_key_checks = 1")

    def _load(self, session, table: str) -> int:
        site = self.site
        target = bundle.Target(names.shadow(site, table), self._reference, _counter(session, site.prefix + table) + _MARGIN, (self._prefix, site.prefix))
        return bundle.import_table(session, os.path.join(self._folder, "tables", table + ".rows"), target, self._rewriter)

    def _reference(self, table: str) -> str:
        """Both sides of a foreign key move together, or the parent stays."""
        return names.shadow(self.site, table) if table in self._tables else self.site.prefix + table

    def _refuse_ties(self, session) -> None:
        """Triggers and foreign keys of tables that stay would follow the old tables."""
        full = {self.site.prefix + table for table in self._tables}
        listed = ", ".join(map(literal, sorted(full | {self.site.prefix + "options"})))
        triggers = session.query("SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = DATABASE() AND event_object_table IN (%s)" % listed)
        ties = session.query(
            "SELECT table_name FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() AND referenced_table_name IN (%s)" % listed
        )
        tied = {name.decode() for (name,) in ties if not names.is_reserved(self.site, name.decode())} - full
        if triggers or tied:
            what = "trigger %s" % triggers[0][0].decode() if triggers else "foreign keys of table %s" % sorted(tied)[0]
            raise BelayError("REFRESH_TIED", "The %s would follow the tables that a refresh replaces." % what, "Remove it from the source, then comment `/refresh` again.")

    def _options(self, session) -> None:
        """The shadow of the options: of a clone the original's rows with its own settings, otherwise its own rows with the original's."""
        site = self.site
        shadow, live = names.shadow(site, "options"), site.prefix + "options"
        if self.scope.initial:
            options = late_rows.describe(session, shadow, "", shadow)
            rows = dict(session.query("SELECT option_name, option_value FROM %s" % ident(shadow)))
            changes = settings_of_clone({readable(name): value for name, value in rows.items()}, site.url, self._rewriter)
        else:
            options = late_rows.describe(session, live, names.base(site, "options"), shadow)
            late_rows.make(session, options)
            changes = self._changes(session, live)
        late_rows.apply(session, options, {raw(name): row for name, row in changes.items()})
        session.execute("DELETE FROM %s WHERE %s" % (ident(shadow), " OR ".join("option_name LIKE '%s'" % pattern for pattern in CACHES)))
        leftovers.drop(session, [names.base(site, "options")])

    def _changes(self, session, live: str) -> Dict[str, Optional[dict]]:
        changes = import_options(os.path.join(self._folder, "options.jsonl"), self._rewriter)
        theirs = set(self._manifest["options"]) | self.scope.keep_options
        for (row,) in session.query("SELECT option_name FROM %s" % ident(live)):
            name = readable(row)
            # A row that only this side has, of a kind that is the original's to say: the original removed it.
            if name not in theirs and self.rules.option(name, self.site.prefix) in TAKEN:
                changes[name] = None
        return {**changes, "rewrite_rules": None}

    def _swap(self, session) -> None:
        """The point of no return: one RENAME TABLE for all of it."""
        site, moves = self.site, []
        for table in sorted({*self._tables, "options"}):
            live = site.prefix + table
            if leftovers.exists(session, live):
                moves.append((live, names.base(site, table)))
            moves.append((names.shadow(site, table), live))
        statement = "RENAME TABLE " + ", ".join("%s TO %s" % (ident(old), ident(new)) for old, new in moves)
        _with_quick_locks(session, statement)


def open_refresh(site, rules, scope: Scope, archive: str, digest: str):
    """A folder with the archive's content, verified, and the Refresh that works from it."""
    incoming = os.path.join(site.belay, "incoming")
    os.makedirs(incoming, exist_ok=True)
    for old in os.listdir(incoming):
        if old.startswith("refresh-") and os.path.isdir(os.path.join(incoming, old)):
            shutil.rmtree(os.path.join(incoming, old))
    folder = tempfile.mkdtemp(prefix="refresh-", dir=incoming)
    return folder, Refresh(site, rules, scope, folder, extract(archive, digest, folder))


def activate_clone(site, release: str, operation_id: str) -> None:
    """Points a first clone at its code, and tells the table `release` and the hold's link so."""
    replace_link(site.current, "releases/" + release)
    sync_folder(site.root)
    version = Version(release, operation_id)
    with Session(site) as session:
        commit_point.write(session, names.release_table(site), commit_point.CommitPoint(version, commit_point.Record()))
    hold = Hold(os.path.join(site.belay, "hold"))
    if os.path.isdir(hold.folder):
        replace_link(hold.state_link, str(version))


def _counter(session, full: str) -> int:
    rows = session.query("SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s" % literal(full))
    return int(rows[0][0]) if rows and rows[0][0] else 0


def _with_quick_locks(session, statement: str) -> None:
    """A waiting RENAME stalls every later reader, so it never waits long: it asks again."""
    deadline = time.monotonic() + _RENAME_WAIT_S
    session.execute("SET SESSION lock_wait_timeout = 1")
    while True:
        try:
            session.execute(statement)
            return
        except SqlError as error:
            if error.errno != _LOCK_WAIT_TIMEOUT or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
