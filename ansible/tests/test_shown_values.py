"""Which values of options people may see."""
import unittest

from belay.fingerprint.shown_values import LETTERS, looks_secret, shown

SHOWN = (
    ("blogname", "Acme"), ("blogdescription", "Just another shop, since 1999"), ("posts_per_page", "10"), ("siteurl_x", "https://acme.example/shop?page=2&sort=asc"),
    ("permalink_structure", "/%year%/%monthnum%/%postname%/"), ("template", "twentytwentythree-child"), ("empty", ""), ("date_format", "F j, Y"),
    ("active_plugins", 'a:2:{i:0;s:9:"a/shop.php";i:1;s:19:"akismet/akismet.php";}'), ("sizes", '{"width": 300, "height": 200}'), ("price", "-12.50"),
    ("widget_text", 'a:1:{i:2;a:1:{s:5:"title";s:13:"Our addresses";}}'), ("home_text", "Meet the team that builds things in Vienna"), ("when", "2026-01-31 12:00:00"),
    ("colors", '["#ff0000","#00ff00"]'), ("unicode", "Grüße 🎈"),
)
SECRET_NAMES = ("stripe_secret", "mailchimp_api", "acme_license", "acme_licence", "LICENSE", "auth_salt", "nonce_x", "smtp_host", "webhook_url", "aws_access_key_id", "db_password", "userpwd", "csrf_token", "my_credentials")
SECRET_VALUES = (
    "sk_live_51HbUdKLkjasdLKJ2398", "4f3c2d1e0b9a8f7e6d5c4b3a", "AKIAIOSFODNN7EXAMPLE", "550e8400-e29b-41d4-a716-446655440000", "ABCD-1234-EFGH-5678",
    "AbCd 1234 efGH 5678 ijKL 9012", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "https://user:pw@db.example/", "4111 1111 1111 1111", "AIzaSyDUMMYxYzQqWwEeRrTtYyUu",
    'a:1:{s:7:"api_key";s:1:"x";}', '{"clientSecret": "x"}', 'a:1:{s:8:"password";s:3:"abc";}', '{"a": {"b": [{"Token": 1}]}}', "host=x&password=y", "QUJDREVGR0hJSktMTU5PUFFSU1RVVg==",
    'a:1:{s:1:"x";s:34:"{"license":"ABC","email":"a@b.cd"}";}', "<input name=secret>", "\ufffd", "prefix 4f3c2d1e0b9a8f7e6d5c4b3a suffix",
)


class ShownTest(unittest.TestCase):
    def test_plain_configuration_is_shown(self):
        for name, value in SHOWN:
            self.assertEqual(shown(name, value.encode(), "config", "catalog:core"), value)

    def test_secrets_are_not(self):
        for name in SECRET_NAMES:
            self.assertIsNone(shown(name, b"x", "config", "catalog:core"), name)
        for value in SECRET_VALUES:
            self.assertIsNone(shown("option", value.encode(), "config", "catalog:core"), value)

    def test_what_would_be_cut_off_is_looked_at_too(self):
        self.assertTrue(looks_secret(("words " * 100 + "4f3c2d1e0b9a8f7e6d5c4b3a").encode()))

    def test_only_rows_that_a_rule_knows_as_configuration(self):
        for kind, origin in (("secret", "catalog:core"), ("unclassified", "unknown"), ("config", "unknown"), ("noise", "catalog:core"), ("derived", "site")):
            self.assertIsNone(shown("blogname", b"Acme", kind, origin))

    def test_long_values_are_cut(self):
        text = shown("text", ("ä" * 500).encode(), "config", "site")
        self.assertEqual(text, "ä" * (LETTERS - 1) + "…")
        self.assertEqual(shown("text", b"a b" * 100, "config", "site"), "a b" * 100)

    def test_no_control_characters(self):
        self.assertEqual(shown("text", b"a\x00b\x1b[1m", "config", "site"), "a\\x00b\\x1b[1m")


if __name__ == "__main__":
    unittest.main()
