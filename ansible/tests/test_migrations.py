"""Upgrades of the tables with real WordPress: told beforehand, done as told, or refused; nothing else is touched by the prediction."""
import os
import re
import unittest
from pathlib import Path

from belay.candidate import migrations, scratch, trial
from belay.candidate.candidate import Asked, answers
from belay.database import names
from belay.database.mysql import Session
from belay.errors import BelayError
from belay.tables.schema_snapshot import of_plain, plain
from tests.test_candidate import DROP_IN
from tests.wordpressbench import NEW, WordPressBench

BENCH = None
PLUGIN = "wp-content/plugins/climbs/climbs.php"
#: Upgrades its own table and a protected one as plugins do: when it starts, by its version.
UPGRADES = r"""<?php
/*
 * Plugin Name: Climbs
 * Version: 2
 */
add_action('plugins_loaded', function () {
    global $wpdb;
    if (get_option('climbs_version') === '2') return;
    STATEMENTS
    update_option('climbs_version', '2');
});
add_action('wp_footer', function () { global $wpdb; echo 'grade ', json_encode($wpdb->get_var("SELECT grade FROM {$wpdb->prefix}climbs LIMIT 1")), $wpdb->last_error; });
"""
ADDS = '$wpdb->query("ALTER TABLE {$wpdb->prefix}climbs ADD grade VARCHAR(9) NOT NULL DEFAULT \'new\'"); $wpdb->query("CREATE TABLE {$wpdb->prefix}climb_log (id INT PRIMARY KEY)"); $wpdb->query("ALTER TABLE $wpdb->posts ADD INDEX by_climb (post_title(20))");'
DROPS = ADDS + '$wpdb->query("ALTER TABLE {$wpdb->prefix}climbs DROP COLUMN height");'


def setUpModule():
    global BENCH
    BENCH = WordPressBench()


def tearDownModule():
    BENCH.close()


class MigrationTest(unittest.TestCase):
    def setUp(self):
        BENCH.sql("DROP TABLE IF EXISTS wp_climbs, wp_climb_log; CREATE TABLE wp_climbs (id INT PRIMARY KEY, height INT); INSERT INTO wp_climbs VALUES (1, 60), (2, 80)")
        BENCH.sql("ALTER TABLE wp_posts DROP INDEX IF EXISTS by_climb; DELETE FROM wp_options WHERE option_name = 'climbs_version'; UPDATE wp_options SET option_value = '53496' WHERE option_name = 'db_version'")
        BENCH.load(active_plugins='a:1:{i:0;s:17:"climbs/climbs.php";}')
        self.addCleanup(lambda: self.assertFalse(os.path.exists(trial.folder_of(BENCH.site))))
        self.addCleanup(self.drop)

    def drop(self):
        with Session(BENCH.site) as session:
            scratch.drop(BENCH.site, session)

    def predict(self, tree):
        before = BENCH.digest()
        with Session(BENCH.site) as session:
            found = migrations.predict(BENCH.site, session, tree, [])
        self.assertEqual(BENCH.digest(), before)
        return found

    def refused(self, prediction, *destructive, unpredicted=False):
        with self.assertRaises(BelayError) as caught:
            migrations.require_consent(BENCH.site, prediction, migrations.Consent(list(destructive), unpredicted))
        return caught.exception

    def upgrade(self, prediction):
        """The upgrade for real, in the release and with the options that are active after a switch."""
        BENCH.sql(f"REPLACE INTO wp_options SELECT * FROM {names.shadow(BENCH.site, 'options')}")
        current = BENCH.root / "current"
        os.rename(_link(f"releases/{NEW}", BENCH.root / "next"), current)
        self.addCleanup(lambda: os.rename(_link("releases/" + "a" * 12, BENCH.root / "next"), current))
        called = []
        with Session(BENCH.site) as session:
            told = migrations.upgrade(BENCH.site, session, "x@y", of_plain(plain(prediction.after)), (60, lambda: called.append(1)))
        self.assertEqual(len(called), 3)
        return told

    def test_an_additive_upgrade_is_told_shown_to_the_candidate_and_done_as_told(self):
        tree = BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", ADDS)})
        with Session(BENCH.site) as session:
            self.assertEqual(migrations.needed(BENCH.site, session, tree), {"wordpress": None, "plugins": [{"plugin": "climbs/climbs.php", "from": None, "to": "2"}]})
        found = self.predict(tree)
        self.assertEqual([(change.table, change.what, change.name, change.effect) for change in found.changes], [
            ("climb_log", "table_added", "", "additive"), ("climbs", "column_added", "grade", "additive"), ("posts", "index_added", "by_climb", "additive"),
        ])
        self.assertEqual(found.trouble, [])
        migrations.require_consent(BENCH.site, found, migrations.Consent([], False))
        with Session(BENCH.site) as session:
            facts = answers(BENCH.site, session, Asked(tree, [], [{"path": "/", "contains": 'grade "new"'}]), found.after)
        self.assertEqual([result["ok"] for result in facts["health"]], [True, True])
        told = self.upgrade(found)
        self.assertEqual((told["trouble"], told["surprises"], told["changes"]), ([], [], found.facts()["changes"]))
        rows = {table: (count["before"], count["after"]) for table, count in told["rows"].items() if table != "options"}
        self.assertEqual(rows, {"climb_log": (None, 0), "climbs": (2, 2), "posts": (3, 3)})
        self.assertEqual(BENCH.sql("SELECT grade FROM wp_climbs"), [["new"], ["new"]])
        again = self.upgrade(found)
        self.assertEqual((again["changes"], again["surprises"]), ([], []))

    def test_a_database_drop_in_has_no_part_in_the_prediction(self):
        files = {PLUGIN: UPGRADES.replace("STATEMENTS", ADDS), "wp-content/db.php": DROP_IN.replace("SOCKET", BENCH.server.socket)}
        found = self.predict(BENCH.release(files))
        self.assertEqual(([change.table for change in found.changes], found.trouble), (["climb_log", "climbs", "posts"], []))

    def test_it_begins_no_job_that_a_plugin_has_planned(self):
        asks = "update_option('climbs_jobs', [apply_filters('action_scheduler_allow_async_request_runner', true), apply_filters('action_scheduler_queue_runner_concurrent_batches', 1)]);"
        found = self.predict(BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", asks)}))
        self.upgrade(found)
        self.assertEqual(BENCH.sql("SELECT option_value FROM wp_options WHERE option_name = 'climbs_jobs'"), [["a:2:{i:0;b:0;i:1;i:0;}"]])

    def test_a_destructive_upgrade_needs_consent_for_its_tables(self):
        found = self.predict(BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", DROPS)}))
        error = self.refused(found, "posts")
        self.assertEqual(error.code, "MIGRATION_DESTRUCTIVE")
        self.assertIn("climbs: column removed height (int(11))", error.message)
        self.assertIn("destructive: [climbs]", error.remedy)
        migrations.require_consent(BENCH.site, found, migrations.Consent(["climb*"], False))
        told = self.upgrade(found)
        self.assertEqual((told["surprises"], told["trouble"]), ([], []))

    def test_what_rows_decide_is_a_surprise(self):
        statement = 'if ($wpdb->get_var("SELECT COUNT(*) FROM {$wpdb->prefix}climbs")) $wpdb->query("ALTER TABLE {$wpdb->prefix}climbs DROP COLUMN height");'
        found = self.predict(BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", statement)}))
        self.assertEqual(found.changes, [])
        told = self.upgrade(found)
        self.assertEqual([(one["table"], one["what"], one["name"]) for one in told["surprises"]], [("climbs", "column_removed", "height")])

    def test_an_upgrade_that_reaches_for_live_tables_cannot_be_predicted(self):
        for statement, what in (
            ("$wpdb->query('ALTER TABLE wp_posts ADD climb INT');", "ALTER of wp_posts"),
            ("$wpdb->query('DROP TABLE IF EXISTS wp_climbs');", "DROP of wp_climbs"),
            ('$wpdb->query("INSERT INTO {$wpdb->prefix}climbs SELECT * FROM wp_climbs");', "INSERT of wp_climbs"),
            ("$wpdb->query('CREATE TABLE sneaked (id INT)');", "CREATE of sneaked"),
            ("$wpdb->query('LOCK TABLES wp_posts WRITE');", "LOCK"),
            ("$wpdb->query('RENAME TABLE wp_posts TO wp_gone');", "RENAME of wp_posts"),
        ):
            found = self.predict(BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", statement)}))
            self.assertTrue(any(what in line for line in found.trouble), (what, found.trouble))
        self.assertEqual(self.refused(found).code, "MIGRATION_UNPREDICTED")
        migrations.require_consent(BENCH.site, found, migrations.Consent([], True))

    def test_an_upgrade_that_dies_cannot_be_predicted(self):
        found = self.predict(BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", "lab_is_not_there();")}))
        self.assertIn("lab_is_not_there", found.trouble[0])
        self.assertEqual(self.refused(found).code, "MIGRATION_UNPREDICTED")

    def test_wordpress_upgrades_itself(self):
        """A database of an older WordPress: 5.3's tables, which today's code changes."""
        BENCH.sql("UPDATE wp_options SET option_value = '40000' WHERE option_name = 'db_version'; ALTER TABLE wp_posts DROP INDEX post_author; ALTER TABLE wp_comments MODIFY comment_type VARCHAR(10) NOT NULL DEFAULT ''")
        BENCH.load()
        tree = BENCH.release()
        with Session(BENCH.site) as session:
            wanted = re.search(r"wp_db_version = (\d+)", Path(tree, "wp-includes/version.php").read_text()).group(1)
            self.assertEqual(migrations.needed(BENCH.site, session, tree), {"wordpress": {"from": "40000", "to": wanted}, "plugins": []})
        found = self.predict(tree)
        self.assertEqual([(change.table, change.what, change.name, change.effect) for change in found.changes], [
            ("comments", "column_changed", "comment_type", "additive"), ("posts", "index_added", "post_author", "additive"),
        ])
        told = self.upgrade(found)
        self.assertEqual((told["surprises"], told["trouble"]), ([], []))
        self.assertEqual(BENCH.sql("SELECT option_value FROM wp_options WHERE option_name = 'db_version'"), [[wanted]])


def _link(target, path):
    os.symlink(target, path)
    return path


if __name__ == "__main__":
    unittest.main()
