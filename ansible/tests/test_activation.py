"""Activation hooks of plugins that a promotion made active, in a real WordPress."""
import os
import shutil
import tempfile
import unittest
import uuid
from dataclasses import replace
from pathlib import Path

from belay.database.mysql import Session
from belay.hold import recovery
from belay.hold.commit_point import CommitPoint, Record
from belay.hold.hold import Version
from belay.host.journal import Journal
from belay.switch.activation import activate_plugins, newly_active

from . import mariadb, real_wordpress
from .real_wordpress import plugin
from .switchbench import OLD

HOOKED = """
register_activation_hook(__FILE__, function () {
    wp_schedule_event(time() + 3600, 'daily', 'till_daily');
    add_role('cashier', 'Cashier', ['read' => true]);
    $page = wp_insert_post(['post_title' => 'Till', 'post_type' => 'page', 'post_status' => 'publish']);
    update_option('till_page', $page);
    update_option('till_runs', 1 + (int) get_option('till_runs'));
    update_option('till_salt', BELAY_SWITCH);
});
add_action('init', function () { register_post_type('receipt', ['public' => true]); });
"""
QUIET = "add_action('init', function () {});"
FATAL = "register_activation_hook(__FILE__, function () { global $wpdb; $wpdb->insert($wpdb->posts, ['post_title' => 'half']); nobody_declared_this(); });"
DIES = "register_activation_hook(__FILE__, function () { wp_die('<b>Needs</b> PHP 99'); });"
WIZARD = "register_activation_hook(__FILE__, function () { update_option('wizard', 1); }); add_action('activated_plugin', function () { wp_redirect('/wizard'); exit; });"
RULES = {"option_rules": [], "table_rules": [{"pattern": "posts", "class": "editorial", "origin": "t"}, {"pattern": "*", "class": "config", "origin": "t"}]}


@unittest.skipUnless(os.path.isdir(real_wordpress.SOURCE), "Debian's package wordpress is not installed")
class Activation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = mariadb.Server().start()
        cls.addClassCleanup(cls.server.stop)
        root = Path(os.path.realpath(tempfile.mkdtemp(prefix="belay-wordpress-")))
        cls.addClassCleanup(shutil.rmtree, root)
        cls.site = real_wordpress.make(cls.server, root, "shop")

    def setUp(self):
        self.sql = lambda text: self.server.sql(text, "shop")
        self.sql("DROP TABLE IF EXISTS kept; CREATE TABLE kept LIKE wp_options; INSERT INTO kept SELECT * FROM wp_options")
        self.addCleanup(self.sql, "DELETE FROM wp_options; INSERT INTO wp_options SELECT * FROM kept; DELETE FROM wp_posts WHERE post_title IN ('Till', 'half')")
        self.operation = str(uuid.uuid4())

    def switched(self, *active):
        """As after a switch that promoted these plugins: (host, point)."""
        items = "".join(f'i:{at};s:{len(name)}:"{name}";' for at, name in enumerate(active))
        self.sql(f"UPDATE wp_options SET option_value = 'a:{len(active)}:{{{items}}}' WHERE option_name = 'active_plugins'")
        context = recovery.host_for(self.site, Journal(self.site, self.operation), lambda: Session(self.site))
        host = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        record = Record(options={"active_plugins": "x"}, options_kept="kept")
        return host, CommitPoint(Version(OLD, self.operation), record)

    def activate(self, *active):
        host, point = self.switched(*active)
        params = {"operation_id": self.operation, "protected_paths": [], "volatile_paths": [], "shared_paths": [], "reference_options": {}, "row_limit": 10, "workers": 0, **RULES}
        answer = activate_plugins(host, point, params)
        return answer["belay_facts"]["activation"], answer.get("belay_error")

    def option(self, name):
        rows = self.sql(f"SELECT option_value FROM wp_options WHERE option_name = '{name}'")
        return rows[0][0] if rows else None

    def test_events_and_roles_are_made_once_and_what_was_written_to_protected_tables_is_told(self):
        till, quiet = plugin(self.site, "till", HOOKED), plugin(self.site, "quiet", QUIET)
        real_wordpress.record_manifest(self.site, cron_hooks=["till_daily", "till_weekly"], roles=["administrator", "cashier", "waiter"])
        self.sql("UPDATE wp_options SET option_value = 'stale' WHERE option_name = 'rewrite_rules'")
        told, error = self.activate(till, quiet)
        self.assertIsNone(error)
        self.assertEqual([(one["plugin"], one["ok"]) for one in told["plugins"]], [(till, True), (quiet, True)])
        self.assertEqual((told["missing_cron_hooks"], told["missing_roles"]), (["till_weekly"], ["waiter"]))
        # WordPress writes a new post's row, and once more its guid.
        self.assertEqual(told["written"], {"posts": 2})
        self.assertIn("till_daily", self.option("cron"))
        self.assertIn("cashier", self.option("wp_user_roles"))
        self.assertNotEqual(self.option("rewrite_rules"), "stale")
        self.assertEqual(self.option("till_salt"), f"{OLD}@{self.operation}")
        again, _ = self.activate(till, quiet)
        self.assertEqual((self.option("till_runs"), again), ("1", told))

    def test_a_hook_that_was_interrupted_is_not_run_again(self):
        till = plugin(self.site, "till", HOOKED)
        Journal(self.site, self.operation).append("plugin_activating", plugin=till)
        told, error = self.activate(till)
        self.assertEqual((error["code"], told["plugins"][0]["ok"], self.option("till_runs")), ("ACTIVATION_FAILED", False, None))

    def test_only_what_is_new_and_there(self):
        till, quiet = plugin(self.site, "till", HOOKED), plugin(self.site, "quiet", QUIET)
        host, point = self.switched(quiet)
        self.sql("UPDATE kept SET option_value = (SELECT option_value FROM wp_options WHERE option_name = 'active_plugins') WHERE option_name = 'active_plugins'")
        self.assertEqual(newly_active(host, point), [])
        host, point = self.switched(quiet, till)
        self.assertEqual(newly_active(host, point), [till])
        self.assertEqual(newly_active(host, replace(point, record=replace(point.record, options={}))), [])
        self.sql("UPDATE kept SET option_value = 'a:0:{}' WHERE option_name = 'active_plugins'")
        told, error = self.activate("gone/gone.php")
        self.assertIsNone(error)
        self.assertIn("not there", told["plugins"][0]["detail"])

    def test_a_copy_sends_no_mail_from_a_hook(self):
        mails = plugin(self.site, "mails", "register_activation_hook(__FILE__, function () { update_option('mailed', apply_filters('pre_wp_mail', null, []) === false ? 'kept' : 'sent'); });")
        self.activate(mails)
        self.assertEqual(self.option("mailed"), "sent")
        mark = Path(self.site.belay, "hold", "copy")
        mark.write_text("staging\n")
        self.addCleanup(mark.unlink)
        self.operation = str(uuid.uuid4())
        self.activate(mails)
        self.assertEqual(self.option("mailed"), "kept")

    def test_a_fatal_error_ends_it_and_says_which_plugin_and_what_it_wrote(self):
        bad, till = plugin(self.site, "bad", FATAL), plugin(self.site, "till", HOOKED)
        told, error = self.activate(bad, till)
        self.assertEqual(error["code"], "ACTIVATION_FAILED")
        self.assertIn("bad/bad.php", error["message"])
        self.assertIn("nobody_declared_this", error["message"])
        self.assertEqual(([one["plugin"] for one in told["plugins"]], told["written"]), ([bad], {"posts": 1}))
        self.assertIsNone(self.option("till_runs"))
        _, again = self.activate(bad, till)
        self.assertEqual(again["code"], "ACTIVATION_FAILED")

    def test_a_plugin_that_refuses_is_no_success_and_one_that_redirects_is(self):
        dies, wizard = plugin(self.site, "dies", DIES), plugin(self.site, "wizard", WIZARD)
        told, error = self.activate(wizard, dies)
        self.assertEqual([one["ok"] for one in told["plugins"]], [True, False])
        self.assertIn("Needs PHP 99", error["message"])
        self.assertEqual(self.option("wizard"), "1")


if __name__ == "__main__":
    unittest.main()
