"""Tables that nobody has written to, told by a real server."""
import unittest

from belay.database.mysql import Session
from belay.switch import untouched

from .switchbench import Bench


class UntouchedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = Bench()

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def setUp(self):
        self.site = self.bench.fresh()
        self.bench.rows(self.site, "CREATE TABLE wp_more LIKE wp_things; INSERT INTO wp_more SELECT * FROM wp_things; CREATE VIEW wp_seen AS SELECT * FROM wp_things; DO SLEEP(2.1)")

    def since(self, change, tables=("things", "more")):
        with Session(self.site) as session:
            before = untouched.remember(session, "wp_", ["things", "more", "seen", "gone"])
            self.bench.rows(self.site, change)
            return before.since(session, tables)

    def test_only_what_was_written_to_may_have_changed(self):
        self.assertEqual(self.since("DO 1"), [])
        self.assertEqual(self.since("UPDATE wp_things SET word = 'uno' WHERE id = 1"), ["things"])
        self.assertEqual(self.since("DELETE FROM wp_more WHERE id = 2; INSERT INTO wp_things (word) VALUES ('three')"), ["things", "more"])

    def test_a_change_that_its_checksum_does_not_show(self):
        self.assertEqual(self.since("UPDATE wp_things SET word = 'uno' WHERE id = 1; UPDATE wp_things SET word = 'one' WHERE id = 1"), ["things"])

    def test_a_table_that_was_written_to_a_moment_ago_is_not_remembered(self):
        self.bench.rows(self.site, "UPDATE wp_more SET word = 'two' WHERE id = 1")
        self.assertEqual(self.since("DO 1"), ["more"])

    def test_a_table_that_went_or_took_anothers_name_may_have_changed(self):
        self.assertEqual(self.since("UPDATE wp_more SET word = 'x'; UPDATE wp_things SET word = 'y'; RENAME TABLE wp_things TO wp_t, wp_more TO wp_things, wp_t TO wp_more"), ["things", "more"])
        self.bench.rows(self.site, "DO SLEEP(2.1)")
        self.assertEqual(self.since("DROP TABLE wp_more"), ["more"])

    def test_of_what_nothing_is_remembered_may_have_changed(self):
        self.assertEqual(self.since("DO 1", ("seen", "gone", "things", "unheard_of")), ["seen", "gone", "unheard_of"])


if __name__ == "__main__":
    unittest.main()
