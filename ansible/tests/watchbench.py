"""A site that real processes work on: owned by a user without rights, with a web server, and steps of a promotion as modules run them."""
import http.server
import json
import os
import pwd
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

from belay.bundle.unpack import store_manifest, value_at
from belay.database import names

from belay.hold import commit_point

from belay.switch import armed, measures
from belay.host.journal import Journal
from belay.database.mysql import Session

from .switchbench import NEW, OLD, Bench

TESTS = Path(__file__).parent
OWNER = pwd.getpwnam("nobody")
#: A Python that the site's owner may run too.
PYTHON = "/usr/bin/python3" if os.path.realpath(sys.executable).startswith("/root/") else sys.executable
#: Deadlines for waiting, not for measuring.
LONG_S = 60.0
LOAD = "<?php function is_blog_installed() { return true; }"
STEP = """
import json, sys
sys.path[:0] = [{utils!r}, {tests!r}]
from tests import stepworld
json.dump(stepworld.run(json.load(sys.stdin)), sys.stdout)
"""


class Page(http.server.BaseHTTPRequestHandler):
    status = 200
    #: As long as it is not set nobody is answered.
    gate = threading.Event()
    gate.set()

    def do_GET(self):  # noqa: N802  (the library's name)
        Page.gate.wait()
        self.send_response(Page.status)
        self.end_headers()
        self.wfile.write(b"A page.")

    def log_message(self, *_):
        pass


class WatchBench(Bench):
    """Needs root: the site belongs to the user nobody, as a site belongs to its own user."""

    def __init__(self):
        super().__init__()
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.thread = threading.Thread(target=self.web.serve_forever)
        self.thread.start()
        os.chmod(self.server.folder, 0o755)

    def close(self):
        self.web.shutdown()
        self.thread.join()
        self.web.server_close()
        super().close()

    def fresh(self):
        site = super().fresh()
        self.rows(site, f"INSERT INTO wp_options (option_name, option_value) VALUES ('siteurl', 'http://127.0.0.1:{self.web.server_port}')")
        shared = self.root / "shared"
        shared.mkdir()
        constants = {"DB_NAME": site.database, "DB_USER": "root", "DB_PASSWORD": "", "DB_HOST": f"localhost:{self.server.socket}"}
        lines = "".join(f"define('{name}', '{value}');\n" for name, value in constants.items())
        (shared / "wp-config.php").write_text(f"<?php\n{lines}$table_prefix = 'wp_';\n")
        for release in (self.root / "releases").iterdir():
            (release / "wp-load.php").write_text(LOAD)
            store_manifest(site, release.name, {"code": {name: value_at(str(release / name)) for name in ("index.php", "wp-load.php")}})
        subprocess.run(["chown", "-R", f"{OWNER.pw_uid}:{OWNER.pw_gid}", str(self.root)], check=True)
        Page.status = 200
        return site

    def params(self, site, **changes):
        """The input of a promotion from OLD to NEW, as its steps get it."""
        rule = {"pattern": "*", "class": "config", "origin": "test"}
        told = {
            "root": site.root, "url": f"http://127.0.0.1:{self.web.server_port}", "database": site.database, "prefix": "wp_",
            "operation_id": str(uuid.uuid4()), "table_rules": [rule], "option_rules": [rule], "protected_paths": [], "volatile_paths": [],
            "shared_paths": ["wp-config.php"], "reference_options": {}, "row_limit": 100, "workers": 0, "source_url": "http://source.test",
            "source_root": "/srv/source", "source_prefix": "wp_", "release_digest": NEW + "0" * 52, "expected_release": OLD,
            "promote_tables": ["things", "extra"], "promote_options": ["theme", "added"], "expected_tables": {}, "expected_options": {},
            "health_checks": [], "drain_ms": 300, "keep_releases": 5, "confirm_within_s": 600, "purge": [], "hold_without": "refuse",
            "keep_failed_s": 604800, "target_tables": ["options", "things"], **changes,
        }
        with Session(site) as session:
            told["expected_tables"] = {"things": measures.expected(site, told).parts_of(session, "things")}
        return told


def begin(kind, step, params, pause=None):
    """A step in a process of its own. `pause`: a file of this name and the place where it stops and waits to be killed."""
    text = STEP.format(utils=str(TESTS.parent / "module_utils"), tests=str(TESTS.parent))
    process = subprocess.Popen([PYTHON, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    process.stdin.write(json.dumps({"kind": kind, "params": {**params, "step": step}, "pause": pause}).encode())
    process.stdin.close()
    return process


def answer(process):
    said = process.stdout.read()
    process.stdout.close()
    process.wait()
    return json.loads(said) if said else {"killed": process.returncode}


def step(kind, name, params):
    return answer(begin(kind, name, params))


def until(condition, what):
    """Wait for something that will happen; how long it took."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > LONG_S:
            raise AssertionError(f"{what} did not happen within {LONG_S:g} s")
        time.sleep(0.02)
    return time.monotonic() - started


def active(site):
    with Session(site) as session:
        return commit_point.read(session, names.release_table(site)).version


def armed_of(site):
    return {one.operation: one for one in armed.all_of(site)}


def journal(site, params):
    return Journal(site, params["operation_id"])


def words(site, params):
    return [line["step"] for line in journal(site, params).steps()]


def expire(site, operation):
    """The time of an activation is over."""
    path = armed_of(site)[operation].deadline_path
    told = json.loads(Path(path).read_text())
    Path(path).write_text(json.dumps({**told, "at": told["at"] - 10_000, "wall": told["wall"] - 10_000}))
