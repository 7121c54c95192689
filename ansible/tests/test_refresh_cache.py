"""A persistent object cache of the source after a refresh: it answers with no row of before, whatever its salt."""
import os
from unittest import mock

from belay.errors import BelayError
from belay.hold.hold import Hold
from belay.refresh import refresh_swap

from .refreshbench import FIRST, SERVER, Bench, again
from .small_site import put

#: A drop-in as small as can be, on disk: what is there when the tables change places is what visitors would be told.
DROP_IN = """<?php
function wp_cache_flush() {
    file_put_contents('{log}', is_file('{kept}') ? "kept\\n" : "empty\\n", FILE_APPEND);
    return !is_file('{kept}') || unlink('{kept}');
}
"""


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class RefreshCache(Bench):
    def setUp(self):
        super().setUp()
        self.staging = self.make_staging()
        self.kept, self.log = (os.path.join(self.folder, name) for name in ("kept", "log"))
        self.install(self.staging)

    def install(self, site):
        drop_in = DROP_IN.replace("{log}", self.log).replace("{kept}", self.kept)
        put(site.current, "wp-content/object-cache.php", drop_in)
        put(site.current, "wp-load.php", "<?php require __DIR__ . '/wp-content/object-cache.php';")
        put(site.shared, "wp-config.php", "<?php define('WP_CACHE_KEY_SALT', BELAY_SWITCH);")

    def cache_row(self):
        put(self.folder, "kept", "a row of before")

    def flushed(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as file:
            return file.read().split()

    def hold(self):
        hold = Hold(os.path.join(self.staging.belay, "hold"))
        os.makedirs(os.path.dirname(hold.turnstile), exist_ok=True)
        for path in (hold.turnstile, hold.room):
            open(path, "w").close()

    def at_rename(self, do):
        original = refresh_swap._rename

        def rename(session, moves):
            do()
            original(session, moves)

        return mock.patch.object(refresh_swap, "_rename", rename)

    def test_it_is_empty_when_the_tables_change_places_and_nobody_can_fill_it(self):
        self.hold()
        self.cache_row()
        seen = []
        with self.at_rename(lambda: seen.append(os.path.exists(self.kept))):
            self.refresh(self.staging, again())
        self.assertEqual((seen, self.flushed()), ([False], ["kept"]))

    def test_without_the_hold_it_is_emptied_once_more(self):
        self.cache_row()
        with self.at_rename(self.cache_row):
            self.refresh(self.staging, again())
        self.assertFalse(os.path.exists(self.kept))
        self.assertEqual(self.flushed(), ["kept", "kept"])

    def test_a_cache_that_cannot_be_emptied_stops_the_refresh_before_anything_changed(self):
        SERVER.sql("UPDATE stg_posts SET post_title = 'of before'", "staging")
        put(self.staging.current, "wp-load.php", "<?php function wp_cache_flush() { return false; }")
        with self.assertRaises(BelayError) as caught:
            self.refresh(self.staging, again())
        self.assertEqual(caught.exception.code, "OBJECT_CACHE")
        self.assertEqual(self.rows("SELECT DISTINCT post_title FROM stg_posts"), [["of before"]])

    def test_a_first_clone_has_none(self):
        SERVER.sql("DROP DATABASE staging", "live")
        empty = self.make_staging(empty=True)
        self.refresh(empty, FIRST)
        self.assertEqual(self.flushed(), [])
