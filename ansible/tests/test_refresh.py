"""A refresh from one small site to another: what is replaced, what stays, and that it can be run again."""
import os
import shutil
import unittest
from unittest import mock

from belay.refresh import refresh_import
from belay.errors import BelayError
from belay.files.files import tree

from .refreshbench import FIRST, SERVER, Bench, again
from .small_site import put


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Refreshes(Bench):
    def staging(self, **how):
        return self.make_staging(**how)

    def test_a_first_clone_has_its_own_address_and_no_jobs_sessions_or_visitors_from_search(self):
        staging = self.staging(empty=True)
        _, tables, files = self.refresh(staging, FIRST)
        found = self.options()
        self.assertEqual((found["siteurl"], found["home"], found["blog_public"]), (staging.url, staging.url, "0"))
        self.assertEqual(found["logo"], 'a:1:{s:1:"u";s:32:"https://staging.example/logo.png";}')
        self.assertEqual({name for name in ("cron", "_transient_x", "rewrite_rules", "wp_user_roles") if name in found}, set())
        self.assertIn("stg_user_roles", found)
        self.assertEqual(SERVER.sql("SELECT post_content, guid FROM stg_posts WHERE ID = 1", "staging"), [["see https://staging.example/two", "https://live.example/?p=1"]])
        self.assertEqual(SERVER.sql("SELECT meta_key FROM stg_usermeta", "staging"), [["stg_capabilities"]])
        self.assertEqual({entry["table"] for entry in tables}, {"options", "posts", "usermeta", "terms", "term_taxonomy", "widgets", "keys", "log"})
        self.assertEqual(files, 2)
        self.assertEqual(self.uploads(staging), self.uploads(self.live))

    def uploads(self, site):
        return tree(os.path.join(site.shared, "wp-content/uploads"), ["cache"])

    def test_protected_data_is_replaced_and_what_belongs_to_the_source_stays(self):
        staging = self.staging()
        SERVER.sql("UPDATE stg_posts SET post_title = 'lost'; INSERT INTO stg_posts (post_title) VALUES ('lost too');"
                   "UPDATE stg_widgets SET note = 'kept'; CREATE TABLE stg_mine (id INT PRIMARY KEY); INSERT INTO stg_log VALUES ('mine');"
                   "UPDATE stg_options SET option_value = 'kept' WHERE option_name = 'blogname'; INSERT INTO stg_options (option_name, option_value) VALUES ('removed', 1), ('added', 2)", "staging")
        SERVER.sql("UPDATE wp_options SET option_value = 'theirs' WHERE option_name = 'logo'; CREATE TABLE wp_wanted (id INT PRIMARY KEY); CREATE TABLE wp_keys2 LIKE wp_keys", "live")
        _, tables, files = self.refresh(staging, again(["widgets"], ["blogname", "added"]))
        found = self.options()
        self.assertEqual((found["blogname"], found["logo"], found["added"], found["siteurl"], found["cron"]), ("kept", "theirs", "2", staging.url, "a:0:{}"))
        self.assertNotIn("removed", found)
        self.assertEqual(SERVER.sql("SELECT post_title FROM stg_posts", "staging"), [["One"], ["Two"]])
        self.assertEqual(SERVER.sql("SELECT DISTINCT note FROM stg_widgets", "staging"), [["kept"]])
        self.assertEqual(SERVER.sql("SELECT secret FROM stg_keys", "staging"), [["of stg_"]])
        self.assertEqual(len(SERVER.sql("SELECT * FROM stg_log", "staging")), 3)
        self.assertEqual({entry["table"] for entry in tables} & {"wanted", "mine", "widgets", "keys", "log"}, {"wanted"})
        self.assertEqual(files, 2, "one file written, one removed")
        self.assertEqual(self.uploads(staging), self.uploads(self.live))
        self.assertTrue(os.path.exists(os.path.join(staging.shared, "wp-content/uploads/cache/x")))

    def test_only_files_that_differ_travel(self):
        staging = self.staging()
        done, _, _ = self.refresh(staging, again())
        self.assertLess(os.path.getsize(os.path.join(self.folder, "data.tar.zst")), 10000)
        put(self.live.shared, "wp-content/uploads/a.txt", "changed")
        os.makedirs(os.path.join(staging.shared, "wp-content/uploads/a.txt.d"))
        _, _, files = self.refresh(staging, again())
        self.assertEqual(files, 1)
        self.assertEqual(self.refresh(staging, again())[2], 0)

    def test_one_snapshot_for_fingerprint_and_data(self):
        staging = self.staging()
        real = refresh_import.bundle.export_tables

        def write_in_between(*arguments):
            SERVER.sql("UPDATE wp_posts SET post_title = 'after'", "live")
            return real(*arguments)

        with mock.patch("belay.refresh.refresh_export.bundle.export_tables", write_in_between):
            done, _, _ = self.refresh(staging, again())
        self.assertEqual(SERVER.sql("SELECT post_title FROM stg_posts", "staging"), [["One"], ["Two"]])
        self.assertEqual(done["fingerprint"]["tables"]["posts"]["parts"]["editorial"]["rows"], 2)

    def test_a_death_before_the_swap_changes_nothing_and_a_second_run_does_it(self):
        staging = self.staging()
        SERVER.sql("UPDATE stg_posts SET post_title = 'still here'", "staging")
        with mock.patch.object(refresh_import.Refresh, "_swap", side_effect=BelayError("X", "died")):
            with self.assertRaises(BelayError):
                self.refresh(staging, again())
        self.assertEqual(SERVER.sql("SELECT DISTINCT post_title FROM stg_posts", "staging"), [["still here"]])
        self.refresh(staging, again())
        self.assertEqual(SERVER.sql("SELECT post_title FROM stg_posts", "staging"), [["One"], ["Two"]])
        self.assertEqual(SERVER.sql("SHOW TABLES LIKE 'belay%'", "staging"), [])

    def test_triggers_and_foreign_keys_that_would_follow_the_old_tables_are_refused(self):
        for statement in ("CREATE TRIGGER t BEFORE INSERT ON stg_posts FOR EACH ROW SET @x = 1", "CREATE TABLE stg_child (id INT, FOREIGN KEY (id) REFERENCES stg_posts (ID))"):
            staging = self.staging()
            SERVER.sql(statement, "staging")
            with self.assertRaises(BelayError) as caught:
                self.refresh(staging, again())
            self.assertEqual(caught.exception.code, "REFRESH_TIED")
            shutil.rmtree(staging.root)

    def test_gateways_go_into_test_mode(self):
        value = 'a:2:{s:8:"testmode";s:2:"no";s:3:"key";s:2:"no";}'
        SERVER.sql("INSERT INTO wp_options (option_name, option_value) VALUES ('woocommerce_stripe_settings', '%s')" % value, "live")
        self.refresh(self.staging(empty=True), FIRST)
        self.assertEqual(self.options()["woocommerce_stripe_settings"], 'a:2:{s:8:"testmode";s:3:"yes";s:3:"key";s:2:"no";}')


if __name__ == "__main__":
    unittest.main()
