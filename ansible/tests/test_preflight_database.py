"""What the preflight asks of the target's database and disks, on a real server."""
import json
import os
import tempfile
import time
import unittest
from unittest import mock

from belay.bundle.rowfile import write_rows
from belay.database.mysql import Session
from belay.errors import BelayError
from belay.switch import preflight_database as preflight
from belay.switch import preflight_room
from belay.wordpress.runtime import check_modes, runtime_of

from .switchbench import Bench


class PreflightCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = Bench()
        cls.addClassCleanup(cls.bench.close)

    def setUp(self):
        self.site = self.bench.fresh()
        self.sql = lambda text: self.bench.rows(self.site, text)
        self.session = Session(self.site)
        self.addCleanup(self.session.close)

    def assert_code(self, code, call, *arguments):
        with self.assertRaises(BelayError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, code)
        self.assertTrue(caught.exception.remedy)
        return caught.exception.message


class Preflight(PreflightCase):
    def test_one_file_for_all_tables(self):
        preflight.check_settings(self.session)
        self.sql("SET GLOBAL innodb_file_per_table = OFF")
        self.addCleanup(self.sql, "SET GLOBAL innodb_file_per_table = ON")
        self.assert_code("FILE_PER_TABLE_OFF", preflight.check_settings, self.session)

    def test_clocks(self):
        preflight.check_clock(self.session, time.time() - 30)
        preflight.check_clock(self.session, None)
        for off in (-3600, 3600):
            self.assertIn("the runner", self.assert_code("CLOCK_OFF", preflight.check_clock, self.session, time.time() + off))
        self.session.execute(f"SET timestamp = {time.time() - 3600}")
        self.assertIn("the database server", self.assert_code("CLOCK_OFF", preflight.check_clock, self.session, time.time()))

    def test_other_tables_than_planned(self):
        preflight.check_tables(self.site, self.session, ["things"])
        said = self.assert_code("TABLES_CHANGED", preflight.check_tables, self.site, self.session, ["options", "things", "gone"])
        self.assertIn("gone: gone", said)
        self.sql("CREATE TABLE wp_fresh (id INT)")
        said = self.assert_code("TABLES_CHANGED", preflight.check_tables, self.site, self.session, ["options", "things"])
        self.assertIn("new: fresh", said)

    def test_wordpress_updating_itself(self):
        preflight.check_updates(self.site, self.session)
        name = "auto_updater.lock"
        self.sql(f"INSERT INTO wp_options (option_name, option_value) VALUES ('{name}', '{int(time.time()) - 7200}')")
        preflight.check_updates(self.site, self.session)
        self.sql(f"UPDATE wp_options SET option_value = '{int(time.time())}' WHERE option_name = '{name}'")
        self.assertIn(name, self.assert_code("UPDATE_RUNNING", preflight.check_updates, self.site, self.session))
        self.sql(f"DELETE FROM wp_options WHERE option_name = '{name}'")
        maintenance = os.path.join(self.site.current, ".maintenance")
        with open(maintenance, "w", encoding="utf-8"):
            pass
        self.assertIn(".maintenance", self.assert_code("UPDATE_RUNNING", preflight.check_updates, self.site, self.session))
        os.utime(maintenance, (0, 0))
        preflight.check_updates(self.site, self.session)

    def test_room_for_both_copies(self):
        self.assertEqual(preflight_room.check_room(self.site, self.session, ["things"]), [])
        free = os.statvfs(self.site.root).f_bavail * os.statvfs(self.site.root).f_frsize
        with mock.patch.object(preflight_room, "MARGIN", free + (1 << 40)):
            self.assertIn(self.site.root, self.assert_code("SPACE_MISSING", preflight_room.check_room, self.site, self.session, ["things"]))
        with mock.patch.object(preflight_room, "_tree", lambda top: (1 << 50, 0)):
            self.assertIn("more files", self.assert_code("SPACE_MISSING", preflight_room.check_room, self.site, self.session, ["things"]))
        rows = 1 << 50
        with mock.patch.object(Session, "query", _bigger(Session.query, rows)):
            said = self.assert_code("SPACE_MISSING", preflight_room.check_room, self.site, self.session, ["things"])
        self.assertIn(self.bench.server.folder, said)

    def test_a_release_that_has_arrived_tells_what_it_takes(self):
        archive = os.path.join(self.site.root, "x.tar.zst")
        with open(archive, "wb") as file:
            file.truncate(os.statvfs(self.site.root).f_bavail * os.statvfs(self.site.root).f_frsize)
        self.assertEqual(preflight_room.check_room(self.site, self.session, ["things"]), [])
        self.assert_code("SPACE_MISSING", preflight_room.check_room, self.site, self.session, ["things"], archive)

    def test_a_database_elsewhere_is_a_warning(self):
        with mock.patch("os.uname", lambda: mock.Mock(nodename="other")):
            told = preflight_room.check_room(self.site, self.session, ["things"])
        self.assertIn("whose disk Belay does not see", told[0])

    def test_collations_that_the_server_does_not_know(self):
        def file(ddl):
            path = tempfile.mktemp(dir=self.site.root)
            header = {"table": "t", "prefix": "wp_", "columns": [{"name": "id", "type": "int", "charset": None}], "key": ["id"], "ddl": ddl}
            write_rows(path, header, iter(()))
            return {"things": path}

        good = "CREATE TABLE `t` (`id` int, `word` text CHARACTER SET latin1 COLLATE latin1_swedish_ci COMMENT 'COLLATE nothing_ci') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci"
        preflight.check_collations(self.session, file(good))
        said = self.assert_code("COLLATION_MISSING", preflight.check_collations, self.session, file(good.replace("utf8mb4_unicode_520_ci", "utf8mb4_0900_ai_ci")))
        self.assertIn("things (utf8mb4_0900_ai_ci)", said)
        self.assert_code("COLLATION_MISSING", preflight.check_collations, self.session, file(good.replace("latin1_swedish_ci", "latin1_klingon_ci")))
        if self.bench.server.sql("SELECT 1 FROM information_schema.collations WHERE collation_name = 'uca1400_ai_ci'"):
            preflight.check_collations(self.session, file(good.replace("utf8mb4_unicode_520_ci", "utf8mb4_uca1400_ai_ci")))


def _bigger(original, size):
    def query(session, sql):
        return [(str(size).encode(),)] if "data_length" in sql else original(session, sql)

    return query


CRON = {
    b"shop_daily": b'a:1:{s:1:"k";a:3:{s:8:"schedule";s:5:"daily";s:4:"args";a:0:{}s:8:"interval";i:86400;}}',
    b"shop_once": b'a:1:{s:1:"k";a:2:{s:8:"schedule";b:0;s:4:"args";a:0:{}}}',
    b"wp_version_check": b'a:1:{s:1:"k";a:3:{s:8:"schedule";s:10:"twicedaily";s:4:"args";a:0:{}s:8:"interval";i:1;}}',
}


class Runtime(PreflightCase):
    def option(self, name, value):
        self.session.execute(f"INSERT INTO wp_options (option_name, option_value) VALUES ('{name}', X'{value.hex()}')")

    def test_events_roles_and_modes_of_a_site(self):
        self.assertEqual(tuple(runtime_of(self.site, self.session)), ([], [], {}))
        events = b"".join(b's:%d:"%s";%s' % (len(hook), hook, times) for hook, times in CRON.items())
        self.option("cron", b'a:2:{i:1900000000;a:3:{%s}s:7:"version";i:2;}' % events)
        self.option("wp_user_roles", b'a:2:{s:6:"editor";a:0:{}s:7:"cashier";a:0:{}}')
        self.option("woocommerce_version", b"9.0")
        found = runtime_of(self.site, self.session)
        self.assertEqual(tuple(found), (["shop_daily"], ["cashier", "editor"], {"woocommerce_custom_orders_table_enabled": "no"}))
        json.dumps(found._asdict())

    def test_orders_kept_in_different_places(self):
        mode = "woocommerce_custom_orders_table_enabled"
        check_modes({}, {mode: "yes"})
        check_modes({mode: "yes"}, {})
        check_modes({mode: "yes"}, {mode: "yes"})
        self.assert_code("MODES_DIFFER", check_modes, {mode: "yes"}, {mode: "no"})


if __name__ == "__main__":
    unittest.main()
