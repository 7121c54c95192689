"""The watchdog, on real processes."""
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

UTILS = Path(__file__).parents[1] / "module_utils"
FROZEN = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from belay.hold.guard import Guard
guard = Guard()
{steps}
"""


class GuardTest(unittest.TestCase):
    def run_steps(self, steps):
        return subprocess.run(
            [sys.executable, "-c", FROZEN.format(steps=steps), str(UTILS)], stdout=subprocess.PIPE, timeout=60
        )

    def test_kills_a_stopped_process_that_stays_armed(self):
        done = self.run_steps("guard.arm(0.05); os.kill(os.getpid(), signal.SIGSTOP); print('went on')")
        self.assertEqual((done.returncode, done.stdout), (-signal.SIGKILL, b""))

    def test_leaves_a_process_alone_that_disarmed_it_and_ends_with_it(self):
        done = self.run_steps("guard.arm(60); guard.disarm(); guard.close(); print('went on')")
        self.assertEqual((done.returncode, done.stdout), (0, b"went on\n"))

    def test_ends_when_its_process_was_killed(self):
        done = self.run_steps("print(guard._child, flush=True); guard.arm(60); os.kill(os.getpid(), signal.SIGKILL)")
        child = int(done.stdout)
        while os.path.exists(f"/proc/{child}") and not Path(f"/proc/{child}/stat").read_text().split(") ")[1].startswith("Z"):
            os.sched_yield()


if __name__ == "__main__":
    unittest.main()
