"""Edits that weaker checks do not see, each by its name: a sum that such a check would take stays the same, and Belay names the rows."""
import os
import shutil
import tempfile
import unittest
from typing import NamedTuple

from belay.database.mysql import Session
from belay.host.site import Credentials, Site
from belay.scope.look import Look
from belay.scope.rules import Rules
from belay.tables import tables
from tests.mariadb import Server

SERVER = Server()
TABLE = [tables.Table("t", "BASE TABLE", "InnoDB")]
KEYS = {"number": "PRIMARY KEY (id)", "text": "PRIMARY KEY (k)", "both": "PRIMARY KEY (id, k)", "backwards": "PRIMARY KEY (id DESC)", "none": "KEY (id)"}
#: Rows 1 to 4, among 40 others.
ROWS = {
    1: ("'left'", "'right'", 41), 2: ("'1,x'", "'y'", 43), 3: ("''", "NULL", 44), 4: ("'a'", "'b'", 45),
}


class Edit(NamedTuple):
    """What changes which rows, and what stays the same: pt-table-checksum's sum, a total, or rows written one after the other."""

    sql: str
    rows: tuple
    blind: str


_CRC = "BIT_XOR(CRC32(CONCAT_WS('#', id, k, a, b, n)))"
_JOINED = "BIT_XOR(CRC32(CONCAT_WS(',', id, k, a, b, n)))"
_BARE = "BIT_XOR(CRC32(CONCAT(id, k, IFNULL(a, ''), IFNULL(b, ''), n)))"
EDITS = {
    "two columns of a row swap their values": Edit("UPDATE wp_t SET a = 'right', b = 'left' WHERE id = 1", (1,), "SUM(CRC32(a)) + SUM(CRC32(b)) + SUM(n)"),
    "two rows swap their values": Edit("UPDATE wp_t SET n = IF(id = 1, 43, 41) WHERE id IN (1, 2)", (1, 2), "BIT_XOR(CRC32(n)) + SUM(CRC32(a))"),
    "a pair that cancels in CRC32 and XOR": Edit("UPDATE wp_t SET n = n + 1 WHERE id IN (11, 12)", (11, 12), _CRC),
    "a pair that cancels in a sum": Edit("UPDATE wp_t SET n = n + IF(id = 1, 1, -1) WHERE id IN (1, 4)", (1, 4), "SUM(n)"),
    "a pair that cancels in XOR of whole values": Edit("UPDATE wp_t SET n = 7 WHERE id IN (21, 22)", (21, 22), "BIT_XOR(n)"),
    "a delimiter moves from one column to the next": Edit("UPDATE wp_t SET a = '1', b = 'x,y' WHERE id = 2", (2,), _JOINED),
    "a length and a delimiter are written into a value": Edit("UPDATE wp_t SET a = '1,x,1', b = '' WHERE id = 2", (2,), "COUNT(*)"),
    "letters move to the next column": Edit("UPDATE wp_t SET a = 'lef', b = 'tright' WHERE id = 1", (1,), _BARE),
    "an empty text instead of NULL": Edit("UPDATE wp_t SET b = '' WHERE id = 3", (3,), _BARE),
    "NULL moves to the column before": Edit("UPDATE wp_t SET a = NULL, b = '' WHERE id = 3", (3,), _CRC),
    "NULL becomes the word for it": Edit("UPDATE wp_t SET b = 'NULL' WHERE id = 3", (3,), "GROUP_CONCAT(IFNULL(b, 'NULL') ORDER BY id)"),
    "another case": Edit("UPDATE wp_t SET a = 'A' WHERE id = 4", (4,), "COUNT(DISTINCT a, b)"),
    "a space at the end": Edit("UPDATE wp_t SET a = 'a ' WHERE id = 4", (4,), "COUNT(DISTINCT a, b)"),
    "one row goes and the same comes elsewhere": Edit("UPDATE wp_t SET id = 999, k = 'elsewhere' WHERE id = 4", (4, 999), "SUM(CRC32(CONCAT_WS(',', a, b, n)))"),
}


def setUpModule():
    SERVER.start()
    SERVER.sql("CREATE DATABASE app")


def tearDownModule():
    SERVER.stop()


class NamedEditsTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belay-edits-")
        self.addCleanup(shutil.rmtree, self.root)
        self.site = Site(self.root, "http://site.example", "app", "wp_", os.getuid(), os.getgid(), Credentials("localhost", 0, SERVER.socket, "root", "app", ""))
        self.session = Session(self.site)
        self.addCleanup(self.session.close)

    def fill(self, key):
        self.session.execute(f"CREATE OR REPLACE TABLE wp_t (id INT NOT NULL, k VARCHAR(20) NOT NULL, a VARCHAR(20), b VARCHAR(20), n INT NOT NULL, {key})")
        values = [f"({row}, 'k{row}', {a}, {b}, {n})" for row, (a, b, n) in ROWS.items()]
        values += [f"({row}, 'k{row}', 'a', 'b', {44 if row in (11, 12) else 6})" for row in range(5, 45)]
        self.session.execute(f"INSERT INTO wp_t VALUES {', '.join(values)}")

    def measured(self, limit, look=Look()):
        rules = Rules(({"pattern": "*", "class": "config", "origin": "site"},), (), (), (), (), {}, limit, 1)
        return tables.measure_tables(self.site, self.session, rules, look, TABLE)

    def part(self, measured):
        return measured.facts["t"]["parts"]["config"]

    def by_key(self):
        return {row[0]: row for row in self.session.query("SELECT * FROM wp_t")}

    def test_every_edit_is_seen_and_named_whatever_the_key(self):
        for key in KEYS:
            for name in EDITS:
                with self.subTest(key=key, edit=name):
                    self.fill(KEYS[key])
                    self.seen(key, EDITS[name])

    def seen(self, key, edit):
        rows, blind = self.by_key(), self.session.query(f"SELECT {edit.blind} FROM wp_t")
        listed, indexed = self.measured(1000), self.measured(0, Look(keep_index=True))
        self.session.execute(edit.sql)
        changed = {int(row) for row, values in {*rows.items(), *self.by_key().items()} if rows.get(row) != self.by_key().get(row)}
        self.assertEqual(changed, set(edit.rows), "the edit did what its name says")
        self.assertEqual(self.session.query(f"SELECT {edit.blind} FROM wp_t"), blind, "a weaker check sees nothing")
        digest = self.part(indexed)["digest"]
        self.assertNotEqual(self.part(self.measured(0))["digest"], digest)
        self.assertEqual(self.part(listed)["digest"], digest)
        if key != "none":
            self.assertEqual(self.named_by_rows(self.part(listed)["row_hashes"], self.part(self.measured(1000))["row_hashes"]), len(edit.rows))
        changes = self.measured(0, Look(baseline_index={"tables": {"t": {"config": digest}}})).changes["t"]["config"]
        self.assertEqual(changes["changed"] + changes["added"] + changes["removed"], len(edit.rows) * (2 if key == "none" and 999 not in edit.rows else 1))

    @staticmethod
    def named_by_rows(before, after):
        return sum(before.get(key) != after.get(key) for key in {*before, *after})


if __name__ == "__main__":
    unittest.main()
