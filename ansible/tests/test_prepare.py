"""Preparing a host, and the checks of the preflight, on a real database server."""
import dataclasses
import os
import tempfile
import unittest

from belay.hold import prepare

from belay.switch import preflight, switchable

from belay.wordpress import wordpress
from belay.errors import BelayError
from belay.hold.hold import Hold, Version
from belay.database.mysql import Session
from belay.scope.rules import Rules

from .switchbench import HOLD_PHP, NEW, OLD, Bench


class PrepareCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = Bench()
        cls.addClassCleanup(cls.bench.close)

    def setUp(self):
        self.site = self.bench.fresh()
        self.hold = Hold(os.path.join(self.site.belay, "hold"))
        self.sql = lambda text: self.bench.rows(self.site, text)
        self.session = Session(self.site)
        self.addCleanup(self.session.close)

    def prepare(self, site=None):
        return prepare.prepare(site or self.site, self.session, HOLD_PHP, lambda path: {})

    def assert_code(self, code, call, *arguments):
        with self.assertRaises(BelayError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, code)
        self.assertTrue(caught.exception.remedy)


class Prepare(PrepareCase):
    def test_a_second_run_changes_nothing(self):
        before = self.look()
        self.assertEqual(self.prepare(), [])
        self.assertEqual(self.look(), before)
        self.assertEqual(os.stat(self.hold.config).st_mode & 0o777, 0o640)
        self.assertEqual(self.hold.state().certain, Version(OLD, "adopted"))

    def look(self):
        found = {name: os.lstat(os.path.join(self.hold.folder, name)) for name in os.listdir(self.hold.folder)}
        return {name: (status.st_ino, status.st_mode, status.st_mtime_ns) for name, status in found.items()}

    def test_new_credentials_reach_the_hold_and_the_secret_of_the_probe_stays(self):
        secret = prepare.read_probe(self.hold)
        changed = dataclasses.replace(self.site, credentials=dataclasses.replace(self.site.credentials, password="it's\\new"))
        self.assertEqual(self.prepare(changed), ["config.php"])
        self.assertEqual(prepare.read_probe(self.hold), secret)
        with open(self.hold.config, encoding="utf-8") as file:
            self.assertIn(r"'password' => 'it\'s\\new'", file.read())

    def test_a_lost_state_comes_back_from_the_table(self):
        os.unlink(self.hold.state_link)
        self.assertEqual(self.prepare(), ["link state"])
        os.unlink(self.hold.state_link)
        os.unlink(self.site.current)
        os.symlink(f"releases/{NEW}", self.site.current)
        self.assert_code("RELEASE_MISMATCH", self.prepare)


class Preflight(PrepareCase):
    def check_tables(self, *tables):
        switchable.check_live(self.site, self.session, list(tables))

    def test_tables_that_can_be_switched_pass(self):
        self.check_tables("things")
        preflight.check_rights(self.site, self.session)
        preflight.check_server(self.session)
        self.assertEqual([name for name in self.bench.tables(self.site) if "probe" in name], [])

    def test_what_a_rename_would_tear_apart_is_refused(self):
        cases = {
            "TRIGGERS_ON_TABLE": "CREATE TRIGGER t BEFORE INSERT ON wp_things FOR EACH ROW SET NEW.word = 'x'",
            "FOREIGN_KEYS": "CREATE TABLE wp_parts (thing INT, FOREIGN KEY (thing) REFERENCES wp_things (id)) ENGINE=InnoDB",
            "ENGINE_UNSUPPORTED": "ALTER TABLE wp_things ENGINE=MyISAM",
            "SEQUENCES": "CREATE SEQUENCE wp_seq; ALTER TABLE wp_things MODIFY id INT DEFAULT NEXTVAL(wp_seq)",
        }
        for code, statement in cases.items():
            with self.subTest(code):
                self.site = self.bench.fresh()
                self.session.execute(f"USE {self.site.database}")
                self.sql(statement)
                self.assert_code(code, self.check_tables, "things")

    def test_an_options_table_in_which_a_name_may_come_twice_is_refused(self):
        ways = {
            "": [["theme", "2"]],
            "ADD KEY option_name (option_name)": [["theme", "2"]],
            "ADD UNIQUE KEY option_name (option_name(5), option_value(3))": [],
            "ADD UNIQUE KEY `option_name` (option_name(150))": [],
            "ADD UNIQUE KEY both_of_them (option_name, option_id)": [["theme", "2"]],
        }
        for way, twice in ways.items():
            with self.subTest(way):
                self.site = self.bench.fresh()
                self.session.execute(f"USE {self.site.database}")
                self.sql(f"ALTER TABLE wp_options DROP KEY option_name{way and ', ' + way}")
                if twice:
                    self.sql("INSERT INTO wp_options (option_name, option_value) VALUES ('theme', 'other')")
                with self.assertRaises(BelayError) as caught:
                    self.check_tables("things")
                self.assertEqual(caught.exception.code, "OPTIONS_KEY_MISSING")
                look, mend = (part.split(": ", 1)[1] for part in caught.exception.remedy.split(";")[:2])
                self.assertEqual(self.sql(look), twice)
                self.assertIn(f"({len(twice)} " if twice else "no unique key", caught.exception.message)
                self.sql("DELETE FROM wp_options WHERE option_value = 'other'")
                self.sql(mend)
                self.check_tables("things")

    def test_a_user_without_rights_is_told_what_to_grant(self):
        self.sql(f"CREATE USER poor@localhost IDENTIFIED BY 'p'; GRANT SELECT, INSERT, UPDATE, DELETE ON {self.site.database}.* TO poor@localhost")
        self.addCleanup(self.sql, "DROP USER poor@localhost")
        poor = dataclasses.replace(self.site, credentials=dataclasses.replace(self.site.credentials, user="poor", password="p"))
        with Session(poor) as session:
            self.assert_code("RIGHTS_MISSING", preflight.check_rights, poor, session)

    def test_protected_tables_and_rows_are_refused_whatever_the_plan_says(self):
        rule = {"origin": "test"}
        rules = Rules(
            ({"pattern": "posts", "class": "editorial", **rule}, {"pattern": "things", "class": "config", **rule}),
            ({"pattern": "siteurl", "class": "secret", **rule}, {"pattern": "theme", "class": "config", **rule}), (), (), (), {}, 10,
        )
        preflight.check_classes(rules, ["things"], ["theme", "unheard_of"], "wp_")
        for tables, options, code in ((["posts"], [], "TABLE_PROTECTED"), (["unheard_of"], [], "TABLE_PROTECTED"), ([], ["siteurl"], "OPTION_PROTECTED")):
            self.assert_code(code, preflight.check_classes, rules, tables, options, "wp_")

    def test_a_hold_that_nobody_runs_is_found(self):
        site = dataclasses.replace(self.site, url="http://127.0.0.1:9")
        self.assert_code("HOLD_INACTIVE", preflight.check_hold, site, self.hold, Version(OLD, "adopted"))
        os.unlink(self.hold.room)
        self.assert_code("HOLD_MISSING", preflight.check_hold, site, self.hold, Version(OLD, "adopted"))

    def test_an_older_version_of_the_database_is_refused(self):
        preflight.check_migration(("57155", "57155"), "57155")
        preflight.check_migration(("57155", None), "57155")
        preflight.check_migration(("58975", "58975"), "57155")
        self.assert_code("MIGRATION_NEEDED", preflight.check_migration, ("53496", "53496"), "57155")
        self.assert_code("MIGRATION_NEEDED", preflight.check_migration, ("57155", "53496"), "57155")

    def test_the_code_says_which_database_it_wants(self):
        for text in ("<?php\n$wp_version = '6.5.5';\n\n$wp_db_version = 57155;\n", "<?php $wp_version = '6.5.5'; $wp_db_version = 57155;"):
            with tempfile.TemporaryDirectory() as tree:
                os.mkdir(os.path.join(tree, "wp-includes"))
                with open(os.path.join(tree, "wp-includes", "version.php"), "w", encoding="utf-8") as file:
                    file.write(text)
                self.assertEqual((wordpress.version(tree), wordpress.wanted_db_version(tree)), ("6.5.5", "57155"))


if __name__ == "__main__":
    unittest.main()
