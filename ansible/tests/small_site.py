"""A very small WordPress for tests: the tables and files that Belay looks at, in a schema and a folder of their own."""
import os

from belay.scope.rules import Rules
from belay.host.site import Credentials, Site

VOLATILE = "wp-content/uploads/cache"
CODE = {
    "wp-includes/version.php": "<?php\n$wp_version = '6.1.9';\n",
    "wp-content/plugins/shop/shop.php": "<?php\n/*\n * Plugin Name: Shop\n * Version: 1.2 */\n",
    "wp-content/themes/plain/style.css": "/*\nTheme Name: Plain\nVersion: 3\n*/",
    "REVISION": "0123456789abcdef0123456789abcdef01234567\n",
    "index.php": "<?php\n",
}
TABLES = """
CREATE TABLE {p}options (option_id INT PRIMARY KEY AUTO_INCREMENT, option_name VARCHAR(191) UNIQUE, option_value LONGTEXT NOT NULL, autoload VARCHAR(20) NOT NULL DEFAULT 'yes');
INSERT INTO {p}options (option_name, option_value) VALUES ('siteurl', '{url}'), ('home', '{url}'), ('blogname', 'Acme'), ('db_version', '53496'), ('blog_public', '1'),
  ('cron', 'a:0:{{}}'), ('_transient_x', '1'), ('rewrite_rules', 'x'), ('{p}user_roles', 'a:0:{{}}'), ('logo', 'a:1:{{s:1:"u";s:{size}:"{url}/logo.png";}}');
CREATE TABLE {p}posts (ID INT PRIMARY KEY AUTO_INCREMENT, post_title TEXT, post_content LONGTEXT, guid VARCHAR(255), post_status VARCHAR(20), post_type VARCHAR(20), post_name VARCHAR(200));
INSERT INTO {p}posts VALUES (1, 'One', 'see {url}/two', '{url}/?p=1', 'publish', 'post', 'one'), (2, 'Two', '', '{url}/?p=2', 'publish', 'post', 'two');
CREATE TABLE {p}usermeta (umeta_id INT PRIMARY KEY AUTO_INCREMENT, user_id INT, meta_key VARCHAR(255), meta_value LONGTEXT);
INSERT INTO {p}usermeta VALUES (1, 1, '{p}capabilities', 'a:0:{{}}'), (2, 1, 'session_tokens', 'a:0:{{}}');
CREATE TABLE {p}terms (term_id INT PRIMARY KEY, slug VARCHAR(200));
CREATE TABLE {p}term_taxonomy (term_id INT PRIMARY KEY, taxonomy VARCHAR(32));
CREATE TABLE {p}widgets (id INT PRIMARY KEY, note VARCHAR(200));
INSERT INTO {p}widgets VALUES (1, '{url}/w'), (2, NULL);
CREATE TABLE {p}keys (id INT PRIMARY KEY, secret VARCHAR(20));
INSERT INTO {p}keys VALUES (1, 'of {p}');
CREATE TABLE {p}log (line VARCHAR(20));
INSERT INTO {p}log VALUES ('x'), ('x');
"""


def make_site(server, folder, name, prefix, empty=False):
    """A Site below `folder` with the schema `name`; `empty`: only what a first clone needs."""
    root = os.path.join(folder, name)
    url = "https://%s.example" % name
    server.sql("DROP DATABASE IF EXISTS %s; CREATE DATABASE %s CHARACTER SET utf8mb4" % (name, name))
    put(root, "shared/wp-config.php", "<?php // of %s\n" % name)
    if not empty:
        server.sql(TABLES.format(p=prefix, url=url, size=len(url) + 9), name)
        for path, text in CODE.items():
            put(root, "releases/00000000000a/" + path, text)
        os.symlink("releases/00000000000a", os.path.join(root, "current"))
        for path in ("wp-config.php", "wp-content/uploads"):
            depth = "../" * (path.count("/") + 2)
            os.symlink(depth + "shared/" + path, os.path.join(root, "releases/00000000000a", path))
        put(root, "shared/wp-content/uploads/a.txt", "a of all")
        put(root, "shared/wp-content/uploads/2026/%s.txt" % name, name)
        put(root, "shared/" + VOLATILE + "/x", "volatile")
    access = Credentials("localhost", 3306, server.socket, "root", name, "")
    return Site(root, url, name, prefix, os.geteuid(), os.getegid(), access)


def put(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as out:
        out.write(text)


def rules():
    def table(pattern, name):
        return {"pattern": pattern, "class": name, "origin": "site", "rows": [], "ignore_columns": []}

    def option(pattern, name):
        return {"pattern": pattern, "class": name, "origin": "site"}

    secret = [option(name, "secret") for name in ("siteurl", "home", "blog_public", "{prefix}user_roles")]
    noise = [option(name, "noise") for name in ("cron", "_transient_*")]
    derived = [option(name, "derived") for name in ("db_version", "rewrite_rules")]
    return Rules.of({
        "table_rules": [table("widgets", "config"), table("keys", "secret"), table("log", "noise"), table("usermeta", "live"), table("*", "editorial")],
        "option_rules": [*secret, *noise, *derived, option("*", "config")],
        "protected_paths": ["wp-content/uploads"],
        "volatile_paths": [VOLATILE],
        "shared_paths": ["wp-config.php", "wp-content/uploads"],
        "reference_options": {},
        "row_limit": 100, "workers": 0,
    })
