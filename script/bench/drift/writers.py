"""How long somebody who writes one row waits while a check runs: writers.py --site ROOT --socket SOCKET [--runs N] -- CHECK...

Three connections are at work all the time: one updates single rows of both large tables in a loop, which is the one that is timed; one
holds a transaction open that wrote to wp_posts; one runs UPDATEs of wp_posts that take three seconds each. First without the
check, for as long as the check takes, then with it. One JSON object on stdout, in milliseconds.
"""
import argparse
import json
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../../ansible/module_utils")]

from belay.database.mysql import Session  # noqa: E402
from belay.host.site import Credentials, Site  # noqa: E402

#: Rows that nobody else writes to.
_TIMED, _HELD, _SLOW = 5000, 4000, (1, 30)
_PAUSE_S = 0.001
_UPDATES = {
    "wp_posts": f"UPDATE wp_posts SET comment_count = comment_count + 1 WHERE ID = {_TIMED}",
    "wp_postmeta": f"UPDATE wp_postmeta SET post_id = post_id + 1 WHERE meta_id = {_TIMED}",
}


def main():
    options = _options()
    site = Site(options.site, "", "bench", "wp_", os.geteuid(), os.getegid(), Credentials("localhost", 3306, options.socket, "root", "bench", ""))
    with Session(site) as timed, Session(site) as held, Session(site) as slow, Session(site) as watching:
        held.execute("START TRANSACTION")
        held.execute(f"UPDATE wp_posts SET comment_count = comment_count + 1 WHERE ID = {_HELD}")
        others, writer = Background(lambda stop: _slow(slow, stop)), _Writer(timed)
        watch = Background(lambda stop: writer.watch(watching, stop))
        try:
            answer = _phases(writer, options)
        finally:
            for thread in (watch, others):
                thread.end()
            held.execute("ROLLBACK")
    print(json.dumps(answer))


def _phases(writer, options):
    seconds = _once(options.check)
    control, check = [], []
    for _ in range(options.runs):
        control += writer.waits(lambda: time.sleep(seconds))
        check += writer.waits(lambda: _once(options.check))
    return {"control": summary(control), "check": summary(check), "check_s": round(seconds, 3), "runs": options.runs, "evidence": writer.evidence}


class Background:
    """Runs `work(stop)` until it is ended; what went wrong in it is raised then."""

    def __init__(self, work):
        self._stop, self._work, self._error = threading.Event(), work, None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self):
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self):
        try:
            self._work(self._stop)
        except Exception as error:
            self._error = error


class _Writer:
    """The connection that is timed. `evidence`: what the server was doing whenever it waited for longer than a second."""

    def __init__(self, session):
        self._session, self._since, self.evidence = session, None, []

    def waits(self, action):
        """(milliseconds, table) of every update while `action` runs."""
        found = []
        thread = Background(lambda stop: self._write(stop, found))
        try:
            action()
        finally:
            thread.end()
        return found

    def _write(self, stop, found):
        while not stop.is_set():
            for table, sql in _UPDATES.items():
                self._since = time.perf_counter()
                self._session.execute(sql)
                found.append(((time.perf_counter() - self._since) * 1000, table))
                self._since = None
            time.sleep(_PAUSE_S)

    def watch(self, session, stop):
        while not stop.wait(0.2):
            since = self._since
            if since is not None and time.perf_counter() - since > 1 and len(self.evidence) < 10:
                rows = session.query("SELECT time_ms, command, state, LEFT(info, 100) FROM information_schema.processlist")
                self.evidence.append([[(value or b"").decode("utf-8", "replace") for value in row] for row in rows])


def _slow(session, stop):
    """Each row of it waits a tenth of a second, with the table's locks held; nothing is changed."""
    first, last = _SLOW
    while not stop.is_set():
        session.execute(f"UPDATE wp_posts SET menu_order = menu_order WHERE ID BETWEEN {first} AND {last} AND SLEEP(0.1) = 0")


def _once(command):
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def summary(waits):
    ordered = sorted(waits)
    longest, table = ordered[-1]
    middle, most = (round(ordered[int(len(ordered) * share)][0], 2) for share in (0.5, 0.99))
    return {"longest_ms": round(longest, 2), "longest_table": table, "p99_ms": most, "median_ms": middle, "updates": len(ordered)}


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("check", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
