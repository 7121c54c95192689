"""What hides in the corners of a database: values that the server rewrites, keys the wrong way round, names that are there twice."""
import dataclasses
import shutil
import tempfile
import unittest
from hashlib import sha256
from unittest import mock

from belay.tables import chunk_reader
from belay.tables.chunks import Chunk, part_digest
from belay.fingerprint.fingerprint import fingerprint
from belay.database.mysql import Session
from belay.fingerprint.references import unserialize
from belay.tables.row_encoding import ROW_BYTES, SHOWN_IN_WIDEST
from belay.tables.table_shape import shape_of
from belay.text import raw, readable
from tests.mariadb import Server
from tests.small_site import make_site, rules

SERVER = Server()


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class EdgesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="belay-edges-")
        self.addCleanup(shutil.rmtree, folder)
        self.site = make_site(SERVER, folder, "app", "wp_")

    def sql(self, text):
        SERVER.sql("SET sql_mode = ''; " + text, "app")

    def measured(self, row_limit=100):
        with Session(self.site) as session:
            return fingerprint(self.site, session, dataclasses.replace(rules(), row_limit=row_limit))

    def digest(self, row_limit=100):
        return self.measured(row_limit)["tables"]["t"]["parts"]["editorial"]["digest"]

    def test_null_stands_in_its_own_column_whatever_the_type(self):
        values = {"UUID": "123e4567-e89b-12d3-a456-426655440000", "INET6": "::1", "INET4": "10.0.0.1", "DATE": "2026-01-01", "TIME": "10:00:00", "YEAR": "2026"}
        for kind, value in values.items():
            self.sql(f"CREATE OR REPLACE TABLE wp_t (id INT PRIMARY KEY, a {kind} NULL, b {kind} NULL); INSERT INTO wp_t VALUES (1, NULL, '{value}')")
            for limit in (100, 0):
                before = self.digest(limit)
                self.sql("UPDATE wp_t SET a = b, b = NULL")
                self.assertNotEqual(self.digest(limit), before, kind)
                self.sql("UPDATE wp_t SET b = a, a = NULL")

    def test_what_was_no_member_is_not_the_member_of_no_letters(self):
        kinds = {"ENUM('a,'',b', '', 'a')": (2, 0), "ENUM('', 'a')": (1, 0), "SET('', 'a')": (0, 1), "SET('a', '')": (0, 2)}
        for kind, (one, other) in kinds.items():
            for null in ("NOT NULL", "NULL"):
                self.sql(f"CREATE OR REPLACE TABLE wp_t (id INT PRIMARY KEY, a {kind} {null}); INSERT INTO wp_t VALUES (1, {one})")
                for limit in (100, 0):
                    before = self.digest(limit)
                    self.sql(f"UPDATE wp_t SET a = {other}")
                    self.assertNotEqual(self.digest(limit), before, kind)
                    self.assertEqual(SERVER.sql("SELECT a FROM wp_t", "app"), [[""]])
                    self.sql(f"UPDATE wp_t SET a = {one}")
                    self.assertEqual(self.digest(limit), before, kind)

    def test_digests_of_values_are_what_they_were(self):
        """Algorithm `belay-2`: baselines hold digests like these for long."""
        self.sql("CREATE TABLE wp_t (id INT PRIMARY KEY, a ENUM('', 'a') NOT NULL, b SET('', 'a'), c VARCHAR(9), d BIT(3), e DECIMAL(5,2)); INSERT INTO wp_t VALUES (1, '', 0, 'é', 5, 1.5), (2, 'a', NULL, NULL, NULL, NULL)")
        rows = [b"1,0,,0,,2,\xc3\xa9,1,5,1.50", b"2,1,a,-1,-1,-1,N"]
        chunk = Chunk(0, 2, sha256(b"".join(sha256(row).hexdigest().encode() for row in rows)).digest())
        self.assertEqual(self.digest(), part_digest([chunk]))

    def test_partitions_change_no_digest(self):
        """Whether they are dealt out by hash, and rows of one chunk lie in several, or by another column."""
        for key, limit in (("id INT, g INT, v INT, PRIMARY KEY (id, g)", 0), ("id VARCHAR(9), g INT, v INT, PRIMARY KEY (id, g)", 0), ("id INT, g INT, v INT, PRIMARY KEY (id, g)", 9000)):
            found = set()
            for partitions in ("", "PARTITION BY HASH (g) PARTITIONS 5", "PARTITION BY RANGE (g) (PARTITION p VALUES LESS THAN (3), PARTITION q VALUES LESS THAN MAXVALUE)"):
                self.sql(f"CREATE OR REPLACE TABLE wp_t ({key}) {partitions}; INSERT INTO wp_t SELECT seq, seq % 7, seq FROM seq_1_to_5000")
                with mock.patch.object(chunk_reader, "WINDOW", 300):
                    found.add(self.digest(limit))
                self.assertIs("PARTITION" in partitions, self.shape().partitioned)
            self.assertEqual(len(found), 1)

    def shape(self):
        with Session(self.site) as session:
            return shape_of(session, "wp_t")

    def test_of_a_versioned_table_the_present_rows_count(self):
        rows = "INSERT INTO wp_t SELECT seq, seq FROM seq_1_to_2000"
        for key in ("k INT PRIMARY KEY", "k VARCHAR(9) PRIMARY KEY", "k INT"):
            for limit in (9000, 0):
                self.sql(f"CREATE OR REPLACE TABLE wp_t ({key}, v INT); {rows}")
                plain = self.digest(limit)
                self.sql(f"CREATE OR REPLACE TABLE wp_t ({key}, v INT) WITH SYSTEM VERSIONING; {rows}")
                self.assertEqual(self.digest(limit), plain)
                self.sql("UPDATE wp_t SET v = 0 WHERE k = 7; DELETE FROM wp_t WHERE k = 8")
                self.assertNotEqual(self.digest(limit), plain)
                self.sql("UPDATE wp_t SET v = 7 WHERE k = 7; INSERT INTO wp_t VALUES (8, 8)")
                self.assertEqual(self.digest(limit), plain)

    def test_of_a_sequence_the_definition_counts_and_not_where_it_is(self):
        self.sql("CREATE SEQUENCE wp_t")
        before = self.measured()["tables"]["t"]
        self.sql("DO NEXTVAL(wp_t); DO SETVAL(wp_t, 70000)")
        self.assertEqual(self.measured()["tables"]["t"], before)
        self.sql("ALTER SEQUENCE wp_t INCREMENT 7")
        self.assertNotEqual(self.measured()["tables"]["t"]["ddl"], before["ddl"])

    def test_a_descending_key_gives_one_digest_however_it_is_read(self):
        self.sql("CREATE TABLE wp_t (id INT, v INT, PRIMARY KEY (id DESC)); INSERT INTO wp_t SELECT seq, seq FROM seq_1_to_3000")
        found = {self.digest(limit) for limit in (10_000, 0)}
        with mock.patch.object(chunk_reader.Reader, "_joins", False):
            found.add(self.digest(0))
        self.assertEqual(len(found), 1)
        self.sql("UPDATE wp_t SET v = 0 WHERE id = 2000")
        self.assertNotIn(self.digest(0), found)

    def test_the_widest_rows_fit_whatever_they_hold(self):
        columns = [f"c{n} TEXT CHARACTER SET latin1" for n in range(360)]
        self.sql(f"CREATE TABLE wp_t (id INT PRIMARY KEY, {', '.join(columns)}) ROW_FORMAT=DYNAMIC")
        shape = self.shape()
        self.assertLessEqual(sum(column.longest(SHOWN_IN_WIDEST) for column in shape.columns), ROW_BYTES)
        SERVER.sql("SET NAMES utf8mb4; INSERT INTO wp_t VALUES (1, %s)" % ", ".join(["REPEAT(_latin1 X'80', 1000)"] * 360), "app")
        packet = SERVER.sql("SELECT @@global.max_allowed_packet")[0][0]
        SERVER.sql("SET GLOBAL max_allowed_packet = 1048576")
        self.addCleanup(SERVER.sql, f"SET GLOBAL max_allowed_packet = {packet}")
        for limit in (100, 0):
            before = self.digest(limit)
            self.sql("UPDATE wp_t SET c5 = CONCAT(SUBSTR(c5, 2), '.')")
            self.assertNotEqual(self.digest(limit), before)

    def test_every_row_of_an_option_that_is_there_twice_counts(self):
        self.sql("ALTER TABLE wp_options DROP INDEX option_name; INSERT INTO wp_options (option_name, option_value) VALUES ('blogname', 'Second'), (NULL, 'x')")
        before = self.measured()["options"]
        for value in ("Acme", "Second"):
            self.sql(f"UPDATE wp_options SET option_value = 'other' WHERE option_name = 'blogname' AND option_value = '{value}'")
            self.assertNotEqual(self.measured()["options"]["blogname"], before["blogname"], value)
            self.sql(f"UPDATE wp_options SET option_value = '{value}' WHERE option_value = 'other'")
        self.assertEqual(self.measured()["options"], before)

    def test_rows_and_options_may_be_called_as_javascript_calls_prototypes(self):
        self.sql("CREATE TABLE wp_t (name VARCHAR(20) PRIMARY KEY); INSERT INTO wp_t VALUES ('__proto__'); INSERT INTO wp_options (option_name, option_value) VALUES ('__proto__', 'x')")
        found = self.measured()
        self.assertEqual(list(found["tables"]["t"]["parts"]["editorial"]["row_hashes"]), ["\\x5f_proto__"])
        self.assertIn("\\x5f_proto__", found["options"])
        self.assertNotIn("__proto__", found["options"])

    def test_theme_mods_of_whatever_shape_stop_nobody(self):
        deep = "CONCAT(REPEAT('a:1:{i:0;', 3000), 'N;', REPEAT('}', 3000))"
        self.sql(f"INSERT INTO wp_options (option_name, option_value) VALUES ('theme_mods_deep', {deep}), ('theme_mods_odd', 'a:1:{{a:0:{{}}i:1;}}')")
        self.assertIn("theme_mods_deep", self.measured()["options"])


class ParsingTest(unittest.TestCase):
    def test_what_php_would_not_have_written_is_no_value(self):
        for data in (b"a:1:{i:0;" * 3000 + b"N;" + b"}" * 3000, b"a:1:{a:0:{}i:1;}"):
            self.assertIsNone(unserialize(data))

    def test_the_name_of_prototypes_comes_back(self):
        names = [b"__proto__", b"\\x5f_proto__", b"_proto__", b"a__proto__"]
        self.assertEqual([raw(readable(name)) for name in names], names)
        self.assertEqual(len(set(map(readable, names))), len(names))


if __name__ == "__main__":
    unittest.main()
