"""Debian's WordPress as a site of Belay's, installed, with plugins of the test's own."""
import json
import os
import shutil
import subprocess
from pathlib import Path

from belay.bundle.unpack import store_manifest
from belay.hold import prepare
from belay.host.site import Credentials, Site
from belay.database.mysql import Session

from .switchbench import HOLD_PHP, OLD

SOURCE = "/usr/share/wordpress"
INSTALL = """
define('WP_INSTALLING', true);
function wp_new_blog_notification() {}
function wp_mail() { return true; }
require 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Test', 'admin', 'admin@shop.example', true, '', 'a-password');
update_option('siteurl', 'http://shop.test');
update_option('home', 'http://shop.test');
"""


def make(server, root: Path, database: str) -> Site:
    """An installed WordPress on release OLD, prepared for Belay."""
    tree = root / "releases" / OLD
    shutil.copytree(SOURCE, tree, ignore=shutil.ignore_patterns("wp-content"))
    (tree / "wp-content" / "plugins").mkdir(parents=True)
    (tree / "wp-content" / "themes").mkdir()
    (root / "shared").mkdir()
    (root / "current").symlink_to(f"releases/{OLD}")
    values = {"DB_NAME": database, "DB_USER": "root", "DB_PASSWORD": "", "DB_HOST": f"localhost:{server.socket}", "DB_CHARSET": "utf8mb4", "WP_HTTP_BLOCK_EXTERNAL": True}
    lines = "".join(f"define('{name}', {json.dumps(value)});\n" for name, value in values.items())
    end = "if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');\nrequire_once ABSPATH . 'wp-settings.php';\n"
    (tree / "wp-config.php").write_text(f"<?php\n{lines}$table_prefix = 'wp_';\n{end}")
    server.sql(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    run(tree, INSTALL)
    site = Site(str(root), "http://shop.test", database, "wp_", os.getuid(), os.getgid(), Credentials("localhost", 3306, server.socket, "root", database, ""))
    with Session(site) as session:
        prepare.prepare(site, session, HOLD_PHP, lambda path: {})
    return site


def run(tree, code: str) -> str:
    done = subprocess.run(["php", "-d", "display_errors=stderr", "-r", code], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise RuntimeError((done.stderr + done.stdout).decode())
    return done.stdout.decode()


def plugin(site: Site, name: str, code: str) -> str:
    """Writes a plugin; its name as WordPress has it."""
    folder = Path(site.tree, "wp-content", "plugins", name)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.php").write_text(f"<?php\n/*\nPlugin Name: {name}\n*/\n{code}")
    return f"{name}/{name}.php"


def record_manifest(site: Site, **told) -> None:
    store_manifest(site, site.active_release(), {"code": {}, **told})
