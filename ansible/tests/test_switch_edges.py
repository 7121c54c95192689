"""The rarer ways in which a switch meets other writers, and what a crash may leave behind."""
import threading
import time
import unittest
import uuid
from unittest import mock

from belay.database import names

from belay.hold import commit_point, prepare, recovery

from belay.host import php
from belay.host.journal import Journal

from belay.switch import late_rows, measures, promote, rollback, strays
from belay.switch import switch as engine
from belay.errors import BelayError
from belay.database.mysql import Session
from belay.database.sql import WRITTEN, LostConnection, SqlError
from belay.tables.table_shape import shape_of
from belay.wordpress import object_cache

from .switchbench import HOLD_PHP, MEASURES, NEW, OLD
from .test_switch import NOTHING, SwitchCase, promotion
from .watchbench import until


class ForeignWriters(SwitchCase):
    def test_a_row_that_somebody_has_locked_never_keeps_visitors_waiting(self):
        with Session(self.site) as other:
            def lock_a_row():
                other.execute("START TRANSACTION")
                other.execute("UPDATE wp_options SET option_value = '5' WHERE option_name = 'gone'")
                self.sql("UPDATE wp_options SET option_value = '2' WHERE option_name = 'visits'")

            held = []
            original = late_rows.merge

            def merge(*arguments):
                started = time.monotonic()
                try:
                    return original(*arguments)
                finally:
                    held.append(time.monotonic() - started)

            with mock.patch.object(engine, "ATTEMPTS", 1), mock.patch.object(engine, "RENAME_CAP_S", 0.02), mock.patch.object(promote, "few_left"):
                with mock.patch.object(late_rows, "merge", merge), self.assertRaises(BelayError) as caught:
                    self.promote(promotion(), lock_a_row)
        self.assertIn("in use", str(caught.exception))
        self.assertEqual(len(held), 1)
        self.assert_on(OLD)

    def test_what_was_written_at_the_last_moment_before_going_back_is_carried_over(self):
        self.promote(promotion())
        original, operation = engine._rename, str(uuid.uuid4())

        def late(session, renames):
            self.sql("UPDATE wp_options SET option_value = '7' WHERE option_name = 'visits'; DELETE FROM wp_options WHERE option_name = 'gone'")
            original(session, renames)

        with mock.patch.object(engine, "_rename", late):
            rollback.roll_back(self.host(operation), operation, OLD, MEASURES, 0.3)
        self.assertEqual(self.bench.options(self.site), {"blogname": "Shop", "theme": "old", "visits": "7"})


class AtTheLastMoment(SwitchCase):
    def conflict(self, late, visitor=""):
        """`late` is written directly before the tables change places, by a `visitor` directly after it: (host, looks) when the switch is refused."""
        params = {
            "table_rules": [{"pattern": "*", "class": "config", "origin": "test"}], "option_rules": [{"pattern": "*", "class": "config", "origin": "test"}],
            "protected_paths": [], "volatile_paths": [], "shared_paths": [], "reference_options": {}, "row_limit": 100, "workers": 0,
            "promote_tables": ["things"], "expected_tables": {}, "expected_options": {}, "operation_id": "x", "release_digest": NEW,
        }
        with Session(self.site) as session:
            params["expected_tables"] = {"things": measures.expected(self.site, params).parts_of(session, "things")}
        wanted, looks = promotion(tables=("things",)), measures.looks(self.site, params)
        host = self.host(wanted.operation)
        with Session(self.site) as session:
            promote.load(self.site, session, wanted)
        with self.written(late, visitor), self.assertRaises(BelayError) as caught:
            promote.activate(host, recovery.recover(host)[0], wanted, measures.expected(self.site, params), looks, 0.3)
        self.assertEqual(caught.exception.code, "CONFLICT_AFTER_SWITCH")
        return host, looks

    def written(self, late, visitor):
        original = engine._rename

        def rename(session, renames):
            self.sql(late)
            original(session, renames)
            if visitor:
                self.sql(visitor)

        return mock.patch.object(engine, "_rename", rename)

    def test_what_others_wrote_to_a_replaced_table_comes_back(self):
        host, looks = self.conflict("INSERT INTO wp_things (word) VALUES ('stray')")
        rollback.roll_back(host, host.journal.operation_id, OLD, looks, 0.3)
        self.assertEqual(self.sql("SELECT word FROM wp_things"), [["one"], ["two"], ["stray"]])

    def test_a_row_that_was_carried_over_is_not_carried_again_over_what_visitors_wrote_since(self):
        stray = "UPDATE wp_options SET option_value = '7' WHERE option_name = 'visits'"
        for visitor in ("", "UPDATE wp_options SET option_value = 'theirs' WHERE option_name = 'visits'"):
            with self.subTest(visitor=visitor):
                self.site = self.bench.fresh()
                host, looks = self.conflict(f"INSERT INTO wp_things (word) VALUES ('stray'); {stray}", visitor)
                self.reset_and_finish(host, "theirs" if visitor else "7")
                back = self.host(str(uuid.uuid4()))
                with self.written(stray, visitor):
                    rollback.roll_back(back, back.journal.operation_id, OLD, looks, 0.3)
                self.reset_and_finish(back, "theirs" if visitor else "7")

    def reset_and_finish(self, host, carried):
        """A visitor puts the row back to what it was before the switch, then the next step begins."""
        self.assertEqual(self.bench.options(self.site)["visits"], carried)
        self.sql("UPDATE wp_options SET option_value = '1' WHERE option_name = 'visits'")
        strays.finish(self.host("another"), recovery.recover(host)[0])
        self.assertEqual(self.bench.options(self.site)["visits"], "1")


class WhileRowsAreCarriedOver(SwitchCase):
    """Right after the RENAME other writers are at work, and a release that is live must not go back because of one that waits."""

    LATE = "UPDATE wp_options SET option_value = '7' WHERE option_name = 'visits'; DELETE FROM wp_options WHERE option_name = 'blogname'"

    def test_a_deadlock_is_tried_again(self):
        original, writers = engine._rename, []

        def rename(session, renames):
            self.sql(self.LATE)
            original(session, renames)
            writers.append(threading.Thread(target=self.deadlock, args=(locked,)))
            writers[0].start()
            locked.wait(60)

        locked = threading.Event()
        with mock.patch.object(engine, "_rename", rename):
            self.promote(promotion())
        writers[0].join()
        self.assertEqual(self.bench.options(self.site), {"theme": "new", "visits": "7", "gone": "x", "added": "1"})

    def deadlock(self, locked):
        """Holds one of the rows until somebody waits for it, then asks for the other. It has written more, so the server ends the one who waits."""
        with Session(self.site) as other:
            other.execute("START TRANSACTION")
            other.execute("INSERT INTO wp_options (option_name, option_value) SELECT CONCAT('n', seq), '' FROM seq_1_to_300")
            other.query("SELECT 1 FROM wp_options WHERE option_name = 'visits' FOR UPDATE")
            locked.set()
            until(lambda: self.sql("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"), "waiting for the row")
            other.query("SELECT 1 FROM wp_options WHERE option_name = 'blogname' FOR UPDATE")
            other.execute("ROLLBACK")

    def test_a_row_that_is_in_use_for_long_is_waited_for(self):
        with Session(self.site) as session, Session(self.site) as other:
            promote.load(self.site, session, promotion())
            options = promote.options_of(self.site, session)
            session.execute("CREATE TABLE kept LIKE wp_options")
            session.execute("INSERT INTO kept SELECT * FROM wp_options")
            session.execute("UPDATE kept SET option_value = '7' WHERE option_name = 'visits'")
            session.execute("SET SESSION innodb_lock_wait_timeout = 1")
            other.execute("START TRANSACTION")
            other.query("SELECT 1 FROM wp_options WHERE option_name = 'visits' FOR UPDATE")
            free = threading.Timer(2.5, other.execute, ["COMMIT"])
            free.start()
            with mock.patch.object(late_rows, "WAIT_S", 1, create=True):
                self.assertEqual(late_rows.carry(session, options, "kept", set()), 1)
            free.join()
        self.assertEqual(self.bench.options(self.site)["visits"], "7")

    def test_one_that_stays_in_use_is_told_in_the_end(self):
        with Session(self.site) as session, Session(self.site) as other:
            promote.load(self.site, session, promotion())
            options = promote.options_of(self.site, session)
            session.execute("CREATE TABLE kept LIKE wp_options")
            other.execute("START TRANSACTION")
            other.query("SELECT 1 FROM wp_options WHERE option_name = 'visits' FOR UPDATE")
            with mock.patch.multiple(late_rows, WAIT_S=1, TRIES=2, create=True), self.assertRaises(SqlError) as caught:
                late_rows.carry(session, options, "kept", set())
        self.assertEqual(caught.exception.errno, engine.LOCK_WAIT_TIMEOUT)


class NotToBeCarriedOver(SwitchCase):
    """What fails each time that it is tried is told once, and keeps nobody from going on."""

    def assert_told_once(self, operation, said):
        for _ in range(2):
            strays.finish(self.host("another"), recovery.recover(self.host("another"))[0])
        told = [line for line in Journal(self.site, operation).steps() if line["step"] in ("untidy", strays.CARRIED)]
        self.assertEqual([line["step"] for line in told], ["untidy", strays.CARRIED])
        self.assertIn(said, told[0]["error"])

    def forth(self, late="DO 0"):
        wanted, original = promotion(), engine._rename

        def rename(session, renames):
            self.sql(late)
            original(session, renames)

        with mock.patch.object(engine, "_rename", rename), mock.patch.object(promote, "carry_strays", side_effect=KeyboardInterrupt):
            with self.assertRaises(KeyboardInterrupt):
                self.promote(wanted)
        with Session(self.site) as session:
            return wanted.operation, commit_point.read(session, names.release_table(self.site)).record

    def test_because_its_table_is_gone(self):
        operation, record = self.forth()
        self.sql(f"DROP TABLE {record.options_kept}")
        self.assert_told_once(operation, record.options_kept)
        self.assert_on(NEW)

    def test_because_a_row_has_no_place(self):
        operation, _ = self.forth("INSERT INTO wp_options (option_name, option_value) VALUES ('stray', 'Shop')")
        self.sql(f"ALTER TABLE {names.base(self.site, 'options')} ADD UNIQUE (option_value(50))")
        self.assert_told_once(operation, "Duplicate entry")
        self.assertNotIn("stray", self.bench.options(self.site))

    def test_because_nobody_knows_any_more_what_the_way_back_was(self):
        self.promote(promotion())
        with Session(self.site) as session:
            before = commit_point.read(session, names.release_table(self.site)).record.previous_row
        operation = str(uuid.uuid4())
        with mock.patch.object(rollback, "carry_strays", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            rollback.roll_back(self.host(operation), operation, OLD, MEASURES, 0.3)
        self.sql(f"DROP TABLE {before}")
        self.assert_told_once(operation, "not kept")
        self.assert_on(OLD)

    def test_what_another_time_brings_is_another_matter(self):
        operation, record = self.forth()
        self.sql(f"UPDATE {record.options_kept} SET option_value = '7' WHERE option_name = 'visits'")
        with mock.patch.object(late_rows, "carry", side_effect=LostConnection("gone")), self.assertRaises(LostConnection):
            strays.finish(self.host("another"), recovery.recover(self.host("another"))[0])
        with Session(self.site) as other, mock.patch.multiple(late_rows, WAIT_S=1, TRIES=1):
            other.execute("START TRANSACTION")
            other.query("SELECT 1 FROM wp_options WHERE option_name = 'visits' FOR UPDATE")
            with self.assertRaises(SqlError):
                strays.finish(self.host("another"), recovery.recover(self.host("another"))[0])
        self.assertNotIn(strays.CARRIED, [line["step"] for line in Journal(self.site, operation).steps()])
        strays.finish(self.host("another"), recovery.recover(self.host("another"))[0])
        self.assertEqual(self.bench.options(self.site)["visits"], "7")


class NewOnTheTarget(SwitchCase):
    """What came to the target after the drift check, in tables that the release replaces."""

    def switch(self, statement, rows=(), tables=("things",)):
        rule = {"pattern": "*", "class": "config", "origin": "test", "rows": list(rows)}
        params = {
            "table_rules": [rule], "option_rules": [{"pattern": "*", "class": "config", "origin": "test"}], "protected_paths": [], "volatile_paths": [],
            "shared_paths": [], "reference_options": {}, "row_limit": 100, "workers": 0, "promote_tables": list(tables), "expected_tables": {}, "expected_options": {},
        }
        expected = measures.expected(self.site, params)
        with Session(self.site) as session:
            params["expected_tables"] = {"things": expected.parts_of(session, "things")}
        expected = measures.expected(self.site, params)
        with self.assertRaises(BelayError) as caught:
            self.promote(promotion(tables=tables), lambda: self.sql(statement), expected=expected)
        self.assertEqual(caught.exception.code, "CONFLICT_IN_HOLD")
        self.assert_on(OLD)

    def test_rows_of_visitors_in_a_table_that_had_none(self):
        live = {"class": "live", "match": {"word": {"like": ["order-%"]}}}
        self.switch("INSERT INTO wp_things (word) VALUES ('order-1')", [live])

    def test_a_table_that_production_did_not_have(self):
        self.switch("CREATE TABLE wp_extra LIKE wp_things", tables=("things", "extra"))


class Killed(SwitchCase):
    def test_a_table_release_without_its_row_is_prepared_again(self):
        table = names.release_table(self.site)
        self.sql(f"DELETE FROM {table}")
        with Session(self.site) as session:
            self.assertIsNone(commit_point.read(session, table))
            prepare.prepare(self.site, session, HOLD_PHP, lambda path: {})
        self.assert_on(OLD)

    def test_a_switch_that_died_before_it_told_is_finished(self):
        original = engine._rename
        wanted = promotion()

        def late(session, renames):
            self.sql("UPDATE wp_options SET option_value = '7' WHERE option_name = 'visits'")
            original(session, renames)

        with mock.patch.object(engine, "_rename", late), mock.patch.object(promote, "carry_strays", side_effect=KeyboardInterrupt):
            with self.assertRaises(KeyboardInterrupt):
                self.promote(wanted)
        self.sql("UPDATE wp_options SET option_value = 'since' WHERE option_name = 'blogname'")
        host = self.host(wanted.operation)
        for _ in range(2):
            point, _ = recovery.recover(host)
            strays.finish(host, point)
            promoted = promote.resume(host, point, NOTHING, MEASURES)
            self.assertEqual(self.bench.options(self.site), {"blogname": "since", "theme": "new", "visits": "7", "gone": "x", "added": "1"})
        self.assertEqual((sorted(promoted["tables"]), promoted["options"]["theme"]["hash"]), (["extra", "things"], "new"))
        self.assertIsNone(promote.resume(self.host("another"), recovery.recover(host)[0], NOTHING, MEASURES))

    def test_late_rows_that_were_carried_over_are_not_carried_over_again(self):
        """Killed between the rows and what says of them that they are carried over; meanwhile a visitor puts one back to what it was."""
        original, carry = engine._rename, late_rows.carry
        wanted = promotion()

        def late(session, renames):
            self.sql("UPDATE wp_options SET option_value = '7' WHERE option_name = 'visits'")
            self.sql("INSERT INTO wp_options (option_name, option_value) VALUES ('fresh', '1')")
            self.sql("DELETE FROM wp_options WHERE option_name = 'gone'")
            original(session, renames)

        def then_dies(*arguments):
            carry(*arguments)
            raise KeyboardInterrupt

        with mock.patch.object(engine, "_rename", late), mock.patch.object(late_rows, "carry", then_dies):
            with self.assertRaises(KeyboardInterrupt):
                self.promote(wanted)
        self.sql("UPDATE wp_options SET option_value = '1' WHERE option_name = 'visits'")
        self.sql("DELETE FROM wp_options WHERE option_name = 'fresh'")
        self.sql("INSERT INTO wp_options (option_name, option_value) VALUES ('gone', 'x')")
        host = self.host(wanted.operation)
        flushed = []
        with mock.patch.object(object_cache, "needs_flush", return_value=True), mock.patch.object(object_cache, "flush", flushed.append):
            for _ in range(2):
                strays.finish(host, recovery.recover(host)[0])
        self.assertEqual(self.bench.options(self.site), {"blogname": "Shop", "theme": "new", "visits": "1", "gone": "x", "added": "1"})
        # Nobody knows whether it had come to that.
        self.assertEqual(len(flushed), 1)

    def test_a_rollback_that_died_before_it_told_still_tells(self):
        self.promote(promotion())
        self.sql("INSERT INTO wp_things (word) VALUES ('late')")
        operation = str(uuid.uuid4())
        host = self.host(operation)
        with mock.patch.object(rollback, "late_of", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            rollback.roll_back(host, operation, OLD, MEASURES, 0.3)
        self.assert_on(OLD)
        promoted, late = rollback.resume(host, operation, OLD, MEASURES)
        self.assertEqual(late, {"things": 1, "extra": 0, "options": 0})
        self.assertEqual((promoted["tables"]["extra"], promoted["options"]["theme"]["hash"]), (None, "old"))


class Numbers(SwitchCase):
    def test_a_table_that_comes_back_gives_out_no_number_twice(self):
        self.promote(promotion())
        self.sql("INSERT INTO wp_things (word) VALUES ('late')")
        given = int(self.sql("SELECT MAX(id) FROM wp_things")[0][0])
        operation = str(uuid.uuid4())
        rollback.roll_back(self.host(operation), operation, OLD, MEASURES, 0.3)
        self.sql("INSERT INTO wp_things (word) VALUES ('after')")
        self.assertGreater(int(self.sql("SELECT MAX(id) FROM wp_things")[0][0]), given)


class Columns(SwitchCase):
    def test_columns_with_a_computed_default_are_written_and_generated_ones_are_not(self):
        words = ("", "auto_increment", "DEFAULT_GENERATED", "DEFAULT_GENERATED on update CURRENT_TIMESTAMP", "VIRTUAL GENERATED", "STORED GENERATED")
        union = " UNION ALL ".join(f"SELECT '{word}' AS extra" for word in words)
        self.assertEqual([row[0] for row in self.sql(f"SELECT extra FROM ({union}) AS every WHERE {WRITTEN}")], list(words[:4]))
        self.sql("CREATE TABLE wp_made (a INT, b INT AS (a + 1) VIRTUAL, c INT AS (a + 2) STORED, d TIMESTAMP DEFAULT CURRENT_TIMESTAMP)")
        with Session(self.site) as session:
            self.assertEqual(shape_of(session, "wp_made").names, ("a", "d"))


class Words(unittest.TestCase):
    def test_what_php_says_of_an_error_holds_no_arguments(self):
        with self.assertRaises(BelayError) as caught:
            php.ask("function enter($user, $password) { throw new Exception('no'); } enter('me', 'geheim');", {})
        self.assertIn("enter()", caught.exception.message)
        self.assertNotIn("geheim", caught.exception.message)


if __name__ == "__main__":
    unittest.main()
