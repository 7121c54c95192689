"""The journal of an operation where the disk is full."""
import os
import resource
import tempfile
import types
import unittest

from belay.host.journal import Journal


class FullDisk(unittest.TestCase):
    def test_a_line_that_has_no_room_leaves_the_room_to_a_shorter_one(self):
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(types.SimpleNamespace(belay=folder), "0-1")
            journal.append("first")
            size = os.path.getsize(journal.path)
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200, limits[1]))
            try:
                with self.assertRaises(OSError):
                    journal.append("long", code="x" * 10_000)
                self.assertEqual(os.path.getsize(journal.path), size)
                journal.append("short")
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            self.assertEqual([entry["step"] for entry in journal.steps()], ["first", "short"])


if __name__ == "__main__":
    unittest.main()
