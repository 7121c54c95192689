"""The frame of every module."""
import os
import unittest

from belay.errors import BESIDE_VISITORS, BelayError, run_module
from belay.database.mysql import _require_supported


class Ended(Exception):
    """What AnsibleModule does at its end."""


class Module:
    params = {"x": 1}

    def exit_json(self, **result):
        raise Ended({"failed": False, **result})

    def fail_json(self, **result):
        raise Ended({"failed": True, **result})


class RunModuleTest(unittest.TestCase):
    def run_with(self, func):
        with self.assertRaises(Ended) as caught:
            run_module(Module(), func)
        return caught.exception.args[0]

    def test_a_result(self):
        self.assertEqual(self.run_with(lambda params: {"belay_facts": params}), {"failed": False, "changed": False, "belay_facts": {"x": 1}})
        self.assertTrue(self.run_with(lambda _: {"changed": True})["changed"])

    def test_a_definite_no(self):
        def refuse(_):
            raise BelayError("SOME_CODE", "It is so.", "Do this.")

        result = self.run_with(refuse)
        self.assertEqual((result["failed"], result["msg"], result["belay_error"]["code"]), (True, "It is so. Do this.", "SOME_CODE"))

    def test_a_fault_of_our_own_is_told_with_its_place(self):
        result = self.run_with(lambda params: params["missing"])
        self.assertEqual(result["belay_error"]["code"], "HOST_UNEXPECTED")
        self.assertIn("test_errors.py", result["exception"])

    @unittest.skipUnless(os.geteuid() == 0, "only root works in a child")
    def test_root_works_in_a_child_whose_end_is_noticed(self):
        self.assertNotEqual(self.run_with(lambda _: {"pid": os.getpid()})["pid"], os.getpid())
        self.assertIn("signal 9", self.run_with(lambda _: os.kill(os.getpid(), 9))["msg"])

    @unittest.skipUnless(os.geteuid() == 0, "nobody else gets his priority back")
    def test_work_beside_visitors_leaves_the_processors_to_them(self):
        with self.assertRaises(Ended) as caught:
            run_module(Module(), lambda _: {"nice": os.nice(0)}, BESIDE_VISITORS)
        self.assertEqual(caught.exception.args[0]["nice"], os.nice(0) + BESIDE_VISITORS)
        self.assertEqual(self.run_with(lambda _: {"nice": os.nice(0)})["nice"], os.nice(0))

    def test_servers_that_are_too_old(self):
        for version, is_mariadb in (("10.6.0-MariaDB", True), ("10.5.22-MariaDB-log", True), ("5.7.44-log", False)):
            with self.assertRaises(BelayError) as caught:
                _require_supported(version, is_mariadb)
            self.assertEqual(caught.exception.code, "SERVER_TOO_OLD")
        for version, is_mariadb in (("10.6.1-MariaDB", True), ("10.11.19-MariaDB-0+deb12u1", True), ("11.4.2-MariaDB", True), ("8.0.36", False), ("8.4.0", False)):
            _require_supported(version, is_mariadb)


if __name__ == "__main__":
    unittest.main()
