"""The switch and its way back, on a real database server."""
import fcntl
import os
import subprocess
import unittest
import uuid
from unittest import mock

from belay.database import names

from belay.hold import commit_point, recovery

from belay.switch import late_rows, leftovers, measures, promote, recheck, rollback

from belay.wordpress import object_cache
from belay.switch import switch as engine
from belay.errors import BelayError
from belay.hold.guard import Guard
from belay.hold.hold import Hold, Version
from belay.host.journal import Journal
from belay.database.mysql import LostConnection, Session

from .switchbench import MEASURES, NEW, NEWER, OLD, Bench

NOTHING = recheck.Expected({}, {}, frozenset(), lambda session, table: {}, lambda session, found: {})


def fill(session, table, shadow, number):
    session.execute(f"CREATE TABLE `{shadow}` (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(50)) ENGINE=InnoDB")
    session.execute(f"INSERT INTO `{shadow}` VALUES (1, 'uno'), (7, 'siete')")
    return 2


def promotion(release=NEW, tables=("things", "extra"), rows=None):
    rows = {"theme": {"option_name": b"theme", "option_value": b"new", "autoload": b"yes"}, "added": {"option_name": b"added", "option_value": b"1", "autoload": b"no"}} if rows is None else rows
    return promote.Promotion(str(uuid.uuid4()), release, list(tables), list(rows), rows, fill)


class SwitchCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = Bench()
        cls.addClassCleanup(cls.bench.close)

    def setUp(self):
        self.site = self.bench.fresh()
        self.sql = lambda text: self.bench.rows(self.site, text)
        self.hold = Hold(os.path.join(self.site.belay, "hold"))

    def host(self, operation):
        context = recovery.host_for(self.site, Journal(self.site, operation), lambda: Session(self.site))
        host = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return host

    def promote(self, wanted, between=None, expected=NOTHING, looks=MEASURES):
        host = self.host(wanted.operation)
        point, _ = recovery.recover(host)
        with host.open_session() as session:
            promote.load(self.site, session, wanted)
        if between:
            between()
        return promote.activate(host, point, wanted, expected, looks, 0.3)

    def active(self):
        with Session(self.site) as session:
            return commit_point.read(session, names.release_table(self.site)).version

    def assert_on(self, release):
        self.assertEqual(self.active().release, release)
        self.assertEqual(self.hold.state().certain, self.active())
        self.assertEqual(os.readlink(self.site.current), f"releases/{release}")


class Promote(SwitchCase):
    def test_everything_changes_at_once(self):
        figures, promoted = self.promote(promotion())
        self.assert_on(NEW)
        self.assertEqual(self.sql("SELECT word FROM wp_things"), [["uno"], ["siete"]])
        self.assertEqual(self.sql("SELECT COUNT(*) FROM wp_extra"), [["2"]])
        self.assertEqual(self.bench.options(self.site), {"blogname": "Shop", "theme": "new", "visits": "1", "gone": "x", "added": "1"})
        self.assertEqual((figures["attempts"], figures["tables"], figures["merged_rows"]), (1, 3, 0))
        self.assertEqual(promoted["options"]["theme"]["hash"], "new")

    def test_visitors_do_not_get_files_that_only_the_memory_has(self):
        with mock.patch("belay.switch.promote.write_out", side_effect=OSError) as written, self.assertRaises(OSError):
            self.promote(promotion())
        self.assertEqual(written.call_args.args, (self.site.releases,))
        self.assert_on(OLD)

    def test_late_rows_are_carried_over_and_promoted_rows_are_not(self):
        late = (
            "UPDATE wp_options SET option_value = '2' WHERE option_name = 'visits'; DELETE FROM wp_options WHERE option_name = 'gone';"
            "INSERT INTO wp_options (option_name, option_value) VALUES ('fresh', 'f'); UPDATE wp_options SET option_name = 'BlogName', option_value = 'SHOP' WHERE option_name = 'blogname';"
            "UPDATE wp_options SET option_value = 'mine' WHERE option_name = 'theme'; UPDATE wp_options SET option_value = 'later' WHERE option_name = 'rewrite_rules'"
        )
        self.promote(promotion(), lambda: self.sql(late))
        self.assertEqual(self.bench.options(self.site), {"BlogName": "SHOP", "theme": "new", "visits": "2", "added": "1", "fresh": "f"})

    def test_a_row_deleted_between_two_attempts_does_not_come_back(self):
        wanted = promotion()
        with Session(self.site) as session:
            promote.load(self.site, session, wanted)
            options = promote.options_of(self.site, session)
            self.sql("INSERT INTO wp_options (option_name, option_value) VALUES ('brief', 'b')")
            self.assertEqual(late_rows.merge(session, options, set()), 1)
            self.sql("DELETE FROM wp_options WHERE option_name = 'brief'")
            late_rows.merge(session, options, set())
            self.assertEqual(late_rows.changed_names(session, options), set())
        self.assertNotIn("brief", self.bench.options(self.site, names.shadow(self.site, "options")))

    def test_values_are_compared_in_binary(self):
        self.promote(promotion(), lambda: self.sql("UPDATE wp_options SET option_value = 'shop ' WHERE option_name = 'blogname'"))
        self.assertEqual(self.sql("SELECT HEX(option_value) FROM wp_options WHERE option_name = 'blogname'"), [["73686F7020"]])

    def test_new_rows_get_numbers_that_production_does_not_give_out(self):
        self.promote(promotion(), lambda: self.sql("INSERT INTO wp_options (option_name, option_value) SELECT CONCAT('n', seq), '' FROM seq_1_to_100"))
        self.assertEqual(self.sql("SELECT COUNT(*), COUNT(DISTINCT option_id) FROM wp_options"), [["105", "105"]])

    def test_an_error_of_the_server_leaves_everything_old(self):
        before = self.bench.options(self.site)
        with self.assertRaises(BelayError) as caught:
            self.promote(promotion(), expected=self.blocking_table_made_late())
        self.assertEqual(caught.exception.code, "SWITCH_REFUSED")
        self.assert_on(OLD)
        self.assertEqual(self.bench.options(self.site), before)
        self.assertEqual(self.sql("SELECT word FROM wp_things"), [["one"], ["two"]])

    def blocking_table_made_late(self):
        """Makes the RENAME fail in the middle of its list: somebody makes a table of the new name while the hold is closed."""
        def in_the_way(_session, _names):
            if self.hold_is_closed():
                self.sql("CREATE TABLE IF NOT EXISTS wp_extra (id INT)")
            return {}

        return recheck.Expected({}, {}, frozenset(), lambda session, table: {}, in_the_way)

    def hold_is_closed(self):
        with open(self.hold.turnstile) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return False
            except BlockingIOError:
                return True

    def test_a_conflict_inside_the_hold_changes_nothing(self):
        hashes = lambda session, wanted: {row[0].decode(): row[1].decode() for row in session.query("SELECT option_name, option_value FROM wp_options")}
        seen = []

        def then_changed(session, wanted):
            seen.append(self.hold_is_closed())
            if seen[-1]:
                self.sql("UPDATE wp_options SET option_value = 'mine' WHERE option_name = 'theme'")
            return hashes(session, wanted)

        expected = recheck.Expected({}, {"theme": "old", "added": None}, frozenset(), lambda session, table: {}, then_changed)
        with self.assertRaises(BelayError) as caught:
            self.promote(promotion(), expected=expected)
        self.assertEqual((caught.exception.code, seen), ("CONFLICT_IN_HOLD", [False, True]))
        self.assert_on(OLD)
        self.assertFalse(self.hold_is_closed())

    def test_many_tables_on_a_slow_disk_are_not_taken_for_a_frozen_switch(self):
        with mock.patch.object(Guard, "arm", autospec=True) as arm, mock.patch.object(engine, "RENAME_EACH_S", 10.0):
            self.promote(promotion())
        before, renaming = (call.args[1] for call in arm.call_args_list)
        self.assertLess(before, 10)
        self.assertGreater(renaming, 10 * len(self.tables_that_moved()))

    def tables_that_moved(self):
        return [table for table in self.bench.tables(self.site) if "_a_" in table]

    def test_waits_for_a_request_that_is_running(self):
        with open(self.hold.room) as room:
            fcntl.flock(room, fcntl.LOCK_SH)
            with mock.patch.object(engine, "ATTEMPTS", 2), self.assertRaises(BelayError) as caught:
                self.promote(promotion())
        self.assertEqual(caught.exception.code, "HOLD_NOT_DRAINED")
        self.assert_on(OLD)
        self.promote(promotion())
        self.assert_on(NEW)

    def test_a_release_without_code_is_refused(self):
        with self.assertRaises(BelayError) as caught:
            self.promote(promotion("d" * 12))
        self.assertEqual(caught.exception.code, "RELEASE_DAMAGED")
        self.assert_on(OLD)

    def test_a_transaction_on_a_table_makes_it_try_again(self):
        with Session(self.site) as other:
            other.execute("START TRANSACTION")
            other.query("SELECT * FROM wp_things")
            with mock.patch.object(engine, "ATTEMPTS", 1), mock.patch.object(engine, "RENAME_CAP_S", 0.02), self.assertRaises(BelayError) as caught:
                self.promote(promotion())
        self.assertIn("in use", str(caught.exception))
        self.assert_on(OLD)


    def test_what_others_than_php_wrote_at_the_last_moment_is_carried_over(self):
        original = engine._rename

        def late(session, renames):
            self.sql("UPDATE wp_options SET option_value = '7' WHERE option_name = 'visits'; INSERT INTO wp_options (option_name, option_value) VALUES ('stray', 's')")
            original(session, renames)
            self.sql("DELETE FROM wp_options WHERE option_name = 'gone'")

        with mock.patch.object(engine, "_rename", late):
            self.promote(promotion())
        self.assertEqual(self.bench.options(self.site), {"blogname": "Shop", "theme": "new", "visits": "7", "added": "1", "stray": "s"})

    def test_a_visitor_who_writes_while_that_is_carried_over_wins(self):
        insert = "INSERT INTO wp_options (option_name, option_value) VALUES"
        rename, look = engine._rename, late_rows.changed_names
        looked = []

        def late(session, renames):
            self.sql(f"UPDATE wp_options SET option_value = 'late' WHERE option_name IN ('visits', 'blogname', 'more'); {insert} ('stray', 's'), ('other', 'o')")
            rename(session, renames)

        def and_then_a_visitor(session, options):
            found = look(session, options)
            if options.live.startswith("belay_") and not looked:
                looked.append(options.live)
                self.sql("UPDATE wp_options SET option_value = 'theirs' WHERE option_name = 'visits'; DELETE FROM wp_options WHERE option_name = 'more'")
                self.sql(f"{insert} ('stray', 'theirs')")
            return found

        self.sql(f"{insert} ('more', 'm')")
        with mock.patch.object(engine, "_rename", late), mock.patch.object(late_rows, "changed_names", and_then_a_visitor):
            self.promote(promotion())
        self.assertEqual(len(looked), 1)
        expected = {"blogname": "late", "theme": "new", "visits": "theirs", "added": "1", "stray": "theirs", "other": "o", "gone": "x"}
        self.assertEqual(self.bench.options(self.site), expected)

    def test_a_persistent_object_cache_is_flushed_inside_the_hold_unless_its_salt_is_new(self):
        flushed = os.path.join(self.site.root, "flushed")
        os.makedirs(os.path.join(self.site.tree, "wp-content"))
        for name, text in {
            "wp-content/object-cache.php": "<?php",
            "wp-load.php": f"<?php function wp_cache_flush() {{ return touch('{flushed}'); }}",
        }.items():
            with open(os.path.join(self.site.tree, name), "w", encoding="utf-8") as file:
                file.write(text)
        os.makedirs(self.site.shared)
        config = os.path.join(self.site.shared, "wp-config.php")
        for text, wanted in (("<?php define('WP_CACHE_KEY_SALT', BELAY_SWITCH);", False), ("<?php", True)):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)
            self.assertEqual(object_cache.needs_flush(self.site), wanted)
        self.promote(promotion())
        self.assertTrue(os.path.exists(flushed))

    def test_rows_that_are_carried_over_reach_a_persistent_object_cache_or_it_is_told(self):
        log, original = os.path.join(self.site.root, "seen"), engine._rename
        os.makedirs(os.path.join(self.site.releases, NEW, "wp-content"))
        os.makedirs(self.site.shared)
        for path, text in {
            f"releases/{NEW}/wp-content/object-cache.php": "<?php",
            f"releases/{NEW}/wp-load.php": f"<?php function wp_cache_flush() {{ return file_put_contents('{log}', 'x', FILE_APPEND) && !is_file('{log}.broken'); }}",
            "shared/wp-config.php": "<?php define('WP_CACHE_KEY_SALT', BELAY_SWITCH);",
        }.items():
            with open(os.path.join(self.site.root, path), "w", encoding="utf-8") as file:
                file.write(text)

        def late(session, renames):
            self.sql("UPDATE wp_options SET option_value = '7' WHERE option_name = 'visits'")
            original(session, renames)

        for broken in (False, True):
            wanted = promotion(NEW)
            with self.subTest(broken=broken), mock.patch.object(engine, "_rename", late):
                if broken:
                    os.rename(log, log + ".broken")
                    rollback.roll_back(self.host("back"), "back", OLD, MEASURES, 0.3)
                    self.sql("UPDATE wp_options SET option_value = '1' WHERE option_name = 'visits'")
                self.promote(wanted)
                self.assertEqual(self.bench.options(self.site)["visits"], "7")
                with open(log, encoding="utf-8") as file:
                    self.assertEqual(file.read(), "x")
                steps = [line["step"] for line in Journal(self.site, wanted.operation).steps()]
                self.assertEqual(("untidy" in steps, steps[-1]), (broken, "strays"))

    def test_a_cache_that_cannot_be_flushed_stops_the_switch(self):
        with mock.patch.object(object_cache, "needs_flush", return_value=True), self.assertRaises(BelayError) as caught:
            self.promote(promotion())
        self.assertEqual(caught.exception.code, "OBJECT_CACHE")
        self.assert_on(OLD)


class Recheck(SwitchCase):
    """What the drift check saw, with the fingerprints that it takes."""

    def params(self, **changes):
        return {
            "table_rules": [{"pattern": "*", "class": "config", "origin": "test"}], "option_rules": [{"pattern": "*", "class": "config", "origin": "test"}],
            "protected_paths": [], "volatile_paths": [], "shared_paths": [], "reference_options": {}, "row_limit": 100, "workers": 0,
            "promote_tables": ["things"], "expected_tables": {}, "expected_options": {}, "operation_id": "x", "release_digest": NEW, **changes,
        }

    def expecting(self, **changes):
        return measures.expected(self.site, self.params(**changes))

    def look(self):
        expected = self.expecting()
        with Session(self.site) as session:
            tables = {table: expected.parts_of(session, table) for table in ("things", "more")}
            return {"expected_tables": tables, "expected_options": {"theme": expected.hashes_of(session, ["theme"])["theme"], "added": None}}

    def setUp(self):
        super().setUp()
        self.sql("CREATE TABLE wp_more LIKE wp_things")

    def test_nothing_changed(self):
        self.promote(promotion(tables=("things",)), expected=self.expecting(**self.look()), looks=measures.looks(self.site, self.params()))
        self.assert_on(NEW)

    def test_what_changed_is_said_and_nothing_is_switched(self):
        seen = self.look()
        cases = {
            "INSERT INTO wp_more (word) VALUES ('drift')": "DRIFT_IN_HOLD",
            "DELETE FROM wp_more; INSERT INTO wp_things (word) VALUES ('conflict')": "CONFLICT_IN_HOLD",
            "DELETE FROM wp_things WHERE word = 'conflict'; INSERT INTO wp_options (option_name, option_value) VALUES ('added', 'here too')": "CONFLICT_IN_HOLD",
        }
        for statement, code in cases.items():
            with self.subTest(statement), self.assertRaises(BelayError) as caught:
                self.promote(promotion(tables=("things",)), lambda: self.sql(statement), expected=self.expecting(**seen))
            self.assertEqual(caught.exception.code, code)
            self.assert_on(OLD)

    def test_what_is_written_after_the_comparison_is_seen_in_the_hold(self):
        expected = self.expecting(**self.look())
        for table, code in (("wp_more", "DRIFT_IN_HOLD"), ("wp_things", "CONFLICT_IN_HOLD")):
            written = lambda *_: self.sql(f"INSERT INTO {table} (word) VALUES ('late')")
            with self.subTest(table), mock.patch.object(promote, "few_left", written), self.assertRaises(BelayError) as caught:
                self.promote(promotion(tables=("things",)), expected=expected)
            self.assertEqual(caught.exception.code, code)
            self.sql(f"DELETE FROM {table} WHERE word = 'late'")
            self.assert_on(OLD)

    def test_large_protected_tables_are_compared_before_the_hold_only(self):
        expected = self.expecting(**self.look())
        with Session(self.site) as session, mock.patch.object(recheck, "BUDGET_S", 0.0):
            self.assertEqual(recheck.outside(session, expected), ["things"])
        with Session(self.site) as session, mock.patch.object(recheck, "LIMIT_S", 0.0), self.assertRaises(BelayError) as caught:
            recheck.outside(session, expected)
        self.assertEqual(caught.exception.code, "HOLD_TOO_LONG")


class Interrupted(SwitchCase):
    def losing(self, carried_out):
        """The connection is lost during the RENAME, before or after the server has carried it out."""
        original = engine._rename

        def rename(session, renames):
            if carried_out:
                original(session, renames)
            session.close()
            raise LostConnection("gone")

        return mock.patch.object(engine, "_rename", rename)

    def test_lost_after_the_rename_it_goes_forward(self):
        with self.losing(True):
            self.promote(promotion())
        self.assert_on(NEW)

    def test_lost_before_the_rename_it_tries_again(self):
        with self.losing(False), mock.patch.object(engine, "ATTEMPTS", 2), self.assertRaises(BelayError):
            self.promote(promotion())
        self.assert_on(OLD)

    def test_recovery_believes_the_table(self):
        for carried_out, release in ((False, OLD), (True, NEW)):
            with self.subTest(carried_out=carried_out):
                wanted = promotion()
                with self.losing(carried_out), mock.patch.object(engine, "_ask_again", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
                    self.promote(wanted)
                self.assertIsNotNone(self.hold.state().doubt)
                point, repaired = recovery.recover(self.host(str(uuid.uuid4())))
                self.assertEqual((point.version.release, repaired), (release, True))
                self.assert_on(release)

    def test_links_changed_by_hand_are_not_repaired_silently(self):
        os.unlink(self.site.current)
        os.symlink(f"releases/{NEW}", self.site.current)
        with self.assertRaises(BelayError) as caught:
            recovery.recover(self.host("x"))
        self.assertEqual(caught.exception.code, "RELEASE_MISMATCH")


class Rollback(SwitchCase):
    def roll_back(self, to_release):
        operation = str(uuid.uuid4())
        host = self.host(operation)
        recovery.recover(host)
        return rollback.roll_back(host, operation, to_release, MEASURES, 0.3)

    def test_old_values_come_back_and_what_visitors_wrote_stays(self):
        before = self.bench.options(self.site)
        self.promote(promotion())
        self.sql("UPDATE wp_options SET option_value = '9' WHERE option_name = 'visits'; INSERT INTO wp_things (word) VALUES ('late'); INSERT INTO wp_extra (word) VALUES ('late')")
        figures, promoted, late = self.roll_back(OLD)
        self.assert_on(OLD)
        self.assertEqual(self.bench.options(self.site), {**{k: v for k, v in before.items() if k != "rewrite_rules"}, "visits": "9"})
        self.assertEqual(self.sql("SELECT word FROM wp_things"), [["one"], ["two"]])
        self.assertNotIn("wp_extra", self.bench.tables(self.site))
        self.assertEqual(late, {"things": 1, "extra": 1, "options": 0})
        self.assertEqual((promoted["tables"]["extra"], promoted["options"]["added"], promoted["options"]["theme"]["hash"]), (None, None, "old"))
        kept = [table for table in self.bench.tables(self.site) if table.endswith("_extra")]
        self.assertEqual(self.sql(f"SELECT COUNT(*) FROM {kept[0]}"), [["3"]])
        self.assertEqual(figures["tables"], 2)

    def test_two_steps_back(self):
        before = self.bench.options(self.site)
        self.promote(promotion())
        self.promote(promotion(NEWER, ("things",), {"theme": {"option_name": b"theme", "option_value": b"newest", "autoload": b"yes"}}))
        self.assertEqual(self.bench.options(self.site)["theme"], "newest")
        self.roll_back(OLD)
        self.assert_on(OLD)
        self.assertEqual(self.sql("SELECT word FROM wp_things"), [["one"], ["two"]])
        self.assertEqual(self.bench.options(self.site)["theme"], before["theme"])
        self.assertNotIn("wp_extra", self.bench.tables(self.site))

    def test_the_same_release_again_and_back_again(self):
        for _ in range(2):
            self.promote(promotion())
            self.assert_on(NEW)
            self.roll_back(OLD)
            self.assert_on(OLD)
        self.assertEqual(self.sql("SELECT word FROM wp_things"), [["one"], ["two"]])

    def test_back_to_the_active_or_to_an_unknown_release_is_refused(self):
        self.promote(promotion())
        self.roll_back(OLD)
        for release, code in ((OLD, "ALREADY_ACTIVE"), (NEW, "RELEASE_NOT_KEPT")):
            with self.subTest(release), self.assertRaises(BelayError) as caught:
                self.roll_back(release)
            self.assertEqual(caught.exception.code, code)
        self.assert_on(OLD)

    def test_only_what_a_rollback_needs_is_kept(self):
        self.promote(promotion())
        self.promote(promotion(NEWER))
        with Session(self.site) as session:
            leftovers.drop_copies(self.site, session)
            self.assertEqual(leftovers.drop_old_archives(self.site, session, 2), [NEWER, NEW])
        self.roll_back(NEW)
        self.assert_on(NEW)
        self.assertEqual(self.bench.options(self.site)["theme"], "new")
        with self.assertRaises(BelayError) as caught:
            self.roll_back(OLD)
        self.assertEqual(caught.exception.code, "RELEASE_NOT_KEPT")


class HoldInDoubt(SwitchCase):
    def test_a_request_asks_the_database_and_believes_it(self):
        self.promote(promotion())
        self.hold.set_in_doubt(Version(OLD, "adopted"), self.active())
        script = os.path.join(self.site.releases, OLD, "index.php")
        seen = subprocess.run(["php", "-d", f"auto_prepend_file={self.hold.script}", script], stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(seen.decode(), NEW)


if __name__ == "__main__":
    unittest.main()
