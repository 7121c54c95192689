"""recover.yml's step: everything that an interrupted operation can leave behind is found, and finished or undone."""
import contextlib
import os
import signal
import time
import unittest
import uuid
from pathlib import Path
from unittest import mock

from belay.backup import backup

from belay.database import names

from belay.host import hostlock
from belay.hold.hold import Hold, Version
from belay.errors import BelayError
from belay.host.processes import Process, is_alive, stop
from belay.switch import recover_steps

from .switchbench import NEW, OLD
from .test_watchdog import WatchCase
from .watchbench import OWNER, active, answer, expire, step


@unittest.skipUnless(os.geteuid() == 0, "only root can give a site to its owner")
class RecoverCase(WatchCase):
    def recover(self, **changes):
        params = {**self.bench.params(self.site), "wait_s": 0, "stop": False, **changes}
        return step("recover", "recover_host", params)

    def facts(self, **changes):
        done = self.recover(**changes)
        self.assertNotIn("belay_error", done)
        return done["belay_facts"]

    def what(self, facts):
        return {entry["what"]: entry["done"] for entry in facts["found"]}

    def assert_nothing_more(self):
        done = self.recover()
        self.assertEqual((done["changed"], done["belay_facts"]["found"], done["belay_facts"]["settled"]), (False, [], True))

    def belay_tables(self):
        return {table for table in self.bench.tables(self.site) if table.startswith("belay_")} - {names.release_table(self.site)}

    def schemas(self):
        return {row[0] for row in self.bench.rows(self.site, "SHOW DATABASES")}


class Nothing(RecoverCase):
    def test_where_nothing_was_interrupted_nothing_is_done(self):
        facts = self.facts()
        self.assertEqual((facts["found"], facts["settled"], facts["healthy"], facts["active"]["release"]), ([], True, True, OLD))

    def test_what_a_rollback_needs_stays(self):
        params = self.activated()
        step("promote", "confirm", params)
        kept = self.belay_tables()
        self.assertTrue(kept)
        self.assert_nothing_more()
        self.assertEqual(self.belay_tables(), kept)
        back = {**self.bench.params(self.site), "to_release": OLD, "expected_release": NEW}
        self.assertNotIn("belay_error", step("rollback", "activate", back))
        self.assertEqual(active(self.site).release, OLD)
        self.assert_nothing_more()


class Endless(RecoverCase):
    def test_a_holder_that_cannot_be_stopped_is_not_waited_for_without_end(self):
        with hostlock.host_lock(self.site, "a-frozen-disk"), contextlib.ExitStack() as stack:
            with mock.patch.object(recover_steps, "stop", return_value=False), mock.patch.object(recover_steps, "STOPS_WITHIN_S", 0.1):
                with self.assertRaises(BelayError) as caught:
                    recover_steps._alone(stack, self.site, {"operation_id": "x", "stop": True}, time.monotonic(), [])
        self.assertEqual(caught.exception.code, "HOST_BUSY")


class Interrupted(RecoverCase):
    def killed(self, pause, **changes):
        params = self.bench.params(self.site, **changes)
        step("promote", "load", params)
        process = self.paused("promote", "activate", params, pause)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return params

    def test_killed_before_the_rename(self):
        params = self.killed("before_rename")
        self.assertTrue(self.belay_tables())
        self.assertIsNotNone(Hold(os.path.join(self.site.belay, "hold")).state().doubt)
        facts = self.facts()
        self.assertEqual(self.what(facts), {"in_doubt": "decided", "unconfirmed": "finished", "tables": "removed", "interrupted": "finished"})
        self.assertEqual(self.belay_tables(), set())
        self.assert_old_and_tidy(params)
        self.assert_nothing_more()

    def test_killed_after_the_rename_and_over_its_time(self):
        self.killed_and_over("after_rename")

    def test_killed_before_the_links_and_over_its_time(self):
        self.killed_and_over("before_links")

    def killed_and_over(self, pause):
        params = self.killed(pause)
        os.kill(self.watcher(params).pid, signal.SIGKILL)
        expire(self.site, params["operation_id"])
        facts = self.facts()
        self.assertEqual(self.what(facts)["unconfirmed"], "reverted")
        self.assertEqual([(one["operation_id"], one["what"]) for one in facts["reports"]], [(params["operation_id"], "reverted")])
        self.assert_old_and_tidy(params)
        self.assert_nothing_more()

    def test_an_activation_that_has_time_is_left_to_its_watchdog_which_is_started_again(self):
        params = self.killed("after_rename")
        os.kill(self.watcher(params).pid, signal.SIGKILL)
        facts = self.facts()
        self.assertEqual((self.what(facts)["unconfirmed"], facts["settled"], facts["active"]["release"]), ("left", False, NEW))
        self.assertEqual(len(self.watchers()), 1)
        self.assertNotIn("belay_error", step("promote", "activate", params))
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assertEqual(active(self.site).release, NEW)
        self.assert_nothing_more()

    def test_an_activation_that_has_time_is_waited_for(self):
        params = self.activated(confirm_within_s=2)
        os.kill(self.watcher(params).pid, signal.SIGSTOP)
        facts = self.facts(wait_s=60)
        self.assertEqual((self.what(facts)["unconfirmed"], facts["settled"]), ("reverted", True))
        self.assert_old_and_tidy(params)

    def test_stop_undoes_it_at_once(self):
        params = self.activated()
        facts = self.facts(stop=True)
        self.assertEqual((self.what(facts)["unconfirmed"], facts["active"]["release"]), ("reverted", OLD))
        self.assert_old_and_tidy(params)

    def test_a_confirmed_one_stays_whatever_is_left_of_its_watch(self):
        params = self.activated()
        process = self.paused("promote", "confirm", params, "kept")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        facts = self.facts(stop=True)
        self.assertEqual((self.what(facts)["unconfirmed"], facts["active"]["release"]), ("finished", NEW))
        self.assert_nothing_watched(params)
        told = self.facts(operation_id=params["operation_id"])["promotion"]
        self.assertEqual(told["promoted"], step("promote", "confirm", params)["belay_facts"]["promoted"])
        self.assertTrue(told["promoted"]["code"])

    def test_a_confirmed_one_is_told_as_it_told_itself_also_to_whoever_asks_again(self):
        params = self.activated()
        ours = {"operation_id": params["operation_id"]}
        self.assertNotIn("promotion", self.facts(**ours))
        told = step("promote", "confirm", params)["belay_facts"]["promoted"]
        for _ in range(2):
            kept = self.facts(**ours)["promotion"]
            self.assertEqual((kept["promoted"], kept["previous_release"]), (told, OLD))
        self.assertNotIn("promotion", self.facts())
        back = {**self.bench.params(self.site), "to_release": OLD, "expected_release": NEW}
        self.assertNotIn("belay_error", step("rollback", "activate", back))
        self.assertNotIn("promotion", self.facts(**ours))

    def test_a_killed_load_leaves_no_table_and_its_operation_must_begin_again(self):
        params = self.bench.params(self.site)
        step("promote", "load", params)
        self.assertEqual(self.what(self.facts()), {"tables": "removed", "interrupted": "finished"})
        self.assertEqual(self.belay_tables(), set())
        self.assertEqual(step("promote", "activate", params)["belay_error"]["code"], "OPERATION_OVERTAKEN")
        self.assertEqual(active(self.site).release, OLD)


class StillRunning(RecoverCase):
    def frozen(self):
        params = self.bench.params(self.site)
        step("promote", "load", params)
        return params, self.paused("promote", "activate", params, "before_rename")

    def test_it_is_noticed_and_never_doubled(self):
        params, process = self.frozen()
        refused = self.recover(wait_s=1)["belay_error"]
        self.assertEqual(refused["code"], "HOST_BUSY")
        self.assertIn(params["operation_id"], refused["message"])
        os.kill(process.pid, signal.SIGCONT)
        self.assertTrue(answer(process)["belay_facts"]["activated"])

    def test_it_is_waited_for(self):
        params, process = self.frozen()
        waiting = self.begin("recover", "recover_host", {**self.bench.params(self.site), "wait_s": 60, "stop": False})
        os.kill(process.pid, signal.SIGCONT)
        self.assertTrue(answer(process)["belay_facts"]["activated"])
        step("promote", "confirm", params)
        facts = answer(waiting)["belay_facts"]
        self.assertEqual((facts["active"]["release"], facts["settled"]), (NEW, True))

    def test_it_is_stopped(self):
        params, process = self.frozen()
        facts = self.facts(stop=True)
        self.assertEqual(process.wait(), -signal.SIGKILL)
        self.assertEqual((self.what(facts)["running"], facts["active"]["release"], facts["settled"]), ("stopped", OLD, True))
        self.assert_old_and_tidy(params)
        self.assertEqual(self.belay_tables(), set())

    def test_a_process_that_took_over_the_number_is_not_stopped(self):
        held = hostlock.owner(self.site)
        self.assertIsNone(held)
        with hostlock.host_lock(self.site, "me"):
            held = hostlock.owner(self.site)
        self.assertEqual((held["operation_id"], held["pid"]), ("me", os.getpid()))
        other = Process(held["pid"], "another boot:1")
        self.assertFalse(is_alive(other))
        self.assertTrue(stop(other, 0))


class Leftovers(RecoverCase):
    def put(self, *names_):
        for name in names_:
            path = Path(self.site.belay, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text("left")
            for one in (path.parent, path):
                os.chown(one, OWNER.pw_uid, OWNER.pw_gid)

    def test_schemas_files_and_half_written_ones(self):
        scratch = backup.scratch_schema(self.site)
        self.bench.rows(self.site, f"CREATE DATABASE {scratch}")
        self.put("incoming/x.tar.zst", "incoming/x.part", "outgoing/building/options.jsonl", "outgoing/" + "e" * 12 + ".tar.zst", f"releases/{OLD}.json.tmp", "hold/state.12.new", "journal/keep", "watchdog/x.alive", "watchdog/x.deadline")
        facts = self.facts()
        self.assertEqual(self.what(facts), {"scratch_schema": "removed", "incoming": "removed", "building": "removed"})
        self.assertNotIn(scratch, self.schemas())
        self.assertEqual(sorted(os.listdir(os.path.join(self.site.belay, "outgoing"))), ["e" * 12 + ".tar.zst"])
        self.assertTrue(Path(self.site.belay, "journal/keep").exists())
        self.assertEqual([name for name in os.listdir(os.path.join(self.site.belay, "watchdog")) if name.startswith("x.")], [])
        self.assert_nothing_more()

    def test_what_a_person_keeps_in_the_root_stays_whatever_it_is_called(self):
        theirs = ["uploads.tmp", "dump.part", "notes.2024.new", "current.2024.new", "current.7.new.tmp"]
        for name in theirs[:-1]:
            self.put(f"../{name}/only-copy.sql")
        self.put(f"../{theirs[-1]}")
        link = os.path.join(self.site.root, "latest.3.new")
        os.symlink("dump.part", link)
        self.facts()
        self.assertLessEqual({*theirs, "latest.3.new"}, set(os.listdir(self.site.root)))
        self.assertTrue(Path(self.site.root, "uploads.tmp/only-copy.sql").exists())

    def test_of_the_root_only_the_link_goes_that_was_to_become_current(self):
        os.symlink(f"releases/{NEW}", os.path.join(self.site.root, "current.12.new"))
        self.assertEqual(self.what(self.facts()), {"building": "removed"})
        self.assertFalse(os.path.lexists(os.path.join(self.site.root, "current.12.new")))
        self.assertEqual(os.readlink(self.site.current), f"releases/{OLD}")

    def test_below_belays_folder_what_others_have_put_there_stays(self):
        theirs = ["mine.tmp", "hold/mine.part", "hold/pool.7.new", "releases/list.json.tmp", "reports/a b.json.7.new", "cache/mine.tmp", "outgoing/mine.part", "outgoing/mine.tmp"]
        ours = ["working.7.new", "inspected.json.7.new", "hold/hold.php.7.new", "hold/config.php.7.new", "hold/copy.7.new", "watchdog/belay.pyz.7.new",
                "watchdog/1f-a.json.7.new", "watchdog/1f-a.deadline.7.new", "reports/1f-a.json.7.new", "outgoing/" + "e" * 12 + ".tar.zst.7.tmp",
                "outgoing/refresh-1f-a.tar.zst"]
        self.put(*theirs, *ours)
        self.facts()
        self.assertEqual([name for name in theirs if not Path(self.site.belay, name).exists()], [])
        self.assertEqual([name for name in ours if Path(self.site.belay, name).exists()], [])
        self.assert_nothing_more()

    def test_a_table_of_another_site_in_the_same_schema_stays(self):
        self.bench.rows(self.site, "CREATE TABLE belay_ffffff_s_things (id INT); CREATE TABLE wp_belay_s_x (id INT)")
        self.facts()
        self.assertLessEqual({"belay_ffffff_s_things", "wp_belay_s_x"}, self.bench.tables(self.site))

    def test_links_that_somebody_changed_are_told_and_not_touched(self):
        os.unlink(self.site.current)
        os.symlink(f"releases/{NEW}", self.site.current)
        self.assertEqual(self.recover()["belay_error"]["code"], "RELEASE_MISMATCH")
        self.assertEqual(os.readlink(self.site.current), f"releases/{NEW}")

    def test_a_doubt_is_decided_in_favour_of_the_table(self):
        hold = Hold(os.path.join(self.site.belay, "hold"))
        hold.set_in_doubt(active(self.site), Version(NEW, str(uuid.uuid4())))
        self.assertEqual(self.what(self.facts()), {"in_doubt": "decided"})
        self.assertEqual(hold.state().certain, active(self.site))


del WatchCase

if __name__ == "__main__":
    unittest.main()
