"""A real WordPress in the host layout, with a database of its own, for tests of a candidate and of migrations."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from belay.database import names
from belay.database.mysql import Session
from belay.hold import prepare
from belay.host.site import Credentials, Site
from belay.switch import promote

from .mariadb import Server
from .switchbench import HOLD_PHP

WORDPRESS = "/usr/share/wordpress"
OLD, NEW = "a" * 12, "b" * 12
CONFIG = """<?php
define('DB_NAME', '%(schema)s'); define('DB_USER', '%(user)s'); define('DB_PASSWORD', '%(password)s'); define('DB_HOST', 'localhost:%(socket)s');
define('DB_CHARSET', 'utf8mb4'); define('DISABLE_WP_CRON', true); define('WP_DEBUG', false);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $n) { define($n . '_KEY', $n); define($n . '_SALT', $n); }
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
THEME = {"style.css": "/*\nTheme Name: Lab\nVersion: 1\n*/", "index.php": "<?php get_header(); echo get_bloginfo('name'), ' on ', get_option('lab_version'), ' with ', count(get_posts()), ' posts'; wp_footer();", "header.php": "<?php wp_head(); ?>"}
INSTALL = """
define('WP_INSTALLING', true);
function wp_new_blog_notification() {}
$_SERVER['HTTP_HOST'] = 'shop.test'; $_SERVER['REQUEST_URI'] = '/';
chdir($argv[1]); require 'wp-load.php'; require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Shop', 'keeper', 'a@shop.test', true, '', 'secret');
update_option('siteurl', 'http://shop.test'); update_option('home', 'http://shop.test');
update_option('template', 'lab'); update_option('stylesheet', 'lab'); update_option('lab_version', 'one');
"""


class WordPressBench:
    """`site` runs release OLD; `release()` makes NEW with more files; `load()` fills the shadow of the options."""

    def __init__(self):
        self.server = Server().start()
        os.chmod(self.server.folder, 0o755)
        self.root = Path(os.path.realpath(tempfile.mkdtemp(prefix="belay-wp-")))
        access = {"schema": "shop", "user": "shop", "password": "it's secret", "socket": self.server.socket}
        self.server.sql("CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE USER shop@localhost IDENTIFIED BY 'it''s secret'; GRANT ALL ON shop.* TO shop@localhost")
        self.old = self.root / "releases" / OLD
        subprocess.run(["cp", "-aL", f"{WORDPRESS}/.", str(self._made(self.old))], check=True)
        for name in ("wp-config.php", "wp-content/uploads"):
            subprocess.run(["rm", "-rf", str(self.old / name)], check=True)
        self._made(self.root / "shared" / "wp-content" / "uploads")
        (self.root / "shared" / "wp-config.php").write_text(CONFIG % {**access, "password": "it\\'s secret"})
        self.write(self.old, {f"wp-content/themes/lab/{name}": text for name, text in THEME.items()})
        self._shared(self.old)
        (self.root / "current").symlink_to(f"releases/{OLD}")
        self.site = Site(str(self.root), "http://shop.test", "shop", "wp_", os.getuid(), os.getgid(), Credentials("localhost", 3306, access["socket"], "shop", "shop", access["password"]))
        self.php(INSTALL, str(self.old))
        with Session(self.site) as session:
            prepare.prepare(self.site, session, HOLD_PHP, lambda path: {})

    def close(self):
        self.server.stop()
        shutil.rmtree(self.root)

    def release(self, files=None, without=()):
        """A release NEW: the old one with these files, and without those."""
        new = self.root / "releases" / NEW
        shutil.rmtree(new, ignore_errors=True)
        subprocess.run(["cp", "-al", str(self.old), str(new)], check=True)
        for path in without:
            subprocess.run(["rm", "-rf", str(new / path)], check=True)
        self.write(new, files or {})
        return str(new)

    def load(self, **options):
        """The shadow of the options, as a promotion of these rows fills it (values are text; None removes a row)."""
        with Session(self.site) as session:
            promote.load(self.site, session, promote.Promotion("op", NEW, [], list(options), {name: _row(name, value) for name, value in options.items()}, None))

    def own(self):
        """Gives everything to a user without rights, as a site belongs to its own user."""
        subprocess.run(["chown", "-hR", "nobody:", str(self.root)], check=True)

    def sql(self, text):
        return self.server.sql(text, "shop")

    def own_tables(self):
        """Names of Belay's tables and views, without their common beginning."""
        stem = names.release_table(self.site)[: -len("release")]
        return sorted(name[len(stem):] for (name,) in self.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()") if name.startswith(stem))

    def php(self, program, *arguments):
        done = subprocess.run(["php", "-d", "display_errors=stderr", "-r", program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr + done.stdout)
        return done.stdout

    @staticmethod
    def write(tree, files):
        for name, text in files.items():
            path = Path(tree) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_text(text)

    def digest(self):
        """Every row of the site's tables, and every file outside of `.belay`: what a trial must not touch."""
        tables = [name for (name,) in self.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'wp\\_%'")]
        rows = {name: self.sql(f"SELECT * FROM {name}") for name in tables}
        files = {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in self.root.rglob("*") if path.is_file() and ".belay" not in path.parts}
        return json.dumps(rows, sort_keys=True), files

    def _shared(self, tree):
        for name in ("wp-config.php", "wp-content/uploads"):
            (tree / name).symlink_to("../" * (name.count("/") + 2) + "shared/" + name)

    @staticmethod
    def _made(path):
        path.mkdir(parents=True)
        return path


def _row(name, value):
    return None if value is None else {"option_name": name.encode(), "option_value": value.encode(), "autoload": b"yes"}


