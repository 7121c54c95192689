"""The hold in a real PHP-FPM: what the probe tells of the pool, requests that never end, workers and holders that are killed."""
import dataclasses
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from unittest import mock

from belay.database.mysql import Session
from belay.errors import BelayError
from belay.hold import pool, prepare, probe
from belay.hold.hold import Hold, Version
from belay.switch import switch as engine
from belay.switch import unheld
from belay.wordpress import object_cache

from .fpm import Pool
from .switchbench import MEASURES, NEW, OLD
from .test_switch import SwitchCase, promotion

LONG_S = 60
BACKLOG = 37
ENDLESS = "<?php file_put_contents(__DIR__ . '/running', getmypid()); while (true) { usleep(20000); }"
HOLDER = "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(600)"


def until(condition, what):
    deadline = time.monotonic() + LONG_S
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {LONG_S} s")
        time.sleep(0.02)
    return found


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=LONG_S) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError as error:
        return 0, str(error)


@unittest.skipUnless(os.geteuid() == 0, "the pool of the test runs as root")
class PoolCase(SwitchCase):
    prepended = True

    def setUp(self):
        super().setUp()
        self.pool = Pool(self.site.root, f"{self.site.belay}/hold/hold.php" if self.prepended else "", backlog=BACKLOG)
        self.addCleanup(self.pool.close)
        self.site = dataclasses.replace(self.site, url=self.pool.url)
        self.hold = Hold(os.path.join(self.site.belay, "hold"))
        self.secret = prepare.read_probe(self.hold)

    def page(self, name, text):
        for release in (OLD, NEW):
            Path(self.site.releases, release, name).write_text(text)

    def visit(self, name):
        thread = threading.Thread(target=get, args=(f"{self.pool.url}/{name}",), daemon=True)
        thread.start()
        return int(until(lambda: self.running(), "the request's beginning"))

    def running(self):
        path = Path(self.site.releases, OLD, "running")
        return path.exists() and path.read_text()


class Told(PoolCase):
    def test_the_queue_of_the_pool_as_the_kernel_has_it(self):
        self.assertEqual(pool.backlog_of(probe.ask(self.site.url, self.secret)), BACKLOG)
        self.assertIsNone(pool.backlog_of({"error": "no answer"}))

    def test_requests_are_counted_only_while_somebody_looks(self):
        get(f"{self.pool.url}/index.php")
        self.assertFalse(os.path.exists(f"{self.hold.folder}/counted"))
        with pool.counted(self.hold) as arrivals:
            started = time.monotonic()
            for _ in range(20):
                get(f"{self.pool.url}/index.php")
            most = 20 / (time.monotonic() - started)
        self.assertTrue(0 < arrivals.rate <= most)
        self.assertEqual([name for name in os.listdir(self.hold.folder) if name.startswith("count")], [])
        # Somebody who died while he counted.
        Path(self.hold.folder, "counting").touch()
        os.utime(Path(self.hold.folder, "counting"), (0, 0))
        get(f"{self.pool.url}/index.php")
        self.assertFalse(os.path.exists(f"{self.hold.folder}/counted"))

    def test_a_queue_that_overflows_is_a_warning(self):
        self.assertIn("at least 120", pool.too_small(4, 20.0, 3.0))
        for backlog, rate in ((120, 20.0), (None, 20.0), (4, None), (4, 0.0)):
            self.assertIsNone(pool.too_small(backlog, rate, 3.0))


class Hardened(PoolCase):
    def test_a_request_that_never_ends_blocks_the_switch_visibly_and_never_the_site(self):
        self.page("events.php", ENDLESS)
        worker = self.visit("events.php")
        answers, stop = [], threading.Event()

        def visitors():
            while not stop.is_set():
                answers.append(get(f"{self.pool.url}/index.php"))

        thread = threading.Thread(target=visitors)
        thread.start()
        try:
            with mock.patch.object(engine, "ATTEMPTS", 8), self.assertRaises(BelayError) as caught:
                self.promote(promotion())
        finally:
            stop.set()
            thread.join()
        self.assertEqual(caught.exception.code, "HOLD_NOT_DRAINED")
        self.assertIn(f"PHP workers that ran all the time: {worker}.", caught.exception.message)
        self.assertEqual(set(answers), {(200, OLD)})
        self.assert_on(OLD)

    def test_a_worker_that_is_killed_lets_the_switch_through(self):
        self.page("events.php", ENDLESS)
        worker = self.visit("events.php")
        with open(self.hold.room, "rb") as room, self.assertRaises(BlockingIOError):
            fcntl.flock(room, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(worker, signal.SIGKILL)
        self.promote(promotion())
        self.assert_on(NEW)
        self.assertEqual(get(f"{self.pool.url}/index.php"), (200, NEW))

    def test_a_holder_that_is_killed_lets_visitors_through(self):
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, self.hold.turnstile], stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        holder.stdout.readline()
        answers = []
        thread = threading.Thread(target=lambda: answers.append(get(f"{self.pool.url}/index.php")))
        thread.start()
        until(self.somebody_waits, "a visitor waiting")
        self.assertEqual(answers, [])
        holder.kill()
        thread.join(LONG_S)
        self.assertEqual(answers, [(200, OLD)])

    def somebody_waits(self):
        inode = os.stat(self.hold.turnstile).st_ino
        return any("->" in line and f":{inode} " in line for line in Path("/proc/locks").read_text().splitlines())

    def test_an_idle_reader_with_a_lock_on_a_table_never_stalls_visitors(self):
        """Eight seconds, in which the switch is tried again and again."""
        waits, stop = [], threading.Event()

        def visitor():
            with Session(self.site) as session:
                while not stop.is_set():
                    started = time.monotonic()
                    session.query("SELECT * FROM wp_things")
                    session.query("SELECT * FROM wp_options")
                    waits.append(time.monotonic() - started)

        reader = Session(self.site)
        self.addCleanup(reader.close)
        reader.execute("START TRANSACTION")
        reader.query("SELECT * FROM wp_things")
        free = threading.Timer(8, reader.execute, ["COMMIT"])
        thread = threading.Thread(target=visitor)
        started = time.monotonic()
        for one in (free, thread):
            one.start()
        try:
            self.promote(promotion())
        finally:
            taken = time.monotonic() - started
            stop.set()
            thread.join()
            free.join()
        self.assert_on(NEW)
        self.assertGreater(taken, 7.5)
        # Behind a waiting RENAME they would have waited for all of the eight seconds.
        self.assertLess(max(waits), engine.INSIDE_S)


class Without(PoolCase):
    prepended = False

    def check(self, without):
        host = self.host(str(uuid.uuid4()))
        return unheld.check_hold(host, Version(OLD, "adopted"), without), host

    def test_refused_or_with_the_smaller_promise(self):
        with self.assertRaises(BelayError) as caught:
            self.check("refuse")
        self.assertEqual(caught.exception.code, "HOLD_INACTIVE")
        told, host = self.check("brief_mixture")
        self.assertIn("do not go through the hold", told["why"])
        self.assertFalse(unheld.is_held(host))

    def test_a_host_that_was_never_prepared_is_refused_in_any_case(self):
        os.unlink(self.hold.room)
        with self.assertRaises(BelayError) as caught:
            self.check("brief_mixture")
        self.assertEqual(caught.exception.code, "HOLD_MISSING")

    def test_how_long_it_mixed_is_told_and_what_was_written_over_goes_back(self):
        wanted = promotion()
        host = self.host(wanted.operation)
        unheld.check_hold(host, Version(OLD, "adopted"), "brief_mixture")
        figures, promoted = self.promote(wanted)
        hashes = {name: found and found["hash"] for name, found in promoted["options"].items()}
        told = unheld.look_after(host, figures, hashes, MEASURES, 0.05)
        self.assertGreater(told["mixture"]["mixture_ms"], 0)
        self.assertEqual(self.flushed(), 0)
        # Nothing defines the salt where the hold does not run: flushed all the same, and once more when old requests have ended.
        drop_in = Path(self.site.tree, "wp-content")
        drop_in.mkdir()
        (drop_in / "object-cache.php").write_text("<?php")
        Path(self.site.tree, "wp-load.php").write_text(f"<?php function wp_cache_flush() {{ return file_put_contents('{self.site.root}/flushed', '.', FILE_APPEND) === 1; }}")
        Path(self.site.root, "shared").mkdir(exist_ok=True)
        Path(self.site.shared, "wp-config.php").write_text("<?php define('WP_CACHE_KEY_SALT', BELAY_SWITCH);")
        self.assertEqual((object_cache.needs_flush(self.site), object_cache.needs_flush(self.site, unheld.is_held(host))), (False, True))
        unheld.look_after(host, figures, hashes, MEASURES, 0.05)
        self.assertEqual(self.flushed(), 1)
        self.sql("UPDATE wp_options SET option_value = 'old' WHERE option_name = 'theme'")
        with self.assertRaises(BelayError) as caught:
            unheld.look_after(host, figures, hashes, MEASURES, 0.05)
        self.assertEqual(caught.exception.code, "CONFLICT_AFTER_SWITCH")
        self.assertIn("theme", caught.exception.message)

    def flushed(self):
        path = Path(self.site.root, "flushed")
        return len(path.read_text()) if path.exists() else 0


del SwitchCase

if __name__ == "__main__":
    unittest.main()
