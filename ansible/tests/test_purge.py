"""Purge steps: what they empty, ask and run, and what they must never touch."""
import http.server
import json
import os
import shutil
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from belay.host.site import Credentials, Site
from belay.switch import purge_command
from belay.switch.purge import Keys, purge

RELEASE = "a" * 12
VOLATILE = ["wp-content/cache", "wp-content/*/min"]
COMMON = {"headers": {}, "secret_headers": {}, "body": None, "within_s": 20}


class PurgeCase(unittest.TestCase):
    def setUp(self):
        self.root = Path(os.path.realpath(tempfile.mkdtemp(prefix="belay-purge-")))
        self.addCleanup(shutil.rmtree, self.root)
        self.tree = self.root / "releases" / RELEASE
        self.put("wp-content/plugins/shop/shop.php")
        self.put("wp-content/cache/pages/a/index.html")
        self.put("wp-content/cache/b.html")
        (self.root / "shared").mkdir()
        (self.root / "current").symlink_to(f"releases/{RELEASE}")
        self.site = Site(str(self.root), "http://shop.test", "db", "wp_", os.getuid(), os.getgid(), Credentials("", 0, "", "", "", ""))

    def put(self, path):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")

    def purge(self, *steps, keys=""):
        return purge(self.site, list(steps), VOLATILE, Keys.parse(keys))

    def path(self, path):
        return self.purge({"kind": "path", "path": path, "within_s": 20})[0]


class Paths(PurgeCase):
    def test_the_folder_stays_and_what_is_in_it_goes(self):
        result = self.path("wp-content/cache")
        self.assertEqual((result["purge"], result["ok"], result["detail"]), ("path wp-content/cache", True, "4 removed"))
        self.assertEqual(os.listdir(self.tree / "wp-content/cache"), [])
        self.assertTrue((self.tree / "wp-content/plugins/shop/shop.php").exists())
        self.assertEqual(self.path("wp-content/cache/pages")["detail"], "is not there")

    def test_only_what_is_volatile(self):
        for path in ("wp-content/plugins", "wp-content", "wp-content/cache/../plugins", "wp-content/cache/./x", "/etc", "../shared"):
            with self.subTest(path):
                result = self.path(path)
                self.assertFalse(result["ok"])
                self.assertIn("not volatile", result["detail"])
        self.assertTrue((self.tree / "wp-content/plugins/shop/shop.php").exists())

    def test_a_link_to_plugins_or_out_of_the_site_is_not_followed(self):
        outside = Path(tempfile.mkdtemp(prefix="belay-outside-"))
        self.addCleanup(shutil.rmtree, outside)
        (outside / "kept").write_text("x")
        (self.tree / "wp-content/cache/out").symlink_to(outside)
        (self.tree / "wp-content/cache/code").symlink_to("../plugins")
        for name in ("out", "code"):
            self.assertFalse(self.path(f"wp-content/cache/{name}")["ok"])
        self.assertTrue(self.path("wp-content/cache")["ok"])
        self.assertEqual(os.listdir(outside), ["kept"])
        self.assertEqual(os.listdir(self.tree / "wp-content/cache"), [])
        self.assertTrue((self.tree / "wp-content/plugins/shop/shop.php").exists())

    def test_a_link_that_is_laid_between_the_look_and_the_walk(self):
        (self.tree / "wp-content/cache/pages/a/more").mkdir()
        real = os.path.realpath

        def late(path):
            found = real(path)
            if found.endswith("wp-content/cache"):
                shutil.rmtree(self.tree / "wp-content/cache")
                (self.tree / "wp-content/cache").symlink_to("plugins")
            return found

        with mock.patch("os.path.realpath", late):
            self.assertFalse(self.path("wp-content/cache")["ok"])
        self.assertTrue((self.tree / "wp-content/plugins/shop/shop.php").exists())

    def test_a_shared_cache_is_emptied_where_it_lies(self):
        shutil.rmtree(self.tree / "wp-content/cache")
        (self.root / "shared/wp-content/cache").mkdir(parents=True)
        (self.root / "shared/wp-content/cache/page").write_text("x")
        (self.tree / "wp-content/cache").symlink_to("../../../shared/wp-content/cache")
        self.assertEqual(self.path("wp-content/cache")["detail"], "1 removed")

    def test_deep_ones_end(self):
        deep = self.tree / "wp-content/cache" / "/".join("d" * 150)
        deep.mkdir(parents=True)
        self.assertTrue(self.path("wp-content/cache")["ok"])


class Cache(http.server.BaseHTTPRequestHandler):
    seen: list = []
    status, location = 200, ""

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        self.send_response(self.status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PURGE = do_BAN = _answer

    def log_message(self, *_):
        pass


class Requests(PurgeCase):
    def setUp(self):
        super().setUp()
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cache)
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        self.url = f"http://127.0.0.1:{web.server_port}/x?token=1"
        Cache.seen, Cache.status, Cache.location = [], 200, ""

    def step(self, method="PURGE", **changes):
        return {"kind": "url", "url": self.url, "method": method, **COMMON, **changes}

    def test_headers_body_and_a_key_of_the_runners(self):
        step = self.step("POST", headers={"Host": "shop.test"}, secret_headers={"X-Key": "CDN"}, body='{"all": true}')
        result = self.purge(step, keys="OTHER=1\nCDN = s3cr=t \r\n")[0]
        method, path, headers, body = Cache.seen[0]
        self.assertEqual((method, path, headers["Host"], headers["X-Key"], body), ("POST", "/x?token=1", "shop.test", "s3cr=t", b'{"all": true}'))
        self.assertTrue(result["ok"])
        self.assertNotIn("s3cr", json.dumps(result))
        self.assertNotIn("token", json.dumps(result))

    def test_without_the_key_nothing_is_sent(self):
        result = self.purge(self.step(secret_headers={"X-Key": "CDN"}))[0]
        self.assertEqual((result["ok"], Cache.seen), (False, []))
        self.assertIn("the key CDN is only known to a runner", result["detail"])

    def test_answers(self):
        for status, method, ok in ((204, "BAN", True), (404, "PURGE", True), (412, "PURGE", True), (404, "POST", False), (405, "PURGE", False), (500, "BAN", False)):
            Cache.status = status
            self.assertEqual(self.purge(self.step(method))[0]["ok"], ok, (status, method))

    def test_a_redirect_does_not_take_the_key_along(self):
        Cache.status, Cache.location = 302, "/elsewhere"
        result = self.purge(self.step("GET", secret_headers={"X-Key": "CDN"}), keys="CDN=1")[0]
        self.assertEqual((result["ok"], len(Cache.seen)), (False, 1))

    def test_a_key_with_a_line_break_or_no_answer_says_nothing_of_the_key(self):
        for url, key in ((self.url, "s3cret\rX: y"), (self.url, "s3cret\u2028x"), ("http://127.0.0.1:1/", "s3cret")):
            result = self.purge(self.step(secret_headers={"X-Key": "CDN"}, url=url), keys=f"CDN={key}")[0]
            self.assertEqual((result["ok"], Cache.seen), (False, []))
            self.assertNotIn("s3cret", json.dumps(result))

    def test_one_that_fails_stops_no_other(self):
        results = self.purge(self.step(url="http://127.0.0.1:1/"), {"kind": "path", "path": "wp-content/cache", "within_s": 20})
        self.assertEqual([result["ok"] for result in results], [False, True])


@unittest.skipUnless(os.geteuid() == 0, "the list of commands belongs to root")
class Commands(PurgeCase):
    def setUp(self):
        super().setUp()
        folder = Path(tempfile.mkdtemp(prefix="belay-etc-"))
        self.addCleanup(shutil.rmtree, folder)
        self.list = folder / "commands.json"
        patch = mock.patch.object(purge_command, "LIST", str(self.list))
        patch.start()
        self.addCleanup(patch.stop)
        self.list.write_text(json.dumps({
            "good": ["/bin/sh", "-c", 'echo "$BELAY_ROOT $BELAY_URL" > "$BELAY_ROOT/ran"'], "bad": ["/bin/sh", "-c", "echo why; exit 3"],
            "slow": ["/bin/sh", "-c", 'sleep 600 & echo $! > "$BELAY_ROOT/child"; sleep 600'], "shell": "rm -rf /", "relative": ["sh"],
        }))

    def run_one(self, name, within_s=20):
        return self.purge({"kind": "command", "command": name, "within_s": within_s})[0]

    def test_a_command_of_the_list_runs_without_a_shell_of_ours(self):
        self.assertEqual(self.run_one("good")["ok"], True)
        self.assertEqual((self.root / "ran").read_text(), f"{self.root} http://shop.test\n")

    def test_what_fails_is_told(self):
        self.assertEqual(self.run_one("bad")["detail"], "ended with 3: why")
        self.assertIn("did not end", self.run_one("slow", 2)["detail"])
        child = int((self.root / "child").read_text())
        deadline = time.monotonic() + 30
        while self.lives(child):
            self.assertLess(time.monotonic(), deadline, "what the command has started lives on")
            time.sleep(0.02)
        for name in ("unknown", "shell", "relative"):
            self.assertIn("has no command of this name", self.run_one(name)["detail"])

    def lives(self, pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    def test_a_list_that_others_may_write_counts_for_nothing(self):
        self.list.chmod(0o666)
        self.assertIn("others than root", self.run_one("good")["detail"])
        self.list.chmod(0o644)
        os.chown(self.list.parent, 65534, 65534)
        self.assertIn("others than root", self.run_one("good")["detail"])
        os.chown(self.list.parent, 0, 0)
        moved = self.list.rename(self.list.parent / "moved")
        self.list.symlink_to(moved)
        self.assertIn("cannot be read", self.run_one("good")["detail"])
        self.assertFalse((self.root / "ran").exists())


if __name__ == "__main__":
    unittest.main()
