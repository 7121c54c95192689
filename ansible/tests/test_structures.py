"""What one side tells of its tables and the other makes of it: the same as if both lay on one server."""
import json
import os
import random
import tempfile
import unittest

from belay.database.mysql import Session
from belay.fingerprint import structures
from belay.release.release import Baseline, build
from belay.scope.rules import Rules
from belay.tables.schema_snapshot import changes, snapshot
from belay.tables.table_fingerprint import table_fingerprint
from belay.wordpress.components import installed_plugins, plugins

from .mariadb import Server
from .small_site import make_site, put, rules
from .test_schema_snapshot import CASES, TABLE

SERVER = Server()


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Structures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source = make_site(SERVER, folder.name, "staging", "stg_")
        self.target = make_site(SERVER, folder.name, "live", "wp_")
        for site in (self.source, self.target):
            SERVER.sql(TABLE.replace("x_t", f"{site.prefix}t"), site.database)

    def ddl(self, site, *tables):
        with Session(site) as session:
            return {table: table_fingerprint(session, site, Rules.of(_params()), site.prefix + table, table) for table in tables}

    def told(self, known, *tables):
        """As it travels: through a report and an input."""
        with Session(self.source) as session:
            return json.loads(json.dumps(structures.told(self.source, session, self.ddl(self.source, *tables), known)))

    def compared(self, told):
        with Session(self.target) as session:
            return structures.compare(self.target, session, told)

    def both(self):
        return {table: found["ddl"] for table, found in self.ddl(self.target, "t", "posts").items()}

    def test_equal_tables_tell_nothing_but_the_options(self):
        told = self.told(self.both(), "t", "posts")
        self.assertEqual([one["table"] for one in told], ["options"])
        self.assertEqual(self.compared(told), [])

    def test_what_the_source_has_changed_is_what_is_foreseen(self):
        SERVER.sql("ALTER TABLE stg_t ADD more INT; ALTER TABLE stg_options ADD KEY by_autoload (autoload); CREATE TABLE stg_new (id INT PRIMARY KEY)", "staging")
        SERVER.sql("ALTER TABLE wp_posts ADD only_here INT", "live")
        told = self.told({**self.both(), "gone": "0" * 64}, "t", "posts", "new")
        self.assertEqual([one["table"] for one in told], ["options", "posts", "t"])
        self.assertEqual([(one["table"], one["what"], one["name"], one["effect"]) for one in self.compared(told)], [
            ("options", "index_added", "by_autoload", "additive"), ("posts", "column_removed", "only_here", "destructive"), ("t", "column_added", "more", "additive"),
        ])

    def test_tables_that_the_target_lacks_are_left_out(self):
        SERVER.sql("ALTER TABLE stg_t ADD more INT", "staging")
        told = self.told(self.both(), "t")
        SERVER.sql("RENAME TABLE wp_t TO wp_T", "live")
        self.assertEqual(self.compared(told), [])

    def test_random_changes_arrive_as_they_are(self):
        chance = random.Random(11)
        alters = [alter for alter, _, _ in CASES]
        differing = 0
        for _ in range(25):
            for site in (self.source, self.target):
                SERVER.sql(f"DROP TABLE {site.prefix}t; {TABLE.replace('x_t', f'{site.prefix}t')}", site.database)
                for alter in chance.sample(alters, 2):
                    try:
                        SERVER.sql(f"ALTER TABLE {site.prefix}t {alter}", site.database)
                    except RuntimeError:
                        continue
            with Session(self.source) as there, Session(self.target) as here:
                wanted = [one._asdict() for one in changes(snapshot(here, "wp_", ["t"]), snapshot(there, "stg_", ["t"]))]
            self.assertEqual([one for one in self.compared(self.told(self.both(), "t")) if one["table"] == "t"], wanted)
            differing += bool(wanted)
        self.assertGreater(differing, 10)

    def test_only_so_many_tables_are_told_of(self):
        many = {f"t{number:03}": {"ddl": "a"} for number in range(structures.MOST + 50)}
        SERVER.sql("; ".join(f"CREATE TABLE stg_{name} (id INT PRIMARY KEY)" for name in many), "staging")
        with Session(self.source) as session:
            told = structures.told(self.source, session, many, dict.fromkeys(many, "b"))
        self.assertEqual(len(told), structures.MOST + 1)

    def test_a_release_is_built_with_what_differs_from_the_target(self):
        SERVER.sql("ALTER TABLE stg_posts ADD more INT", "staging")
        built = build(self.source, rules(), "staging", Baseline({}, {}, self.both()))
        self.assertEqual([one["table"] for one in built["structures"]], ["options", "posts"])
        self.assertEqual(self.compared(built["structures"])[0]["name"], "more")


class Plugins(unittest.TestCase):
    def test_they_are_found_as_a_release_finds_them(self):
        with tempfile.TemporaryDirectory() as top:
            head = "<?php\n/*\n * Plugin Name: %s\n * Version: %s\n */"
            files = {"a/a.php": head % ("A", "1"), "a/part.php": "<?php", "b.php": head % ("B", ""), "c/deep/c.php": head % ("C", "1"), "readme.txt": "Plugin Name: D"}
            for name, text in files.items():
                put(top, f"wp-content/plugins/{name}", text)
            os.symlink("a", os.path.join(top, "wp-content/plugins/linked"))
            listed = {f"wp-content/plugins/{name}": "" for name in files}
            self.assertEqual(installed_plugins(top), plugins(top, listed))
            self.assertEqual(installed_plugins(top), {"a/a.php": "1", "b.php": ""})
            self.assertEqual(installed_plugins(os.path.join(top, "none")), {})


def _params():
    rule = {"pattern": "*", "class": "config", "origin": "test"}
    return {
        "table_rules": [rule], "option_rules": [rule], "protected_paths": [], "volatile_paths": [], "shared_paths": [], "reference_options": {},
        "row_limit": 100, "workers": 0,
    }


if __name__ == "__main__":
    unittest.main()
