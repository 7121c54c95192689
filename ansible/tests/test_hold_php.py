"""hold.php as PHP runs it: real processes with `-d auto_prepend_file`, on a host layout in a temporary folder."""
import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from belay.hold.hold import VERSION

HOLD = Path(__file__).parents[1] / "roles" / "host_prepare" / "files" / "hold.php"
REPORT = """<?php
$seen = get_defined_vars();
echo json_encode([
    'dir' => __DIR__, 'global' => isset($GLOBALS['seen']), 'switch' => defined('BELAY_SWITCH') ? BELAY_SWITCH : null,
    'server' => array_intersect_key($_SERVER, ['SCRIPT_FILENAME' => 1, 'DOCUMENT_ROOT' => 1, 'SCRIPT_NAME' => 1, 'PHP_SELF' => 1]),
    'script' => basename(__FILE__),
]);
"""


class HoldPhp(unittest.TestCase):
    def setUp(self):
        self.root = Path(os.path.realpath(tempfile.mkdtemp(prefix="belay-hold-")))
        self.addCleanup(shutil.rmtree, self.root)
        self.hold = self.root / ".belay" / "hold"
        self.hold.mkdir(parents=True)
        shutil.copy(HOLD, self.hold / "hold.php")
        for release in ("old", "new"):
            (self.root / "releases" / release).mkdir(parents=True)
            for script in ("index.php", "page.php"):
                (self.root / "releases" / release / script).write_text(REPORT)
        (self.root / "current").symlink_to("releases/old")
        for name in ("turnstile", "room"):
            (self.hold / name).touch()
        self.set_state("old@op1")

    def set_state(self, text):
        link = self.hold / "state"
        if link.is_symlink():
            link.unlink()
        link.symlink_to(text)

    def start(self, script, *defines):
        """The web server's variables are set by a first prepended file, because PHP's CLI has none."""
        first = self.root / "first.php"
        first.write_text("<?php %s require '%s/hold.php';" % ("".join(defines), self.hold))
        process = subprocess.Popen(
            ["php", "-n", "-d", f"auto_prepend_file={first}", str(script)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.root,
        )
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def run_php(self, script, *defines):
        output, errors = self.start(script, *defines).communicate()
        self.assertEqual(errors, b"")
        return json.loads(output)

    def wait_until_blocked(self, process):
        """The kernel lists those who wait for a lock, so no guess about time is needed."""
        while process.poll() is None:
            for line in Path("/proc/locks").read_text().splitlines():
                if "->" in line and f" {process.pid} " in line:
                    return
            time.sleep(0.002)
        self.fail("the request did not wait")

    def test_runs_untouched_in_the_active_release(self):
        seen = self.run_php(self.root / "releases/old/page.php")
        self.assertEqual(seen["dir"], str(self.root / "releases/old"))
        self.assertEqual(seen["switch"], "old@op1")

    def test_continues_in_the_release_that_is_active_now(self):
        self.set_state("new@op2")
        old = self.root / "releases/old"
        seen = self.run_php(
            old / "page.php",
            f"$_SERVER['DOCUMENT_ROOT'] = '{old}'; $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/page.php';",
        )
        new = str(self.root / "releases/new")
        self.assertEqual(seen["dir"], new)
        self.assertTrue(seen["global"])
        self.assertEqual(
            seen["server"],
            {"SCRIPT_FILENAME": f"{new}/page.php", "DOCUMENT_ROOT": new, "SCRIPT_NAME": "/page.php", "PHP_SELF": "/page.php"},
        )

    def test_a_script_that_the_new_release_lacks_becomes_the_index(self):
        (self.root / "releases/new/page.php").unlink()
        self.set_state("new@op2")
        seen = self.run_php(
            self.root / "releases/old/page.php", "$_SERVER['SCRIPT_NAME'] = '/page.php'; $_SERVER['PHP_SELF'] = '/page.php/more';"
        )
        self.assertEqual(seen["script"], "index.php")
        self.assertEqual(seen["server"]["SCRIPT_NAME"], "/index.php")
        self.assertEqual(seen["server"]["PHP_SELF"], "/index.php/more")

    def test_the_path_through_current_is_not_trusted(self):
        self.set_state("new@op2")
        self.assertEqual(self.run_php(self.root / "current/page.php")["dir"], str(self.root / "releases/new"))

    def test_a_relative_script_and_an_aliased_root_are_understood(self):
        self.set_state("new@op2")
        self.assertEqual(self.run_php("releases/old/page.php")["dir"], str(self.root / "releases/new"))
        alias = Path(f"{self.root}-alias")
        alias.symlink_to(self.root)
        self.addCleanup(alias.unlink)
        self.assertEqual(self.run_php(alias / "releases/old/page.php")["dir"], str(self.root / "releases/new"))

    def test_run_by_php_in_place_of_the_script_that_was_asked_for_it_runs_that_one(self):
        """PHP's cache does so now and then, where several workers compile the prepended file at one moment."""
        page = self.root / "releases/old/page.php"
        output, told = self.start(self.hold / "hold.php", f"$_SERVER['SCRIPT_FILENAME'] = '{page}';").communicate()
        seen = json.loads(output)
        self.assertEqual((seen["script"], seen["global"], seen["switch"]), ("page.php", True, "old@op1"))
        self.assertIn(f"took the hold for {page}", told.decode())
        lost = self.start(self.hold / "hold.php")
        self.assertEqual((lost.communicate()[0], lost.returncode), (b"", 75))

    def test_a_script_that_includes_it_again_goes_on(self):
        page = self.root / "releases/old/page.php"
        page.write_text(f"<?php require '{self.hold}/hold.php'; ?>{REPORT}")
        self.assertEqual(self.run_php(page)["script"], "page.php")

    def test_scripts_elsewhere_are_left_alone(self):
        (self.root / "tool.php").write_text(REPORT)
        self.assertEqual(self.run_php(self.root / "tool.php")["dir"], str(self.root))

    def test_waits_while_a_switch_is_made_and_continues_in_the_new_release(self):
        with open(self.hold / "turnstile") as turnstile:
            fcntl.flock(turnstile, fcntl.LOCK_EX)
            process = self.start(self.root / "releases/old/page.php")
            self.wait_until_blocked(process)
            self.set_state("new@op2")
        output, _ = process.communicate()
        self.assertEqual(json.loads(output)["dir"], str(self.root / "releases/new"))

    def test_keeps_the_room_until_its_shutdown_functions_have_run(self):
        script = self.root / "releases/old/slow.php"
        script.write_text("<?php register_shutdown_function(function () { echo 'in'; ob_flush(); flush(); fgets(STDIN); });ob_start();")
        process = subprocess.Popen(
            ["php", "-n", "-d", f"auto_prepend_file={self.hold}/hold.php", str(script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        self.addCleanup(self.end, process)
        self.assertEqual(process.stdout.read(2), b"in")
        with open(self.hold / "room") as room:
            with self.assertRaises(BlockingIOError):
                fcntl.flock(room, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process.communicate(b"go\n")
            fcntl.flock(room, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_a_program_left_in_the_background_does_not_keep_the_room(self):
        script = self.root / "releases/old/spawn.php"
        script.write_text("<?php echo exec('sleep 600 >/dev/null 2>&1 & echo $!');")
        output, _ = self.start(script).communicate()
        try:
            with open(self.hold / "room") as room:
                fcntl.flock(room, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.kill(int(output), 9)

    def test_without_its_files_the_site_is_served(self):
        for name in ("turnstile", "room", "state"):
            (self.hold / name).unlink()
        seen = self.run_php(self.root / "releases/old/page.php")
        self.assertEqual(seen["dir"], str(self.root / "releases/old"))
        self.assertIsNone(seen["switch"])

    def test_in_doubt_and_nobody_to_ask_it_refuses(self):
        self.set_state("in-doubt:old@op1:new@op2")
        process = self.start(self.root / "releases/old/page.php")
        output, errors = process.communicate()
        self.assertEqual((process.returncode, output), (75, b""))
        self.assertIn(b"Try again: a release is being switched", errors)

    def test_the_probe_answers_only_to_the_right_secret(self):
        (self.hold / "config.php").write_text("<?php return ['probe' => 'right'];")
        page = self.root / "releases/old/page.php"
        answer = self.run_php(page, "$_SERVER['HTTP_X_BELAY_PROBE'] = 'right';")
        self.assertEqual((answer["version"], answer["state"], answer["room"]), (VERSION, "old@op1", os.stat(self.hold / "room").st_ino))
        self.assertIn("dir", self.run_php(page, "$_SERVER['HTTP_X_BELAY_PROBE'] = 'wrong';"))

    def test_a_release_is_compiled_before_it_is_active(self):
        """On PHP's built-in server, because opcache remembers from one request to the next there."""
        old, new = "0" * 12, "1" * 12
        for name in ("index.php", "other.php"):
            # As in wp-admin/includes/noop.php: two scripts that are never loaded together declare one function.
            (self.root / "releases/old" / name).write_text(f"{REPORT} function declared_twice() {{}}")
        for release in (old, new):
            shutil.copytree(self.root / "releases/old", self.root / "releases" / release)
        os.unlink(self.root / "releases" / new / "page.php")
        (self.hold / "config.php").write_text("<?php return ['probe' => 'right'];")
        self.set_state(f"{old}@op1")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = {"auto_prepend_file": self.hold / "hold.php", "opcache.enable_cli": 1, "opcache.file_update_protection": 0, "error_log": self.root / "php.log"}
        server = subprocess.Popen(
            ["php", *(word for name, value in settings.items() for word in ("-d", f"{name}={value}")), "-S", f"127.0.0.1:{port}", "-t", str(self.root / "releases" / old)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.end, server)

        def ask(path, **headers):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", headers=headers)
            while server.poll() is None:
                try:
                    with urllib.request.urlopen(request) as response:
                        return json.loads(response.read())
                except ConnectionRefusedError:
                    time.sleep(0.01)
                except urllib.error.URLError as error:
                    if not isinstance(error.reason, ConnectionRefusedError):
                        raise
                    time.sleep(0.01)
            self.fail("the server ended")

        for page in ("index.php", "page.php", "other.php"):
            ask(page)
        warm = {"X-Belay-Probe": "right", "X-Belay-Warm": new}
        self.assertEqual(ask("index.php", **warm)["warmed"], 1)
        ask("index.php", **warm)
        self.assertEqual(ask("index.php", **warm)["warmed"], 0, "all of it was there already")
        self.assertFalse((self.root / "php.log").exists(), "the site's own log tells of it")
        self.assertEqual(ask("index.php", **{**warm, "X-Belay-Warm": "../../../etc"})["warmed"], 0)
        self.assertNotIn("warmed", ask("index.php", **{**warm, "X-Belay-Probe": "wrong"}))


if __name__ == "__main__":
    unittest.main()
