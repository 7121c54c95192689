"""Classification, names and what people read of bytes."""
import unittest
from types import SimpleNamespace

from belay.database import names
from belay.scope.rules import Rules, TableClass, class_expression, matches
from belay.text import readable

SITE = SimpleNamespace(prefix="wp_")


def rules(tables=(), options=()):
    return Rules(tuple({"pattern": pattern, "class": kind, "origin": "o"} for pattern, kind in tables), tuple({"pattern": p, "class": c, "origin": "o"} for p, c in options), (), (), (), {}, 10)


class RulesTest(unittest.TestCase):
    def test_patterns_as_in_a_shell_but_only_these_two_signs(self):
        for pattern, name, expected in (
            ("posts", "posts", True), ("posts", "postsx", False), ("wc_*", "wc_orders", True), ("wc_*", "wc", False), ("?c", "wc", True), ("*_x_*", "a_x_b", True),
            ("a.c", "abc", False), ("[ab]", "a", False), ("[ab]", "[ab]", True), ("*", "a\nb", True), ("A", "a", False),
        ):
            self.assertEqual(matches(pattern, name), expected, (pattern, name))

    def test_the_first_rule_decides(self):
        found = rules([("wc_orders", "live"), ("wc_*", "config")])
        self.assertEqual([found.table(name).name for name in ("wc_orders", "wc_x", "other")], ["live", "config", "unclassified"])
        self.assertEqual(found.table("other").origin, "unknown")

    def test_the_prefix_in_the_name_of_an_option(self):
        found = rules(options=[("{prefix}user_roles", "secret"), ("*", "config")])
        self.assertEqual([found.option(name, "wp_") for name in ("wp_user_roles", "x_user_roles")], ["secret", "config"])

    def test_a_rule_about_a_missing_column_claims_nothing(self):
        rows = ({"class": "noise", "match": {"gone": {"in": ["x"]}}}, {"class": "live", "match": {"kind": {"like": ["{prefix}%"]}}})
        expression, classes = class_expression(TableClass("editorial", "o", rows), ["kind"], "w_")
        self.assertEqual(classes, ["editorial", "live"])
        self.assertIn("w\\_%".encode().hex(), expression)
        self.assertEqual(class_expression(TableClass("config", "o"), ["a"], "w_"), ("0", ["config"]))

    def test_readable_names_are_different_for_different_bytes(self):
        raw = (b"a", b"\xffa", b"\\xffa", "é".encode(), "\U0001f388".encode(), b"\0", b"\\x00", b"\xc3")
        shown = [readable(one) for one in raw]
        self.assertEqual(shown, ["a", "\\xffa", "\\\\xffa", "é", "\U0001f388", "\\x00", "\\\\x00", "\\xc3"])


class NamesTest(unittest.TestCase):
    def test_reserved_names(self):
        self.assertRegex(names.shadow(SITE, "posts"), r"^belay_[0-9a-f]{6}_s_posts$")
        self.assertRegex(names.archive(SITE, "0123456789ab", "posts"), r"^belay_[0-9a-f]{6}_a_0123456789ab_posts$")
        made = [names.shadow(SITE, "t"), names.base(SITE, "t"), names.archive(SITE, "0" * 12, "t"), names.release_table(SITE)]
        self.assertTrue(all(names.is_reserved(SITE, name) and names.is_any_reserved(name) for name in made))
        self.assertFalse(names.is_reserved(SimpleNamespace(prefix="other_"), made[0]))
        self.assertFalse(names.is_any_reserved("belay_settings"))

    def test_long_names_stay_within_the_limit_and_apart(self):
        long = [names.archive(SITE, "0123456789ab", "x" * 60 + letter) for letter in "ab"]
        self.assertEqual([len(name) for name in long], [64, 64])
        self.assertNotEqual(*long)
        self.assertTrue(all(names.is_reserved(SITE, name) for name in long))


if __name__ == "__main__":
    unittest.main()
