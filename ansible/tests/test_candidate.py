"""A candidate on a scratch view, with real WordPress: what stops it, and that nothing of it reaches anything."""
import http.server
import os
import re
import threading
import unittest
from unittest import mock

from belay.candidate import candidate, sandbox, scratch, trial
from belay.candidate.candidate import Asked, answers, clean
from belay.database import names
from belay.database.mysql import Session
from belay.errors import BelayError
from tests.wordpressbench import WordPressBench

BENCH = None
PLUGIN = "wp-content/mu-plugins/lab.php"
#: Tries to reach everything that a plugin can reach by accident, in WordPress's ways and past them; says what it got.
REACHES = r"""<?php
function lab_try($what, $got) { $GLOBALS['lab'][] = "$what=" . ($got !== false && $got !== null && !is_wp_error($got) ? 'DONE' : 'refused'); }
function lab_own($query, $host, $socket) {
    try {
        $own = @new mysqli($host, DB_USER, "it's secret", DB_NAME, 3306, $socket);
        return $own->query($query);
    } catch (Throwable $error) {
        return false;
    }
}
add_action('init', function () {
    global $wpdb;
    $wpdb->suppress_errors();
    lab_try('insert', $wpdb->insert($wpdb->posts, ['post_title' => 'sneaked in']));
    lab_try('meta', add_post_meta(1, 'sneaked', 'in'));
    lab_try('option', add_option('sneaked', 'in'));
    lab_try('live', $wpdb->query("UPDATE wp_posts SET post_title = 'sneaked in'"));
    lab_try('ddl', $wpdb->query("ALTER TABLE wp_posts ADD sneaked INT"));
    lab_try('create', $wpdb->query("CREATE TABLE wp_sneaked (id INT)"));
    lab_try('shadow', $wpdb->query("DELETE FROM SHADOW"));
    lab_try('set', $wpdb->query("SET SESSION TRANSACTION READ WRITE"));
    lab_try('set2', $wpdb->query("SET @@session.tx_read_only = 0"));
    lab_try('set3', $wpdb->query("set /* quietly */ session transaction_read_only = OFF"));
    lab_try('start', $wpdb->query("START TRANSACTION READ WRITE"));
    lab_try('hidden', $wpdb->query("/*!SET SESSION TRANSACTION READ WRITE */"));
    lab_try('begun', $wpdb->query("START TRANSACTION") !== false && $wpdb->query("UPDATE wp_posts SET post_title = 'x'"));
    $wpdb->query('COMMIT');
    lab_try('past', mysqli_query($wpdb->dbh, "UPDATE wp_posts SET post_title = 'sneaked in'"));
    mysqli_report(MYSQLI_REPORT_OFF);
    [$host, $socket] = explode(':', DB_HOST);
    lab_try('second', @mysqli_connect($host, DB_USER, DB_PASSWORD, DB_NAME, 3306, $socket));
    lab_try('password', $wpdb->dbpassword ?: false);
    lab_try('own', lab_own("UPDATE wp_posts SET post_title = 'sneaked in'", $host, $socket));
    lab_try('event', wp_schedule_event(time(), 'hourly', 'sneaked'));
    lab_try('mail', wp_mail('a@shop.test', 'sneaked', 'out'));
    lab_try('php mail', mail('a@shop.test', 'sneaked', 'out'));
    lab_try('mb mail', mb_send_mail('a@shop.test', 'sneaked', 'out'));
    lab_try('error mail', @error_log('sneaked out', 1, 'a@shop.test'));
    lab_try('request', wp_remote_get('PLACE'));
    lab_try('curl', curl_exec(curl_init('PLACE')));
    lab_try('stream', @file_get_contents('PLACE'));
    lab_try('socket', @fsockopen('127.0.0.1', parse_url('PLACE', PHP_URL_PORT)));
    lab_try('program', @exec('touch UPLOADS/sneaked'));
    lab_try('rights', @chmod('UPLOADS/kept.txt', 0600));
    lab_try('file', @file_put_contents('UPLOADS/sneaked', 'in'));
    lab_try('remove', @unlink('UPLOADS/kept.txt'));
    lab_try('time', @touch('UPLOADS/kept.txt', 1000000000));
    lab_try('code', @file_put_contents(ABSPATH . 'sneaked.php', 'in'));
    lab_try('lock', $wpdb->query("LOCK TABLES wp_posts WRITE"));
    spawn_cron();
});
add_action('wp_footer', function () { echo '<p>tried: ' . implode(' ', $GLOBALS['lab']) . '</p>'; });
"""
#: As drop-ins for many databases do: what is written here is all that they need, and they write before any plugin starts.
DROP_IN = r"""<?php
define('LAB_DROP_IN', true);
$lab = new mysqli('localhost', 'shop', "it's secret", 'shop', 0, 'SOCKET');
$lab->query("INSERT INTO wp_posts (post_content, post_excerpt, post_title, to_ping, pinged, post_content_filtered) VALUES ('written by the drop-in', '', '', '', '', '')");
class Lab_Database extends wpdb {}
$wpdb = new Lab_Database('shop', "it's secret", 'shop', DB_HOST);
"""
FATAL = "<?php add_action('wp_loaded', fn() => lab_is_not_there());"
LATE = "<?php register_shutdown_function(fn() => lab_is_not_there());"
ROLES = "<?php add_action('init', fn() => get_role('administrator')->add_cap('climb'));"


def setUpModule():
    global BENCH
    BENCH = WordPressBench()


def tearDownModule():
    BENCH.close()


class Listener(http.server.BaseHTTPRequestHandler):
    heard: list = []

    def do_GET(self):  # noqa: N802  (the library's name)
        self.heard.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"heard")

    def log_message(self, *_):
        pass


class CandidateTest(unittest.TestCase):
    def setUp(self):
        BENCH.load(lab_version="two")
        self.addCleanup(lambda: self.assertEqual(self.scratch(), []))
        self.addCleanup(lambda: self.assertFalse(os.path.exists(trial.folder_of(BENCH.site))))

    def scratch(self):
        return [name for name in BENCH.own_tables() if name.startswith(("c_", "m_"))]

    def answers(self, tree, *checks, promoted=()):
        with Session(BENCH.site) as session:
            return answers(BENCH.site, session, Asked(tree, list(promoted), list(checks)), {})

    def unhealthy(self, tree, *checks):
        with self.assertRaises(BelayError) as caught:
            self.answers(tree, *checks)
        self.assertEqual(caught.exception.code, "CANDIDATE_UNHEALTHY")
        return caught.exception.message

    def test_the_promoted_options_and_the_protected_tables_are_shown(self):
        tree = BENCH.release()
        before = BENCH.digest()
        facts = self.answers(tree, {"path": "/", "contains": "Shop on two with 1 posts"}, {"kind": "login", "within_s": 9}, {"kind": "rest", "within_s": 9}, {"path": "/?p=999", "status": 404})
        self.assertEqual([result["ok"] for result in facts["health"]], [True] * 5, facts)
        self.assertEqual((facts["theme"], facts["hidden_tables"], facts["missing_plugins"]), ("lab", [], []))
        self.assertEqual(BENCH.digest(), before)

    def test_what_a_release_brings_is_shown_instead_of_what_is_live(self):
        BENCH.sql("CREATE TABLE IF NOT EXISTS wp_things (word VARCHAR(9)); DELETE FROM wp_things; INSERT INTO wp_things VALUES ('live')")
        shadow = names.shadow(BENCH.site, "things")
        BENCH.sql(f"CREATE TABLE {shadow} (word VARCHAR(9)); INSERT INTO {shadow} VALUES ('brought')")
        tree = BENCH.release({PLUGIN: "<?php add_action('wp_footer', function () { global $wpdb; echo 'word ' . $wpdb->get_var(\"SELECT word FROM {$wpdb->prefix}things\"); });"})
        self.answers(tree, {"path": "/", "contains": "word brought"}, promoted=["things"])
        self.assertIn("'word brought' is missing", self.unhealthy(tree, {"path": "/", "contains": "word brought"}))

    def test_what_cannot_be_seen_by_visitors(self):
        self.assertIn("lab_is_not_there", self.unhealthy(BENCH.release({PLUGIN: FATAL})))
        self.assertIn("lab_is_not_there", self.unhealthy(BENCH.release({PLUGIN: LATE})))
        self.assertIn("Parse error", self.unhealthy(BENCH.release({PLUGIN: "<?php if ("})))
        self.assertIn("empty body", self.unhealthy(BENCH.release({"wp-content/themes/lab/index.php": "<?php"})))
        self.assertIn("answered 503", self.unhealthy(BENCH.release({PLUGIN: "<?php http_response_code(503); exit('gone');"})))

    def test_a_missing_theme(self):
        message = self.unhealthy(BENCH.release(without=["wp-content/themes/lab"]))
        self.assertIn("The theme directory", message)
        self.assertIn("empty body", message)

    def test_a_site_that_sends_visitors_to_the_door(self):
        tree = BENCH.release({PLUGIN: "<?php add_action('init', function () { if (!is_login_page()) { wp_redirect('http://shop.test/door/'); exit; } }); function is_login_page() { return strpos($_SERVER['SCRIPT_NAME'], 'wp-login') !== false; } define('SALT', BELAY_SWITCH);"})
        facts = self.answers(tree, {"path": "/", "status": 302}, {"kind": "login", "within_s": 9})
        self.assertEqual([result["ok"] for result in facts["health"]], [True] * 3, facts)

    def test_a_role_is_found_under_the_sites_own_prefix(self):
        self.assertTrue(self.answers(BENCH.release({PLUGIN: ROLES}))["health"][0]["ok"])

    def test_nothing_that_it_tries_reaches_anything(self):
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        uploads = BENCH.root / "shared" / "wp-content" / "uploads"
        (uploads / "kept.txt").write_text("kept")
        reaches = REACHES.replace("PLACE", f"http://127.0.0.1:{web.server_port}/").replace("UPLOADS", str(uploads)).replace("SHADOW", names.shadow(BENCH.site, "options"))
        tree = BENCH.release({PLUGIN: reaches})
        before, shadow = BENCH.digest(), BENCH.sql(f"SELECT * FROM {names.shadow(BENCH.site, 'options')}")
        message = self.unhealthy(tree, {"path": "/", "contains": "DONE"})
        self.assertIn("'DONE' is missing", message)
        self.answers(tree, {"path": "/", "contains": "tried: insert=refused"})
        self.assertEqual(Listener.heard, [])
        self.assertEqual(BENCH.sql(f"SELECT * FROM {names.shadow(BENCH.site, 'options')}"), shadow)
        self.assertEqual(BENCH.digest(), before)

    def test_without_the_view_the_same_plugin_reaches_everything(self):
        """So that the test above can fail. Last of all: it leaves the site in pieces."""
        reaches = REACHES.replace("PLACE", "data:,x").replace("UPLOADS", str(BENCH.root / "shared" / "wp-content" / "uploads"))
        reaches = reaches.replace("SHADOW", names.shadow(BENCH.site, "options"))
        tree = BENCH.release({PLUGIN: reaches})
        said = BENCH.php("$_SERVER['HTTP_HOST'] = 'shop.test'; chdir($argv[1]); require 'wp-load.php'; echo implode(' ', $lab);", tree)
        for what in ("insert", "meta", "option", "live", "ddl", "create", "shadow", "set", "set2", "start", "hidden", "begun", "lock", "past", "second", "own", "password", "event", "program", "rights", "time", "file", "remove", "code"):
            self.assertIn(f"{what}=DONE", said)

    def test_without_the_kernels_help_php_still_keeps_it_in(self):
        uploads = BENCH.root / "shared" / "wp-content" / "uploads"
        reaches = REACHES.replace("PLACE", "http://127.0.0.1:9/").replace("UPLOADS", str(uploads)).replace("SHADOW", names.shadow(BENCH.site, "options"))
        upload = "<?php add_action('wp_footer', function () { echo 'uploaded to ' . (wp_upload_bits('a.txt', null, 'a')['error'] ?: wp_upload_dir()['basedir']); });"
        tree = BENCH.release({PLUGIN: re.sub(r"(?m)^.*'(file|time|remove|code)'.*$", "", reaches), PLUGIN.replace("lab", "up"): upload})
        php = BENCH.root / "php"
        php.mkdir()
        (php / "mail.ini").write_text(f'sendmail_path = "touch {uploads}/mailed"\n')
        before = BENCH.digest()
        mails = mock.patch.dict(os.environ, {"PHP_INI_SCAN_DIR": f":{php}"})
        with mails, mock.patch.object(sandbox, "version", lambda: 0), mock.patch.object(trial, "version", lambda: 0), mock.patch.object(candidate, "version", lambda: 0):
            self.assertIn("'DONE' is missing", self.unhealthy(tree, {"path": "/", "contains": "DONE"}))
            facts = self.answers(tree, {"path": "/", "contains": f"uploaded to {BENCH.site.belay}/candidate/uploads"})
        self.assertEqual((facts["sandbox"], BENCH.digest() == before), ("php", True))

    def test_a_database_drop_in_with_connections_of_its_own_is_left_out(self):
        drop_in = DROP_IN.replace("SOCKET", BENCH.server.socket)
        asks = "<?php add_action('wp_footer', function () { global $wpdb; echo 'class ', get_class($wpdb), ' first ', defined('LAB_DROP_IN') ? 'there' : 'left out'; });"
        tree = BENCH.release({"wp-content/db.php": drop_in, PLUGIN: asks})
        before = BENCH.digest()
        facts = self.answers(tree, {"path": "/", "contains": "class Belay_Trial_Database first left out"}, {"kind": "login", "within_s": 9})
        self.assertEqual((facts["left_out"], [result["ok"] for result in facts["health"]]), (["wp-content/db.php"], [True] * 3))
        self.assertEqual(BENCH.digest(), before)
        BENCH.php("$_SERVER['HTTP_HOST'] = 'shop.test'; chdir($argv[1]); require 'wp-load.php';", tree)
        self.assertEqual(BENCH.sql("SELECT COUNT(*) FROM wp_posts WHERE post_content = 'written by the drop-in'"), [["1"]])
        BENCH.sql("DELETE FROM wp_posts WHERE post_content = 'written by the drop-in'")

    def test_a_connection_that_was_lost_is_made_again_and_reads_only(self):
        asks = "<?php add_action('wp_footer', function () { global $wpdb; @mysqli_query($wpdb->dbh, 'KILL CONNECTION_ID()'); $wpdb->suppress_errors();"
        asks += " echo 'again ', $wpdb->get_var('SELECT 1'), ' writes ', json_encode($wpdb->query(\"UPDATE $wpdb->posts SET post_title = 'x'\")); });"
        self.answers(BENCH.release({PLUGIN: asks}), {"path": "/", "contains": "again 1 writes false"})

    def test_a_site_that_debugs_into_a_file_hides_no_fatal_error(self):
        config = BENCH.root / "shared" / "wp-config.php"
        before = config.read_text()
        self.addCleanup(config.write_text, before)
        config.write_text(before.replace("define('WP_DEBUG', false)", "define('WP_DEBUG', true); define('WP_DEBUG_LOG', true)"))
        self.assertIn("lab_is_not_there", self.unhealthy(BENCH.release({PLUGIN: LATE})))

    def test_what_connects_by_itself_is_not_loaded(self):
        """The extension `ftp` stands for all that are left out; its test is that PHP has it otherwise."""
        self.assertEqual(BENCH.php("echo json_encode(extension_loaded('ftp'));"), "true")
        asks = "<?php add_action('wp_footer', function () { echo 'ftp ', json_encode(extension_loaded('ftp')), ' curl ', json_encode(extension_loaded('curl')); });"
        self.answers(BENCH.release({PLUGIN: asks}), {"path": "/", "contains": "ftp false curl true"})

    def test_no_other_way_leads_to_the_database_of_visitors(self):
        self.assertEqual(BENCH.php("echo json_encode(extension_loaded('pdo_mysql'));"), "true")
        asks = """<?php add_action('wp_footer', function () {
            try {
                $socket = explode(':', DB_HOST . ':')[1];
                $pdo = new PDO("mysql:unix_socket=$socket;dbname=" . DB_NAME, DB_USER, DB_PASSWORD);
                $pdo->exec("UPDATE {$GLOBALS['wpdb']->posts} SET post_title = 'x'");
                echo 'pdo connected';
            } catch (PDOException $error) {
                echo 'pdo refused: ', $error->getMessage();
            }
        });"""
        self.answers(BENCH.release({PLUGIN: asks}), {"path": "/", "contains": "pdo refused: could not find driver"})

    def test_what_a_killed_trial_left_is_removed(self):
        with Session(BENCH.site) as session:
            found = scratch.scene(BENCH.site, session, [])
            scratch.copy(BENCH.site, session, found)
            scratch.show(BENCH.site, session, found, {})
            os.makedirs(trial.folder_of(BENCH.site))
            self.assertIn("c_posts", self.scratch())
            self.assertIn("m_posts", self.scratch())
            clean(BENCH.site, session)

    def test_a_user_that_may_make_no_views(self):
        BENCH.server.sql("REVOKE CREATE VIEW ON shop.* FROM shop@localhost")
        self.addCleanup(BENCH.server.sql, "GRANT ALL ON shop.* TO shop@localhost")
        with self.assertRaises(BelayError) as caught:
            self.answers(BENCH.release())
        self.assertEqual(caught.exception.code, "RIGHTS_MISSING")


if __name__ == "__main__":
    unittest.main()
