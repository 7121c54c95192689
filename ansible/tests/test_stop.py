"""The look before the switch whether somebody asked to stop, as ansible-playbook does it."""
import shutil
import tempfile
import threading
import unittest
from pathlib import Path

from tests.plays import run_play

#: Nothing listens there: the step needs no host.
NOBODY = "here ansible_host=127.0.0.1 ansible_port=1\n"


class StopTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="belay-stop-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = self.folder / "stop"

    def look(self, file, patience_s=600):
        """Whether a play with this step alone goes on to its end."""
        task = {"name": "Stop here if somebody asked for it", "belay_stop": {"file": str(file), "patience_s": patience_s}}
        code, said = run_play(self.folder, [task], NOBODY)
        self.assertIn(code, (0, 2), said)
        return code == 0

    def test_what_was_asked_while_it_waits_counts(self):
        def answer():
            self.file.touch()
            Path(f"{self.file}.asked").touch()

        late = threading.Timer(2, answer)
        late.start()
        self.addCleanup(late.join)
        self.assertFalse(self.look(self.file))

    def test_it_goes_on_when_nobody_asked(self):
        Path(f"{self.file}.asked").touch()
        self.assertTrue(self.look(self.file))

    def test_it_stops_where_the_bot_cannot_be_asked(self):
        self.assertFalse(self.look(self.file, patience_s=0))

    def test_without_a_runner_there_is_nobody_to_ask(self):
        self.assertTrue(self.look(""))


if __name__ == "__main__":
    unittest.main()
