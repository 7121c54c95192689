"""Tables that are written to, altered and dropped while they are measured: each result is that of one instant, and nobody waits."""
import hashlib
import os
import shutil
import signal
import tempfile
import threading
import time
import unittest
from dataclasses import replace
from unittest import mock

from belay.database import shared_snapshot

from belay.tables import chunk_reader, row_windows, shared_table, table_parts, table_work, tables
from belay.tables.chunks import SPAN, Chunk, part_digest
from belay.errors import BelayError
from belay.scope.look import Look
from belay.database.mysql import Session
from belay.scope.rules import Rules
from belay.database.shared_snapshot import snapshots
from belay.host.site import Credentials, Site
from belay.database.sql import SqlError
from belay.tables.table_fingerprint import table_fingerprint
from belay.tables.table_shape import Shape
from tests.mariadb import Server

SERVER = Server()
ROWS = 12 * SPAN


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


def chunk_at(number, count):
    rows = range(number * SPAN, number * SPAN + SPAN)
    hashes = [hashlib.sha256(b"%d,%d" % (row, count if row in (0, ROWS - 1) else 0)).hexdigest() for row in rows]
    return Chunk(number, SPAN, hashlib.sha256("".join(hashes).encode()).digest())


BETWEEN = [chunk_at(number, 0) for number in range(1, ROWS // SPAN - 1)]


def digest_at(count):
    """The digest of `wp_t` when the first and the last row say `count`, and all others 0."""
    return part_digest([chunk_at(0, count), *BETWEEN, chunk_at(ROWS // SPAN - 1, count)])


def wait_for_next_second():
    """The server tells in whole seconds when a table got its name."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.05)


class InstantsTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belay-instants-")
        self.addCleanup(shutil.rmtree, self.root)
        SERVER.sql("DROP DATABASE IF EXISTS app; CREATE DATABASE app")
        self.site = self.site_of("root")
        self.session = self.open()
        self.sql(f"CREATE TABLE wp_t (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB", f"INSERT INTO wp_t SELECT seq, 0 FROM seq_0_to_{ROWS - 1}")
        for name, value in (("LARGE", 0), ("ANY_LARGE", 0)):
            self.patch(table_work, name, value)
        self.patch(shared_table, "SMALLEST", 1)

    def patch(self, where, name, value):
        patch = mock.patch.object(where, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def site_of(self, user):
        return Site(self.root, "http://site.example", "app", "wp_", os.getuid(), os.getgid(), Credentials("localhost", 0, SERVER.socket, user, "app", ""))

    def open(self):
        session = Session(self.site)
        self.addCleanup(session.close)
        return session

    def sql(self, *statements):
        for statement in statements:
            self.session.execute(statement)

    def measured(self, *names, workers=3, site=None, session=None, look=Look()):
        rules = Rules(({"pattern": "*", "class": "config", "origin": "site"},), (), (), (), (), {}, 100, workers)
        listed = [tables.Table(name, "BASE TABLE", "InnoDB") for name in names]
        return tables.measure_tables(site or self.site, session or self.session, rules, look, listed)

    def digest(self, measured, name="t"):
        return measured.facts[name]["parts"]["config"]["digest"]

    def test_the_digest_is_what_the_rows_say(self):
        self.assertEqual(self.digest(self.measured("t")), digest_at(0))

    def test_many_connections_see_one_instant_while_others_write(self):
        writer, stop, counts = self.open(), threading.Event(), [0]

        def write():
            while not stop.is_set():
                writer.execute("START TRANSACTION")
                for row in (0, ROWS - 1):
                    writer.execute(f"UPDATE wp_t SET n = {counts[0] + 1} WHERE id = {row}")
                writer.execute("COMMIT")
                counts[0] += 1

        thread = threading.Thread(target=write)
        thread.start()
        shared = 0
        try:
            for _ in range(12):
                first = counts[0]
                measured = self.measured("t")
                last = counts[0] + 1
                shared += "t" in measured.shared
                self.assertIn(self.digest(measured), {digest_at(count) for count in range(first, last + 1)})
        finally:
            stop.set()
            thread.join()
        self.assertGreater(shared, 0)
        self.assertGreater(counts[0], 0)

    def test_a_table_with_an_open_transaction_is_read_by_one_connection_and_nobody_waits(self):
        self.sql("CREATE TABLE wp_other LIKE wp_t", "INSERT INTO wp_other SELECT * FROM wp_t")
        busy, bystander = self.open(), self.open()
        busy.execute("START TRANSACTION")
        busy.execute("UPDATE wp_t SET n = 9 WHERE id = 5")
        original, writes = shared_snapshot._open, []

        def opened(*given):
            # While the snapshots are opened somebody writes to the busy table: a lock that waits would make this fail at once.
            bystander.execute("SET SESSION lock_wait_timeout = 0")
            writes.append(bystander.execute("UPDATE wp_t SET n = 0 WHERE id = 7"))
            original(*given)

        with mock.patch.object(shared_snapshot, "_open", opened):
            measured = self.measured("t", "other")
        self.assertEqual((measured.shared, len(writes)), (frozenset(["other"]), 1))
        self.assertEqual((self.digest(measured), self.digest(measured, "other")), (digest_at(0), digest_at(0)))
        busy.execute("ROLLBACK")

    def test_without_the_right_to_lock_each_table_has_one_connection(self):
        SERVER.sql("CREATE OR REPLACE USER reader@localhost; GRANT SELECT ON app.* TO reader@localhost")
        site = self.site_of("reader")
        with Session(site) as session:
            measured = self.measured("t", site=site, session=session)
        self.assertEqual((measured.shared, self.digest(measured)), (frozenset(), digest_at(0)))

    def test_what_is_exported_is_what_several_connections_measured(self):
        """Large tables are read by all, every other one by the session that exports: to these somebody writes between two snapshots."""
        names = ["t", *("small%d" % n for n in range(6))]
        for name in names[1:]:
            self.sql(f"CREATE TABLE wp_{name} (k VARCHAR(9) PRIMARY KEY, n INT NOT NULL)", f"INSERT INTO wp_{name} SELECT seq, 0 FROM seq_1_to_9")
        for name, value in (("PATIENCE_S", 60), ("HELD_S", 30)):
            self.patch(shared_snapshot, name, value)
        writer, rules = self.open(), Rules(({"pattern": "*", "class": "config", "origin": "site"},), (), (), (), (), {}, 0, 3)

        def one_after_the_other(sessions):
            for session in sessions:
                session.ask_snapshot()
                session.await_snapshot()
                for name in names[1:]:
                    writer.execute(f"UPDATE wp_{name} SET n = n + 1 WHERE k = 1")

        listed = [tables.Table(name, "BASE TABLE", "InnoDB") for name in names]
        with mock.patch.object(shared_snapshot, "_open", one_after_the_other), tables.tables_of_one_instant(self.site, self.session, rules, Look(), listed) as measured:
            self.assertEqual(measured.shared, {"t"})
            self.assertEqual(self.session.query("SELECT @@character_set_connection"), [(b"utf8mb4",)])
            alone = [table_fingerprint(self.session, self.site, rules, f"wp_{name}", name) for name in names]
        self.assertEqual([measured.facts[name]["parts"] for name in names], [one["parts"] for one in alone])
        self.assertFalse(self.session.in_snapshot)

    def test_what_is_to_be_exported_and_was_altered_is_refused(self):
        rules = Rules(({"pattern": "*", "class": "config", "origin": "site"},), (), (), (), (), {}, 0, 3)
        with self.after_description("ALTER TABLE wp_t ADD COLUMN more INT NOT NULL"), self.assertRaises(BelayError) as caught:
            with tables.tables_of_one_instant(self.site, self.session, rules, Look(), [tables.Table("t", "BASE TABLE", "InnoDB")]):
                self.fail("nothing may be exported")
        self.assertEqual(caught.exception.code, "TABLE_UNSTABLE")
        self.assertFalse(self.session.in_snapshot)

    def test_no_lock_is_left(self):
        with snapshots(self.site, [self.session, self.open()], ["wp_t"]) as shared:
            self.assertEqual(shared, {"wp_t"})
            writer = self.open()
            writer.execute("SET SESSION lock_wait_timeout = 0")
            self.assertEqual(writer.execute("UPDATE wp_t SET n = 1 WHERE id = 1"), 1)
            self.assertEqual(self.session.query("SELECT n FROM wp_t WHERE id = 1"), [(b"0",)])

    def while_opened(self, happening):
        """`happening(locker)` once, while the lock is held and before the first snapshot is open; the locker is its connection."""
        several, opened, lockers, happenings = Session.several, shared_snapshot._open, [], [happening]

        def seen(session, statements):
            lockers.append(session)
            return several(session, statements)

        def open_(sessions):
            if happenings:
                happenings.pop()(lockers[-1])
            opened(sessions)

        patches = mock.patch.multiple(shared_snapshot, _open=open_), mock.patch.object(Session, "several", seen)
        for patch in patches:
            patch.start()
            self.addCleanup(patch.stop)

    def test_a_connection_that_stands_still_with_the_lock_holds_nobody(self):
        writer, written = self.open(), []

        def stand_still(locker):
            locker._pipe.process.send_signal(signal.SIGSTOP)
            try:
                # It gets its rows although neither PHP nor Belay goes on before.
                written.append(writer.execute("UPDATE wp_t SET n = 1 WHERE id IN (0, %d)" % (ROWS - 1)))
            finally:
                locker._pipe.process.send_signal(signal.SIGCONT)

        self.while_opened(stand_still)
        self.patch(shared_snapshot, "PATIENCE_S", 60)
        with snapshots(self.site, [self.session, self.open()], ["wp_t"]) as shared:
            self.assertEqual(shared, {"wp_t"})
            self.assertEqual(self.session.query("SELECT SUM(n) FROM wp_t"), [(b"2",)])
        self.assertEqual(written, [2])

    def test_snapshots_that_were_not_open_in_time_are_opened_again(self):
        other, writer = self.open(), self.open()
        self.while_opened(lambda locker: writer.execute("UPDATE wp_t SET n = 1 WHERE id IN (0, %d)" % (ROWS - 1)))
        self.patch(shared_snapshot, "PATIENCE_S", 60)
        with mock.patch.object(shared_snapshot, "_open", wraps=shared_snapshot._open) as opened:
            with snapshots(self.site, [self.session, other], ["wp_t"]) as shared:
                seen = [session.query("SELECT SUM(n) FROM wp_t") for session in (self.session, other)]
        self.assertEqual((seen, shared), ([[(b"2",)]] * 2, {"wp_t"}))
        self.assertGreater(opened.call_count, 1)

    def test_where_they_are_never_open_in_time_nothing_is_shared(self):
        writer, opened = self.open(), shared_snapshot._open

        def late(sessions):
            writer.execute("UPDATE wp_t SET n = n WHERE id = 0")
            opened(sessions)

        with mock.patch.object(shared_snapshot, "_open", late):
            measured = self.measured("t")
        self.assertEqual((measured.shared, self.digest(measured)), (frozenset(), digest_at(0)))
        self.assertFalse(self.session.in_snapshot)

    def test_an_alter_waits_for_one_batch_at_most(self):
        other = self.open()
        other.execute("SET SESSION lock_wait_timeout = 0")
        with self.session.snapshot():
            self.session.query("SELECT COUNT(*) FROM wp_t")
            with self.assertRaises(SqlError):
                other.execute("ALTER TABLE wp_t ADD COLUMN more INT")
            self.session.release()
            other.execute("ALTER TABLE wp_t ADD COLUMN more INT")

    def test_every_batch_lets_go(self):
        other, released = self.open(), []
        other.execute("SET SESSION lock_wait_timeout = 0")
        original = table_work.Work._record

        def record(work, *given):
            other.execute("LOCK TABLES wp_t WRITE")
            other.execute("UNLOCK TABLES")
            released.append(True)
            original(work, *given)

        for workers in (1, 3):
            with mock.patch.object(table_work.Work, "_record", record):
                self.measured("t", workers=workers)
        self.assertGreaterEqual(len(released), 2)

    def test_every_window_of_a_key_lets_go(self):
        keys = {
            "PRIMARY KEY (k, id)": 30, "PRIMARY KEY (k DESC, id DESC)": 30, "UNIQUE KEY one (k, id)": 30, "PRIMARY KEY (half, id)": 30,
            "PRIMARY KEY (id DESC)": 30, "PRIMARY KEY (k, e, id)": 7,
            # What cannot be divided: values that are compared in another way than they are ordered, and no key at all.
            "PRIMARY KEY (e, id)": 1, "PRIMARY KEY (k(5), id)": 1, "KEY (id)": 1,
        }
        other, lets_go, release = self.open(), [], Session.release
        other.execute("SET SESSION lock_wait_timeout = 0")

        def released(session):
            if session.in_snapshot:
                with self.assertRaises(SqlError):
                    other.execute("LOCK TABLES wp_u WRITE")
            release(session)
            other.execute("LOCK TABLES wp_u WRITE")
            other.execute("UNLOCK TABLES")
            lets_go.append(True)

        self.patch(chunk_reader, "WINDOW", 100)
        self.patch(chunk_reader, "JOINED_BYTES", 6400)
        self.patch(row_windows, "FEWEST", 1)
        for key, windows in keys.items():
            self.sql(
                f"CREATE OR REPLACE TABLE wp_u (k VARCHAR(40) NOT NULL, half INT NOT NULL, e ENUM('b', 'a') NOT NULL, id INT NOT NULL, {key})",
                "INSERT INTO wp_u SELECT CONCAT(seq % 3, IF(seq % 2, 'a', 'b')), 7, 1 + seq % 2, seq FROM seq_1_to_3000",
            )
            del lets_go[:]
            with self.subTest(key=key), mock.patch.object(Session, "release", released):
                self.measured("u", workers=1)
                self.assertAlmostEqual(len(lets_go), windows, delta=3)

    def test_rows_that_are_wide_are_read_fewer_at_a_time(self):
        shape = Shape("InnoDB", (), (), True)
        self.assertEqual([row_windows.rows_together(replace(shape, rows=rows, bytes=size), 20_000) for rows, size in ((0, 0), (10, 1 << 14), (1000, 1 << 34))], [20_000, 20_000, 100])

    def test_a_table_that_took_the_name_of_another_is_not_the_same(self):
        self.sql("CREATE TABLE wp_other LIKE wp_t", f"INSERT INTO wp_other SELECT seq, 5 FROM seq_0_to_{ROWS - 1}")
        wait_for_next_second()
        for workers in (1, 3):
            swap, original, left = "RENAME TABLE wp_t TO wp_x, wp_other TO wp_t, wp_x TO wp_other", chunk_reader.Reader.listed, [1]

            def listed(reader, numbers):
                for found in original(reader, numbers):
                    yield found
                    if left:
                        left.pop()
                        SERVER.sql(swap, "app")

            with self.subTest(workers=workers), mock.patch.object(chunk_reader, "TOGETHER", 1), mock.patch.object(chunk_reader.Reader, "listed", listed):
                measured = self.measured("t", workers=workers)
            self.assertEqual(left, [])
            self.assertEqual(self.digest(measured), self.digest(self.measured("t")))
            wait_for_next_second()

    def after_description(self, statement, name="t"):
        """Somebody's statement comes between a table's description and its first row, once."""
        original, left = table_work.Work._described, [statement]

        def described(work, session, table):
            found = original(work, session, table)
            if table.name == name and left:
                SERVER.sql(left.pop(), "app")
            return found

        return mock.patch.object(table_work.Work, "_described", described)

    def test_a_table_that_is_altered_meanwhile_is_measured_again(self):
        changes = (
            "ALTER TABLE wp_t ADD COLUMN more INT NOT NULL DEFAULT 3", "ALTER TABLE wp_t MODIFY n BIGINT NOT NULL", "ALTER TABLE wp_t DROP PRIMARY KEY",
            "ALTER TABLE wp_t ADD PRIMARY KEY (id)", "ALTER TABLE wp_t DROP COLUMN more",
        )
        for workers in (1, 3):
            for change in changes:
                with self.subTest(change=change, workers=workers):
                    with self.after_description(change):
                        measured = self.measured("t", workers=workers)
                    self.assertEqual(measured.facts, self.measured("t").facts)
            self.sql("ALTER TABLE wp_t MODIFY n INT NOT NULL")

    def test_a_table_that_is_dropped_meanwhile_is_not_there(self):
        self.sql("CREATE TABLE wp_gone LIKE wp_t", "INSERT INTO wp_gone SELECT * FROM wp_t")
        for workers in (1, 3):
            self.sql("CREATE TABLE IF NOT EXISTS wp_gone LIKE wp_t")
            with self.after_description("DROP TABLE wp_gone", "gone"):
                measured = self.measured("t", "gone", workers=workers)
            self.assertEqual(list(measured.facts), ["t"])
        self.assertEqual(list(self.measured("never", "t").facts), ["t"])

    def test_a_table_that_gives_its_name_away_meanwhile_is_not_there(self):
        for workers in (1, 3):
            self.sql("CREATE TABLE wp_gone LIKE wp_t", "INSERT INTO wp_gone SELECT * FROM wp_t")
            with self.after_description("RENAME TABLE wp_gone TO wp_elsewhere", "gone"):
                measured = self.measured("t", "gone", workers=workers)
            self.assertEqual(list(measured.facts), ["t"])
            self.sql("DROP TABLE wp_elsewhere")

    def test_within_a_snapshot_of_the_caller_an_altered_table_is_refused(self):
        with self.assertRaises(BelayError) as caught, self.session.snapshot(), self.after_description("ALTER TABLE wp_t ADD COLUMN more INT NOT NULL"):
            self.measured("t")
        self.assertEqual(caught.exception.code, "TABLE_UNSTABLE")
        with self.assertRaises(BelayError) as caught, self.session.snapshot():
            SERVER.sql("ALTER TABLE wp_t MODIFY n BIGINT NOT NULL", "app")
            rules = Rules(({"pattern": "*", "class": "config", "origin": "site"},), (), (), (), (), {}, 0)
            table_fingerprint(self.session, self.site, rules, "wp_t", "t")
        self.assertEqual(caught.exception.code, "TABLE_UNSTABLE")

    def test_an_error_of_one_connection_ends_all(self):
        original, calls = shared_table.SharedTable.work, []

        def work(whole, session, stopped):
            calls.append(session)
            if session is not self.session:
                session.query("KILL CONNECTION_ID()")
            original(whole, session, stopped)

        with mock.patch.object(shared_table.SharedTable, "work", work), self.assertRaises(BelayError) as caught:
            self.measured("t")
        self.assertEqual(caught.exception.code, "DATABASE_LOST")

    def test_an_index_that_cannot_be_kept_ends_nothing(self):
        with open(os.path.join(self.root, ".belay"), "w", encoding="ascii"):
            pass
        for workers in (1, 3):
            measured = self.measured("t", look=Look(keep_index=True), workers=workers)
            self.assertEqual(self.digest(measured), digest_at(0))
            self.assertIn("No index of table t was kept", measured.warnings[0])

    def test_nothing_is_left_of_an_index_when_a_connection_is_lost(self):
        with mock.patch.object(table_parts.Tally, "parts", side_effect=BelayError("X", "x")), self.assertRaises(BelayError):
            self.measured("t", look=Look(keep_index=True))
        self.assertEqual(os.listdir(os.path.join(self.root, ".belay", "index")), [])

    def test_many_tables(self):
        names = ["n%d" % n for n in range(600)]
        SERVER.sql("".join(f"CREATE TABLE wp_{name} (id INT PRIMARY KEY, t TEXT) ENGINE=InnoDB; INSERT INTO wp_{name} VALUES (1, '{name}');" for name in names), "app")
        asked, original = [], Session.query

        def query(session, sql):
            asked.append(sql)
            return original(session, sql)

        with mock.patch.object(Session, "query", query):
            measured = self.measured(*names)
        self.assertEqual(len({self.digest(measured, name) for name in names}), 600)
        self.assertLess(sum("information_schema" in sql for sql in asked), 10)


if __name__ == "__main__":
    unittest.main()
