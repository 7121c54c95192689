"""A small environment for the tests of the switch: a database, the host layout in a temporary folder, a prepared hold."""
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from belay.hold import prepare
from belay.host.journal import Journal
from belay.database.mysql import Session
from belay.switch.promote import Measures
from belay.host.site import Credentials, Site

from . import mariadb

OLD, NEW, NEWER = "a" * 12, "b" * 12, "c" * 12
HOLD_PHP = (Path(__file__).parents[1] / "roles" / "host_prepare" / "files" / "hold.php").read_text()
INDEX = "<?php echo basename(__DIR__);"
OPTIONS_DDL = """CREATE TABLE wp_options (option_id bigint unsigned NOT NULL auto_increment, option_name varchar(191) NOT NULL default '',
 option_value longtext NOT NULL, autoload varchar(20) NOT NULL default 'yes', PRIMARY KEY (option_id), UNIQUE KEY option_name (option_name))
 ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci"""


class Bench:
    def __init__(self):
        self.server = mariadb.Server().start()
        self.root = Path(os.path.realpath(tempfile.mkdtemp(prefix="belay-site-")))
        self.count = 0

    def close(self):
        self.server.stop()
        shutil.rmtree(self.root)

    def fresh(self):
        """A prepared site on release OLD with a few options and the table `wp_things`; returns the Site."""
        shutil.rmtree(self.root)
        for release in (OLD, NEW, NEWER):
            (self.root / "releases" / release).mkdir(parents=True)
            (self.root / "releases" / release / "index.php").write_text(INDEX)
        (self.root / "current").symlink_to(f"releases/{OLD}")
        self.count += 1
        database = f"site{self.count}"
        self.server.sql(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
        self.server.sql(OPTIONS_DDL, database)
        self.server.sql(
            "INSERT INTO wp_options (option_name, option_value) VALUES ('blogname', 'Shop'), ('theme', 'old'), ('visits', '1'), ('gone', 'x'), ('rewrite_rules', 'r');"
            "CREATE TABLE wp_things (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(50)) ENGINE=InnoDB; INSERT INTO wp_things VALUES (1, 'one'), (2, 'two')",
            database,
        )
        credentials = Credentials("localhost", 3306, self.server.socket, "root", database, "")
        site = Site(str(self.root), "http://shop.test", database, "wp_", os.getuid(), os.getgid(), credentials)
        with Session(site) as session:
            prepare.prepare(site, session, HOLD_PHP, lambda path: {"index.php": hashlib.sha256(INDEX.encode()).hexdigest()})
        return site

    def rows(self, site, sql):
        return self.server.sql(sql, site.database)

    def options(self, site, table="wp_options"):
        return {name: value for name, value in self.rows(site, f"SELECT option_name, option_value FROM {table}")}

    def tables(self, site):
        return {row[0] for row in self.rows(site, "SHOW TABLES")}


def measure_table(session, full, _table):
    """Enough of a fingerprint to count rows that differ."""
    rows = {row[0].decode(): row[1].decode() for row in session.query(f"SELECT id, word FROM `{full}`")}
    return {"parts": {"config": {"rows": len(rows), "digest": repr(sorted(rows.items())), "row_hashes": rows}}}


def measure_options(session, full, names):
    found = {row[0].decode(): row[1].decode() for row in session.query(f"SELECT option_name, option_value FROM `{full}`")}
    return {name: {"class": "config", "hash": found[name]} for name in names if name in found}


MEASURES = Measures(measure_table, measure_options)


def journal(site, operation):
    return Journal(site, operation)
