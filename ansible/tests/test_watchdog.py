"""The host's own watchdog, with real processes that are killed, frozen and late."""
import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

from belay.database import names

from belay.hold import commit_point

from belay.host import hostlock, processes

from belay.switch import armed
from belay.hold.hold import Hold
from belay.database.mysql import Session

from .switchbench import NEW, OLD
from .watchbench import PYTHON, Page, WatchBench, active, answer, armed_of, begin, expire, journal, step, until, words

SHORT_S = 1


@unittest.skipUnless(os.geteuid() == 0, "only root can give a site to its owner")
class WatchCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = WatchBench()
        cls.addClassCleanup(cls.bench.close)

    def setUp(self):
        self.site = self.bench.fresh()
        self.before = self.bench.options(self.site)
        self.running = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for one in armed.all_of(self.site):
            armed.disarm(one)
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()

    def begin(self, kind, name, params, pause=None):
        process = begin(kind, name, params, pause)
        self.running.append(process)
        return process

    def paused(self, kind, name, params, pause):
        """A step that has stopped at a place."""
        process = self.begin(kind, name, params, pause)
        until(lambda: process.poll() is not None or self.state(process.pid) == "T", f"stopping at {pause}")
        self.assertIsNone(process.poll())
        return process

    def state(self, pid):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

    def activated(self, **changes):
        params = self.bench.params(self.site, **changes)
        self.assertNotIn("belay_error", step("promote", "load", params))
        done = step("promote", "activate", params)
        self.assertNotIn("belay_error", done)
        return params

    def assert_old_and_tidy(self, params):
        self.assertEqual(active(self.site).release, OLD)
        self.assertEqual(os.readlink(self.site.current), f"releases/{OLD}")
        self.assertEqual(Hold(os.path.join(self.site.belay, "hold")).state().certain, active(self.site))
        wanted = {name: value for name, value in self.before.items() if name != "rewrite_rules"}
        found = {name: value for name, value in self.bench.options(self.site).items() if name != "rewrite_rules"}
        self.assertEqual(found, wanted)
        self.assertEqual(self.bench.rows(self.site, "SELECT word FROM wp_things"), [["one"], ["two"]])
        self.assert_nothing_watched(params)

    def archives_that_nobody_names(self):
        """Of a release that was taken back only what is kept for inspection stays."""
        with Session(self.site) as session:
            kept = commit_point.read(session, names.release_table(self.site)).record.kept()
        own = {table for table in self.bench.tables(self.site) if table.startswith("belay_")}
        return own - kept - {names.release_table(self.site)}

    def assert_nothing_watched(self, params):
        until(lambda: not self.watchers(), "the end of every watchdog")
        self.assertEqual([name for name in os.listdir(armed.folder_of(self.site)) if name != "belay.pyz"], [])
        self.assertIsNone(hostlock.owner(self.site))

    def watchers(self):
        """Processes that run the program of this site."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                command = Path(f"/proc/{name}/cmdline").read_bytes()
            except OSError:
                continue
            if f"{self.site.root}/.belay/watchdog/belay.pyz".encode() in command:
                found.append(int(name))
        return found

    def watcher(self, params):
        return armed.watcher_of(armed_of(self.site)[params["operation_id"]])

    def report(self, params):
        return json.loads(Path(self.site.belay, "reports", params["operation_id"] + ".json").read_text())


class Armed(WatchCase):
    def test_it_runs_before_the_rename_by_itself_and_waits(self):
        params = self.bench.params(self.site)
        step("promote", "load", params)
        process = self.paused("promote", "activate", params, "before_rename")
        watcher = self.watcher(params)
        self.assertTrue(processes.is_alive(watcher))
        self.assertEqual(os.getsid(watcher.pid), os.getpgid(watcher.pid))
        self.assertNotEqual(os.getsid(watcher.pid), os.getsid(process.pid))
        open_files = {os.readlink(f"/proc/{watcher.pid}/fd/{n}") for n in (0, 1, 2)}
        self.assertEqual(open_files, {os.devnull})
        self.assertEqual(os.stat(f"/proc/{watcher.pid}").st_uid, os.stat(self.site.root).st_uid)
        self.assertEqual(active(self.site).release, OLD)

    def test_as_long_as_a_step_is_at_work_its_time_does_not_run_out(self):
        params = self.activated()
        mine = armed_of(self.site)[params["operation_id"]]
        Page.gate.clear()
        self.addCleanup(Page.gate.set)
        slow = {"kind": "page", "path": "/", "status": 200, "within_s": 120}
        process = self.begin("promote", "verify", {**params, "health_checks": [slow]})
        for _ in range(2):
            before = mine.seconds_left()
            until(lambda: mine.seconds_left() > before, "more time")  # noqa: B023  (called in this very round)
        Page.gate.set()
        self.assertNotIn("belay_error", answer(process))

    def test_a_confirmation_disarms_it(self):
        params = self.activated()
        self.assertEqual(len(self.watchers()), 1)
        self.assertNotIn("belay_error", step("promote", "verify", params))
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assert_nothing_watched(params)
        self.assertEqual(active(self.site).release, NEW)

    def test_a_confirmation_kills_a_frozen_one(self):
        params = self.activated()
        os.kill(self.watcher(params).pid, signal.SIGSTOP)
        step("promote", "confirm", params)
        self.assert_nothing_watched(params)

    def test_without_a_watchdog_nothing_is_switched(self):
        params = self.bench.params(self.site)
        step("promote", "load", params)
        folder = Path(armed.folder_of(self.site))
        folder.mkdir()
        (folder / "belay.pyz").mkdir()
        os.chown(folder, *[os.stat(self.site.root).st_uid] * 2)
        self.assertEqual(step("promote", "activate", params)["belay_error"]["code"], "WATCHDOG_FAILED")
        self.assertEqual(active(self.site).release, OLD)
        self.assertEqual(armed_of(self.site), {})

    def test_steps_give_it_more_time_and_a_time_that_is_over_does_not_come_back(self):
        params = self.activated()
        one = armed_of(self.site)[params["operation_id"]]
        with open(one.deadline_path, encoding="ascii") as file:
            first = json.load(file)["at"]
        step("promote", "verify", params)
        self.assertGreater(armed.read(one.path).seconds_left() + 0, 590)
        with open(one.deadline_path, encoding="ascii") as file:
            self.assertGreater(json.load(file)["at"], first)
        os.kill(self.watcher(params).pid, signal.SIGSTOP)
        expire(self.site, params["operation_id"])
        armed.extend(self.site, params["operation_id"])
        self.assertLess(one.seconds_left(), 0)

    def test_the_clock_of_the_wall_may_jump(self):
        params = self.activated()
        one = armed_of(self.site)[params["operation_id"]]
        told = json.loads(Path(one.deadline_path).read_text())
        Path(one.deadline_path).write_text(json.dumps({**told, "wall": 0}))
        self.assertGreater(one.seconds_left(), 0)
        Path(one.deadline_path).write_text(json.dumps({**told, "boot": "another boot", "wall": told["wall"] - 10_000}))
        self.assertLess(one.seconds_left(), 0)
        Path(one.deadline_path).write_text("{")
        self.assertEqual(one.seconds_left(), 0)


class Expired(WatchCase):
    def test_nobody_confirms_and_the_host_goes_back_by_itself(self):
        params = self.activated(confirm_within_s=SHORT_S)
        self.bench.rows(self.site, "UPDATE wp_options SET option_value = '9' WHERE option_name = 'visits'; INSERT INTO wp_things (word) VALUES ('late')")
        until(lambda: "reverted" in words(self.site, params), "going back")
        self.before["visits"] = "9"
        self.assert_old_and_tidy(params)
        report = self.report(params)
        self.assertEqual((report["what"], report["by"], report["release"], report["previous_release"]), ("reverted", "the watchdog", NEW, OLD))
        self.assertEqual(report["late_rows"]["things"], 1)
        self.assertTrue(all(result["ok"] for result in report["health"]), report)
        self.assertEqual(self.archives_that_nobody_names(), set())

    def test_later_steps_are_told_and_the_same_operation_is_not_done_twice(self):
        params = self.activated(confirm_within_s=SHORT_S)
        until(lambda: not armed_of(self.site), "going back")
        self.assertEqual(step("promote", "confirm", params)["belay_error"]["code"], "REVERTED_BY_WATCHDOG")
        undone = step("promote", "undo", params)
        self.assertEqual((undone["rolled_back"], undone["belay_facts"]["reverted_by_watchdog"]), (True, True))
        self.assertEqual(step("promote", "activate", params)["belay_error"]["code"], "REVERTED_BY_WATCHDOG")
        again = step("promote", "check", params)
        self.assertEqual(again["belay_error"]["code"], "REVERTED_BY_WATCHDOG")
        self.assertEqual({name: again["belay_facts"][name] for name in ("activated", "rolled_back", "reverted_by_watchdog")}, dict.fromkeys(("activated", "rolled_back", "reverted_by_watchdog"), True))
        self.assert_old_and_tidy(params)

    def test_the_runner_may_die_right_after_the_rename(self):
        self.killed_at("after_rename")

    def test_the_runner_may_die_while_late_rows_are_carried_over(self):
        self.killed_at("after_switch")

    def killed_at(self, pause):
        params = self.bench.params(self.site, confirm_within_s=SHORT_S)
        step("promote", "load", params)
        process = self.paused("promote", "activate", params, pause)
        os.killpg(process.pid, signal.SIGKILL)
        until(lambda: "reverted" in words(self.site, params), "going back")
        self.assert_old_and_tidy(params)

    def test_a_step_that_is_frozen_with_the_lock_is_stopped(self):
        params = self.bench.params(self.site, confirm_within_s=SHORT_S)
        step("promote", "load", params)
        process = self.paused("promote", "activate", params, "after_switch")
        until(lambda: "reverted" in words(self.site, params), "going back")
        self.assertEqual(process.wait(), -signal.SIGKILL)
        self.assert_old_and_tidy(params)

    def test_killed_before_the_rename_there_is_nothing_to_go_back_from(self):
        params = self.bench.params(self.site, confirm_within_s=SHORT_S)
        step("promote", "load", params)
        process = self.paused("promote", "activate", params, "before_rename")
        os.killpg(process.pid, signal.SIGKILL)
        until(lambda: not armed_of(self.site), "the end of the watch")
        self.assertNotIn("rolled_back", words(self.site, params))
        self.assert_old_and_tidy(params)
        self.assertNotIn("belay_error", step("promote", "load", params))
        self.assertNotIn("belay_error", step("promote", "activate", {**params, "confirm_within_s": 600}))

    def test_a_database_that_is_away_is_waited_for(self):
        params = self.activated()
        watcher = self.watcher(params)
        hidden = self.bench.server.socket + ".hidden"
        os.rename(self.bench.server.socket, hidden)
        try:
            expire(self.site, params["operation_id"])
            until(lambda: "watchdog_failed" in words(self.site, params), "a first attempt")
        finally:
            os.rename(hidden, self.bench.server.socket)
        self.assertTrue(processes.is_alive(watcher))
        until(lambda: "reverted" in words(self.site, params), "going back")
        self.assert_old_and_tidy(params)


class ExactlyOne(WatchCase):
    """The watchdog, a confirmation, a rollback and other watchdogs: whoever gets the host's lock first has decided."""

    def test_a_confirmation_that_was_written_wins_whatever_becomes_of_its_process(self):
        params = self.activated()
        process = self.paused("promote", "confirm", params, "kept")
        expire(self.site, params["operation_id"])
        os.killpg(process.pid, signal.SIGKILL)
        until(lambda: not armed_of(self.site), "the end of the watch")
        self.assertEqual(active(self.site).release, NEW)
        done = step("promote", "undo", params)
        self.assertEqual((done["rolled_back"], done["kept"], sorted(done["belay_facts"]["promoted"]["tables"])), (False, True, ["extra", "things"]))
        self.assertNotIn("belay_error", step("promote", "confirm", params))
        self.assertEqual(active(self.site).release, NEW)
        self.assert_nothing_watched(params)

    def test_a_confirmation_after_the_deadline_is_too_late_also_without_a_watchdog(self):
        params = self.activated()
        os.kill(self.watcher(params).pid, signal.SIGKILL)
        expire(self.site, params["operation_id"])
        self.assertEqual(step("promote", "confirm", params)["belay_error"]["code"], "REVERTED_BY_WATCHDOG")
        self.assert_old_and_tidy(params)

    def test_a_step_that_goes_back_itself_is_not_disturbed(self):
        params = self.activated()
        process = self.paused("promote", "undo", params, "going_back")
        expire(self.site, params["operation_id"])
        os.kill(process.pid, signal.SIGCONT)
        self.assertTrue(answer(process)["rolled_back"])
        until(lambda: not self.watchers(), "the end of the watchdog")
        self.assertEqual(words(self.site, params).count("rolled_back"), 1)
        self.assert_old_and_tidy(params)

    def test_one_that_dies_while_it_goes_back_leaves_the_rest_to_the_watchdog(self):
        params = self.activated(confirm_within_s=SHORT_S + 2)
        process = self.begin("promote", "undo", params, "before_links")
        until(lambda: process.poll() is not None or self.state(process.pid) == "T", "stopping")
        os.killpg(process.pid, signal.SIGKILL)
        until(lambda: not armed_of(self.site), "the end of the watch")
        self.assert_old_and_tidy(params)
        self.assertEqual(words(self.site, params).count("rolled_back"), 1)
        self.assertTrue(step("promote", "undo", params)["rolled_back"])

    def test_two_watchdogs_act_once(self):
        params = self.activated()
        first = self.watcher(params)
        os.kill(first.pid, signal.SIGSTOP)
        expire(self.site, params["operation_id"])
        program = os.path.join(armed.folder_of(self.site), "belay.pyz")
        for _ in range(2):
            subprocess.run([PYTHON, "-I", program, "once"], check=True)
        self.assertEqual(active(self.site).release, NEW)
        os.kill(first.pid, signal.SIGCONT)
        until(lambda: "reverted" in words(self.site, params), "going back")
        self.assertEqual(words(self.site, params).count("rolled_back"), 1)
        self.assert_old_and_tidy(params)

    def test_a_killed_one_is_replaced_by_the_program_run_again(self):
        params = self.activated()
        os.kill(self.watcher(params).pid, signal.SIGKILL)
        program = os.path.join(armed.folder_of(self.site), "belay.pyz")
        subprocess.run([PYTHON, "-I", program, "once"], check=True)
        self.assertEqual(active(self.site).release, NEW)
        expire(self.site, params["operation_id"])
        subprocess.run([PYTHON, "-I", program, "once"], check=True)
        self.assert_old_and_tidy(params)

    def test_a_rollback_by_a_person_wins_before_the_deadline(self):
        params = self.activated()
        back = {**self.bench.params(self.site), "to_release": OLD, "expected_release": NEW}
        self.assertNotIn("belay_error", step("rollback", "activate", back))
        self.assert_old_and_tidy(params)
        self.assertEqual(step("promote", "confirm", params)["belay_error"]["code"], "RELEASE_CHANGED")
        self.assertTrue(step("promote", "undo", params)["rolled_back"])
        self.assert_old_and_tidy(params)

    def test_another_operation_waits_for_the_decision_and_then_finds_it_made(self):
        params, other = self.activated(), self.bench.params(self.site)
        self.assertEqual(step("promote", "load", other)["belay_error"]["code"], "HOST_BUSY")
        os.kill(self.watcher(params).pid, signal.SIGKILL)
        expire(self.site, params["operation_id"])
        self.assertNotIn("belay_error", step("promote", "load", other))
        self.assertEqual(self.report(params)["by"], f"operation {other['operation_id']}")
        self.assert_old_and_tidy(params)


class Overtaken(WatchCase):
    def test_shadows_of_another_operation_are_never_switched_to(self):
        mine, other = self.bench.params(self.site), self.bench.params(self.site)
        for params in (mine, other):
            step("promote", "check", params)
            self.assertNotIn("belay_error", step("promote", "load", params)) if params is other else None
        self.assertEqual(step("promote", "activate", mine)["belay_error"]["code"], "OPERATION_OVERTAKEN")
        self.assertFalse(step("promote", "undo", mine)["rolled_back"])
        self.assertNotIn("belay_error", step("promote", "activate", other))
        self.assertEqual(active(self.site).operation, other["operation_id"])

    def test_the_same_one_twice_at_once_switches_once(self):
        params = self.bench.params(self.site)
        step("promote", "load", params)
        twins = [self.begin("promote", "activate", params) for _ in range(2)]
        answers = [answer(process) for process in twins]
        self.assertEqual([done["belay_facts"]["activated"] for done in answers], [True, True])
        self.assertEqual(words(self.site, params).count("activated"), 1)
        self.assertEqual(len(self.watchers()), 1)


class Health(WatchCase):
    def test_a_rollback_for_health_is_told_again_to_whoever_asks_again(self):
        params = self.activated()
        Page.status = 500
        self.assertEqual(step("promote", "verify", params)["belay_error"]["code"], "HEALTH_FAILED")
        Page.status = 200
        self.assertTrue(step("promote", "undo", params)["rolled_back"])
        again = step("promote", "check", params)
        self.assertEqual((again["belay_error"]["code"], again["belay_facts"]["rolled_back"]), ("HEALTH_FAILED", True))
        self.assertIn("answered 500", again["belay_error"]["message"])
        self.assertFalse(again["belay_facts"]["health"][0]["ok"])
        self.assert_old_and_tidy(params)
        self.assertEqual(journal(self.site, params).last("rolled_back")["step"], "rolled_back")


if __name__ == "__main__":
    unittest.main()
