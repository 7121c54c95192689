"""Two small sites of which one is refreshed from the other, for tests."""
import os
import tempfile
import unittest

from belay.fingerprint.fingerprint import fingerprint
from belay.database.mysql import Session
from belay.refresh.refresh_archive import unpack_archive
from belay.refresh.refresh_export import export
from belay.refresh.refresh_import import Refresh
from belay.refresh.refresh_inventory import read_inventory, take_inventory
from belay.refresh.refresh_scope import Scope

from .mariadb import Server
from .small_site import make_site, rules

SERVER = Server()
FIRST = Scope(True, clone_options=("siteurl", "home", "blog_public", "{prefix}user_roles"))


def again(keep_tables=(), keep_options=(), **more):
    return Scope(False, frozenset(keep_tables), frozenset(keep_options), **more)


class Bench(unittest.TestCase):
    """`live` has the prefix `wp_`, `staging` has `stg_`; each has its schema of that name."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.live = make_site(SERVER, self.folder, "live", "wp_")
        self.rules = rules()

    def make_staging(self, **how):
        return make_site(SERVER, self.folder, "staging", "stg_", **how)

    def bring(self, staging, scope, expected=None):
        """The archive is on the source and unpacked: what the export told, and the Refresh."""
        list_path, path = os.path.join(self.folder, "list.json"), os.path.join(self.folder, "data.tar.zst")
        with Session(staging) as session:
            take_inventory(staging, session, scope.files(self.rules), list_path)
        done = export(self.live, self.rules, scope, read_inventory(list_path), path)
        return done, Refresh(staging, self.rules, scope, unpack_archive(staging, path, done["digest"]), expected)

    def refresh(self, staging, scope, expected=None):
        done, refresh = self.bring(staging, scope, expected)
        return done, refresh.data(), refresh.files()

    def judged(self, site, keep_tables=(), keep_options=()):
        """`expected_source` as the bot makes it of a fingerprint (overwritten.ts)."""
        with Session(site) as session:
            found = fingerprint(site, session, self.rules)
        overwritten = ("editorial", "live", "config", "unclassified")
        parts = {name: {kind: part["digest"] for kind, part in table["parts"].items() if kind in (*overwritten, "secret")}
                 for name, table in found["tables"].items() if table["class"] in overwritten and name not in keep_tables}
        options = {name: row["hash"] for name, row in found["options"].items() if row["class"] in overwritten and name not in keep_options}
        return {"tables": parts, "options": options, "files": {path: listing["digest"] for path, listing in found["files"].items()}}

    def rows(self, sql):
        return SERVER.sql(sql, "staging")

    def options(self):
        return dict(SERVER.sql("SELECT option_name, option_value FROM stg_options", "staging"))
