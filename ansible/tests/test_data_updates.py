"""Plugins that change their rows in their own time, after the model of WooCommerce: what waits is seen and told, and never begun."""
import unittest

from belay.candidate import data_updates, migrations, scratch
from belay.candidate.data_updates import Asked
from belay.database import names
from belay.database.mysql import Session
from tests.wordpressbench import WordPressBench

BENCH = None
PLUGIN = "wp-content/plugins/till/till.php"
#: Structures as it starts; rows by jobs of Action Scheduler (where `till_by_itself` says so), or when an administrator asks for it.
TILL = r"""<?php
/*
 * Plugin Name: Till
 * Version: 3.0
 */
class Till_Install
{
    private static $updates = ['2.0' => ['till_update_20'], '2.10' => ['till_update_210_one', 'till_update_210_two'], '3.0' => ['till_update_30']];
    public static function get_db_update_callbacks() { return self::$updates; }
    public static function needs_db_update()
    {
        $version = get_option('till_db_version', null);
        return $version !== null && version_compare($version, '3.0', '<');
    }
    public static function install()
    {
        global $wpdb;
        if (version_compare(get_option('till_version'), '3.0', '>=')) return;
        $wpdb->query("ALTER TABLE {$wpdb->prefix}till_orders ADD total_net INT NULL");
        update_option('till_version', '3.0');
        if (self::needs_db_update() && get_option('till_by_itself')) {
            foreach (self::$updates as $version => $callbacks) {
                if (version_compare(get_option('till_db_version'), $version, '<')) {
                    foreach ($callbacks as $callback) self::plan('till_run_update', $callback);
                }
            }
        }
        self::plan('till_tidy', 'once');
        self::plan('till_renew', 'at times', 'O:32:"ActionScheduler_IntervalSchedule":0:{}');
    }
    private static function plan($hook, $args, $schedule = 'O:30:"ActionScheduler_SimpleSchedule":0:{}')
    {
        $GLOBALS['wpdb']->insert($GLOBALS['wpdb']->prefix . 'actionscheduler_actions', compact('hook', 'args', 'schedule') + ['status' => 'pending']);
    }
}
add_action('init', ['Till_Install', 'install'], 5);
"""
KNOWN = {
    "plugin": "Till", "waits": "Till_Install::needs_db_update", "version": "till_db_version", "steps": "Till_Install::get_db_update_callbacks",
    "jobs": ["till_run_update"], "start": "Till > Update",
}
ACTIONS = "CREATE TABLE wp_actionscheduler_actions (action_id INT AUTO_INCREMENT PRIMARY KEY, hook VARCHAR(191), status VARCHAR(20), args VARCHAR(191), schedule LONGTEXT)"


def setUpModule():
    global BENCH
    BENCH = WordPressBench()


def tearDownModule():
    BENCH.close()


class DataUpdatesTest(unittest.TestCase):
    def setUp(self):
        BENCH.sql(f"DROP TABLE IF EXISTS wp_till_orders, wp_actionscheduler_actions; CREATE TABLE wp_till_orders (id INT PRIMARY KEY, total INT); {ACTIONS}")
        BENCH.sql("INSERT INTO wp_till_orders VALUES (1, 60), (2, 80); DELETE FROM wp_options WHERE option_name LIKE 'till%'")
        BENCH.sql("INSERT INTO wp_options (option_name, option_value) VALUES ('till_version', '1.9'), ('till_db_version', '2.0')")
        BENCH.sql("INSERT INTO wp_actionscheduler_actions (hook, status, schedule) VALUES ('till_mail', 'pending', 'O:30:\"ActionScheduler_SimpleSchedule\":0:{}')")
        self.by_itself()
        self.addCleanup(self.drop)

    def by_itself(self, value=None):
        if value:
            BENCH.sql(f"INSERT INTO wp_options (option_name, option_value) VALUES ('till_by_itself', '{value}')")
        BENCH.load(active_plugins='a:1:{i:0;s:13:"till/till.php";}')

    def drop(self):
        with Session(BENCH.site) as session:
            scratch.drop(BENCH.site, session)

    def foreseen(self, code=TILL, known=(KNOWN,)):
        """What is told on copies, after the upgrade of structures was tried there; nothing else has changed."""
        tree, before = BENCH.release({PLUGIN: code}), BENCH.digest()
        with Session(BENCH.site) as session:
            migrations.predict(BENCH.site, session, tree, [])
            asked = Asked(tree, names.copy_prefix(BENCH.site), False, list(known))
            told = data_updates.waiting(BENCH.site, session, asked, data_updates.planned(session, "wp_"))
        self.assertEqual(BENCH.digest(), before)
        return told

    def live(self, code, known=(KNOWN,)):
        """The same of the live tables, on which this code is active."""
        BENCH.sql(f"REPLACE INTO wp_options SELECT * FROM {names.shadow(BENCH.site, 'options')}")
        tree, before = BENCH.release({PLUGIN: code}), BENCH.digest()
        with Session(BENCH.site) as session:
            told = data_updates.waiting(BENCH.site, session, Asked(tree, "wp_", True, list(known)), data_updates.planned(session, "wp_"))
        self.assertEqual(BENCH.digest(), before)
        return told

    def test_what_an_administrator_starts_is_told_with_its_steps(self):
        told = self.foreseen()
        self.assertEqual(told["updates"], [{
            "plugin": "Till", "state": "waits", "version": "2.0", "steps": ["2.10", "3.0"], "planned": 0, "detail": "", "start": "Till > Update",
        }])
        self.assertEqual(told["jobs"], {"till_tidy": 1})

    def test_what_begins_by_itself_is_told_with_its_jobs(self):
        self.by_itself("yes")
        told = self.foreseen()
        self.assertEqual([(one["steps"], one["planned"]) for one in told["updates"]], [(["2.10", "3.0"], 3)])
        self.assertEqual(told["jobs"], {"till_tidy": 1})

    def test_it_waits_after_the_switch_until_it_was_done(self):
        code = TILL.replace("add_action('init', ['Till_Install', 'install'], 5);", "")
        self.assertEqual([one["steps"] for one in self.live(code)["updates"]], [["2.10", "3.0"]])
        BENCH.sql("UPDATE wp_options SET option_value = '3.0' WHERE option_name = 'till_db_version'")
        BENCH.load(active_plugins='a:1:{i:0;s:13:"till/till.php";}')
        self.assertEqual(self.live(code), {"updates": [], "jobs": {}})

    def test_a_plugin_that_nobody_described_is_asked_by_the_name_of_the_question(self):
        told = self.foreseen(known=())
        self.assertEqual([(one["plugin"], one["state"], one["version"], one["steps"]) for one in told["updates"]], [("till", "waits", None, [])])

    def test_a_plugin_that_is_not_there_is_not_told_of(self):
        self.assertEqual(self.foreseen("<?php\n/* Plugin Name: Till */"), {"updates": [], "jobs": {}})

    def test_a_question_that_fails_is_told_as_that(self):
        told = self.foreseen(TILL.replace("$version = get_option", "throw new Exception('no tables'); $version = get_option").replace("add_action", "// "))
        self.assertEqual([(one["plugin"], one["state"], one["detail"]) for one in told["updates"]], [("Till", "unknown", "no tables")])
        told = self.foreseen(TILL.replace("$version = get_option", "exit; $version = get_option").replace("add_action", "// "))
        self.assertEqual([(one["state"], one["detail"]) for one in told["updates"]], [("unknown", "something ended PHP before it could be asked")])

    def test_an_answer_that_a_plugin_makes_up_is_no_answer(self):
        late = "register_shutdown_function(fn() => register_shutdown_function(function () { echo 'WORDS', chr(10); }));"
        for words in ('{"fatal": null}', '{"fatal": null, "updates": [{"plugin": 1}]}', '{"fatal": [], "updates": []}', "[]", "oh"):
            code = "<?php\n/* Plugin Name: Till */\nadd_action('init', function () { " + late.replace("WORDS", words) + " });"
            told = self.live(code)
            self.assertEqual([(one["plugin"], one["state"]) for one in told["updates"]], [("WordPress", "unknown")], words)

    def test_a_question_changes_nothing_even_where_it_wants_to(self):
        writes = "$GLOBALS['wpdb']->query('DELETE FROM wp_till_orders'); update_option('till_version', '9'); $version = get_option"
        told = self.live(TILL.replace("$version = get_option", writes).replace("add_action", "// "))
        self.assertEqual([one["state"] for one in told["updates"]], ["waits"])
        self.assertEqual(BENCH.sql("SELECT COUNT(*) FROM wp_till_orders"), [["2"]])

    def test_a_question_is_a_name_and_no_code(self):
        for name in ("system('id')", "Till_Install::needs_db_update()", "a b", "\\", "::x"):
            self.assertEqual(self.foreseen(known=({**KNOWN, "waits": name},))["updates"][0]["plugin"], "till", name)

    def test_another_plugins_table_of_that_name(self):
        BENCH.sql("DROP TABLE wp_actionscheduler_actions; CREATE TABLE wp_actionscheduler_actions (word INT)")
        with Session(BENCH.site) as session:
            self.assertEqual(data_updates.planned(session, "wp_"), {})
            self.assertEqual(data_updates.planned(session, "nobody_"), {})


if __name__ == "__main__":
    unittest.main()
