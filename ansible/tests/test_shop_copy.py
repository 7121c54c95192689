"""A copy of a shop under the shipped catalog: nobody who bought there is in it, no job runs twice, and it is still a shop."""
import json
import os
import subprocess
import unittest

from belay.refresh.refresh_scope import Scope
from belay.scope.rules import Rules

from .refreshbench import SERVER, Bench
from .shop_schema import MARK, ROWS, fill

HERE = os.path.dirname(os.path.abspath(__file__))
#: The project's own, which reads TypeScript.
NODE = os.path.join(HERE, "../../node_modules/.bin/node")
EMPTY = ("woocommerce_sessions", "woocommerce_api_keys", "actionscheduler_actions", "actionscheduler_logs", "actionscheduler_groups", "actionscheduler_claims")


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


def compiled(personal_data):
    done = subprocess.run([NODE, os.path.join(HERE, "catalog_rules.mjs"), personal_data], check=True, capture_output=True, timeout=120)
    return json.loads(done.stdout)


class ShopCopy(Bench):
    def bring_shop(self, personal_data):
        """The shop's data on the way to an empty copy: the Refresh that has yet to be carried out."""
        fill(SERVER, "live", "wp_")
        found = compiled(personal_data)
        self.rules = Rules.of({**found, "row_limit": 100, "workers": 0})
        self.staging = self.make_staging(empty=True)
        copy = {name: tuple(found["copy"][name]) for name in ("clone_options", "leave_out_tables", "leave_out_files", "masks")}
        return self.bring(self.staging, Scope(True, **copy))[1]

    def assert_nobody_travels(self):
        """Not one byte of anybody in what came, tables and options."""
        for path, _, files in os.walk(os.path.join(self.staging.belay, "incoming")):
            for name in files:
                with open(os.path.join(path, name), "rb") as file:
                    data = file.read()
                at = data.find(MARK.encode())
                self.assertEqual(at, -1, "%s: %r" % (name, data[max(0, at - 80) : at + 40]))

    def count(self, table):
        return int(self.rows("SELECT COUNT(*) FROM stg_%s" % table)[0][0])

    def test_masked_it_is_whole_and_holds_nobody(self):
        refresh = self.bring_shop("mask")
        self.assert_nobody_travels()
        refresh.data()
        for table in ROWS:
            if table not in EMPTY:
                self.assertGreater(self.count(table), 0, table)
        people = [row[0] for row in self.rows("SELECT user_email FROM stg_users ORDER BY ID")]
        self.assertEqual(people[0], "keeper@shop.example")
        for sql in ("SELECT billing_email FROM stg_wc_orders", "SELECT email FROM stg_wc_order_addresses", "SELECT email FROM stg_wc_customer_lookup", "SELECT comment_author_email FROM stg_comments WHERE comment_ID = 1",
                    "SELECT email FROM stg_edd_orders"):
            self.assertEqual({row[0] for row in self.rows(sql)}, {people[1]}, sql)
        self.assertEqual(self.rows("SELECT status, total_amount + 0, type FROM stg_wc_orders ORDER BY id"), [["wc-completed", "12.50000000", "shop_order"], ["wc-completed", "12.50000000", "shop_subscription"]])
        self.assertEqual(self.rows("SELECT comment_content FROM stg_comments WHERE comment_ID = 1"), [["Lovely"]])

    def test_jobs_sessions_and_keys_do_not_travel_even_where_people_do(self):
        self.bring_shop("keep").data()
        for table in EMPTY:
            self.assertEqual(self.count(table), 0, table)
        self.assertEqual(self.rows("SELECT COUNT(*) FROM stg_usermeta WHERE meta_key = 'session_tokens'"), [["0"]])
        self.assertEqual(self.rows("SELECT billing_email FROM stg_wc_orders WHERE id = 11"), [["Zqjxvkanna@mail.example"]])

    def test_left_out_the_tables_of_visitors_are_empty(self):
        refresh = self.bring_shop("leave_out")
        self.assert_nobody_travels()
        refresh.data()
        for table in ("wc_orders", "wc_order_addresses", "wc_orders_meta", "comments", "edd_orders", "gf_entry", "pmpro_membership_orders"):
            self.assertEqual(self.count(table), 0, table)
        self.assertEqual(self.count("users"), 2)


if __name__ == "__main__":
    unittest.main()
