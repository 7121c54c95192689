"""The two steps around the switch, as modules run them: as the site's owner, under the host's lock, with their journal."""
import os
import signal
import subprocess
import unittest
import uuid

from belay.candidate import trial
from belay.database import names
from belay.database.mysql import Session
from belay.hold import commit_point
from belay.hold.commit_point import CommitPoint, Record
from belay.hold.hold import Hold, Version
from belay.hold.recovery import set_links
from belay.host.journal import Journal
from tests.test_migrations import ADDS, DROPS, PLUGIN, UPGRADES
from tests.watchbench import answer, begin, step, until
from tests.wordpressbench import NEW, OLD, WordPressBench

BENCH = None
ACTIVE = 'a:1:{i:0;s:17:"climbs/climbs.php";}'


def setUpModule():
    global BENCH
    BENCH = WordPressBench()


def tearDownModule():
    BENCH.close()


class TrialSteps(unittest.TestCase):
    def setUp(self):
        BENCH.sql("DROP TABLE IF EXISTS wp_climbs, wp_climb_log; CREATE TABLE wp_climbs (id INT PRIMARY KEY, height INT)")
        BENCH.sql("ALTER TABLE wp_posts DROP INDEX IF EXISTS by_climb; DELETE FROM wp_options WHERE option_name = 'climbs_version'")
        BENCH.load(active_plugins=ACTIVE)
        with Session(BENCH.site) as session:
            commit_point.write(session, names.release_table(BENCH.site), CommitPoint(Version(OLD, "adopted"), Record()))
        set_links(BENCH.site, Hold(os.path.join(BENCH.site.belay, "hold")), Version(OLD, "adopted"))
        if os.path.exists(os.path.join(BENCH.site.belay, "working")):
            os.unlink(os.path.join(BENCH.site.belay, "working"))
        self.operation = str(uuid.uuid4())

    def params(self, **changes):
        site, rule = BENCH.site, {"pattern": "*", "class": "config", "origin": "test"}
        BENCH.own()
        return {
            "root": site.root, "url": site.url, "database": site.database, "prefix": site.prefix, "operation_id": self.operation, "table_rules": [rule],
            "option_rules": [rule], "release_digest": NEW + "0" * 52, "promote_tables": [], "health_checks": [], "confirm_within_s": 600, "candidate": True,
            "migrations": {"destructive": [], "unpredicted": False, "data_updates": []}, "protected_paths": [], "volatile_paths": [], "shared_paths": [], "reference_options": {},
            "row_limit": 100, "workers": 0, "wait_s": 0, "stop": False, "drain_ms": 300, **changes,
        }

    def words(self):
        return [entry["step"] for entry in Journal(BENCH.site, self.operation).steps()]

    def switch(self):
        """As after a switch: options, commit point, links."""
        BENCH.sql(f"REPLACE INTO wp_options SELECT * FROM {names.shadow(BENCH.site, 'options')}")
        version = Version(NEW, self.operation)
        with Session(BENCH.site) as session:
            commit_point.write(session, names.release_table(BENCH.site), CommitPoint(version, Record()))
        set_links(BENCH.site, Hold(os.path.join(BENCH.site.belay, "hold")), version)

    def left(self):
        return [name for name in BENCH.own_tables() if name[:2] in ("c_", "m_")] + [name for name in os.listdir(BENCH.site.belay) if name == trial.FOLDER]

    def test_told_before_and_done_once_after(self):
        BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", ADDS)})
        before = BENCH.sql("SHOW CREATE TABLE wp_climbs")
        tried = step("trial", "trial", self.params())
        self.assertNotIn("belay_error", tried)
        self.assertEqual(len(tried["belay_facts"]["migration"]["predicted"]["changes"]), 3)
        self.assertEqual([one["ok"] for one in tried["belay_facts"]["candidate"]["health"]], [True, True])
        self.assertEqual((BENCH.sql("SHOW CREATE TABLE wp_climbs"), self.left()), (before, []))
        self.assertEqual(step("trial", "migrate", self.params()), {})
        self.switch()
        done = step("trial", "migrate", self.params())
        self.assertNotIn("belay_error", done)
        self.assertEqual(done["belay_facts"]["migration"]["done"]["changes"], tried["belay_facts"]["migration"]["predicted"]["changes"])
        self.assertEqual(sorted(done["belay_facts"]["migrated"]), ["climb_log", "climbs", "posts"])
        self.assertEqual(done["belay_facts"]["migrated"]["posts"]["parts"]["config"]["rows"], 3)
        self.assertEqual(step("trial", "migrate", self.params())["belay_facts"], done["belay_facts"])
        self.assertEqual(self.words().count("migrating"), 1)

    def test_rows_that_a_plugin_updates_later_are_told_before_and_after(self):
        question = "function climbs_wait() { return get_option('climbs_rows') !== '2'; }"
        code = UPGRADES.replace("STATEMENTS", ADDS) + question
        BENCH.release({PLUGIN: code})
        known = {"plugin": "Climbs", "waits": "climbs_wait", "version": None, "steps": None, "jobs": [], "start": "climb"}
        params = self.params(migrations={"destructive": [], "unpredicted": False, "data_updates": [known]})
        tried = step("trial", "trial", params)
        self.assertNotIn("belay_error", tried)
        waits = [{"plugin": "Climbs", "state": "waits", "version": None, "steps": [], "planned": 0, "detail": "", "start": "climb"}]
        self.assertEqual(tried["belay_facts"]["migration"]["predicted"]["updates"], waits)
        self.switch()
        done = step("trial", "migrate", params)
        self.assertNotIn("belay_error", done)
        self.assertEqual((done["belay_facts"]["migration"]["done"]["updates"], self.left()), (waits, []))

    def test_without_consent_it_ends_before_the_switch_with_what_it_would_do(self):
        BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", DROPS)})
        tried = step("trial", "trial", self.params())
        self.assertEqual(tried["belay_error"]["code"], "MIGRATION_DESTRUCTIVE")
        self.assertIn("destructive", [one["effect"] for one in tried["belay_facts"]["migration"]["predicted"]["changes"]])
        self.assertNotIn("tried", self.words())
        self.assertEqual(self.left(), [])
        agreed = {"destructive": ["climbs"], "unpredicted": False}
        self.assertNotIn("belay_error", step("trial", "trial", self.params(migrations=agreed)))

    def test_what_does_not_answer_ends_it_unless_the_site_wants_no_look(self):
        BENCH.release({"wp-content/themes/lab/index.php": "<?php lab_is_not_there();"})
        self.assertEqual(step("trial", "trial", self.params())["belay_error"]["code"], "CANDIDATE_UNHEALTHY")
        self.assertEqual(step("trial", "trial", self.params(candidate=False)).get("belay_facts"), {})

    def test_a_surprise_after_the_switch_fails_again_and_again(self):
        statement = 'if (strpos($wpdb->prefix, "belay") === false) $wpdb->query("ALTER TABLE {$wpdb->prefix}climbs DROP COLUMN height");'
        BENCH.release({PLUGIN: UPGRADES.replace("STATEMENTS", statement)})
        self.assertNotIn("belay_error", step("trial", "trial", self.params()))
        self.switch()
        for _ in range(2):
            done = step("trial", "migrate", self.params())
            self.assertEqual(done["belay_error"]["code"], "MIGRATION_SURPRISE")
            self.assertIn("climbs: column removed height", done["belay_error"]["message"])

    def test_killed_in_the_middle_it_leaves_no_process_and_recovery_clears_the_rest(self):
        BENCH.release({PLUGIN: "<?php\n/* Plugin Name: Climbs */\nadd_action('plugins_loaded', fn() => sleep(600));"})
        process = begin("trial", "trial", self.params())
        until(lambda: _php_of(BENCH.root), "the trial's PHP")
        os.killpg(process.pid, signal.SIGKILL)
        answer(process)
        until(lambda: not _php_of(BENCH.root), "the end of the trial's PHP")
        self.assertIn("m_posts", self.left())
        self.assertIn(trial.FOLDER, self.left())
        recovered = step("recover", "recover_host", self.params(operation_id=str(uuid.uuid4())))
        self.assertEqual(self.left(), [], recovered)


def _php_of(root):
    """Processes that run PHP out of this site's folder for trials."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if f"{root}/.belay/{trial.FOLDER}/stage.php" in line]


if __name__ == "__main__":
    unittest.main()
