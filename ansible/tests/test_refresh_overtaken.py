"""What somebody writes to the source while a refresh is at work: it is never overwritten unseen, whenever it is written."""
import fcntl
import os
import shutil
import unittest
from unittest import mock

from belay.database import names

from belay.refresh import refresh_import, refresh_swap
from belay.errors import BelayError

from .refreshbench import SERVER, Bench, again
from .small_site import put


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Overtaken(Bench):
    def setUp(self):
        super().setUp()
        self.staging = self.make_staging()

    def write(self, sql):
        SERVER.sql(sql, "staging")

    def refused(self, work, named):
        with self.assertRaises(BelayError) as caught:
            work()
        self.assertEqual(caught.exception.code, "REFRESH_OVERTAKEN")
        self.assertIn(named, caught.exception.message)

    def writing_before_the_rename(self, sql):
        """At the last possible moment: everything has been looked at, and the statement is on its way."""
        real = refresh_swap._rename
        once = iter([sql])

        def late(session, moves):
            for statement in once:
                self.write(statement)
                self.coming = dict(self.rows("SELECT option_name, option_value FROM %s" % names.shadow(self.staging, "options")))
            real(session, moves)

        return mock.patch("belay.refresh.refresh_swap._rename", late)

    def test_a_source_that_is_as_it_was_judged_is_refreshed(self):
        expected = self.judged(self.staging)
        self.refresh(self.staging, again(), expected)
        self.assertEqual(self.rows("SELECT post_title FROM stg_posts"), [["One"], ["Two"]])
        self.assertEqual(self.rows("SHOW TABLES LIKE 'belay%'"), [])
        self.refresh(self.staging, again(), self.judged(self.staging))

    def test_changed_since_it_was_judged_nothing_is_overwritten(self):
        for sql, named in (
            ("UPDATE stg_posts SET post_title = 'mine'", "table posts"),
            ("INSERT INTO stg_widgets VALUES (9, 'mine')", "table widgets"),
            ("CREATE TABLE stg_extra (id INT PRIMARY KEY); INSERT INTO stg_extra VALUES (1)", "table extra"),
            ("UPDATE stg_options SET option_value = 'mine' WHERE option_name = 'blogname'", "option blogname"),
            ("DELETE FROM stg_options WHERE option_name = 'blogname'", "option blogname"),
            ("INSERT INTO stg_options (option_name, option_value) VALUES ('fresh', 'mine')", "option fresh"),
        ):
            with self.subTest(sql):
                staging = self.make_staging_again()
                SERVER.sql("DROP TABLE IF EXISTS wp_extra; CREATE TABLE wp_extra (id INT PRIMARY KEY)", "live")
                expected = self.judged(staging)
                self.write(sql)
                before = self.everything()
                self.refused(lambda: self.refresh(staging, again(), expected), named)
                self.assertEqual(self.everything(), before)

    def make_staging_again(self):
        shutil.rmtree(self.staging.root)
        self.staging = self.make_staging()
        return self.staging

    def everything(self):
        tables = [name for (name,) in self.rows("SHOW TABLES LIKE 'stg\\_%'")]
        return {table: self.rows("SELECT * FROM %s" % table) for table in tables}

    def test_noise_and_what_is_kept_anyway_do_not_count(self):
        expected = self.judged(self.staging, ["widgets"], ["blogname"])
        self.write("INSERT INTO stg_log VALUES ('noise'); UPDATE stg_options SET option_value = '2' WHERE option_name IN ('_transient_x', 'cron');"
                   "UPDATE stg_keys SET secret = 'new'; UPDATE stg_widgets SET note = 'mine'; UPDATE stg_options SET option_value = 'mine' WHERE option_name = 'blogname';"
                   "UPDATE stg_options SET option_value = '0' WHERE option_name = 'blog_public'")
        self.refresh(self.staging, again(["widgets"], ["blogname"]), expected)
        found = self.options()
        self.assertEqual((found["blogname"], found["blog_public"], found["cron"]), ("mine", "0", "2"))
        self.assertEqual(self.rows("SELECT DISTINCT note FROM stg_widgets"), [["mine"]])
        self.assertEqual(self.rows("SELECT secret FROM stg_keys"), [["new"]])

    def test_written_at_the_last_moment_the_tables_go_back(self):
        expected = self.judged(self.staging)
        with self.writing_before_the_rename("UPDATE stg_posts SET post_title = 'at the last moment'"):
            self.refused(lambda: self.refresh(self.staging, again(), expected), "table posts")
        self.assertEqual(self.rows("SELECT DISTINCT post_title FROM stg_posts"), [["at the last moment"]])
        self.assertEqual(self.options()["blogname"], "Acme")
        self.refresh(self.staging, again(), self.judged(self.staging))
        self.assertEqual(self.rows("SELECT post_title FROM stg_posts"), [["One"], ["Two"]])

    def test_an_option_that_the_refresh_decides_written_at_the_last_moment_goes_back_too(self):
        expected = self.judged(self.staging)
        with self.writing_before_the_rename("UPDATE stg_options SET option_value = 'mine' WHERE option_name = 'blogname'"):
            self.refused(lambda: self.refresh(self.staging, again(), expected), "option blogname")
        self.assertEqual(self.options()["blogname"], "mine")

    def test_other_option_rows_written_meanwhile_are_carried_over(self):
        expected = self.judged(self.staging, [], ["blogname"])
        real = refresh_import.Refresh._swap

        def late(refresh, *arguments):
            self.write("UPDATE stg_options SET option_value = 'while it loaded' WHERE option_name = 'blogname'; INSERT INTO stg_options (option_name, option_value) VALUES ('new', 'row');"
                       "DELETE FROM stg_options WHERE option_name = 'blog_public'")
            real(refresh, *arguments)

        with mock.patch("belay.refresh.refresh_import.Refresh._swap", late), self.writing_before_the_rename(
            "UPDATE stg_options SET option_value = 'before the rename' WHERE option_name = 'cron'"
        ):
            self.refresh(self.staging, again([], ["blogname"]), expected)
        found = self.options()
        self.assertEqual((found["blogname"], found["new"], found["cron"]), ("while it loaded", "row", "before the rename"))
        self.assertNotIn("blog_public", found)
        self.assertEqual((self.coming["blogname"], self.coming["new"]), ("while it loaded", "row"), "nobody sees them missing, not even for a moment")

    def test_files_changed_since_it_was_judged(self):
        expected = self.judged(self.staging)
        put(self.staging.shared, "wp-content/uploads/a.txt", "mine")
        self.refused(lambda: self.refresh(self.staging, again(), expected), "files of wp-content/uploads")
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_posts"), [["2"]])

    def test_files_changed_after_the_last_look_stay_and_are_named(self):
        put(self.live.shared, "wp-content/uploads/b.txt", "theirs")
        put(self.live.shared, "wp-content/uploads/c.txt", "theirs")
        put(self.staging.shared, "wp-content/uploads/b.txt", "old")
        put(self.staging.shared, "wp-content/uploads/gone.txt", "old")
        _, refresh = self.bring(self.staging, again(), self.judged(self.staging))
        refresh.data()
        for name in ("b.txt", "c.txt", "gone.txt"):
            put(self.staging.shared, "wp-content/uploads/" + name, "mine")
        with self.assertRaises(BelayError) as caught:
            refresh.files()
        self.assertEqual(caught.exception.code, "REFRESH_FILES_KEPT")
        for name in ("b.txt", "c.txt", "gone.txt"):
            self.assertIn("wp-content/uploads/" + name, caught.exception.message)
            with open(os.path.join(self.staging.shared, "wp-content/uploads", name), encoding="utf-8") as file:
                self.assertEqual(file.read(), "mine")
        self.assertTrue(os.path.exists(os.path.join(self.staging.shared, "wp-content/uploads/2026/live.txt")))

    def test_php_requests_wait_at_the_hold_meanwhile(self):
        for name in ("turnstile", "room"):
            put(self.staging.belay, "hold/" + name, "")
        seen = []
        real = refresh_swap._rename

        def looking(session, moves):
            seen.append([self.is_closed(name) for name in ("turnstile", "room")])
            real(session, moves)

        with mock.patch("belay.refresh.refresh_swap._rename", looking):
            self.refresh(self.staging, again(), self.judged(self.staging))
        self.assertEqual(seen, [[True, True]])
        self.assertFalse(self.is_closed("turnstile"))

    def test_a_request_that_never_ends_does_not_keep_the_refresh_from_its_work(self):
        for name in ("turnstile", "room"):
            put(self.staging.belay, "hold/" + name, "")
        with open(os.path.join(self.staging.belay, "hold/room"), encoding="utf-8") as room, mock.patch("belay.refresh.refresh_swap._DRAIN_S", 0.01):
            fcntl.flock(room, fcntl.LOCK_SH)
            self.refresh(self.staging, again(), self.judged(self.staging))
        self.assertEqual(self.rows("SELECT post_title FROM stg_posts"), [["One"], ["Two"]])

    def is_closed(self, name):
        with open(os.path.join(self.staging.belay, "hold", name), encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return False
            except BlockingIOError:
                return True


if __name__ == "__main__":
    unittest.main()
