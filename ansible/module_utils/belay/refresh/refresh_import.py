"""The source's half of a refresh: tables are loaded beside the live ones and change places in one statement; files follow.

Until the RENAME nothing of the source has changed; after it everything may be done again. So a refresh that died
anywhere is simply run again.
"""
from __future__ import annotations

import os
from typing import Callable, Dict, List, Optional

from ..bundle import bundle
from ..database import names
from ..switch import late_rows, leftovers
from ..wordpress import object_cache
from ..errors import BelayError
from ..database.mysql import Session, ident, literal
from ..bundle.optionfile import import_options
from ..wordpress.own_settings import CACHES, in_test_mode_rows, settings_of_clone
from .refresh_archive import Unpacked
from .refresh_check import Expectation, files_kept
from .refresh_files import Seen, Wanted, look_at, make_equal
from .refresh_scope import TAKEN, Scope
from .refresh_swap import Swap, swap
from ..bundle.rewrite import Rewriter
from ..text import raw, readable

_MARGIN = 1000


class Refresh:
    """One refresh of a site from an unpacked archive: `folder` with its `manifest`. `expected`: see refresh_check.py."""

    def __init__(self, site, rules, scope: Scope, unpacked: Unpacked, expected: Optional[dict] = None):
        self.site, self.rules, self.scope = site, rules, scope
        self._folder, self._manifest = unpacked
        self._expectation = Expectation(site, rules, expected)
        origin = self._manifest["source"]
        self._prefix = origin["prefix"]
        self._rewriter = Rewriter([(origin["url"], site.url), (origin["root"], site.root)])
        self._tables: List[str] = sorted(self._manifest["tables"])
        self._seen: Dict[str, Seen] = {}

    def data(self) -> List[dict]:
        """Loads the tables and swaps them in -> `[{table, rows}]`. Raises BelayError; then the live tables are as they were."""
        with Session(self.site) as session:
            self._drop_copies(session)
            self._refuse_ties(session)
            loaded = [{"table": table, "rows": self._load(session, table)} for table in self._tables]
            self._seen = {place: look_at(self.site, self._listed, place) for place in self._manifest["files"]}
            self._expectation.files()
            self._swap(session, *self._options(session))
            self._drop_copies(session)
        return loaded

    def files(self) -> int:
        """Makes the protected files equal to the target's -> how many were written or removed. After `data`.

        Files that somebody changed since then stay; they are named by REFRESH_FILES_KEPT when everything else is done.
        """
        folder = os.path.join(self._folder, "files")
        done = [make_equal(self._seen[place], Wanted(place, listing, folder)) for place, listing in self._manifest["files"].items()]
        left = ["%s/%s" % (place, name) for place, one in zip(self._manifest["files"], done) for name in one.left]
        if left:
            raise files_kept(left)
        return sum(one.count for one in done)

    @property
    def _listed(self):
        return self.scope.files(self.rules)

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

    def _options(self, session):
        """The shadow of the options: of a clone the original's rows with its own settings, otherwise its own rows with the original's.

        -> how late rows are found (None for a clone), and the rows that the refresh decides.
        """
        site = self.site
        shadow, live = names.shadow(site, "options"), site.prefix + "options"
        if self.scope.initial:
            options, late = late_rows.describe(session, shadow, "", shadow), None
            rows = dict(session.query("SELECT option_name, option_value FROM %s" % ident(shadow)))
            changes = settings_of_clone({readable(name): value for name, value in rows.items()}, site.url, self._rewriter)
        else:
            options = late = late_rows.describe(session, live, names.base(site, "options"), shadow)
            late_rows.make(session, options)
            changes = self._changes(session, options.base)
        decided = {raw(name): row for name, row in changes.items()}
        late_rows.apply(session, options, decided)
        session.execute("DELETE FROM %s WHERE %s" % (ident(shadow), " OR ".join("option_name LIKE '%s'" % pattern for pattern in CACHES)))
        return late, decided

    def _changes(self, session, live: str) -> Dict[str, Optional[dict]]:
        changes = in_test_mode_rows(import_options(os.path.join(self._folder, "options.jsonl"), self._rewriter))
        theirs = set(self._manifest["options"]) | self.scope.keep_options
        for (row,) in session.query("SELECT option_name FROM %s" % ident(live)):
            name = readable(row)
            # A row that only this side has, of a kind that is the original's to say: the original removed it.
            if name not in theirs and self.rules.option(name, self.site.prefix) in TAKEN:
                changes[name] = None
        return {**changes, "rewrite_rules": None}

    def _swap(self, session, late: Optional[late_rows.Options], decided: dict) -> None:
        def look(places: Dict[str, str]) -> None:
            options = places.pop("options", None)
            self._expectation.tables(session, places)
            if options is not None:
                self._expectation.options(session, options, [readable(name) for name in decided])

        tables = sorted({*self._tables, "options"})
        swap(Swap(self.site, session, tables, look, late, frozenset(decided), self._flush()))

    def _flush(self) -> Optional[Callable[[], None]]:
        """A salt that is new with every switch does not help here: a refresh is none, the source stays on its release."""
        if self.scope.initial or not object_cache.needs_flush(self.site, held=False):
            return None
        return lambda: object_cache.flush(self.site)


def _counter(session, full: str) -> int:
    rows = session.query("SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s" % literal(full))
    return int(rows[0][0]) if rows and rows[0][0] else 0
