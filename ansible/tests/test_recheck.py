"""What the hold has to see again, without a database: the comparison itself."""
import unittest

from belay.errors import BelayError
from belay.switch.recheck import EMPTY, Expected, inside


def expecting(found, promoted=()):
    wanted = {"posts": {"editorial": "11", "live": EMPTY}}
    return Expected(wanted, {}, frozenset(promoted), lambda session, table: found, lambda session, names: {})


class RecheckTest(unittest.TestCase):
    def test_a_part_without_rows_may_be_told_or_not(self):
        for found in ({"editorial": "11"}, {"editorial": "11", "live": EMPTY}):
            inside(None, expecting(found), ["posts"])

    def test_the_first_row_of_a_part_is_drift(self):
        with self.assertRaises(BelayError) as caught:
            inside(None, expecting({"editorial": "11", "live": "22"}), ["posts"])
        self.assertEqual(caught.exception.code, "DRIFT_IN_HOLD")
        self.assertIn("table posts (live)", caught.exception.message)

    def test_the_last_row_that_goes_is_drift(self):
        with self.assertRaises(BelayError):
            inside(None, expecting({"live": EMPTY}), ["posts"])


if __name__ == "__main__":
    unittest.main()
