"""Tables out of a real MariaDB into files and back into another schema: exact, and rewritten."""
import os
import tempfile
import unittest

from belay.bundle import bundle, rowfile
from belay.errors import BelayError
from belay.database.mysql import Session
from belay.text import raw, readable
from belay.bundle.optionfile import export_options, import_options
from belay.bundle.rewrite import Rewriter
from belay.host.site import Credentials, Site

from .mariadb import Server

ODD = r"""
CREATE TABLE wp_parent (id INT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(60) COMMENT ' AUTO_INCREMENT=7 ') AUTO_INCREMENT=40;
CREATE TABLE wp_odd (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, parent INT NULL, raw LONGBLOB, small VARBINARY(20), words TEXT, latin VARCHAR(50) CHARACTER SET latin1,
  flags BIT(9), price FLOAT, exact DECIMAL(20,6), born DATE, seen DATETIME(3), at TIMESTAMP NULL, kind ENUM('a','b'), tall INT GENERATED ALWAYS AS (parent * 2) STORED,
  PRIMARY KEY (id), KEY words (words(20)), CONSTRAINT my_key FOREIGN KEY (parent) REFERENCES wp_parent (id), CONSTRAINT positive CHECK (parent > 0));
INSERT INTO wp_parent VALUES (1, 'https://acme.example/'), (5, NULL);
INSERT INTO wp_odd (id, parent, raw, small, words, latin, flags, price, exact, born, seen, at, kind) VALUES
  (0, 1, X'00ff27223b', X'31', 'tab\t "quote'' \\ back\n \0 nul', 'café', b'100000001', 0.1, 12345678901234.123456, '0000-00-00', '2020-01-01 00:00:00.123', NULL, 'a'),
  (3, NULL, '', NULL, '', '', NULL, NULL, NULL, '2020-02-30', NULL, '2020-06-01 12:00:00', NULL),
  (9, 5, 'https://acme.example/', '31', '🙂 //acme.example/x', NULL, b'0', 3.4028235e38, -1, NULL, NULL, NULL, 'b');
CREATE TABLE wp_keyless (a VARCHAR(10), b INT);
INSERT INTO wp_keyless VALUES ('x', 1), ('x', 1), (NULL, 2);
CREATE TABLE wp_posts (ID INT PRIMARY KEY, guid VARCHAR(255), post_content TEXT, short VARCHAR(22));
INSERT INTO wp_posts VALUES (1, 'https://acme.example/?p=1', 'a:1:{s:1:"u";s:20:"https://acme.example";}', 'https://acme.example/');
CREATE TABLE wp_options (option_id INT PRIMARY KEY AUTO_INCREMENT, option_name VARCHAR(191) UNIQUE, option_value LONGTEXT, autoload VARCHAR(20));
INSERT INTO wp_options VALUES (1, 'siteurl', 'https://acme.example', 'yes'), (2, 'wp_user_roles', 'a:0:{}', 'on'), (3, 'empty', '', 'no');
CREATE TABLE wp_usermeta (umeta_id INT PRIMARY KEY, meta_key VARCHAR(50), meta_value TEXT);
INSERT INTO wp_usermeta VALUES (1, 'wp_capabilities', 'x'), (2, 'nickname', 'wp_capabilities');
"""
SERVER = None


def setUpModule():
    global SERVER
    SERVER = Server().start()
    SERVER.sql("CREATE DATABASE one CHARACTER SET utf8mb4; CREATE DATABASE two CHARACTER SET utf8mb4;")
    SERVER.sql("SET sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone='+00:00';" + ODD, "one")


def tearDownModule():
    SERVER.stop()


def site(schema, prefix):
    access = Credentials("localhost", 3306, SERVER.socket, "root", schema, "")
    return Site("/nowhere", "https://%s.example" % schema, schema, prefix, os.geteuid(), os.getegid(), access)


class Tables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        SERVER.sql("DROP DATABASE two; CREATE DATABASE two CHARACTER SET utf8mb4;")

    def export(self, *tables):
        with Session(site("one", "wp_")) as session, session.snapshot():
            return bundle.export_tables(session, site("one", "wp_"), tables, self.folder)

    def load(self, table, pairs=(("https://acme.example", "https://two.example"),), least=0):
        two = site("two", "stg_")
        with Session(two) as session:
            return bundle.import_table(session, self.file(table), bundle.target_of(two, "stg_" + table, least, "wp_"), Rewriter(pairs))

    def file(self, table):
        return os.path.join(self.folder, table + ".rows")

    def test_every_value_arrives_exactly(self):
        written = self.export("parent", "odd", "keyless")
        self.assertEqual([self.load(table, ()) for table in ("parent", "odd", "keyless")], [2, 3, 3])
        columns = "id, parent, HEX(raw), HEX(small), HEX(words), HEX(latin), HEX(flags), HEX(price + 0e0), price + 0e0, exact, born, seen, UNIX_TIMESTAMP(at), kind, tall"
        self.assertEqual(
            SERVER.sql("SELECT %s FROM stg_odd ORDER BY id" % columns, "two"), SERVER.sql("SELECT %s FROM wp_odd ORDER BY id" % columns, "one")
        )
        self.assertEqual(SERVER.sql("SELECT * FROM stg_keyless ORDER BY b, a", "two"), [["x", "1"], ["x", "1"], ["NULL", "2"]])
        for table, about in written.items():
            self.assertEqual(rowfile.measure(self.file(table)), about)

    def test_digest_is_the_same_again_and_another_after_a_change(self):
        first, second = self.export("odd", "keyless"), self.export("keyless", "odd")
        self.assertEqual(first, second)
        SERVER.sql("UPDATE wp_keyless SET b = 3 WHERE b = 2", "one")
        self.addCleanup(SERVER.sql, "UPDATE wp_keyless SET b = 2 WHERE b = 3", "one")
        self.assertNotEqual(self.export("keyless")["keyless"]["digest"], first["keyless"]["digest"])

    def test_definition_is_free_of_prefix_counter_and_names_of_constraints(self):
        self.export("odd", "parent")
        text = rowfile.read_header(self.file("odd"))["ddl"]
        self.assertNotIn("wp_", text)
        self.assertNotIn("CONSTRAINT", text)
        self.assertIn("REFERENCES `{prefix}parent`", text)
        header = rowfile.read_header(self.file("parent"))
        self.assertIn("COMMENT ' AUTO_INCREMENT=7 '", header["ddl"])
        self.assertEqual(header["auto_increment"], 40)

    def test_keys_point_into_the_new_site_and_numbers_count_on_from_the_higher_side(self):
        self.export("parent", "odd")
        self.load("parent", least=1000)
        self.load("odd")
        made = SERVER.sql("SHOW CREATE TABLE stg_odd", "two")[0][1]
        self.assertIn("REFERENCES `stg_parent`", made)
        self.assertIn("AUTO_INCREMENT=1000", SERVER.sql("SHOW CREATE TABLE stg_parent", "two")[0][1])
        self.assertEqual(SERVER.sql("SELECT note FROM stg_parent WHERE id = 1", "two"), [["https://two.example/"]])

    def test_addresses_change_but_the_guid_stays(self):
        self.export("posts", "usermeta")
        self.load("posts")
        self.load("usermeta")
        row = SERVER.sql("SELECT guid, post_content, short FROM stg_posts", "two")[0]
        self.assertEqual(row, ["https://acme.example/?p=1", 'a:1:{s:1:"u";s:19:"https://two.example";}', "https://two.example/"])
        self.assertEqual(SERVER.sql("SELECT meta_key, meta_value FROM stg_usermeta", "two"), [["stg_capabilities", "x"], ["nickname", "wp_capabilities"]])

    def test_a_value_that_no_longer_fits_is_an_error_and_not_cut(self):
        self.export("posts")
        with self.assertRaises(BelayError) as caught:
            self.load("posts", [("https://acme.example", "https://a-much-longer-name.example")])
        self.assertEqual(caught.exception.code, "TABLE_REFUSED")

    def test_values_that_cannot_be_rewritten_are_listed(self):
        SERVER.sql("""INSERT INTO wp_posts VALUES (7, '', 'a:1:{s:1:"u";s:9:"https://acme.example";}', '')""", "one")
        self.addCleanup(SERVER.sql, "DELETE FROM wp_posts WHERE ID = 7", "one")
        self.export("posts")
        with self.assertRaises(BelayError) as caught:
            self.load("posts")
        self.assertEqual(caught.exception.code, "REWRITE_REFUSED")
        self.assertIn("post_content of row 7", caught.exception.message)

    def test_a_cut_file_is_damaged(self):
        self.export("odd")
        with open(self.file("odd"), "rb+") as file:
            file.truncate(os.path.getsize(self.file("odd")) - 3)
        with self.assertRaises(rowfile.Damaged):
            rowfile.measure(self.file("odd"))

    def test_option_rows(self):
        path = os.path.join(self.folder, "options.jsonl")
        with Session(site("one", "wp_")) as session:
            export_options(session, site("one", "wp_"), ["siteurl", "gone", "empty"], path)
        rows = import_options(path, Rewriter([("https://acme.example", "https://two.example")]))
        self.assertEqual(rows["siteurl"], {"option_name": b"siteurl", "option_value": b"https://two.example", "autoload": b"yes"})
        self.assertEqual(rows["empty"]["option_value"], b"")
        self.assertIsNone(rows["gone"])
        self.assertEqual(list(import_options(path, Rewriter([]), ["empty"])), ["empty"])

    def test_options_whose_names_need_escapes(self):
        """As a plugin's that names its options after a class of PHP."""
        for name in (b"Acme\\Shop\\version", b"tab\there"):
            SERVER.sql("INSERT INTO wp_options (option_name, option_value) VALUES (X'%s', 'x')" % name.hex(), "one")
            self.addCleanup(SERVER.sql, "DELETE FROM wp_options WHERE option_name = X'%s'" % name.hex(), "one")
            self.assertEqual(raw(readable(name)), name)
            path = os.path.join(self.folder, "options.jsonl")
            with Session(site("one", "wp_")) as session:
                export_options(session, site("one", "wp_"), [readable(name)], path)
            self.assertEqual(import_options(path, Rewriter([]))[readable(name)]["option_name"], name)


if __name__ == "__main__":
    unittest.main()
