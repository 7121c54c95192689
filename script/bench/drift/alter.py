"""How long somebody who writes one row waits when a table is altered while it is checked: alter.py --site ROOT --socket SOCKET [options].

An ALTER waits for the statement of a check that reads its table, and everybody else waits behind it. Two tables of their own, one with
a number as its key and one with a text, are altered again and again, first without a check and then while one check follows the
other; one connection updates single rows all the time and is timed. One JSON object on stdout, in milliseconds.
"""
import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../../ansible/module_utils")]

from belay.database.mysql import Session  # noqa: E402
from belay.errors import BelayError  # noqa: E402
from belay.host.site import Credentials, Site  # noqa: E402
from belay.scope.look import Look  # noqa: E402
from belay.scope.rules import Rules  # noqa: E402
from belay.tables.tables import Table, measure_tables  # noqa: E402
from writers import Background, summary  # noqa: E402

_KEYS = {"number": ("k INT", "seq"), "text": ("k VARCHAR(64)", "CONCAT('key-', SHA1(seq))")}
_ALTERS = ("ADD COLUMN more INT", "ADD INDEX other (n)", "DROP INDEX other", "DROP COLUMN more")
_BETWEEN_S, _PAUSE_S = 0.15, 0.001


def main():
    options = _options()
    site = Site(options.site, "", "bench", "wp_", os.geteuid(), os.getegid(), Credentials("localhost", 3306, options.socket, "root", "bench", ""))
    print(json.dumps({key: _of_key(site, key, options) for key in _KEYS}))


def _of_key(site, key, options):
    table = f"alter_{key}"
    with Session(site) as session:
        column, value = _KEYS[key]
        session.execute(f"CREATE OR REPLACE TABLE wp_{table} ({column} PRIMARY KEY, n INT NOT NULL, v TEXT NOT NULL) ENGINE=InnoDB")
        try:
            session.execute(f"INSERT INTO wp_{table} SELECT {value}, 0, REPEAT(MD5(seq), 20) FROM seq_1_to_{options.rows}")
            session.execute(f"ANALYZE TABLE wp_{table}")
            control = _waits(site, table, options)
            checks = []
            check = Background(lambda stop: _check(site, table, stop, checks))
            try:
                found = _waits(site, table, options)
            finally:
                check.end()
            return {"control": summary(control), "check": summary(found), "checks": len(checks), "check_s": round(max(checks), 3)}
        finally:
            session.execute(f"DROP TABLE wp_{table}")


def _waits(site, table, options):
    """(milliseconds, table) of every update while the table is altered."""
    found = []
    writer = Background(lambda stop: _write(site, table, stop, found))
    try:
        with Session(site) as session:
            for _ in range(options.rounds):
                for alter in _ALTERS:
                    time.sleep(_BETWEEN_S)
                    session.execute(f"ALTER TABLE wp_{table} {alter}")
    finally:
        writer.end()
    return found


def _write(site, table, stop, found):
    with Session(site) as session:
        key = session.query(f"SELECT QUOTE(k) FROM wp_{table} LIMIT 1")[0][0].decode()
        while not stop.is_set():
            started = time.perf_counter()
            session.execute(f"UPDATE wp_{table} SET n = n + 1 WHERE k = {key}")
            found.append(((time.perf_counter() - started) * 1000, table))
            time.sleep(_PAUSE_S)


def _check(site, table, stop, seconds):
    rules = Rules(({"pattern": "*", "class": "config", "origin": "site"},), (), (), (), (), {}, 5000, 1)
    with Session(site) as session:
        while not stop.is_set():
            started = time.perf_counter()
            try:
                measure_tables(site, session, rules, Look(), [Table(table, "BASE TABLE", "InnoDB")])
            except BelayError as error:
                # Of a table that is altered all the time a check may have to give up.
                if error.code != "TABLE_UNSTABLE":
                    raise
            seconds.append(time.perf_counter() - started)


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
