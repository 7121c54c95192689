"""Sessions against a real server: exact values, error numbers, lost connections."""
import unittest
from types import SimpleNamespace

from belay.database.mysql import LostConnection, Session, SqlError, ident, literal
from belay.host.site import Credentials
from tests.mariadb import Server

SERVER = Server()


def setUpModule():
    SERVER.start()
    SERVER.sql("CREATE DATABASE app")


def tearDownModule():
    SERVER.stop()


def site(schema="app", **changes):
    return SimpleNamespace(credentials=Credentials(**{"host": "localhost", "port": 0, "socket": SERVER.socket, "user": "root", "schema": schema, "password": "", **changes}))


class SessionTest(unittest.TestCase):
    def setUp(self):
        self.session = Session(site())
        self.addCleanup(self.session.close)

    def test_values_come_exactly(self):
        everything = bytes(range(256))
        rows = self.session.query(f"SELECT NULL, '', 'NULL', {literal(everything)}, {literal('🎈')}, -12.50, 1e100, 'a\\tb\\nc\\0d'")
        self.assertEqual(rows, [(None, b"", b"NULL", everything, "🎈".encode(), b"-12.50", b"1e100", b"a\tb\nc\0d")])

    def test_values_survive_a_table(self):
        self.session.execute(
            "CREATE TABLE exact (i INT, d DECIMAL(30,10), f DOUBLE, t DATETIME, z DATE, j JSON, b BLOB, bits BIT(3), y YEAR, "
            "e ENUM('','a'), twice INT AS (i * 2) STORED)"
        )
        values = [b"-7", b"12345678901234567890.0123456789", b"0.1", b"0000-00-00 00:00:00", b"2020-00-00", b'{"a": 1}', b"\0\xff'\"\\", b"2024", b""]
        self.session.execute(f"INSERT INTO exact (i, d, f, t, z, j, b, y, e) VALUES ({', '.join(map(literal, values))})")
        self.session.execute("UPDATE exact SET bits = b'101'")
        rows = self.session.query("SELECT i, d, f, t, z, j, b, y, e, bits, HEX(bits), twice FROM exact")
        self.assertEqual(rows, [(*values, b"5", b"5", b"-14")])

    def test_literals_cannot_leave_their_quotes(self):
        for text in ("'); DROP TABLE x; --", "\\'", "\\", "1' OR '1'='1", "\0", "1\n", "--1", "１"):
            self.assertEqual(self.session.query(f"SELECT {literal(text)}"), [(text.encode(),)])
        self.assertEqual(ident("a`b"), "`a``b`")
        self.assertEqual(literal(None), "NULL")
        self.assertEqual(literal(""), "X''")

    def test_streams_and_forgets_what_was_not_read(self):
        rows = self.session.stream("SELECT seq, REPEAT('x', 100) FROM seq_1_to_20000")
        self.assertEqual(self.session.columns, ["seq", "REPEAT('x', 100)"])
        self.assertEqual(next(rows)[0], b"1")
        self.assertEqual(self.session.query("SELECT 'next'"), [(b"next",)])
        self.assertEqual(sum(1 for _ in self.session.stream("SELECT seq FROM seq_1_to_20000")), 20000)

    def test_rows_of_a_statement_do_not_continue_with_those_of_the_next(self):
        rows = self.session.stream("SELECT seq, REPEAT('x', 100) FROM seq_1_to_20000")
        next(rows)
        self.session.query("SELECT 'other'")
        with self.assertRaises(RuntimeError):
            list(rows)

    def test_a_value_larger_than_a_frame(self):
        self.assertEqual(len(self.session.query("SELECT REPEAT('x', 5000000)")[0][0]), 5000000)

    def test_rows_changed_are_counted(self):
        self.session.execute("CREATE TEMPORARY TABLE counted (i INT)")
        self.assertEqual(self.session.execute("INSERT INTO counted VALUES (1), (2)"), 2)
        self.assertEqual(self.session.execute("UPDATE counted SET i = 5 WHERE i = 2"), 1)

    def test_an_error_keeps_its_number_and_the_session_goes_on(self):
        with self.assertRaises(SqlError) as caught:
            self.session.query("SELECT * FROM missing")
        self.assertEqual((caught.exception.errno, caught.exception.code), (1146, "SQL_ERROR"))
        with self.assertRaises(SqlError) as caught:
            self.session.query("SELECT CASE WHEN seq < 5000 THEN seq ELSE (SELECT 1 UNION SELECT 2) END FROM seq_1_to_9000")
        self.assertEqual(caught.exception.errno, 1242)
        self.assertEqual(self.session.query("SELECT 1"), [(b"1",)])

    def test_several_statements_are_answered_one_by_one(self):
        answers = self.session.several(["SELECT 1, 'a;b'", "SET @several = 7", "SELECT @several UNION SELECT 8"])
        self.assertEqual(list(answers), [[(b"1", b"a;b")], [], [(b"7",), (b"8",)]])
        self.assertEqual(self.session.query("SELECT 2"), [(b"2",)])

    def test_an_error_ends_several_statements(self):
        answers = self.session.several(["SELECT 1", "SELECT * FROM nowhere", "SET @several = 9"])
        self.assertEqual(next(answers), [(b"1",)])
        with self.assertRaises(SqlError):
            next(answers)
        self.assertEqual(self.session.query("SELECT @several"), [(None,)])

    def test_no_statement_is_an_error_as_any_other(self):
        with self.assertRaises(SqlError):
            self.session.query("")
        self.assertEqual(self.session.query("SELECT 5"), [(b"5",)])

    def test_answers_that_nobody_read_are_thrown_away(self):
        answers = self.session.several(["SELECT 1", "SELECT 2", "SELECT 3"])
        next(answers)
        self.assertEqual(self.session.query("SELECT 4"), [(b"4",)])
        with self.assertRaises(RuntimeError):
            next(answers)

    def test_one_statement_at_a_time(self):
        with self.assertRaises(SqlError) as caught:
            self.session.execute("SELECT 1; DROP DATABASE app")
        self.assertEqual(caught.exception.errno, 1064)

    def test_a_killed_connection_is_lost(self):
        number = self.session.query("SELECT CONNECTION_ID()")[0][0].decode()
        SERVER.sql(f"KILL {number}")
        with self.assertRaises(LostConnection):
            self.session.query("SELECT 1")

    def test_a_killed_php_is_a_lost_connection(self):
        self.session._pipe.process.kill()
        self.session._pipe.process.wait()
        with self.assertRaises(LostConnection):
            self.session.query("SELECT 1")

    def test_a_snapshot_stands_still_and_blocks_nobody(self):
        self.session.execute("CREATE TABLE still (i INT) ENGINE=InnoDB")
        with self.session.snapshot():
            SERVER.sql("INSERT INTO still VALUES (1)", "app")
            self.assertEqual(self.session.query("SELECT * FROM still"), [])
            with self.assertRaises(SqlError):
                self.session.execute("INSERT INTO still VALUES (2)")
        self.assertEqual(self.session.query("SELECT * FROM still"), [(b"1",)])

    def test_leaving_a_snapshot_on_a_lost_connection_keeps_that_error(self):
        with self.assertRaises(LostConnection):
            with self.session.snapshot():
                self.session.query("KILL CONNECTION_ID()")
                self.session.query("SELECT 1")


class RefusedTest(unittest.TestCase):
    def code_of(self, **changes):
        with self.assertRaises(Exception) as caught:
            Session(site(**changes))
        return caught.exception.code, caught.exception.message

    def test_no_server(self):
        code, message = self.code_of(socket="/nowhere.sock")
        self.assertEqual(code, "DATABASE_UNREACHABLE")
        self.assertIn("2002", message)

    def test_wrong_password_is_not_repeated(self):
        code, message = self.code_of(user="nobody", password="se cret'")
        self.assertEqual(code, "DATABASE_UNREACHABLE")
        self.assertIn("1045", message)
        self.assertNotIn("se cret", message)

    def test_no_such_schema(self):
        self.assertIn("1049", self.code_of(schema="missing")[1])
