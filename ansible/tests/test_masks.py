"""Personal data in another form: kinds, rows, and a whole refresh in which no original leaves the target."""
import hashlib
import json
import os
import random
import re
import unittest

from belay.bundle.masked_rows import matcher
from belay.bundle.masks import UNUSABLE, Masker, emptied, is_structured
from belay.bundle.phpserialize import split

from .refreshbench import FIRST, SERVER, Bench, again
from .small_site import put

KINDS = ("email", "login", "name", "text", "phone", "address", "ip", "url", "password", "empty")
PEOPLE = """
CREATE TABLE {p}users (ID BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, user_login VARCHAR(60), user_pass VARCHAR(255), user_email VARCHAR(100), display_name VARCHAR(250));
INSERT INTO {p}users VALUES (1, 'keeper', '$P$keeper', 'keeper@shop.example', 'The Keeper'), (2, 'carla', '$P$carla', 'carla@mail.example', 'Carla Quick'), (3, 'dora', '$P$dora', '', '');
INSERT INTO {p}usermeta VALUES (10, 1, '{p}capabilities', 'a:1:{{s:13:"administrator";b:1;}}'), (11, 1, 'first_name', 'Theodora'), (12, 2, '{p}capabilities', 'a:1:{{s:8:"customer";b:1;}}'),
  (13, 2, 'first_name', 'Carla'), (14, 2, 'billing_email', 'Carla@Mail.example'), (15, 2, 'billing_postcode', 'SW1A 2AA'), (16, 2, 'other', 'stays');
CREATE TABLE {p}shoppers (id INT PRIMARY KEY, email VARCHAR(60) UNIQUE, code VARCHAR(12) UNIQUE, name VARCHAR(8), born DATE NOT NULL, lat DECIMAL(9,6), raw VARBINARY(16),
  answers LONGTEXT CHECK (json_valid(answers)), memory LONGTEXT, note TEXT, paid DECIMAL(9,2));
INSERT INTO {p}shoppers VALUES (1, 'carla@mail.example', 'CARLA-1', 'Carla Q', '1980-02-03', 48.137154, X'C0A80001', '{{"q":"Carla"}}', 'a:1:{{i:0;s:5:"Carla";}}', 'Carla was here at carla@mail.example', 12.50),
  (2, 'dora@mail.example', 'DORA-2', NULL, '1990-02-03', NULL, NULL, '[]', '', '', 3.00);
"""
MASKS = (
    {"table": "users", "columns": {"user_login": "login", "user_pass": "password", "user_email": "email", "display_name": "name", "gone": "text"}, "match": {}},
    {"table": "usermeta", "columns": {"meta_value": "name"}, "match": {"meta_key": {"in": ["first_name"]}}},
    {"table": "usermeta", "columns": {"meta_value": "email"}, "match": {"meta_key": {"in": ["billing_email"]}}},
    {"table": "usermeta", "columns": {"meta_value": "text"}, "match": {"meta_key": {"like": ["billing\\_p%"]}}},
    {"table": "shoppers", "columns": {"email": "email", "code": "text", "name": "name", "born": "empty", "lat": "empty", "raw": "ip", "answers": "text", "memory": "name", "note": "text"}, "match": {}},
    {"table": "shoppers", "columns": {"paid": "text"}, "match": {"missing": {"in": ["x"]}}},
    {"table": "widgets", "columns": {"note": "text"}, "match": {}},
    {"table": "no_such_table", "columns": {"a": "text"}, "match": {}},
)


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Kinds(unittest.TestCase):
    def test_equal_values_get_equal_masks_and_others_get_others(self):
        one = Masker()
        self.assertEqual(one.mask("email", b"Carla@Mail.example "), one.mask("email", b"carla@mail.example"))
        self.assertNotEqual(one.mask("email", b"carla@mail.example"), one.mask("email", b"clara@mail.example"))
        self.assertNotEqual(one.mask("login", b"carla"), one.mask("login", b"clara"))

    def test_without_the_secret_of_the_export_nobody_can_try_originals(self):
        self.assertNotEqual(Masker().mask("email", b"carla@mail.example"), Masker().mask("email", b"carla@mail.example"))
        self.assertNotIn(hashlib.sha256(b"carla@mail.example").hexdigest()[:20].encode(), Masker().mask("email", b"carla@mail.example"))

    def test_what_each_kind_looks_like(self):
        one = Masker(b"k" * 32)
        for kind, value, looks in (
            ("email", b"carla@mail.example", rb"[0-9a-f]{20}@masked\.invalid"),
            ("login", b"carla", rb"user-[0-9a-f]{16}"),
            ("name", b"Carla", rb"[A-Z][a-z]+"),
            ("name", b"Carla Maria Quick", rb"[A-Z][a-z]+ [A-Z][a-z]+"),
            ("name", b"carla@mail.example", rb"[0-9a-f]{20}@masked\.invalid"),
            ("text", b"SW1A 2AA", rb"[A-Z]{2}\d[A-Z] \d[A-Z]{2}"),
            ("text", "M\u00fcnchen".encode(), rb"[A-Z][a-z]{6}"),
            ("text", b"carla@mail.example", rb"[0-9a-f]{20}@masked\.invalid"),
            ("phone", b"+49 (0)89 123-45", rb"\+00 \(0\)\d\d \d{3}-\d\d"),
            ("address", b"Downing Street 10", rb"\d{1,3} [A-Z][a-z]+ Way"),
            ("ip", b"203.0.113.7", rb"10\.\d+\.\d+\.\d+"),
            ("ip", b"2001:db8::7", rb"fd00::[0-9a-f]{4}:[0-9a-f]{4}:[0-9a-f]{4}"),
            ("ip", b"\xcb\x00\x71\x07", rb"\x0a.{3}"),
            ("url", b"https://carla.example/", rb"https://masked\.invalid/[0-9a-f]{12}"),
            ("password", b"$P$Bsecret", re.escape(UNUSABLE)),
            ("empty", b"anything", rb""),
        ):
            with self.subTest(kind=kind, value=value):
                self.assertRegex(one.mask(kind, value), re.compile(rb"\A" + looks + rb"\Z", re.S))

    def test_nothing_stays_nothing_and_structures_are_emptied_in_their_own_form(self):
        for kind in KINDS:
            self.assertIsNone(Masker().mask(kind, None))
            self.assertEqual(Masker().mask(kind, b""), b"")
            self.assertEqual(Masker().mask(kind, b'a:1:{i:0;s:5:"Carla";}') if kind != "password" else b"a:0:{}", b"a:0:{}")
        for value in (b'{"a":"Carla"}', b'[ "Carla" ]', b' {"a":1} '):
            json.loads(emptied(value))
        for value in (b'O:8:"stdClass":1:{s:1:"a";s:5:"Carla";}', b's:5:"Carla";'):
            self.assertTrue(is_structured(value))
            split(emptied(value))

    def test_any_bytes_are_masked_without_growing_and_without_the_original(self):
        seed = random.randrange(1 << 32)
        source = random.Random(seed)
        for _ in range(3000):
            value = bytes(source.choices(b"ab c@.-_/:+0189AZ\x00\xff\xc3\xbc{}[]\"';", k=source.randint(1, 40)))
            for kind in KINDS:
                masker = Masker(b"%d" % seed)
                masked = masker.mask(kind, value)
                self.assertEqual(masked, masker.mask(kind, value), f"seed {seed}: {kind} {value!r}")
                if kind == "text" and b"@masked.invalid" not in masked:
                    self.assertLessEqual(len(masked.decode()), len(value.decode("utf-8", "replace")), f"seed {seed}: {value!r}")
                if kind != "text" and len(value) > 12 and not is_structured(value):
                    self.assertNotIn(value, masked, f"seed {seed}: {kind} {value!r}")


class Matching(unittest.TestCase):
    def test_as_in_sql(self):
        names = ["meta_key", "n"]
        for match, key, wanted in (
            ({"meta_key": {"in": ["{prefix}a"]}}, b"wp_a", True),
            ({"meta_key": {"in": ["{prefix}a"]}}, b"WP_a", False),
            ({"meta_key": {"like": ["{prefix}%"]}}, b"wpxa", False),
            ({"meta_key": {"like": ["_b%"]}}, b"xbilling", True),
            ({"meta_key": {"like": ["\\_b%"]}}, b"xbilling", False),
            ({"meta_key": {"like": ["\\_b%"]}}, b"_b\nilling", True),
            ({"meta_key": {"like": ["a.c"]}}, b"abc", False),
            ({"meta_key": {"in": ["x"], "like": ["y%"]}}, b"yz", True),
            ({"meta_key": {}}, b"x", False),
            ({}, None, True),
            ({"meta_key": {"like": ["%"]}}, None, False),
        ):
            with self.subTest(match=match, key=key):
                self.assertEqual(matcher(match, names, "wp_")((key, b"1")), wanted)


class Copies(Bench):
    def setUp(self):
        super().setUp()
        SERVER.sql(PEOPLE.format(p="wp_"), "live")

    def scope(self, **more):
        return FIRST._replace(masks=MASKS, **more)

    def clone(self, scope):
        staging = self.make_staging(empty=True)
        _, refresh = self.bring(staging, scope)
        archive = self.unpacked(staging)
        refresh.data()
        refresh.files()
        return staging, archive

    def unpacked(self, staging):
        """Every byte that travelled."""
        found = {}
        for path, _, files in os.walk(os.path.join(staging.belay, "incoming")):
            for name in files:
                with open(os.path.join(path, name), "rb") as file:
                    found[os.path.relpath(os.path.join(path, name), staging.belay)] = file.read()
        return found

    def test_no_original_leaves_the_target(self):
        _, archive = self.clone(self.scope())
        for name, data in archive.items():
            for original in (b"arla", b"ARLA", b"dora@", b"DORA-2", b"SW1A 2AA", b"1980-02-03", b"48.137", b"\xc0\xa8\x00\x01"):
                self.assertNotIn(original, data, name)

    def test_people_stay_joined_and_administrators_can_sign_in(self):
        self.clone(self.scope())
        users = {row[0]: row[1:] for row in self.rows("SELECT ID, user_login, user_pass, user_email, display_name FROM stg_users")}
        self.assertEqual(users["1"], ["keeper", "$P$keeper", "keeper@shop.example", "The Keeper"])
        login, password, email, name = users["2"]
        self.assertEqual(password, UNUSABLE.decode())
        self.assertRegex(login, "^user-")
        self.assertRegex(email, "@masked.invalid$")
        self.assertEqual(users["3"][2:], ["", ""])
        meta = {row[0]: row[1] for row in self.rows("SELECT umeta_id, meta_value FROM stg_usermeta")}
        self.assertEqual(meta["11"], "Theodora")
        self.assertEqual(meta["14"], email)
        self.assertEqual(self.rows("SELECT email FROM stg_shoppers WHERE id = 1"), [[email]])
        self.assertEqual((meta["16"], meta["12"]), ("stays", 'a:1:{s:8:"customer";b:1;}'))
        self.assertNotEqual(name, "Carla Quick")

    def test_what_fits_no_mask_is_emptied_in_the_columns_own_way(self):
        self.clone(self.scope())
        row = self.rows("SELECT CHAR_LENGTH(code), CHAR_LENGTH(name) <= 8, born, lat, LENGTH(raw), answers, memory, paid FROM stg_shoppers WHERE id = 1")[0]
        self.assertEqual(row, ["12", "1", "1970-01-01", "NULL", "4", "{}", "a:0:{}", "12.50"])
        self.assertEqual(self.rows("SELECT COUNT(DISTINCT email), COUNT(DISTINCT code) FROM stg_shoppers"), [["2", "2"]])
        self.assertEqual(self.rows("SELECT name, answers, memory, note FROM stg_shoppers WHERE id = 2"), [["NULL", "[]", "", ""]])

    def test_promotable_tables_come_as_they_are(self):
        staging, _ = self.clone(self.scope())
        self.assertEqual(self.rows("SELECT note FROM stg_widgets WHERE id = 1"), [[staging.url + "/w"]])

    def test_a_refresh_masks_as_well(self):
        staging = self.make_staging()
        self.refresh(staging, again(masks=MASKS))
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_users WHERE user_email LIKE '%@masked.invalid'"), [["1"]])

    def test_secrets_sessions_and_caches_are_not_copied(self):
        self.clone(FIRST)
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_keys"), [["0"]])
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_log"), [["0"]])
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_usermeta WHERE meta_key = 'session_tokens'"), [["0"]])
        found = self.options()
        self.assertEqual([name for name in ("siteurl", "home", "blogname", "stg_user_roles", "db_version") if name not in found], [])
        self.assertEqual([name for name in ("cron", "_transient_x", "wp_user_roles") if name in found], [])

    def test_a_secret_option_is_copied_only_by_name(self):
        SERVER.sql("INSERT INTO wp_options (option_name, option_value) VALUES ('licence', 'sk_live')", "live")
        hidden = self.rules.option_rules
        self.rules = self.rules.__class__(**{**self.rules.__dict__, "option_rules": ({"pattern": "licence", "class": "secret", "origin": "site"}, *hidden)})
        _, archive = self.clone(FIRST)
        self.assertNotIn("licence", self.options())
        self.assertFalse([name for name, data in archive.items() if b"sk_live" in data])

    def test_left_out_tables_come_empty_and_left_out_files_are_neither_copied_nor_removed(self):
        put(self.live.shared, "wp-content/uploads/private/invoice.txt", "of Carla")
        scope = self.scope(leave_out_tables=("shop*", "posts"), leave_out_files=("wp-content/uploads/private",))
        staging, archive = self.clone(scope)
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_shoppers"), [["0"]])
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_posts"), [["0"]])
        self.assertFalse([name for name, data in archive.items() if "invoice" in name or b"of Carla" in data or b"invoice" in data])
        put(staging.shared, "wp-content/uploads/private/mine.txt", "mine")
        put(staging.shared, "wp-content/uploads/extra.txt", "goes")
        self.refresh(staging, again(leave_out_tables=scope.leave_out_tables, leave_out_files=scope.leave_out_files))
        self.assertTrue(os.path.exists(os.path.join(staging.shared, "wp-content/uploads/private/mine.txt")))
        self.assertFalse(os.path.exists(os.path.join(staging.shared, "wp-content/uploads/private/invoice.txt")))
        self.assertFalse(os.path.exists(os.path.join(staging.shared, "wp-content/uploads/extra.txt")))

    def test_a_promotable_table_cannot_be_left_out(self):
        staging = self.make_staging(empty=True)
        with self.assertRaisesRegex(Exception, "widgets is promotable"):
            self.bring(staging, self.scope(leave_out_tables=("widg*",)))


if __name__ == "__main__":
    unittest.main()
