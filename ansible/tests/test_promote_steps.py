"""The steps of a promotion one after another, as modules run them: what the check refuses, what belongs to the switch beside it."""
import os
import time
import unittest
import uuid
from pathlib import Path

from belay.bundle.unpack import store_manifest, stored_manifest
from belay.database import names
from belay.database.mysql import Session
from belay.errors import BelayError
from belay.hold import commit_point
from belay.release.release_folders import drop_releases, forget
from belay.switch import leftovers, rollback

from .switchbench import MEASURES, NEW, NEWER, OLD
from .test_switch import SwitchCase, promotion
from .test_watchdog import WatchCase
from .watchbench import active, armed_of, expire, step, until, words

PURGES = [
    {"kind": "path", "path": "wp-content/cache", "within_s": 20},
    {"kind": "url", "url": "http://127.0.0.1:1/", "method": "PURGE", "headers": {}, "secret_headers": {"X-Key": "CDN"}, "body": None, "within_s": 20},
]


class Check(WatchCase):
    def refused(self, code, **changes):
        answer = step("promote", "check", self.bench.params(self.site, **{"hold_without": "brief_mixture", **changes}))
        self.assertEqual(answer.get("belay_error", {}).get("code"), code, answer)
        self.assertEqual(active(self.site).release, OLD)

    def test_it_refuses_before_anything_is_touched(self):
        before = self.bench.tables(self.site)
        self.refused("HOLD_INACTIVE", hold_without="refuse")
        self.refused("TABLES_CHANGED", target_tables=["options"])
        self.refused("CLOCK_OFF", runner_time=time.time() - 7200)
        self.refused("RELEASE_CHANGED", expected_release=NEWER)
        self.assertEqual(self.bench.tables(self.site), before)


class WithoutTheHold(WatchCase):
    def test_a_whole_promotion_with_the_smaller_promise(self):
        cache = Path(self.site.releases, NEW, "wp-content/cache")
        (cache / "pages").mkdir(parents=True)
        (cache / "pages/index.html").write_text("old")
        os.system(f"chown -R nobody: '{cache.parent}'")
        params = self.bench.params(self.site, hold_without="brief_mixture", volatile_paths=["wp-content/cache"], purge=PURGES, runner_time=time.time(), drain_ms=50)
        facts = {}
        for name in ("check", "load", "activate", "prime", "purge", "verify", "confirm"):
            answer = step("promote", name, params)
            self.assertNotIn("belay_error", answer, name)
            facts.update(answer.get("belay_facts", {}))
        self.assertEqual((active(self.site).release, facts["warnings"]), (NEW, []))
        self.assertIn("do not go through the hold", facts["mixture"]["why"])
        self.assertGreater(facts["mixture"]["mixture_ms"], 0)
        self.assertEqual(facts["activation"], {"plugins": [], "missing_cron_hooks": [], "missing_roles": [], "written": {}})
        self.assertEqual([(one["ok"], one["detail"][:9]) for one in facts["purges"]], [(True, "2 removed"), (False, "not asked")])
        self.assertEqual(os.listdir(cache), [])
        self.assertIn("purged", words(self.site, params))


class NoPluginActivated(WatchCase):
    def test_events_and_roles_that_are_missing_are_told_all_the_same(self):
        store_manifest(self.site, NEW, {**stored_manifest(self.site, NEW), "cron_hooks": ["till_daily"], "roles": ["waiter"]})
        params = self.activated()
        told = step("promote", "verify", params)["belay_facts"]
        self.assertEqual(told["activation"], {"plugins": [], "missing_cron_hooks": ["till_daily"], "missing_roles": ["waiter"], "written": {}})
        self.assertNotIn("activation", step("promote", "verify", {**params, "promote_options": ["active_plugins"]})["belay_facts"])


class Confirmed(WatchCase):
    def test_what_cannot_be_tidied_up_is_no_failure_of_a_release_that_stays(self):
        params = self.activated()
        lost = names.shadow(self.site, "lost")
        self.bench.rows(self.site, f"CREATE TABLE {lost} (id INT PRIMARY KEY); CREATE TABLE tied (id INT, FOREIGN KEY (id) REFERENCES {lost} (id))")
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assertIn("untidy", words(self.site, params))
        self.bench.rows(self.site, "DROP TABLE tied")
        self.assertEqual(active(self.site).release, NEW)


class RefreshedMeanwhile(WatchCase):
    def test_a_release_that_nobody_has_confirmed_keeps_its_way_back(self):
        params = self.activated()
        before = self.bench.tables(self.site)
        lists = ("keep_tables", "keep_options", "clone_options", "leave_out_tables", "leave_out_files", "masks")
        archive = {"archive": f"{self.site.belay}/incoming/none.tar.zst", "digest": "0" * 64}
        by_hand = {
            **params, **dict.fromkeys(lists, []), **archive, "operation_id": str(uuid.uuid4()), "initial": False, "source_type": "staging",
            "hold_php": "<?php", "expected_source": None,
        }
        refused = step("refresh", "import_data", by_hand)["belay_error"]
        self.assertEqual((refused["code"], params["operation_id"] in refused["message"]), ("HOST_BUSY", True))
        self.assertEqual(self.bench.tables(self.site), before)
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assertEqual(step("refresh", "import_data", by_hand)["belay_error"]["code"], "ARCHIVE_BROKEN")


class Overtaken(WatchCase):
    def test_a_release_that_was_brought_late_is_not_unpacked_behind_another_operation(self):
        params = self.bench.params(self.site, archive=f"{self.site.belay}/incoming/none.tar.zst", hold_without="brief_mixture")
        self.assertNotIn("belay_error", step("promote", "check", params))
        self.assertNotIn("belay_error", step("recover", "recover_host", {**params, "operation_id": str(uuid.uuid4()), "wait_s": 0, "stop": False}))
        self.assertEqual(step("promote", "receive", params)["belay_error"]["code"], "OPERATION_OVERTAKEN")


class GoneBack(WatchCase):
    def test_the_watchdog_tells_caches_as_far_as_it_can(self):
        params = self.activated(volatile_paths=["wp-content/cache"], purge=PURGES)
        self.sql_in_new()
        expire(self.site, params["operation_id"])
        until(lambda: not armed_of(self.site), "going back")
        self.assertEqual(active(self.site).release, OLD)
        told = self.report(params)
        self.assertEqual([(one["ok"], one["purge"]) for one in told["purges"]], [(True, "path wp-content/cache"), (False, "PURGE http://127.0.0.1:1/")])
        self.assertIn("only known to a runner", told["purges"][1]["detail"])
        self.assertEqual(told["late_rows"], {"things": 2, "extra": 0, "options": 1})

    def sql_in_new(self):
        """What visitors write to promoted tables and options after the switch."""
        self.bench.rows(self.site, "INSERT INTO wp_things VALUES (50, 'fifty'), (51, 'fifty-one'); UPDATE wp_options SET option_value = 'theirs' WHERE option_name = 'theme'")

    def test_rows_written_since_are_told_by_the_step_that_goes_back(self):
        params = self.activated()
        self.sql_in_new()
        answer = step("promote", "undo", params)
        self.assertEqual((answer["rolled_back"], answer["belay_facts"]["late_rows"]), (True, {"things": 2, "extra": 0, "options": 1}))


class Kept(SwitchCase):
    def assert_needed(self, release):
        with self.assertRaises(BelayError) as caught:
            forget(self.site, release)
        self.assertEqual(caught.exception.code, "RELEASE_NEEDED")

    def go_back(self):
        operation = str(uuid.uuid4())
        rollback.roll_back(self.host(operation), operation, OLD, MEASURES, 0.3)

    def inspected(self, session):
        return set(commit_point.read(session, names.release_table(self.site)).record.inspect)

    def test_tables_that_failed_stay_for_a_time_and_then_go(self):
        self.promote(promotion())
        self.go_back()
        with Session(self.site) as session:
            kept = self.inspected(session)
            self.assertEqual(len(kept), 4)
            self.assertEqual(leftovers.drop_inspected(self.site, session, 3600), 0)
            self.assertLessEqual(kept, self.bench.tables(self.site))
            self.assertEqual(leftovers.drop_inspected(self.site, session, -1), 4)
            self.assertFalse(kept & self.bench.tables(self.site))
        self.assert_on(OLD)
        self.promote(promotion())
        self.assert_on(NEW)
        self.go_back()
        self.assert_on(OLD)

    def test_what_the_way_back_needs_never_goes_with_them(self):
        self.promote(promotion())
        self.go_back()
        self.promote(promotion())
        with Session(self.site) as session:
            leftovers.drop_inspected(self.site, session, -1)
        self.go_back()
        self.assert_on(OLD)
        self.assertEqual(self.bench.options(self.site)["theme"], "old")

    def test_code_of_the_last_releases_stays_and_the_active_one_cannot_be_removed(self):
        self.promote(promotion())
        store_manifest(self.site, NEWER, {"code": {}})
        drop_releases(self.site, [NEW, OLD])
        self.assertEqual(sorted(os.listdir(self.site.releases)), [OLD, NEW])
        self.assert_needed(NEW)
        self.hold.set_in_doubt(self.hold.state().certain, commit_point.Version(OLD, "x"))
        self.assert_needed(OLD)
        os.unlink(self.hold.state_link)
        self.assert_needed(NEW)
        self.assertEqual(sorted(os.listdir(self.site.releases)), [OLD, NEW])


del SwitchCase, WatchCase

if __name__ == "__main__":
    unittest.main()
