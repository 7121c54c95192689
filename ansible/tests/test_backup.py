"""A backup with the real restic, loaded again into a real MariaDB: proven, or refused."""
import contextlib
import os
import subprocess
import tempfile
import unittest
from dataclasses import replace
from unittest import mock

from belay.backup import backup, backup_proof

from belay.database import dbprogram
from belay.errors import BelayError
from belay.files.files import Entry
from belay.host.memfile import memory_file
from belay.backup.restic import Restic
from belay.host.site import Credentials

from .mariadb import Server
from .small_site import make_site, put, rules

SERVER = Server()
LABELS = {"host": "production", "tags": ["belay", "test"]}


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Clients(unittest.TestCase):
    """How the database's own programs are told where to go."""

    def told(self, **changes):
        access = Credentials("localhost", 3306, SERVER.socket, "root", "mysql", "")
        with memory_file(dbprogram._options(replace(access, **changes))) as (config, handle):
            done = subprocess.run(["mariadb", "--defaults-file=" + config, "-N", "-B", "-e", "SELECT 1"], pass_fds=(handle,), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.stdout.decode() + done.stderr.decode()

    def test_a_numeric_address_is_understood(self):
        self.assertIn("::1", self.told(host="[::1]", port=1, socket=""))
        self.assertNotIn("Unknown", self.told(host="[::1]", port=1, socket=""))
        self.assertIn("1\n", self.told())


class Backups(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.site = make_site(SERVER, self.folder, "live", "wp_")
        self.password = "secret of the test"
        SERVER.sql("CREATE TABLE live.other_site (id INT); CREATE VIEW live.wp_view AS SELECT * FROM live.wp_posts; CREATE TRIGGER live.wp_t BEFORE INSERT ON live.wp_log FOR EACH ROW SET @x = 1")

    def restic(self):
        return Restic(os.path.join(self.folder, "repository"), self.password, os.path.join(self.folder, "cache"))

    def create(self):
        return backup.create(self.site, rules(), self.restic(), LABELS)

    def refused(self, code):
        with self.assertRaises(BelayError) as caught:
            self.create()
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        self.assertNotIn(self.password, caught.exception.message)
        return caught.exception.message

    def schemas(self):
        return [name for (name,) in SERVER.sql("SHOW DATABASES") if "scratch" in name]

    def test_everything_comes_back(self):
        done = self.create()
        tables = 8
        self.assertEqual((done["tables"], done["verified"]["tables"], done["verified"]["moving_rows"]), (tables, tables, 0))
        self.assertEqual(done["rows"], done["verified"]["rows"])
        self.assertEqual(done["files"], done["verified"]["files"])
        self.assertGreater(done["files"], 5)
        self.assertEqual(self.schemas(), [])
        self.assertFalse(os.path.exists(os.path.join(self.site.belay, "backup")))
        with self.restic().tar(done["snapshot"]) as stream:
            content = stream.read()
        wanted = (b"CREATE TABLE `wp_posts`", b"BEFORE INSERT", b"wp_view", b"// of live")
        self.assertEqual([text for text in wanted if text not in content], [])
        self.assertEqual([text for text in (b"other_site", b"volatile") if text in content], [])

    def test_rows_and_files_that_move_meanwhile_are_counted_and_not_compared(self):
        real = backup._dump

        def moving(*arguments):
            SERVER.sql("UPDATE wp_posts SET post_title = 'during' WHERE ID = 1; INSERT INTO wp_posts (post_title) VALUES ('new')", "live")
            dumped = real(*arguments)
            SERVER.sql("UPDATE wp_posts SET post_title = 'after' WHERE ID = 1; DELETE FROM wp_posts WHERE post_title = 'new'; INSERT INTO wp_log VALUES ('y')", "live")
            put(self.site.shared, "wp-content/uploads/a.txt", "changed")
            put(self.site.shared, "wp-content/uploads/new.txt", "new")
            return dumped

        with mock.patch.object(backup, "_dump", moving):
            done = self.create()
        self.assertEqual(done["verified"]["moving_rows"], 2, "one row was something else before, during and after; one was there only meanwhile")
        self.assertEqual(done["verified"]["files"], done["files"] - 1)

    def altered(self, old, new, word):
        real = dbprogram.loader

        @contextlib.contextmanager
        def loader(*arguments):
            with real(*arguments) as sql:
                yield mock.Mock(write=lambda data: sql.write(data.replace(old, new)))

        with mock.patch.object(dbprogram, "loader", loader):
            self.assertIn(word, self.refused("BACKUP_NOT_PROVEN"))
        self.assertEqual(self.schemas(), [])

    def test_what_came_back_different_or_not_at_all_is_not_proven(self):
        self.altered(b"'One'", b"'Ono'", "row")
        self.altered(b"`wp_keys`", b"`wp_keyz`", "wp_keys")
        self.altered(b"CREATE TABLE `wp_posts`", b"CREATE TABLE nonsense `wp_posts`", "loaded")

    def test_no_password_another_password_and_no_right_to_the_scratch_schema(self):
        self.create()
        self.password = "another one"
        self.assertIn("password", self.refused("BACKUP_REPOSITORY"))
        self.password = ""
        with self.assertRaises(BelayError) as caught:
            self.restic()
        self.assertEqual(caught.exception.code, "BACKUP_NOT_CONFIGURED")

    def test_the_missing_grant_is_named(self):
        SERVER.sql("CREATE OR REPLACE USER poor IDENTIFIED BY 'p'; GRANT ALL ON live.* TO poor")
        access = self.site.credentials.__class__("localhost", 3306, SERVER.socket, "poor", "live", "p")
        self.site = self.site.__class__(self.site.root, self.site.url, "live", "wp_", self.site.uid, self.site.gid, access)
        with self.assertRaises(BelayError) as caught:
            self.create()
        self.assertEqual(caught.exception.code, "SCRATCH_RIGHTS")
        self.assertIn(r"GRANT ALL PRIVILEGES ON `live\_belay\_scratch`.* TO", caught.exception.remedy)


class Files(unittest.TestCase):
    def compare(self, before, restored, now):
        entries = [{path: Entry(value, 1) for path, value in files.items()} for files in (before, now)]
        return backup_proof.compare_files(entries[0], restored, lambda: entries[1])

    def test_what_stood_still_must_be_equal(self):
        still = {"/a": "1", "/b": "2"}
        self.assertEqual(self.compare(still, still, {}), 2)
        for restored in ({"/a": "1"}, {"/a": "1", "/b": "3"}):
            with self.assertRaises(BelayError):
                self.compare(still, restored, still)

    def test_what_moved_may_differ(self):
        self.assertEqual(self.compare({"/a": "1", "/b": "2"}, {"/a": "1", "/b": "3"}, {"/a": "1", "/b": "4"}), 1)
        self.assertEqual(self.compare({"/a": "1"}, {"/a": "1", "/new": "3"}, {"/a": "1", "/new": "3"}), 1)
        self.assertEqual(self.compare({"/a": "1", "/gone": "2"}, {"/a": "1"}, {"/a": "1"}), 1)


if __name__ == "__main__":
    unittest.main()
