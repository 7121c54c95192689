"""Fingerprints of tables and option rows on a real server."""
import os
import shutil
import tempfile
import unittest
from dataclasses import replace

from belay.files import files

from belay.fingerprint import filemeasure
from belay.fingerprint import fingerprint as fp
from belay.errors import BelayError
from belay.scope.look import Look
from belay.database.mysql import Session, literal
from belay.fingerprint.references import references
from belay.scope.rules import Rules
from belay.host.site import Credentials, Site
from belay.tables.table_fingerprint import table_fingerprint
from belay.tables.table_shape import shape_of
from belay.bundle.unpack import store_manifest
from tests.mariadb import Server
from tests.small_site import make_site, put

SERVER = Server()
RULES = Rules(
    table_rules=({"pattern": "posts", "class": "editorial", "origin": "preset:content-protect", "ignore_columns": ["comment_count"], "rows": [
        {"class": "noise", "match": {"post_status": {"in": ["auto-draft"]}}},
        {"class": "live", "match": {"post_type": {"like": ["request\\_%"]}, "post_status": {"in": ["publish"]}}},
        {"class": "derived", "match": {"no_such_column": {"in": ["x"]}}},
    ]}, {"pattern": "*", "class": "config", "origin": "site"}),
    option_rules=({"pattern": "{prefix}user_roles", "class": "secret", "origin": "c"}, {"pattern": "_transient_*", "class": "noise", "origin": "c"},
                  {"pattern": "*", "class": "config", "origin": "unknown"}),
    protected_paths=("wp-content/uploads",), volatile_paths=("wp-content/uploads/cache",), shared_paths=("wp-config.php", "wp-content/uploads"),
    reference_options={"page_on_front": "post", "sticky_posts": "posts", "default_category": "terms"}, row_limit=100,
)
SMALL = replace(RULES, reference_options={})
EVERYTHING = """CREATE TABLE %s (
  id INT NOT NULL, part VARCHAR(20) NOT NULL, t TEXT, l LONGTEXT, latin VARCHAR(20) CHARACTER SET latin1, b BLOB, f FLOAT, d DOUBLE,
  n DECIMAL(30,10), bits BIT(5), dt DATETIME(6), ts TIMESTAMP NULL, z DATE, y YEAR, e ENUM('','a'), s SET('a','b'), j JSON, g GEOMETRY,
  twice INT AS (id * 2) STORED, PRIMARY KEY (id, part)) ENGINE=InnoDB"""


def setUpModule():
    SERVER.start()
    SERVER.sql("CREATE DATABASE app")


def tearDownModule():
    SERVER.stop()


class FingerprintTest(unittest.TestCase):
    def setUp(self):
        SERVER.sql("DROP DATABASE app; CREATE DATABASE app")
        self.root = tempfile.mkdtemp(prefix="belay-site-")
        self.addCleanup(shutil.rmtree, self.root)
        credentials = Credentials("localhost", 0, SERVER.socket, "root", "app", "")
        self.site = Site(self.root, "http://site.example", "app", "wp_", os.getuid(), os.getgid(), credentials)
        self.session = Session(self.site)
        self.addCleanup(self.session.close)

    def sql(self, *statements):
        for statement in statements:
            self.session.execute(statement)

    def of(self, full_name, table=None, rules=RULES):
        return table_fingerprint(self.session, self.site, rules, full_name, table or full_name[3:])

    def digest(self, full_name, part="config", rules=RULES):
        return self.of(full_name, rules=rules)["parts"][part]["digest"]

    def test_every_value_of_every_type_counts(self):
        self.sql(EVERYTHING % "wp_all", "INSERT INTO wp_all (id, part) VALUES (1, 'x')")
        nothing = self.digest("wp_all")
        seen = {nothing}
        changes = {
            "t": ["''", "'NULL'", "'N'", "'🎈'", "'a'", "'A'", "'a '"], "l": ["''", "REPEAT('x', 70000)", "REPEAT('x', 70001)"], "latin": ["'é'", "'e'"],
            "b": ["''", "X'00'", "X'0000'", "X'FF'"], "f": ["0", "0.1", "16777216", "16777218"], "d": ["0.1", "0.1 + 1e-16 * 2"], "n": ["0", "12345678901234567890.0123456789"],
            "bits": ["b'0'", "b'101'"], "dt": ["'0000-00-00 00:00:00'", "'2020-01-01 00:00:00.000001'"], "ts": ["'2020-01-01 00:00:01'"], "z": ["'0000-00-00'", "'2020-00-01'"],
            "y": ["2000", "1999"], "e": ["''", "'a'"], "s": ["''", "'a,b'"], "j": ["'{}'", "'null'"], "g": ["POINT(1, 2)", "POINT(2, 1)"],
        }
        for column, values in changes.items():
            for value in values:
                self.sql(f"UPDATE wp_all SET {column} = {value}")
                found = self.digest("wp_all")
                self.assertNotIn(found, seen, f"{column} = {value}")
                seen.add(found)
            self.sql(f"UPDATE wp_all SET {column} = NULL")
            self.assertEqual(self.digest("wp_all"), nothing)

    def test_values_do_not_flow_into_one_another(self):
        self.sql("CREATE TABLE wp_two (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20)) ENGINE=InnoDB")
        seen = set()
        for a, b in (("x#y", "z"), ("x", "y#z"), ("", "x"), ("x", ""), (None, "x"), ("x", None), ("1:x", ""), ("", "1:x"), ("N", None), (None, "N"), (None, None)):
            self.sql("DELETE FROM wp_two", f"INSERT INTO wp_two VALUES (1, {literal(a)}, {literal(b)})")
            seen.add(self.digest("wp_two"))
        self.assertEqual(len(seen), 11)

    def test_rows_are_named_by_their_key(self):
        self.sql(EVERYTHING % "wp_all", "INSERT INTO wp_all (id, part) VALUES (3, 'category'), (3, 'a,b'), (12, 'naïve'), (12, 'tab\\t\\\\')")
        self.assertEqual(list(self.of("wp_all")["parts"]["config"]["row_hashes"]), ["3,a\\,b", "3,category", "12,naïve", "12,tab\\x09\\\\"])
        self.sql("CREATE TABLE wp_bin (k VARBINARY(10) PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO wp_bin VALUES (X'FF00'), ('ok')")
        self.assertEqual(sorted(self.of("wp_bin")["parts"]["config"]["row_hashes"]), ["\\xff\\x00", "ok"])

    def test_a_unique_key_names_rows_too(self):
        self.sql("CREATE TABLE wp_u (a INT, b INT NOT NULL, UNIQUE one (a), UNIQUE two (b)) ENGINE=InnoDB", "INSERT INTO wp_u VALUES (NULL, 2), (NULL, 1)")
        self.assertEqual(list(self.of("wp_u")["parts"]["config"]["row_hashes"]), ["1", "2"])

    def test_without_a_key_the_order_of_rows_does_not_matter_but_their_number_does(self):
        self.sql("CREATE TABLE wp_k (a INT) ENGINE=InnoDB", "INSERT INTO wp_k VALUES (1), (2), (2)")
        first = self.of("wp_k")["parts"]["config"]
        self.assertNotIn("row_hashes", first)
        self.sql("DELETE FROM wp_k", "INSERT INTO wp_k VALUES (2), (1), (2)")
        self.assertEqual(self.of("wp_k")["parts"]["config"], first)
        self.sql("INSERT INTO wp_k VALUES (1), (1)")
        self.assertNotEqual(self.digest("wp_k"), first["digest"])

    def test_large_and_small_tables_have_one_definition(self):
        self.sql("CREATE TABLE wp_n (id INT PRIMARY KEY, v TEXT) ENGINE=InnoDB", "INSERT INTO wp_n SELECT seq, MD5(seq) FROM seq_1_to_5000")
        large, small = self.of("wp_n")["parts"]["config"], self.of("wp_n", rules=replace(RULES, row_limit=5000))["parts"]["config"]
        self.assertEqual((large["rows"], large["digest"]), (small["rows"], small["digest"]))
        self.assertNotIn("row_hashes", large)
        self.assertEqual(len(small["row_hashes"]), 5000)
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        self.sql("DELETE FROM wp_n")
        self.assertEqual(self.of("wp_n")["parts"], {"config": {"rows": 0, "digest": empty, "row_hashes": {}}})

    def test_row_rules_part_a_table(self):
        self.sql(
            "CREATE TABLE wp_posts (ID INT PRIMARY KEY, post_type VARCHAR(20), post_status VARCHAR(20), comment_count INT) ENGINE=InnoDB",
            "INSERT INTO wp_posts VALUES (1, 'page', 'publish', 0), (2, 'page', 'auto-draft', 0), (3, 'request_x', 'publish', 0), "
            "(4, 'requestx', 'publish', 0), (5, 'request_x', 'draft', 0), (6, NULL, 'AUTO-DRAFT', 0)",
        )
        before = self.of("wp_posts")
        self.assertEqual({name: list(part["row_hashes"]) for name, part in before["parts"].items()}, {"editorial": ["1", "4", "5", "6"], "noise": ["2"], "live": ["3"]})
        self.sql("UPDATE wp_posts SET comment_count = 7")
        self.assertEqual(self.of("wp_posts"), before)
        unlisted = self.of("wp_posts", rules=replace(RULES, row_limit=5))["parts"]
        self.assertEqual({name: (part["rows"], part["digest"]) for name, part in unlisted.items()}, {name: (part["rows"], part["digest"]) for name, part in before["parts"].items()})
        self.sql("UPDATE wp_posts SET post_status = 'trash' WHERE ID = 2")
        self.assertNotIn("noise", self.of("wp_posts")["parts"])

    def test_row_rules_compare_exactly_whatever_the_encoding(self):
        self.sql("CREATE TABLE wp_l (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET latin1) ENGINE=InnoDB", "INSERT INTO wp_l VALUES (1, 'año'), (2, 'ano'), (3, 'wp_x'), (4, 'wpax'), (5, 'WP_x')")
        rows = [{"class": "live", "match": {"k": {"in": ["año"]}}}, {"class": "noise", "match": {"k": {"like": ["{prefix}%"]}}}]
        parts = self.of("wp_l", rules=replace(RULES, table_rules=({"pattern": "l", "class": "config", "origin": "o", "rows": rows},)))["parts"]
        self.assertEqual({name: list(part["row_hashes"]) for name, part in parts.items()}, {"config": ["2", "4", "5"], "live": ["1"], "noise": ["3"]})

    def test_a_shadow_looks_like_its_table(self):
        ddl = "CREATE TABLE {0} (id BIGINT AUTO_INCREMENT PRIMARY KEY, p INT, KEY p (p), CONSTRAINT {0}_fk FOREIGN KEY (p) REFERENCES wp_p (id)) ENGINE=InnoDB"
        self.sql("CREATE TABLE wp_p (id INT PRIMARY KEY) ENGINE=InnoDB", ddl.format("wp_c"), ddl.format("belay_aaaaaa_s_c"), "ALTER TABLE wp_c AUTO_INCREMENT = 999")
        self.assertEqual(self.of("wp_c"), self.of("belay_aaaaaa_s_c", "c"))
        self.sql("ALTER TABLE wp_c MODIFY p INT NOT NULL")
        self.assertNotEqual(self.of("wp_c")["ddl"], self.of("belay_aaaaaa_s_c", "c")["ddl"])
        self.assertIsNone(self.of("wp_absent"))

    def test_rows_larger_than_a_packet(self):
        self.sql("CREATE TABLE wp_big (id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT) ENGINE=InnoDB", "INSERT INTO wp_big VALUES (1, REPEAT('a', 12000000), '')", "UPDATE wp_big SET b = REPEAT('b', 12000000)")
        first = self.digest("wp_big")
        self.sql("UPDATE wp_big SET b = CONCAT(LEFT(b, 11999999), 'c')")
        self.assertNotEqual(self.digest("wp_big"), first)

    def site_with(self, *more):
        columns = {"posts": "ID INT PRIMARY KEY, post_type VARCHAR(20), post_status VARCHAR(20), post_name VARCHAR(20)", "terms": "term_id INT PRIMARY KEY, slug VARCHAR(20)",
                   "term_taxonomy": "term_taxonomy_id INT PRIMARY KEY, term_id INT, taxonomy VARCHAR(20)",
                   "options": "option_id INT AUTO_INCREMENT PRIMARY KEY, option_name VARCHAR(191) UNIQUE, option_value LONGTEXT NOT NULL, autoload VARCHAR(20) NOT NULL DEFAULT 'yes'"}
        for prefix in ("wp_", *more):
            for table in ("posts", "postmeta", "terms", "term_taxonomy", "comments", "options"):
                self.sql(f"CREATE TABLE {prefix}{table} ({columns.get(table, 'id INT PRIMARY KEY')}) ENGINE=InnoDB")

    def option(self, **values):
        for name, value in values.items():
            self.sql(f"REPLACE INTO wp_options (option_name, option_value) VALUES ({literal(name)}, {literal(value)})")

    def test_tables_of_another_site_and_of_belay_are_not_the_sites(self):
        self.site_with("wp_2_")
        self.sql("CREATE TABLE wp_2_custom (a INT)", "CREATE TABLE wp_23 (a INT)", "CREATE TABLE belay_0123ab_s_posts (a INT)", "CREATE TABLE other_x (a INT)", "CREATE VIEW wp_view AS SELECT 1")
        names = [table.name for table in fp.site_tables(self.site, self.session)]
        self.assertEqual(names, ["23", "comments", "options", "postmeta", "posts", "term_taxonomy", "terms", "view"])

    def test_an_environment_is_empty_until_it_has_code_or_a_table(self):
        self.assertTrue(fp.is_empty(self.site, self.session))
        self.sql("CREATE TABLE wpx_other (a INT)")
        self.assertTrue(fp.is_empty(self.site, self.session))
        os.makedirs(os.path.join(self.root, "releases", "000000000001"))
        self.assertFalse(fp.is_empty(self.site, self.session))
        shutil.rmtree(os.path.join(self.root, "releases"))
        self.sql("CREATE TABLE wp_posts (a INT)")
        self.assertFalse(fp.is_empty(self.site, self.session))

    def code_of(self, action):
        with self.assertRaises(BelayError) as caught:
            action()
        return caught.exception.code, caught.exception.message

    def test_refusals(self):
        self.assertEqual(self.code_of(lambda: fp.site_tables(self.site, self.session))[0], "TABLES_MISSING")
        self.site_with()
        self.sql("CREATE TABLE wp_old (a INT) ENGINE=MyISAM")
        code, message = self.code_of(lambda: fp._require_innodb(self.site, fp.site_tables(self.site, self.session)))
        self.assertEqual(code, "ENGINE_UNSUPPORTED")
        self.assertIn("wp_old (MyISAM)", message)
        self.sql("CREATE TABLE wp_blogs (a INT)", "CREATE TABLE wp_site (a INT)", "CREATE TABLE wp_sitemeta (a INT)")
        self.assertEqual(self.code_of(lambda: fp.site_tables(self.site, self.session))[0], "MULTISITE_UNSUPPORTED")

    def test_option_rows_one_by_one(self):
        self.site_with()
        self.option(blogname="A", wp_user_roles="r", _transient_x="t")
        before = fp.options_fingerprint(self.session, self.site, RULES, "wp_options")
        self.assertEqual({name: found["class"] for name, found in before.items()}, {"blogname": "config", "wp_user_roles": "secret"})
        self.sql("UPDATE wp_options SET option_id = option_id + 100")
        self.assertEqual(fp.options_fingerprint(self.session, self.site, RULES, "wp_options"), before)
        self.option(blogname="B")
        self.assertNotEqual(fp.options_fingerprint(self.session, self.site, RULES, "wp_options", ["blogname", "absent"])["blogname"], before["blogname"])
        self.assertEqual(list(fp.options_fingerprint(self.session, self.site, RULES, "wp_options", ["_transient_x"])), ["_transient_x"])

    def test_references_are_resolved_on_this_side(self):
        self.site_with()
        self.sql("INSERT INTO wp_posts VALUES (7, 'page', 'publish', 'home'), (8, 'post', 'trash', 'gone'), (9, 'post', 'publish', 'news')", "INSERT INTO wp_terms VALUES (3, 'main'), (4, 'all')",
                 "INSERT INTO wp_term_taxonomy VALUES (1, 3, 'nav_menu'), (2, 4, 'category')")
        mods = 'a:3:{i:0;b:0;s:18:"nav_menu_locations";a:3:{s:7:"primary";i:3;s:6:"footer";i:99;s:4:"side";i:0;}s:11:"custom_logo";s:1:"8";}'
        self.option(page_on_front="7", sticky_posts="a:2:{i:0;i:9;i:1;i:7;}", default_category="4", theme_mods_x=mods, widget_nav_menu='a:2:{i:2;a:1:{s:8:"nav_menu";i:3;}s:12:"_multiwidget";i:1;}')
        self.assertEqual(references(self.session, self.site, RULES), {
            "page_on_front": "page:home", "sticky_posts": "page:home,post:news", "default_category": "category:all", "theme_mods_x:custom_logo": None,
            "theme_mods_x:nav_menu_locations.footer": None, "theme_mods_x:nav_menu_locations.primary": "nav_menu:main", "theme_mods_x:nav_menu_locations.side": "none",
            "widget_nav_menu:2.nav_menu": "nav_menu:main",
        })
        self.option(page_on_front="8", sticky_posts="a:0:{}", theme_mods_x="broken", widget_nav_menu="")
        self.assertEqual(references(self.session, self.site, RULES), {"page_on_front": None, "sticky_posts": "none", "default_category": "category:all"})

    def test_a_whole_environment(self):
        folder = tempfile.mkdtemp(prefix="belay-sites-")
        self.addCleanup(shutil.rmtree, folder)
        site = make_site(SERVER, folder, "whole", "xyz_")
        with Session(site) as session:
            first = fp.fingerprint(site, session, SMALL)
            self.assertEqual(sorted(first["tables"]), ["keys", "log", "posts", "term_taxonomy", "terms", "usermeta", "widgets"])
            self.assertEqual((first["active_release"], first["wordpress"]), ("00000000000a", {"version": "6.1.9", "db_version": "53496"}))
            self.assertEqual(sorted(first["files"]["wp-content/uploads"]["entries"]), ["2026/whole.txt", "a.txt"])
            self.assertEqual(sorted(first["code"]["entries"]), ["REVISION", "index.php", "wp-content/plugins/shop/shop.php", "wp-content/themes/plain/style.css", "wp-includes/version.php"])
            self.assertEqual(first["code_edits"], [])
            code = files.tree(site.tree, filemeasure.not_code(SMALL))
            store_manifest(site, "00000000000a", {"code": code})
            put(site.root, "releases/00000000000a/index.php", "<?php // edited")
            put(site.root, "releases/00000000000a/new.php", "")
            put(site.root, "shared/wp-content/uploads/cache/y", "volatile")
            second = fp.fingerprint(site, session, SMALL)
        self.assertEqual(second["code_edits"], [{"path": "index.php", "change": "changed"}, {"path": "new.php", "change": "added"}])
        left = ("taken_at", "code", "code_edits")
        self.assertEqual({key: value for key, value in second.items() if key not in left}, {key: value for key, value in first.items() if key not in left})

    def test_what_changed_since_a_baseline_is_told_row_by_row(self):
        folder = tempfile.mkdtemp(prefix="belay-sites-")
        self.addCleanup(shutil.rmtree, folder)
        site = make_site(SERVER, folder, "whole", "xyz_")
        rules = replace(SMALL, row_limit=1)
        with Session(site) as session:
            baseline = fp.fingerprint(site, session, rules, Look(keep_index=True))
            parts = {table: {name: part["digest"] for name, part in found["parts"].items()} for table, found in baseline["tables"].items()}
            look = Look(baseline_index={"tables": parts}, baseline_options={name: found["hash"] for name, found in baseline["options"].items()})
            same = fp.compare(site, session, rules, look)
            self.assertEqual((same.differences["tables"], same.option_values), ({}, {}))
            self.assertEqual(same.fingerprint["tables"], baseline["tables"])
            session.execute("UPDATE xyz_posts SET post_title = 'Uno' WHERE ID = 1")
            session.execute("INSERT INTO xyz_posts (ID, post_title, post_status) VALUES (9, '', 'auto-draft'), (3000, '', 'draft')")
            session.execute("DELETE FROM xyz_log LIMIT 1")
            session.execute("UPDATE xyz_options SET option_value = 'Acme & Co' WHERE option_name = 'blogname'")
            session.execute("DELETE FROM xyz_options WHERE option_name = 'blog_public'")
            changed = fp.compare(site, session, replace(rules, option_rules=({"pattern": "*", "class": "config", "origin": "site"},)), look)
            self.assertEqual(changed.differences["tables"], {
                "posts": {"editorial": {"added": 1, "changed": 1, "removed": 0, "keys": [{"change": "~", "key": "1"}, {"change": "+", "key": "3000"}]}},
                "log": {"config": {"added": 0, "changed": 0, "removed": 1, "keys": []}},
            })
            self.assertEqual({name: changed.option_values[name] for name in ("blogname", "blog_public")}, {"blogname": "Acme & Co", "blog_public": None})
            path = os.path.join(site.belay, "index", parts["posts"]["editorial"] + ".rows")
            with open(path, "r+b") as file:
                file.seek(60)
                file.write(b"\xff")
            self.assertEqual(list(fp.compare(site, session, rules, look).differences["tables"]), ["log"])
            os.unlink(path)
            self.assertEqual(list(fp.compare(site, session, rules, look).differences["tables"]), ["log"])

    def test_values_of_options_that_are_not_for_everybody(self):
        self.site_with()
        self.option(blogname="A", api_key="x", other="4f3c2d1e0b9a8f7e6d5c4b3a")
        found = {name: entry for name, entry in fp.options_fingerprint(self.session, self.site, RULES, "wp_options").items()}
        rules = replace(RULES, option_rules=({"pattern": "plain", "class": "config", "origin": "unknown"}, {"pattern": "hidden", "class": "secret", "origin": "c"}, {"pattern": "*", "class": "config", "origin": "c"}))
        self.option(plain="1", hidden="2", noted="3")
        present = fp.options_fingerprint(self.session, self.site, rules, "wp_options")
        self.assertEqual(fp._option_values(self.site, self.session, rules, ({name: "" for name in found}, present)), {"blogname": "A", "noted": "3"})

    def test_a_server_that_joins_too_little_is_refused(self):
        self.sql("CREATE TABLE wp_p (id INT PRIMARY KEY) ENGINE=InnoDB")
        self.session.packet = 65536
        self.assertEqual(self.code_of(lambda: self.of("wp_p"))[0], "PACKET_TOO_SMALL")

    def test_many_wide_texts_fit_into_a_packet(self):
        columns = ", ".join(f"t{n} TEXT NOT NULL" for n in range(40))
        self.sql(f"CREATE TABLE wp_wide (id INT PRIMARY KEY, {columns}) ENGINE=InnoDB", f"INSERT INTO wp_wide VALUES (1, {', '.join(['REPEAT(0, 60000)'] * 40)})")
        first = self.digest("wp_wide")
        self.assertLess(int(self.session.query(f"SELECT LENGTH({shape_of(self.session, 'wp_wide').row_hash()[len('SHA2('):-len(', 256)')]}) FROM wp_wide")[0][0]), 1 << 20)
        self.sql("UPDATE wp_wide SET t39 = CONCAT(LEFT(t39, 59999), 1)")
        self.assertNotEqual(self.digest("wp_wide"), first)


if __name__ == "__main__":
    unittest.main()
