"""The runner of the host's tests: nothing that failed counts as passed."""
import unittest

from tests.__main__ import judge


class Judging(unittest.TestCase):
    def counts(self, code, said):
        ran = judge("test_x", code, said)
        return ran.passed, ran.failed, ran.skipped

    def test_what_failed_and_what_was_skipped_is_not_passed(self):
        said = "...\n----\nRan 7 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"
        self.assertEqual(self.counts(1, said), (3, 3, 1))

    def test_words_of_the_tests_themselves_are_not_counted(self):
        said = "a server said failures=5\n----\nRan 2 tests in 0.1s\n\nOK\n"
        self.assertEqual(self.counts(0, said), (2, 0, 0))

    def test_a_module_that_dies_is_a_failure(self):
        self.assertEqual(self.counts(-9, "Segmentation fault\n"), (0, 1, 0))

    def test_an_expected_failure_is_none(self):
        self.assertEqual(self.counts(0, "\nRan 2 tests in 0.1s\n\nOK (expected failures=1)\n"), (2, 0, 0))


if __name__ == "__main__":
    unittest.main()
