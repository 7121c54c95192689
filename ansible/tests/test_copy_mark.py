"""The mark of a copy, and what hold.php makes of it before WordPress starts. test/e2e/copy.test.ts sees it with real WordPress."""
import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from belay.hold.copy_mark import mark_copy

HOLD = (Path(__file__).parents[1] / "roles" / "host_prepare" / "files" / "hold.php").read_text()
HOOKS = {
    "muplugins_loaded", "pre_wp_mail", "phpmailer_init", "pre_get_ready_cron_jobs",
    "action_scheduler_allow_async_request_runner", "action_scheduler_queue_runner_concurrent_batches",
}
ASK = """<?php
$call = function ($hook, ...$with) { foreach ($GLOBALS['wp_filter'][$hook] ?? [] as $all) { foreach ($all as $one) { $with[0] = ($one['function'])(...$with); } } return $with[0] ?? null; };
$call('muplugins_loaded');
echo json_encode(['hooks' => array_keys($GLOBALS['wp_filter'] ?? []), 'mail' => $call('pre_wp_mail', null, []), 'events' => $call('pre_get_ready_cron_jobs', null),
  'runner' => $call('action_scheduler_allow_async_request_runner', true), 'batches' => $call('action_scheduler_queue_runner_concurrent_batches', 1), 'spawns' => !defined('DISABLE_WP_CRON')]);
"""


class Mark(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="belay-copy-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.site = SimpleNamespace(belay=str(self.root / ".belay"))
        self.mark = self.root / ".belay/hold/copy"

    def ask(self, config=""):
        (self.root / "page.php").write_text("<?php %s ?>%s" % (config, ASK))
        done = subprocess.run(["php", "-n", "-d", "error_log=/dev/null", "-d", f"auto_prepend_file={self.root}/.belay/hold/hold.php", str(self.root / "page.php")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stderr, b"")
        return json.loads(done.stdout)

    def test_every_type_but_production_is_a_copy(self):
        for kind in ("staging", "clone"):
            self.assertTrue(mark_copy(self.site, kind, HOLD))
            self.assertFalse(mark_copy(self.site, kind, HOLD), "a second time changes nothing")
            self.assertEqual(self.mark.read_text(), kind + "\n")
        self.assertTrue(stat.S_IMODE(os.stat(self.mark).st_mode) & stat.S_IROTH, "also a pool with another user sees it")
        self.assertTrue(mark_copy(self.site, "production", HOLD))
        self.assertFalse(self.mark.exists())
        self.assertFalse(mark_copy(self.site, "production", HOLD))

    def test_a_copy_sends_nothing_and_starts_nothing(self):
        mark_copy(self.site, "staging", HOLD)
        found = self.ask()
        self.assertEqual(set(found.pop("hooks")), HOOKS)
        self.assertEqual(found, {"mail": False, "events": [], "runner": False, "batches": 0, "spawns": False})

    def test_its_own_wp_config_may_allow_either(self):
        mark_copy(self.site, "staging", HOLD)
        self.assertEqual({**self.ask("define('BELAY_COPY_MAIL', true);"), "hooks": 0}, {"hooks": 0, "mail": None, "events": [], "runner": False, "batches": 0, "spawns": False})
        self.assertEqual({**self.ask("define('BELAY_COPY_JOBS', true);"), "hooks": 0}, {"hooks": 0, "mail": False, "events": None, "runner": True, "batches": 1, "spawns": True})
        self.assertIs(self.ask("define('BELAY_COPY_MAIL', 'no');")["mail"], False, "only true is a yes")
        self.assertIs(self.ask("define('DISABLE_WP_CRON', false);")["mail"], False)

    def test_production_is_left_alone(self):
        mark_copy(self.site, "staging", HOLD)
        mark_copy(self.site, "production", HOLD)
        self.assertEqual(self.ask()["hooks"], [])


if __name__ == "__main__":
    unittest.main()
