"""Steps that are killed, late or asked for again, and what the next one owes: a look, a line of the journal, a word to a cache."""
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

from belay.database.mysql import Session
from belay.database import names
from belay.hold import commit_point
from belay.host.hostlock import host_lock
from belay.switch import measures, rollback

from .switchbench import NEW, OLD
from .test_recover import RecoverCase
from .watchbench import OWNER, active, answer, armed_of, expire, step, until, words

CACHE = "wp-content/cache"
PURGED = {"volatile_paths": [CACHE], "purge": [{"kind": "path", "path": CACHE, "within_s": 20}]}


class InterruptedCase(RecoverCase):
    def killed(self, kind, name, params, pause):
        process = self.paused(kind, name, params, pause)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def code(self, kind, name, params):
        return step(kind, name, params).get("belay_error", {}).get("code")

    def kept(self, table):
        with Session(self.site) as session:
            record = commit_point.read(session, names.release_table(self.site)).record
        return record.options_kept if table == "options" else record.swapped[table]

    def opened(self, pid):
        folder = Path(f"/proc/{pid}/fd")
        return [os.readlink(one) for one in folder.iterdir() if os.path.lexists(one)] if folder.exists() else []

    def cached(self):
        """A page in the cache of the active release."""
        page = Path(self.site.tree, CACHE, "index.html")
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("stale")
        subprocess.run(["chown", "-R", f"{OWNER.pw_uid}:{OWNER.pw_gid}", str(page.parents[1])], check=True)
        return page


class BeforeTheSwitch(InterruptedCase):
    def checked(self, **changes):
        return step("promote", "check", self.bench.params(self.site, hold_without="brief_mixture", **changes))

    def test_a_release_is_not_promoted_over_itself(self):
        params = self.bench.params(self.site, release_digest=OLD + "0" * 52)
        self.assertEqual(self.code("promote", "check", params), "ALREADY_ACTIVE")
        step("promote", "load", params)
        self.assertEqual(self.code("promote", "activate", params), "ALREADY_ACTIVE")
        self.assertEqual(armed_of(self.site), {})

    def test_what_would_be_gone_after_the_switch_is_refused_with_the_commands_that_save_it(self):
        place = Path(self.site.tree, "wp-content/a folder")
        place.mkdir(parents=True)
        (place / "paid.zip").write_text("paid")
        paths = {"shared_paths": ["wp-config.php", "wp-content/a folder", "robots.txt"]}
        refused = self.checked(**paths)["belay_error"]
        self.assertEqual(refused["code"], "NOT_SHARED")
        self.assertIn("wp-content/a folder of", refused["message"])
        subprocess.run(refused["remedy"].partition(": ")[2], shell=True, check=True)
        self.assertEqual((place / "paid.zip").read_text(), "paid")
        self.assertEqual(os.readlink(place), "../../../shared/wp-content/a folder")
        self.assertNotIn("belay_error", self.checked(**paths))

    def test_what_is_in_both_places_is_for_a_person_to_decide(self):
        for folder in (self.site.tree, self.site.shared):
            (Path(folder) / "wp-content/languages").mkdir(parents=True)
        refused = self.checked(shared_paths=["wp-content/languages"])["belay_error"]
        self.assertEqual((refused["code"], "mv " in refused["remedy"]), ("NOT_SHARED", False))
        self.assertIn("look which of both is right", refused["remedy"])

    def test_a_link_that_leads_elsewhere_leads_there_from_shared(self):
        elsewhere = self.bench.root / "elsewhere"
        elsewhere.mkdir()
        os.symlink("../../elsewhere", os.path.join(self.site.tree, "media"))
        refused = self.checked(shared_paths=["media"])["belay_error"]
        subprocess.run(refused["remedy"].partition(": ")[2], shell=True, check=True)
        self.assertEqual((os.readlink(Path(self.site.shared, "media")), os.path.realpath(Path(self.site.tree, "media"))), (os.path.realpath(elsewhere),) * 2)
        self.assertNotIn("belay_error", self.checked(shared_paths=["media"]))

    def test_a_link_into_shared_may_lead_to_nothing(self):
        os.symlink("../../shared/robots.txt", os.path.join(self.site.tree, "robots.txt"))
        self.assertNotIn("belay_error", self.checked(shared_paths=["robots.txt"]))

    def test_a_shared_path_may_lead_further(self):
        elsewhere = self.bench.root / "elsewhere"
        elsewhere.mkdir()
        os.symlink(elsewhere, os.path.join(self.site.shared, "media"))
        os.symlink("../../shared/media", os.path.join(self.site.tree, "media"))
        self.assertNotIn("belay_error", self.checked(shared_paths=["media"]))

    def test_the_time_to_a_confirmation_begins_with_the_switch(self):
        params = self.bench.params(self.site)
        step("promote", "load", params)
        process = self.paused("promote", "activate", params, "before_attempts")
        expire(self.site, params["operation_id"])
        os.killpg(process.pid, signal.SIGCONT)
        self.assertNotIn("belay_error", answer(process))
        self.assertGreater(armed_of(self.site)[params["operation_id"]].seconds_left(), 0)
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assertEqual(active(self.site).release, NEW)

    def test_what_a_recovery_called_off_is_not_done_by_a_step_that_comes_late(self):
        params = self.bench.params(self.site)
        step("promote", "load", params)
        self.assertEqual(self.facts(operation_id=params["operation_id"])["active"]["release"], OLD)
        for name in ("load", "activate"):
            self.assertEqual(self.code("promote", name, params), "OPERATION_OVERTAKEN")
        self.assertEqual(active(self.site).release, OLD)
        # Begun anew, it is another attempt.
        self.assertNotIn("belay_error", step("promote", "check", {**params, "hold_without": "brief_mixture"}))
        for name in ("load", "activate", "confirm"):
            self.assertNotIn("belay_error", step("promote", name, {**params, "hold_without": "brief_mixture"}))
        self.assertEqual(active(self.site).release, NEW)


class AfterTheSwitch(InterruptedCase):
    def killed_after_the_switch(self, **changes):
        params = self.bench.params(self.site, **changes)
        step("promote", "load", params)
        self.killed("promote", "activate", params, "after_switch")
        return params

    def test_whoever_goes_on_looks_at_what_left(self):
        params = self.killed_after_the_switch()
        self.bench.rows(self.site, f"INSERT INTO `{self.kept('things')}` (word) VALUES ('at the very moment')")
        for _ in range(2):
            self.assertEqual(self.code("promote", "activate", params), "CONFLICT_AFTER_SWITCH")
        self.assertTrue(step("promote", "undo", params)["rolled_back"])
        self.assertIn(["at the very moment"], self.bench.rows(self.site, "SELECT word FROM wp_things"))

    def test_and_at_options_that_were_replaced(self):
        params = self.bench.params(self.site)
        with Session(self.site) as session:
            hashes = measures.expected(self.site, params).hashes_of(session, ["theme"])
        params = self.killed_after_the_switch(operation_id=params["operation_id"], expected_options=hashes)
        self.bench.rows(self.site, f"UPDATE `{self.kept('options')}` SET option_value = 'mine' WHERE option_name = 'theme'")
        refused = step("promote", "activate", params)["belay_error"]
        self.assertEqual((refused["code"], refused["message"][:12]), ("CONFLICT_AFTER_SWITCH", "option theme"))
        step("promote", "undo", params)
        self.assertEqual(self.bench.options(self.site)["theme"], "mine")

    def stray(self, table):
        self.bench.rows(self.site, f"INSERT INTO `{table}` (option_name, option_value) VALUES ('stray', 'by a job')")

    def options(self):
        return {name: value for name, value in self.bench.options(self.site).items() if name in ("stray", "visits")}

    def test_a_row_of_the_last_moment_is_carried_over_by_whoever_comes_next(self):
        for kind, name in (("promote", "undo"), ("promote", "activate"), ("recover", "recover_host")):
            with self.subTest(name):
                self.site = self.bench.fresh()
                params = self.killed_after_the_switch()
                self.stray(self.kept("options"))
                self.bench.rows(self.site, "UPDATE wp_options SET option_value = 'since' WHERE option_name = 'visits'")
                step(kind, name, {**params, "wait_s": 0, "stop": True})
                self.assertEqual(self.options(), {"stray": "by a job", "visits": "since"})
                self.end_all()

    def test_one_that_can_never_be_carried_over_keeps_no_release_live(self):
        for kind, name in (("promote", "undo"), ("recover", "recover_host")):
            with self.subTest(name):
                self.site = self.bench.fresh()
                params = self.killed_after_the_switch()
                self.bench.rows(self.site, f"ALTER TABLE `{names.base(self.site, 'options')}` ADD UNIQUE (option_value(50))")
                self.bench.rows(self.site, f"INSERT INTO `{self.kept('options')}` (option_name, option_value) VALUES ('stray', 'Shop')")
                done = step(kind, name, {**params, "wait_s": 0, "stop": True})
                self.assertNotIn("belay_error", done)
                self.assertEqual((active(self.site).release, words(self.site, params).count("untidy")), (OLD, 1))
                self.end_all()

    def test_once_and_not_again_against_what_another_operation_has_prepared(self):
        step("promote", "confirm", self.activated())
        back = {**self.bench.params(self.site, hold_without="brief_mixture"), "to_release": OLD, "expected_release": NEW}
        step("rollback", "check", back)
        self.killed("rollback", "activate", back, "after_switch_back")
        self.stray(rollback.aside(self.site, back["operation_id"], "options"))
        # Another promotion prepares its own copies, and visitors have written before that.
        self.bench.rows(self.site, "UPDATE wp_options SET option_value = 'since' WHERE option_name = 'visits'")
        other = self.bench.params(self.site, hold_without="brief_mixture")
        for name in ("check", "load"):
            self.assertNotIn("belay_error", step("promote", name, other))
        self.assertEqual(self.options(), {"stray": "by a job", "visits": "since"})
        step("rollback", "activate", back)
        self.assertEqual(self.options(), {"stray": "by a job", "visits": "since"})

    def test_where_nothing_was_written_the_switch_stays(self):
        params = self.killed_after_the_switch()
        done = step("promote", "activate", params)
        self.assertNotIn("belay_error", done)
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assertEqual(active(self.site).release, NEW)

    def test_a_confirmation_that_comes_again_leaves_alone_what_the_next_operation_has_prepared(self):
        params = self.activated()
        step("promote", "confirm", params)
        other = {**self.bench.params(self.site, hold_without="brief_mixture"), "expected_release": NEW}
        step("promote", "check", other)
        step("promote", "load", other)
        prepared = set(self.bench.tables(self.site))
        self.assertIn(names.shadow(self.site, "things"), prepared)
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assertEqual(set(self.bench.tables(self.site)), prepared)

    def test_somebody_else_on_the_host_is_waited_for(self):
        params = self.activated()
        held, free = threading.Event(), threading.Event()

        def hold():
            with host_lock(self.site, "a-backup-by-hand"):
                held.set()
                free.wait(60)

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(60)
        process = self.begin("promote", "confirm", params)
        lock = os.path.join(self.site.belay, "lock")
        until(lambda: lock in self.opened(process.pid), "asking for the lock")
        self.assertNotIn("confirmed", words(self.site, params))
        free.set()
        self.assertNotIn("belay_error", answer(process))
        thread.join()
        self.assertEqual(active(self.site).release, NEW)


class OnTheWayBack(InterruptedCase):
    def test_a_release_of_which_a_table_is_gone_is_not_gone_back_to(self):
        step("promote", "confirm", self.activated())
        self.bench.rows(self.site, f"DROP TABLE `{self.kept('things')}`")
        back = {**self.bench.params(self.site, hold_without="brief_mixture"), "to_release": OLD, "expected_release": NEW}
        for name in ("check", "activate"):
            self.assertEqual(self.code("rollback", name, back), "RELEASE_NOT_KEPT")
        self.assertEqual((active(self.site).release, self.bench.options(self.site)["theme"]), (NEW, "new"))

    def test_what_fails_after_the_switch_back_does_not_make_it_undone(self):
        step("promote", "confirm", self.activated())
        back = {**self.bench.params(self.site, hold_without="brief_mixture"), "to_release": OLD, "expected_release": NEW}
        self.assertNotIn("activated", step("rollback", "check", back)["belay_facts"])
        done = answer(self.begin("rollback", "activate", back, "late_lost"))
        self.assertNotIn("belay_error", done)
        self.assertEqual((done["belay_facts"]["activated"], done["belay_facts"]["late_rows"]["things"]), (True, 0))
        self.assertEqual(active(self.site).release, OLD)

    def test_what_fails_before_the_switch_back_says_for_certain_that_nothing_was_switched(self):
        step("promote", "confirm", self.activated())
        back = {**self.bench.params(self.site, hold_without="brief_mixture"), "to_release": OLD, "expected_release": "another"}
        done = step("rollback", "activate", back)
        self.assertEqual((done["belay_error"]["code"], done["belay_facts"]), ("RELEASE_CHANGED", {"activated": False}))

    def test_killed_between_the_report_to_people_and_its_own_note(self):
        params = self.activated()
        told = {**self.bench.params(self.site), "wait_s": 0, "stop": True}
        self.killed("recover", "recover_host", told, "after_report")
        found = step("recover", "recover_host", told)["belay_facts"]["found"]
        self.assertIn("reverted", [entry["done"] for entry in found if entry["what"] == "unconfirmed"])
        self.assertEqual((self.report(params)["release"], active(self.site).release), (NEW, OLD))

    def test_what_cannot_be_tidied_up_fails_no_way_back(self):
        params = self.activated()
        shutil.rmtree(os.path.join(self.site.belay, "incoming"))
        done = step("promote", "undo", params)
        self.assertNotIn("belay_error", done)
        self.assertTrue(done["rolled_back"])
        self.assert_nothing_watched(params)

    def test_tables_that_went_before_anybody_asked_what_was_late(self):
        params = self.activated()
        self.killed("promote", "undo", params, "before_late")
        for table in self.bench.tables(self.site):
            if table.startswith("belay_") and "_a_" in table:
                self.bench.rows(self.site, f"DROP TABLE `{table}`")
        done = step("promote", "undo", params)
        self.assertNotIn("belay_error", done)
        self.assertEqual((done["rolled_back"], done["belay_facts"].get("late_rows", {})), (True, {}))

    def test_a_rollback_that_a_recovery_called_off_is_not_made_by_a_step_that_comes_late(self):
        step("promote", "confirm", self.activated())
        back = {**self.bench.params(self.site, hold_without="brief_mixture"), "to_release": OLD, "expected_release": NEW}
        self.assertEqual(self.facts(operation_id=back["operation_id"])["active"]["release"], NEW)
        self.assertEqual(self.code("rollback", "activate", back), "OPERATION_OVERTAKEN")
        self.assertEqual(active(self.site).release, NEW)

    def test_undone_and_killed_with_nobody_but_the_watchdog_left(self):
        params = self.activated(**PURGED)
        self.killed("promote", "undo", params, "before_late")
        page = self.cached()
        expire(self.site, params["operation_id"])
        until(lambda: not armed_of(self.site), "the watchdog's look")
        self.assertEqual((page.exists(), "rolled_back" in words(self.site, params)), (False, True))

    def test_undone_and_killed_before_it_was_written_down(self):
        params = self.activated()
        self.bench.rows(self.site, "INSERT INTO wp_things VALUES (50, 'late')")
        self.killed("promote", "undo", params, "before_late")
        self.assertEqual(active(self.site).release, OLD)
        done = step("promote", "undo", params)
        self.assertEqual((done["rolled_back"], "rolled_back" in words(self.site, params)), (True, True))
        told = [line for line in Path(self.site.belay, "journal", params["operation_id"] + ".jsonl").read_text().splitlines() if '"rolled_back"' in line]
        self.assertIn('"things": 1', told[-1])
        self.assert_nothing_watched(params)

    def test_gone_back_and_killed_before_it_was_told(self):
        params = self.activated(**PURGED)
        self.killed("recover", "recover_host", {**params, "wait_s": 0, "stop": True}, "before_telling")
        self.assertEqual((active(self.site).release, "reverted" in words(self.site, params)), (OLD, False))
        page = self.cached()
        facts = self.facts()
        self.assertEqual([one["operation_id"] for one in facts["reports"]], [params["operation_id"]])
        self.assertEqual((self.what(facts)["unconfirmed"], page.exists()), ("reverted", False))

    def test_a_runner_that_died_before_the_caches_were_told(self):
        params = self.activated(**PURGED)
        step("promote", "undo", params)
        page = self.cached()
        facts = self.facts(operation_id=params["operation_id"])
        self.assertEqual((self.what(facts)["caches"], page.exists()), ("finished", False))
        self.assertNotIn("caches", self.what(self.facts(operation_id=params["operation_id"])))
