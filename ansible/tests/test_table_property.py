"""Random tables and edits: the verdict is that of a plain comparison, whatever way the rows are read. BELAY_SEED repeats a run."""
import os
import random
import shutil
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

from belay.tables import chunk_reader, row_gathering, row_matcher, row_windows, shared_table, table_work, tables
from belay.tables.chunks import part_digest
from belay.scope.look import Look
from belay.database.mysql import Session
from belay.scope.rules import Rules
from belay.host.site import Credentials, Site
from belay.tables.table_fingerprint import table_fingerprint
from tests.mariadb import Server
from tests.random_tables import RandomTable, compared, contents

SERVER = Server()
ROUNDS = int(os.environ.get("BELAY_ROUNDS", "40"))
TABLE = [tables.Table("t", "BASE TABLE", "InnoDB")]


def setUpModule():
    SERVER.start()
    SERVER.sql("CREATE DATABASE app")


def tearDownModule():
    SERVER.stop()


def rules_of(table, limit=100_000, workers=1):
    rule = {"pattern": "t", "class": "config", "origin": "site", "rows": table.rules}
    return Rules((rule,), (), (), (), (), {}, limit, workers)


class PropertyTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belay-property-")
        self.addCleanup(shutil.rmtree, self.root)
        self.site = Site(self.root, "http://site.example", "app", "wp_", os.getuid(), os.getgid(), Credentials("localhost", 0, SERVER.socket, "root", "app", ""))
        self.session = Session(self.site)
        self.addCleanup(self.session.close)

    def sql(self, text):
        for statement in text.split("; "):
            self.session.execute(statement)

    def measured(self, table, look=Look(), limit=100_000, workers=1):
        return tables.measure_tables(self.site, self.session, rules_of(table, limit, workers), look, TABLE)

    def test_a_table_that_outgrew_the_limit_is_still_told_row_by_row(self):
        for key in ("INT PRIMARY KEY", "VARCHAR(9) PRIMARY KEY"):
            self.sql(f"CREATE OR REPLACE TABLE wp_t (k {key}, v INT); INSERT INTO wp_t SELECT seq, seq FROM seq_1_to_80; ANALYZE TABLE wp_t")
            table = SimpleNamespace(rules=())
            was = self.measured(table, Look(keep_index=True), limit=100).facts["t"]["parts"]["config"]
            self.assertIn("row_hashes", was)
            self.sql("INSERT INTO wp_t SELECT seq, seq FROM seq_81_to_300; UPDATE wp_t SET v = 0 WHERE k = '7'; DELETE FROM wp_t WHERE k = '9'")
            now = self.measured(table, Look(baseline_index={"tables": {"t": {"config": was["digest"]}}}), limit=100)
            self.assertNotIn("row_hashes", now.facts["t"]["parts"]["config"])
            found = now.changes["t"]["config"]
            self.assertEqual((found["added"], found["changed"], found["removed"]), (220, 1, 1))

    def test_the_verdict_is_that_of_a_plain_comparison(self):
        for number in range(ROUNDS):
            seed = os.environ.get("BELAY_SEED") or str(random.randrange(1 << 32))
            with self.subTest(seed=seed, round=number):
                self.one(random.Random(seed))

    def one(self, chance):
        table = RandomTable(chance, self.sql)
        table.fill(chance.choice([0, 1, 5, 40, 120]))
        before = contents(self.session, table)
        listed = self.measured(table)
        indexed = self.measured(table, Look(keep_index=True), limit=0)
        digests = {name: part["digest"] for name, part in indexed.facts["t"]["parts"].items()}
        for _ in range(chance.choice([0, 1, 2, 5])):
            table.edit()
        after = contents(self.session, table)
        wanted = compared(before, after)
        self.same_rows(after, self.measured(table))
        if table.key != "none":
            self.assertEqual(by_row_hashes(listed, self.measured(table)), wanted)
        with mock.patch.object(row_matcher, "WAITING", chance.choice([0, 2, 8192])):
            now = self.measured(table, Look(baseline_index={"tables": {"t": digests}}), limit=0)
        changed = {name for name, part in now.facts["t"]["parts"].items() if digests.get(name, NOTHING) != part["digest"]} | (digests.keys() - now.facts["t"]["parts"].keys())
        self.assertEqual(changed, set(wanted))
        # Of a part that was not there at the baseline there is nothing to compare with.
        self.assertEqual(by_index(now, table), {name: shown(change) for name, change in wanted.items() if name in digests})
        self.any_way(table, chance, now)

    def same_rows(self, after, measured):
        rows = {name: part["rows"] for name, part in measured.facts["t"]["parts"].items() if part["rows"]}
        self.assertEqual(rows, {name: sum(found.values()) if hasattr(found, "elements") else len(found) for name, found in after.items()})

    def any_way(self, table, chance, expected):
        """Neither limits nor batches, neither the number of connections nor an encoding of theirs change a digest."""
        wanted = digests_of(expected.facts["t"])
        patches = [
            mock.patch.object(chunk_reader, "TOGETHER", chance.choice([1, 3, 32])), mock.patch.object(chunk_reader, "WINDOW", chance.choice([2, 7, 20_000])),
            mock.patch.object(chunk_reader, "JOINED_BYTES", chance.choice([64, 640, 4 << 20])), mock.patch.object(row_gathering, "PIECE", chance.choice([1, 5, 4096])),
            mock.patch.object(row_windows, "FEWEST", 1),
            mock.patch.object(table_work, "ANY_LARGE", 0), mock.patch.object(table_work, "LARGE", 0), mock.patch.object(shared_table, "SMALLEST", chance.choice([1, 64])),
        ]
        for patch in patches:
            patch.start()
        try:
            for look in (Look(), Look(keep_index=True)):
                shared = self.measured(table, look, limit=chance.choice([0, 3]), workers=chance.choice([2, 3]))
                self.assertEqual(digests_of(shared.facts["t"]), wanted)
                self.assertEqual(shared.warnings, [])
            self.assertEqual(digests_of(table_fingerprint(self.session, self.site, rules_of(table, 0), "wp_t", "t")), wanted)
        finally:
            for patch in patches:
                patch.stop()


NOTHING = part_digest([])


def digests_of(facts):
    return {name: (part["rows"], part["digest"]) for name, part in facts["parts"].items()}


def by_row_hashes(before, after):
    def hashes(measured):
        return {name: part["row_hashes"] for name, part in measured.facts["t"]["parts"].items()}

    return compared(hashes(before), hashes(after))


def by_index(measured, table):
    found = {}
    for name, change in measured.changes.get("t", {}).items():
        keys = [{key["key"] for key in change["keys"] if key["change"] == letter} for letter in "+~-"]
        counts = (change["added"], change["changed"], change["removed"])
        found[name] = (counts, counts if table.key == "none" else tuple(len(one) for one in keys), None if table.key == "none" else keys)
    return found


def shown(change):
    if isinstance(change[0], int):
        return change, change, None
    counts = tuple(map(len, change))
    return counts, counts, [set(one) for one in change]


if __name__ == "__main__":
    unittest.main()
