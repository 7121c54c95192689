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

from belay.mysql import Session  # noqa: E402
from belay.site import Credentials, Site  # noqa: E402

#: Rows that nobody else writes to.
_TIMED, _HELD, _SLOW = 5000, 4000, (1, 30)
_PAUSE_S = 0.001


def main():
    options = _options()
    site = Site(options.site, "", "bench", "wp_", os.geteuid(), os.getegid(), Credentials("localhost", 3306, options.socket, "root", "bench", ""))
    stop = threading.Event()
    with Session(site) as timed, Session(site) as held, Session(site) as slow:
        held.execute("START TRANSACTION")
        held.execute(f"UPDATE wp_posts SET comment_count = comment_count + 1 WHERE ID = {_HELD}")
        thread = threading.Thread(target=_slow, args=(slow, stop))
        thread.start()
        try:
            print(json.dumps(_phases(timed, options)))
        finally:
            stop.set()
            thread.join()
            held.execute("ROLLBACK")


def _phases(timed, options):
    seconds = _once(options.check)
    control, check = [], []
    for _ in range(options.runs):
        control += _waits(timed, lambda: time.sleep(seconds))
        check += _waits(timed, lambda: _once(options.check))
    return {"control": _summary(control), "check": _summary(check), "check_s": round(seconds, 3), "runs": options.runs}


def _waits(session, action):
    """Milliseconds of every update while `action` runs."""
    done = threading.Event()
    waits = []

    def write():
        while not done.is_set():
            for sql in (
                f"UPDATE wp_posts SET comment_count = comment_count + 1 WHERE ID = {_TIMED}",
                f"UPDATE wp_postmeta SET post_id = post_id + 1 WHERE meta_id = {_TIMED}",
            ):
                started = time.perf_counter()
                session.execute(sql)
                waits.append((time.perf_counter() - started) * 1000)
            time.sleep(_PAUSE_S)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        action()
    finally:
        done.set()
        thread.join()
    return waits


def _slow(session, stop):
    """Each row of it waits a tenth of a second, with the table's locks held; nothing is changed."""
    first, last = _SLOW
    while not stop.is_set():
        session.execute(f"UPDATE wp_posts SET menu_order = menu_order WHERE ID BETWEEN {first} AND {last} AND SLEEP(0.1) = 0")


def _once(command):
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _summary(waits):
    ordered = sorted(waits)
    return {"longest_ms": round(ordered[-1], 2), "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2), "median_ms": round(ordered[len(ordered) // 2], 2), "updates": len(ordered)}


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("check", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
