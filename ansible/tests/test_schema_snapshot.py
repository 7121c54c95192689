"""Structures as data: what a change of them takes away, with a real database, and that the judgement is never too mild."""
import random
import unittest

from belay.database.mysql import Session
from belay.host.site import Credentials, Site
from belay.tables.schema_snapshot import ADDITIVE, DESTRUCTIVE, changes, of_plain, plain, snapshot
from tests.mariadb import Server

SERVER = Server()
TABLE = (
    "CREATE TABLE x_t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT '', note TEXT, amount INT NOT NULL DEFAULT 0, "
    "must DATE NOT NULL, KEY by_name (name), UNIQUE KEY one (amount))"
)
#: ALTER, what it is, its effect.
CASES = (
    ("ADD more INT", "column_added", ADDITIVE),
    ("ADD more INT NOT NULL DEFAULT 3", "column_added", ADDITIVE),
    ("ADD more INT NOT NULL", "column_added", DESTRUCTIVE),
    ("ADD more INT AS (amount + 1)", "column_added", ADDITIVE),
    ("DROP note", "column_removed", DESTRUCTIVE),
    ("MODIFY name VARCHAR(21) NOT NULL DEFAULT ''", "column_changed", ADDITIVE),
    ("MODIFY name VARCHAR(19) NOT NULL DEFAULT ''", "column_changed", DESTRUCTIVE),
    ("MODIFY name VARCHAR(20) NOT NULL", "column_changed", DESTRUCTIVE),
    ("MODIFY name VARCHAR(20) NULL DEFAULT ''", "column_changed", ADDITIVE),
    ("MODIFY name VARBINARY(20) NOT NULL DEFAULT ''", "column_changed", DESTRUCTIVE),
    ("MODIFY note LONGTEXT", "column_changed", ADDITIVE),
    ("MODIFY note TINYTEXT", "column_changed", DESTRUCTIVE),
    ("MODIFY note TEXT NOT NULL", "column_changed", DESTRUCTIVE),
    ("MODIFY note TEXT COLLATE utf8mb4_bin", "column_changed", DESTRUCTIVE),
    ("MODIFY amount BIGINT NOT NULL DEFAULT 0", "column_changed", ADDITIVE),
    ("MODIFY amount INT UNSIGNED NOT NULL DEFAULT 0", "column_changed", DESTRUCTIVE),
    ("MODIFY amount SMALLINT NOT NULL DEFAULT 0", "column_changed", DESTRUCTIVE),
    ("ADD KEY by_must (must)", "index_added", ADDITIVE),
    ("ADD UNIQUE KEY by_must (must)", "index_added", DESTRUCTIVE),
    ("DROP KEY by_name", "index_removed", ADDITIVE),
    ("DROP KEY one", "index_removed", ADDITIVE),
    ("DROP KEY by_name, ADD KEY by_name (name(5))", "index_changed", ADDITIVE),
    ("ENGINE=MyISAM", "table_changed", DESTRUCTIVE),
)


def setUpModule():
    SERVER.start()
    SERVER.sql("CREATE DATABASE app CHARACTER SET utf8mb4")


def tearDownModule():
    SERVER.stop()


class Snapshots(unittest.TestCase):
    def setUp(self):
        self.site = Site("/", "http://x.test", "app", "x_", 0, 0, Credentials("localhost", 3306, SERVER.socket, "root", "app", ""))
        SERVER.sql("DROP TABLE IF EXISTS x_t, x_u; " + TABLE, "app")

    def look(self):
        with Session(self.site) as session:
            return snapshot(session, "x_")

    def test_every_kind_of_change(self):
        before = self.look()
        for alter, what, effect in CASES:
            SERVER.sql(f"DROP TABLE x_t; {TABLE}; ALTER TABLE x_t {alter}", "app")
            self.assertEqual([(one.what, one.effect) for one in changes(before, self.look())], [(what, effect)], alter)

    def test_tables_that_come_and_go_and_others_that_are_no_business(self):
        before = self.look()
        SERVER.sql("CREATE TABLE x_u (id INT); CREATE TABLE y_u (id INT); CREATE VIEW x_v AS SELECT 1", "app")
        self.addCleanup(SERVER.sql, "DROP TABLE y_u; DROP VIEW x_v", "app")
        after = self.look()
        self.assertEqual([(one.table, one.what, one.effect) for one in changes(before, after)], [("u", "table_added", ADDITIVE)])
        self.assertEqual([(one.table, one.what, one.effect) for one in changes(after, before)], [("u", "table_removed", DESTRUCTIVE)])
        self.assertEqual(of_plain(plain(after)), after)

    def test_what_is_called_additive_lets_every_write_of_before_through(self):
        """Random alterations: where each of them alone is additive, a row of the old code still goes in as it was."""
        chance = random.Random(7)
        before = self.look()
        mild = [alter for alter, _, effect in CASES if effect == ADDITIVE and not alter.startswith("DROP KEY by_name,")]
        tried = 0
        for _ in range(25):
            chosen = chance.sample(mild, 3)
            SERVER.sql(f"DROP TABLE x_t; {TABLE}", "app")
            try:
                SERVER.sql(f"ALTER TABLE x_t {', '.join(chosen)}", "app")
            except RuntimeError:
                continue
            tried += 1
            self.assertEqual({one.effect for one in changes(before, self.look())}, {ADDITIVE}, chosen)
            SERVER.sql("INSERT INTO x_t (name, note, amount, must) VALUES (REPEAT('n', 20), 'x', 1, '2026-01-01'), ('', NULL, 2147483647, '2026-01-02')", "app")
            self.assertEqual(SERVER.sql("SELECT LENGTH(name), amount FROM x_t ORDER BY id", "app"), [["20", "1"], ["0", "2147483647"]])
        self.assertGreater(tried, 5)


if __name__ == "__main__":
    unittest.main()
