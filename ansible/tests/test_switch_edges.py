"""The rarer ways in which a switch meets other writers, and what a crash may leave behind."""
import time
import unittest
from unittest import mock

from belay import commit_point, late_rows, measures, names, prepare, promote
from belay import switch as engine
from belay.errors import BelayError
from belay.mysql import Session

from .switchbench import HOLD_PHP, OLD
from .test_switch import SwitchCase, promotion


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

class NewOnTheTarget(SwitchCase):
    """What came to the target after the drift check, in tables that the release replaces."""

    def switch(self, statement, rows=(), tables=("things",)):
        rule = {"pattern": "*", "class": "config", "origin": "test", "rows": list(rows)}
        params = {
            "table_rules": [rule], "option_rules": [{"pattern": "*", "class": "config", "origin": "test"}], "protected_paths": [], "volatile_paths": [],
            "shared_paths": [], "reference_options": {}, "row_limit": 100, "promote_tables": list(tables), "expected_tables": {}, "expected_options": {},
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


if __name__ == "__main__":
    unittest.main()
