"""The policy's append-only tables, judged once more where the switch happens; on a real database server."""
import unittest

from belay.database.mysql import Session
from belay.errors import BelayError
from belay.scope.look import Look
from belay.scope.rules import Rules
from belay.switch import measures, recheck
from belay.tables.tables import Table, measure_tables

from .switchbench import NEW, OLD
from .test_switch import SwitchCase, promotion


class AppendOnly(SwitchCase):
    """Visitors' rows of the baseline must be as they were, inside the hold too; new ones may come."""

    RULES = {
        "table_rules": [{"pattern": "orders", "class": "live", "origin": "test"}, {"pattern": "*", "class": "config", "origin": "test"}],
        "option_rules": [{"pattern": "*", "class": "config", "origin": "test"}],
        "protected_paths": [], "volatile_paths": [], "shared_paths": [], "reference_options": {}, "row_limit": 1, "workers": 0,
        "promote_tables": ["things"], "expected_tables": {}, "expected_options": {}, "operation_id": "x", "release_digest": NEW,
    }

    def setUp(self):
        super().setUp()
        self.sql("CREATE TABLE wp_orders (id INT PRIMARY KEY AUTO_INCREMENT, total VARCHAR(20)); INSERT INTO wp_orders (total) VALUES ('1'), ('2'), ('3')")
        self.baseline = self.live(keep_index=True)["digest"]
        self.sql("INSERT INTO wp_orders (total) VALUES ('4')")
        with Session(self.site) as session:
            things = measures.expected(self.site, self.RULES).parts_of(session, "things")
        self.params = {**self.RULES, "expected_tables": {"things": things}}

    def live(self, keep_index=False):
        """The live rows, as a fingerprint of all tables has them."""
        rules = Rules.of(self.RULES)
        with Session(self.site) as session:
            tables = measure_tables(self.site, session, rules, Look(keep_index=keep_index), [Table("orders", "BASE TABLE", "InnoDB")])
        return tables.facts["orders"]["parts"]["live"]

    def input(self, baseline=None):
        return {"orders": {"baseline": baseline or self.baseline, "seen": self.live()["digest"], "rows": None}}

    def switches(self, between, baseline=None):
        expected = measures.expected(self.site, {**self.params, "append_only_tables": self.input(baseline)})
        self.promote(promotion(tables=("things",)), lambda: self.sql(between), expected=expected, looks=measures.looks(self.site, self.RULES))

    def refused(self, between, words, baseline=None):
        with self.assertRaises(BelayError) as caught:
            self.switches(between, baseline)
        self.assertEqual(caught.exception.code, "DRIFT_IN_HOLD")
        self.assertIn(words, caught.exception.message)
        self.assert_on(OLD)

    def test_it_is_compared_inside_the_hold_as_long_as_that_is_quick(self):
        expected = measures.expected(self.site, {**self.params, "append_only_tables": self.input()})
        with Session(self.site) as session:
            again = recheck.outside(session, expected)
            self.assertEqual(sorted(again), ["orders", "things"])
            self.sql("UPDATE wp_orders SET total = '9' WHERE id = 2")
            with self.assertRaisesRegex(BelayError, "1 changed, 0 removed"):
                recheck.inside(session, expected, again)

    def test_new_rows_may_come_at_the_last_moment(self):
        self.switches("INSERT INTO wp_orders (total) VALUES ('5'), ('6'); DELETE FROM wp_orders WHERE id = 4")
        self.assert_on(NEW)

    def test_a_row_of_the_baseline_may_not_change(self):
        self.refused("INSERT INTO wp_orders (total) VALUES ('5'); UPDATE wp_orders SET total = '9' WHERE id = 2", "1 changed, 0 removed")

    def test_a_row_of_the_baseline_may_not_go(self):
        self.refused("DELETE FROM wp_orders WHERE id IN (1, 3)", "0 changed, 2 removed")

    def test_what_nobody_can_tell_is_refused(self):
        self.refused("INSERT INTO wp_orders (total) VALUES ('5')", "nobody can tell", baseline="0" * 64)

    def test_the_table_may_not_go(self):
        self.refused("DROP TABLE wp_orders", "table orders")

    def test_what_the_drift_check_saw_needs_no_index(self):
        self.switches("DO 1", baseline="0" * 64)
        self.assert_on(NEW)

class FewRows(AppendOnly):
    """The same where the bot has the rows one by one, and the host no index."""

    RULES = {**AppendOnly.RULES, "row_limit": 100}

    def setUp(self):
        super().setUp()
        self.rows = {key: value for key, value in self.live()["row_hashes"].items() if key != "4"}

    def input(self, baseline=None):
        found = super().input(baseline)
        return {"orders": {**found["orders"], "rows": None if baseline else self.rows}}


if __name__ == "__main__":
    unittest.main()
