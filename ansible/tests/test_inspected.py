"""Tables of a release that was rolled back: they stay as long as the site has said, and then go without another promotion."""
import json
import os
import subprocess
import time
import unittest
import uuid
from pathlib import Path

from belay.database import names
from belay.database.mysql import Session
from belay.hold import commit_point
from belay.host.hostlock import host_lock
from belay.switch import armed, inspected

from .switchbench import OLD
from .test_watchdog import WatchCase
from .watchbench import PYTHON, active, expire, step

HOUR_S = 3600


class Inspected(WatchCase):
    def kept(self):
        with Session(self.site) as session:
            named = commit_point.read(session, names.release_table(self.site)).record.inspect
        return set(named) & self.bench.tables(self.site)

    def note(self):
        return json.loads(Path(self.site.belay, inspected.FILE).read_text())

    def rolled_back(self, keep_failed_s, later=0):
        params = self.activated(keep_failed_s=keep_failed_s)
        self.assertTrue(step("promote", "undo", params)["rolled_back"])
        self.assertEqual(len(self.kept()), 4)
        if later:
            self.pass_time(later)
        return params

    def pass_time(self, seconds):
        """Everything that has been written down happened so much earlier."""
        note = self.note()
        Path(self.site.belay, inspected.FILE).write_text(json.dumps({**note, "due": note["due"] - seconds}))
        row = names.release_table(self.site)
        since = json.loads(self.bench.rows(self.site, f"SELECT record FROM {row}")[0][0])["inspect_since"]
        self.bench.rows(self.site, f"UPDATE {row} SET record = JSON_REPLACE(record, '$.inspect_since', {since - seconds})")

    def once(self):
        program = os.path.join(armed.folder_of(self.site), "belay.pyz")
        return subprocess.run([PYTHON, "-I", program, "once"], check=False, capture_output=True, text=True)

    def assert_gone(self):
        self.assertEqual(self.kept(), set())
        self.assertFalse(os.path.exists(os.path.join(self.site.belay, inspected.FILE)))
        self.assertEqual(active(self.site).release, OLD)

    def test_the_hosts_own_program_removes_them_when_their_time_is_over(self):
        self.rolled_back(HOUR_S)
        self.assertEqual(self.once().returncode, 0)
        self.assertEqual(len(self.kept()), 4)
        self.pass_time(HOUR_S + 1)
        done = self.once()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assert_gone()
        self.assertEqual(self.once().returncode, 0)

    def test_also_after_the_watchdog_went_back_by_itself(self):
        params = self.activated(keep_failed_s=HOUR_S)
        expire(self.site, params["operation_id"])
        self.once()
        self.assertEqual(len(self.kept()), 4)
        self.pass_time(HOUR_S + 1)
        self.once()
        self.assert_gone()

    def test_an_operation_that_is_at_work_is_not_disturbed(self):
        self.rolled_back(HOUR_S, later=HOUR_S + 1)
        with host_lock(self.site, str(uuid.uuid4())):
            busy = self.once()
        self.assertEqual((busy.returncode, busy.stderr, len(self.kept())), (0, "", 4))
        self.assertEqual(self.once().returncode, 0)
        self.assert_gone()

    def test_somebody_who_reads_one_by_hand_is_not_waited_for(self):
        self.rolled_back(HOUR_S, later=HOUR_S + 1)
        with Session(self.site) as reader:
            reader.execute("START TRANSACTION")
            reader.query(f"SELECT 1 FROM `{min(self.kept())}`")
            began = time.monotonic()
            self.assertEqual(inspected.clean(self.site), 0)
            self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(inspected.clean(self.site), 4)
        self.assert_gone()

    def test_a_recovery_removes_them_too_and_says_so(self):
        params = self.rolled_back(HOUR_S)
        recovery = {**params, "operation_id": str(uuid.uuid4()), "wait_s": 0, "stop": False}
        self.assertEqual(step("recover", "recover_host", recovery)["belay_facts"]["found"], [])
        self.pass_time(HOUR_S + 1)
        found = step("recover", "recover_host", {**recovery, "operation_id": str(uuid.uuid4())})["belay_facts"]["found"]
        self.assertEqual([(one["what"], one["done"]) for one in found], [("tables", "removed")])
        self.assert_gone()

    def test_of_two_rollbacks_each_keeps_its_own_time(self):
        self.rolled_back(HOUR_S, later=HOUR_S // 2)
        first = self.note()["due"]
        self.rolled_back(HOUR_S)
        self.assertEqual(self.note()["due"], first)
        note = self.note()
        Path(self.site.belay, inspected.FILE).write_text(json.dumps({**note, "due": 0}))
        inspected.clean(self.site)
        self.assertEqual(len(self.kept()), 4)
        self.assertGreater(self.note()["due"], time.time() + HOUR_S - 60)

    def test_a_note_that_says_something_else_is_none(self):
        self.rolled_back(HOUR_S)
        for text in ("", "[]", "{}", json.dumps({**self.note(), "due": "now"})):
            Path(self.site.belay, inspected.FILE).write_text(text)
            self.assertIsNone(inspected.due(self.site.belay))
            self.assertEqual((self.once().returncode, inspected.clean(self.site)), (0, 0))
        self.assertEqual(len(self.kept()), 4)


if __name__ == "__main__":
    unittest.main()
