"""Opening an environment: its layout, its wp-config.php read by PHP, what is refused; its journal and its lock."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock
from pathlib import Path

from belay.host import site as sites
from belay.errors import BelayError
from belay.host.hostlock import host_lock
from belay.host.journal import Journal
from belay.host.site import Site, split_host

UTILS = Path(__file__).parents[1] / "module_utils"
CONFIG = r"""<?php
/** wp-config.php; it also says: require wp-settings.php */
define( 'DB_NAME', 'app' ); define('DB_USER', 'app_user');
define('DB_PASSWORD', getenv('NO_SUCH_VARIABLE') ?: "p'\"\\\x24 é");
define('DB_HOST', 'db.example:3307');
$table_prefix = 'wp_';
require_once __DIR__ . '/salts.php';
if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
require_once ABSPATH . 'wp-settings.php';
echo 'never shown';
"""
OTHER = "11111111-2222-4333-8444-555555555555"
HELD = """
import sys; sys.path.insert(0, sys.argv[1])
from types import SimpleNamespace
from belay.host.hostlock import host_lock
with host_lock(SimpleNamespace(belay=sys.argv[2]), sys.argv[3]):
    print("held", flush=True)
    sys.stdin.read()
"""


class SiteTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belay-site-")
        self.addCleanup(shutil.rmtree, self.root)
        # Tests may run as root, and their folders are then root's.
        self.patch = mock.patch.object(sites, "ROOT_UID", -1)
        self.patch.start()
        self.addCleanup(mock.patch.stopall)
        os.makedirs(os.path.join(self.root, "releases/0123456789ab"))
        os.symlink("releases/0123456789ab", os.path.join(self.root, "current"))
        self.write("shared/wp-config.php", CONFIG)
        self.write("shared/salts.php", "<?php define('AUTH_KEY', 'x');")

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(text)

    def open(self, **changes):
        return Site.open(**{"root": self.root, "url": "http://x.example", "database": "app", "prefix": "wp_", **changes})

    def refused(self, **changes):
        with self.assertRaises(BelayError) as caught:
            self.open(**changes)
        return caught.exception

    def test_wordpress_is_not_started_however_the_last_line_ends(self):
        self.write("releases/0123456789ab/wp-settings.php", "<?php touch(__DIR__ . '/started');")
        ends = ("wp-settings.php';", "wp-settings.php' ?>", "wp-settings.php' ?>\n<?php define('X', 1);", "wp-settings.php'")
        for end in ends:
            with self.subTest(end):
                self.write("shared/wp-config.php", CONFIG.split("wp-settings.php';")[0] + end)
                self.assertEqual(self.open().credentials.user, "app_user")
                self.assertFalse(os.path.exists(os.path.join(self.root, "releases/0123456789ab/started")))

    def test_credentials_are_read_as_php_reads_them(self):
        access = self.open().credentials
        self.assertEqual((access.host, access.port, access.user, access.schema, access.password), ("db.example", 3307, "app_user", "app", "p'\"\\$ é"))
        self.assertNotIn("é", repr(self.open()))

    def test_the_active_release(self):
        self.assertEqual(self.open().active_release(), "0123456789ab")
        self.assertEqual(self.open().tree, os.path.join(self.root, "releases/0123456789ab"))

    def test_layouts_that_are_not_belays(self):
        for target in ("elsewhere", "releases/other", "../x", "releases/aaaaaaaaaaaa"):
            os.unlink(os.path.join(self.root, "current"))
            os.symlink(target, os.path.join(self.root, "current"))
            self.assertEqual(self.refused().code, "SITE_LAYOUT", target)
        os.unlink(os.path.join(self.root, "current"))
        self.assertIn("`current` is not there", self.refused().message)
        self.open(initial=True)
        shutil.rmtree(os.path.join(self.root, "shared"))
        self.assertIn("`shared`", self.refused().message)
        self.assertEqual(self.refused(root=self.root + "/none").code, "SITE_LAYOUT")

    def test_a_configuration_that_says_something_else(self):
        error = self.refused(prefix="xyz_")
        self.assertEqual((error.code, error.message), ("SITE_MISMATCH", "The configured prefix is `xyz_`, but shared/wp-config.php says `wp_`."))
        self.assertIn("database.name", self.refused(database="other").remedy)

    def test_configurations_that_cannot_be_used(self):
        for text, code in (
            ("<?php define('DB_NAME', 'app');", "SITE_CONFIG"), ("<?php syntax error", "SITE_CONFIG"), ("<?php exit(1);", "SITE_CONFIG"),
            (CONFIG.replace("$table_prefix", "define('MULTISITE', true); $table_prefix"), "MULTISITE_UNSUPPORTED"),
        ):
            self.write("shared/wp-config.php", text)
            self.assertEqual(self.refused().code, code, text)
        self.write("shared/wp-config.php", CONFIG.replace("$table_prefix", "define('MULTISITE', false); $table_prefix"))
        self.open()

    @unittest.skipUnless(os.geteuid() == 0, "only root's folders belong to root")
    def test_a_site_of_root_is_refused(self):
        self.patch.stop()
        self.assertEqual(self.refused().code, "SITE_OWNER")

    def test_prefixes_that_cannot_be(self):
        for prefix in ("", "belay_", "belay_x_", "a`b", "a-b"):
            self.assertEqual(self.refused(prefix=prefix).code, "PREFIX_INVALID", prefix)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_root_becomes_the_owner(self):
        for folder, _, names in os.walk(self.root):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                os.lchown(path, 65534, 65534)
        code = (
            "import sys, os; sys.path.insert(0, sys.argv[1])\nfrom belay.host.site import Site\n"
            "Site.open(sys.argv[2], 'http://x', 'app', 'wp_'); print(os.getresuid(), os.getgid(), os.getgroups() in ([], [65534]))"
        )
        told = subprocess.run([sys.executable, "-c", code, str(UTILS), self.root], stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(told, b"(65534, 65534, 65534) 65534 True\n")

    def test_hosts_as_wordpress_reads_them(self):
        for text, expected in (
            ("localhost", ("localhost", 3306, "")), ("db:3307", ("db", 3307, "")), ("localhost:/run/x.sock", ("localhost", 3306, "/run/x.sock")), (":/run/x.sock", ("localhost", 3306, "/run/x.sock")),
            ("db:3307:/run/x.sock", ("db", 3307, "/run/x.sock")), ("[::1]:3307", ("[::1]", 3307, "")), ("::1", ("[::1]", 3306, "")), ("127.0.0.1", ("127.0.0.1", 3306, "")),
        ):
            self.assertEqual(split_host(text), expected, text)

    def test_the_journal_survives_a_torn_line(self):
        journal = Journal(self.open(), OTHER)
        self.assertEqual((journal.steps(), journal.last("x")), ([], None))
        journal.append("one", n=1)
        with open(journal.path, "ab") as file:
            file.write(b'{"step": "to')
        again = Journal(self.open(), OTHER)
        again.append("one", n=2)
        again.append("two", text="é\n")
        self.assertEqual([(entry["step"], entry.get("n")) for entry in again.steps()], [("one", 1), ("one", 2), ("two", None)])
        self.assertEqual((again.last("one")["n"], again.last("two")["text"]), (2, "é\n"))
        with self.assertRaises(BelayError):
            Journal(self.open(), "../escape")

    def test_another_operation_is_refused_and_its_name_told(self):
        site = self.open()
        with subprocess.Popen([sys.executable, "-c", HELD, str(UTILS), site.belay, "the-other"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            self.assertEqual(other.stdout.readline(), b"held\n")
            with self.assertRaises(BelayError) as caught, host_lock(site, OTHER):
                pass
            self.assertEqual(caught.exception.code, "HOST_BUSY")
            self.assertIn("the-other", caught.exception.message)
            with self.assertRaises(BelayError), host_lock(site, "the-other", wait_s=0):
                pass
            other.kill()
        with host_lock(site, OTHER):
            pass


if __name__ == "__main__":
    unittest.main()
