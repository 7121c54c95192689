"""Health, against a real web server, PHP and database."""
import http.server
import json
import os
import shutil
import tempfile
import threading
import unittest
from dataclasses import replace

from belay.health.health import check_health, is_healthy, marks
from tests.mariadb import Server
from tests.small_site import make_site, put

SERVER = Server()
LOADS = "<?php\nfunction is_blog_installed() { return %s; }\necho 'noise';\n"


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Pages(http.server.BaseHTTPRequestHandler):
    """`seen` holds what was asked; `faults` how many requests are answered with 500 first."""

    seen: list = []
    faults = 0
    rest, form, log, tree = "open", True, "", ""

    def do_GET(self):  # noqa: N802  (the library's name)
        path, _, query = self.path.partition("?")
        self.seen.append((path, query, self.headers))
        if Pages.faults > 0:
            Pages.faults -= 1
            return self.answer(500, b"broken")
        if path == "/moved":
            return self.answer(301, b"", Location="/elsewhere")
        rest = {"open": (200, b'{"name": "Acme"}'), "closed": (401, b'{"code": "rest_not_logged_in"}'), "html": (200, b"<p>no</p>"), "error": (500, b'{"code": "internal"}')}
        if query.startswith("rest_route=/"):
            return self.answer(*rest[Pages.rest])
        if path == "/wp-login.php":
            return self.answer(200, b'<form name="loginform" id="loginform">' if Pages.form else b"hidden")
        if "belay-probe" in query:
            return self.answer(200, json.dumps({"log": Pages.log}).encode())
        if path == "/fatal":
            with open(Pages.log, "ab") as log:
                log.write(b"[now] PHP Fatal error:  Uncaught Error in %s/a.php:3\n" % Pages.tree.encode())
        pages = {"/": (200, b"<title>Tom &amp; Jerry</title>"), "/empty": (200, b" \n"), "/none": (404, b"nothing here")}
        return self.answer(*pages.get(path, (200, b"plain")))

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HealthTest(unittest.TestCase):
    def setUp(self):
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        Pages.seen, Pages.faults, Pages.rest, Pages.form = [], 0, "open", True
        folder = tempfile.mkdtemp(prefix="belay-health-")
        self.addCleanup(shutil.rmtree, folder)
        self.site = replace(make_site(SERVER, folder, "healthy", "wp_"), url="http://127.0.0.1:%d" % web.server_port)
        self.loads(LOADS % "true")
        put(self.site.root, ".belay/hold/config.php", "    'probe' => 'secret',\n")
        Pages.log, Pages.tree = os.path.join(self.site.root, "php.log"), self.site.tree

    def loads(self, text):
        put(self.site.root, "releases/00000000000a/wp-load.php", text)

    def details(self, *checks, site=None):
        results = check_health(site or self.site, list(checks))
        return {result["check"]: (result["ok"], result["detail"]) for result in results}

    def test_a_healthy_site(self):
        results = check_health(self.site, [])
        self.assertTrue(is_healthy(results), results)
        self.assertEqual([result["check"] for result in results], ["page /", "WordPress is installed", "database answers"])

    def test_pages(self):
        found = self.details(
            {"path": "/", "status": 200, "contains": "Tom & Jerry"}, {"path": "/?p=1", "status": 200, "contains": "absent"}, {"path": "/empty", "status": 200},
            {"path": "/none", "status": 404, "contains": "nothing"}, {"path": "/moved", "status": 200}, {"path": "moved", "status": 301},
        )
        self.assertEqual({name: ok for name, (ok, _) in found.items() if name.startswith("page")}, {
            "page /": True, "page /?p=1": False, "page /empty": False, "page /none": True, "page /moved": False, "page moved": True,
        })
        self.assertIn("'absent' is missing", found["page /?p=1"][1])
        self.assertIn("empty body", found["page /empty"][1])
        self.assertIn("answered 301 to /elsewhere", found["page /moved"][1])

    def test_caches_are_passed_by(self):
        self.details({"path": "/?p=1", "status": 200})
        (_, first, headers), (_, second, _) = Pages.seen[-2:]
        self.assertEqual(headers["Cache-Control"], "no-cache, no-store")
        self.assertRegex(first + " " + second, r"^belay_health=\w{16} p=1&belay_health=\w{16}$")

    def test_one_retry(self):
        Pages.faults = 1
        self.assertTrue(self.details()["page /"][0])
        Pages.faults = 2
        self.assertEqual(self.details()["page /"], (False, "answered 500 instead of 200"))

    def test_nobody_listens(self):
        ok, detail = self.details(site=replace(self.site, url="http://127.0.0.1:1"))["page /"]
        self.assertEqual((ok, "refused" in detail), (False, True))

    def test_wordpress_that_does_not_start_or_is_not_installed(self):
        self.loads(LOADS % "false")
        self.assertFalse(self.details()["WordPress is installed"][0])
        self.loads("<?php\nno_such_function();\n")
        ok, detail = self.details()["WordPress is installed"]
        self.assertEqual((ok, "no_such_function" in detail), (False, True))

    def test_wp_cli_is_asked_where_there_is_one(self):
        folder = os.path.join(self.site.root, "bin")
        put(folder, "wp", "#!/bin/sh\n[ \"$2\" = is-installed ] && [ \"$3\" = \"--path=%s\" ] && exit 0\nexit 1\n" % os.path.realpath(self.site.current))
        os.chmod(os.path.join(folder, "wp"), 0o755)
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = folder + ":" + path
        self.assertEqual(self.details()["WordPress is installed"], (True, "WP-CLI says so"))
        put(folder, "wp", "#!/bin/sh\necho no; exit 1\n")
        self.assertFalse(self.details()["WordPress is installed"][0])

    def test_the_rest_api(self):
        for answer, ok in (("open", True), ("closed", True), ("html", False), ("error", False)):
            with self.subTest(answer):
                Pages.rest = answer
                self.assertEqual(self.details({"kind": "rest", "within_s": 5})["REST API"][0], ok)

    def test_the_login_page(self):
        self.assertTrue(self.details({"kind": "login", "within_s": 5})["login page"][0])
        Pages.form = False
        self.assertEqual(self.details({"kind": "login", "within_s": 5})["login page"], (False, "shows no login form"))

    def test_planned_events(self):
        for cron, ok in (("[time() + 60 => []]", True), ("[time() - 60 => [], time() + 60 => []]", True), ("[time() - 30 * 86400 => []]", False), ("[]", False), ("false", False)):
            with self.subTest(cron):
                self.loads(LOADS % "true" + "function _get_cron_array() { return %s; }\n" % cron)
                self.assertEqual(self.details({"kind": "cron", "within_s": 20})["planned events"][0], ok)

    def fatal(self, **more):
        return {"kind": "php_errors", "log": None, **more}

    def told(self, since, *checks):
        results = check_health(self.site, [*checks, self.fatal()], since)
        return {result["check"]: (result["ok"], result["detail"]) for result in results}["no fatal PHP error"]

    def write(self, line, mode="a"):
        with open(Pages.log, mode, encoding="utf-8") as log:
            log.write(line + "\n")

    def test_fatal_errors_of_the_active_release_since_the_switch(self):
        self.write(f"PHP Fatal error: old, in {Pages.tree}/a.php")
        since = marks(self.site, [self.fatal()])
        self.assertEqual([mark["path"] for mark in since], [Pages.log])
        self.assertTrue(self.told(since)[0])
        self.write("PHP Fatal error: of another site, in /srv/other/a.php")
        self.write(f"PHP Warning: no fatal one, in {Pages.tree}/a.php")
        self.write(f"PHP Fatal error: of the release before, in {self.site.releases}/bbbbbbbbbbbb/a.php")
        self.assertTrue(self.told(since)[0])
        self.write(f"PHP Parse error: new, in {Pages.tree}/b.php")
        ok, detail = self.told(since)
        self.assertEqual((ok, detail[:18], "new, in" in detail, "old, in" in detail), (False, "1 since the switch", True, False))

    def test_an_error_that_a_page_of_the_check_itself_causes(self):
        self.write("begun")
        since = marks(self.site, [self.fatal()])
        self.assertFalse(self.told(since, {"kind": "page", "path": "/fatal", "status": 200, "within_s": 5})[0])

    def test_a_log_that_was_rotated_is_read_from_its_beginning(self):
        self.write("x" * 100)
        since = marks(self.site, [self.fatal()])
        os.rename(Pages.log, Pages.log + ".1")
        self.write(f"PHP Fatal error: new, in {Pages.tree}/a.php", "w")
        self.assertFalse(self.told(since)[0])

    def test_before_the_switch_old_errors_say_nothing(self):
        self.write(f"PHP Fatal error: old, in {Pages.tree}/a.php")
        self.assertTrue(self.told(None)[0])

    def test_a_log_that_was_begun_since_the_switch(self):
        self.assertEqual(marks(self.site, [self.fatal()]), [])
        self.write(f"PHP Fatal error: the first ever, in {Pages.tree}/a.php")
        self.assertFalse(self.told([])[0])

    def test_a_log_that_nobody_can_find_is_no_fault_and_a_configured_one_is(self):
        self.assertEqual(self.told(None), (True, "no log that could be read"))
        found = self.details(self.fatal(log="shared/php.log"))["no fatal PHP error"]
        self.assertEqual((found[0], "cannot be read" in found[1]), (False, True))
        put(self.site.root, "shared/php.log", "")
        self.assertTrue(self.details(self.fatal(log="shared/php.log"))["no fatal PHP error"][0])

    def test_a_database_that_does_not_answer(self):
        broken = replace(self.site, credentials=replace(self.site.credentials, socket="/nowhere"))
        ok, detail = self.details(site=broken)["database answers"]
        self.assertEqual((ok, "2002" in detail), (False, True))


if __name__ == "__main__":
    unittest.main()
