"""Another site in the same database, whose longer prefix begins with this one."""
import tempfile
import unittest

from belay.database.mysql import Session
from belay.fingerprint.fingerprint import fingerprint

from .mariadb import Server
from .small_site import make_site, rules

SERVER = Server()
CORE = ("options", "posts", "postmeta", "terms", "term_taxonomy", "comments")


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class OtherSites(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = make_site(SERVER, folder.name, "live", "wp_")

    def make(self, *tables):
        for table in tables:
            SERVER.sql(f"CREATE TABLE {table} (id INT PRIMARY KEY)", "live")

    def look(self):
        with Session(self.site) as session:
            found = fingerprint(self.site, session, rules())
        return sorted(found["tables"]), found["other_sites"]

    def test_it_is_left_out_and_told(self):
        before, others = self.look()
        self.assertEqual(others, [])
        self.make(*(f"wp_shop_{table}" for table in (*CORE, "orders")), *(f"wp_shop_2_{table}" for table in CORE))
        after, others = self.look()
        self.assertEqual(after, before)
        self.assertEqual(others, [{"prefix": "wp_shop_", "tables": 7}, {"prefix": "wp_shop_2_", "tables": 6}])

    def test_tables_that_only_begin_like_one_stay(self):
        self.make(*(f"wp_shop_{table}" for table in CORE[1:]), "wp_shop_orders")
        tables, others = self.look()
        self.assertEqual(others, [])
        self.assertIn("shop_orders", tables)


if __name__ == "__main__":
    unittest.main()
