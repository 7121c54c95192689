"""The report: by itself, and as ansible-playbook writes it."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from belay.report import Recorder, error_of, unreachable

ANSIBLE = Path(__file__).parents[1]
JOB = {"job_id": "5b3c2f4e-7f0e-4b7a-9a52-3c9d5f1d7a01", "job_type": "health_check", "operation_id": "5b3c2f4e-7f0e-4b7a-9a52-3c9d5f1d7a02"}
CHANGED = """Data could not be sent to remote host "10.0.0.1". Make sure this host can be reached over ssh: @@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@
The fingerprint for the ED25519 key sent by the remote host is
SHA256:9Xl0QMUkLqaqSJmp4Z9FHbHzTmJ1Gx1rsRtzF86VRcw.
remove with: ssh-keygen -f "known_hosts" -R "10.0.0.1"
Host key verification failed.\r
"""
#: Ansible as it loses an interruption, goes on, and has started another worker: a fork of it, as its own workers are.
DEAF = """
import multiprocessing, os, time
from ansible.plugins.strategy.linear import StrategyModule as Linear

class StrategyModule(Linear):
    def run(self, *arguments):
        try:
            return super().run(*arguments)
        except KeyboardInterrupt:
            worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
            worker.start()
            with open(os.environ["DEAF_WORKER"], "w") as out:
                out.write(str(worker.pid))
            time.sleep(600)
"""
LONG_S = 60


class WordsTest(unittest.TestCase):
    def test_a_changed_key_says_what_to_check_and_not_how_to_remove_the_pin(self):
        error = unreachable("web-1", {"msg": CHANGED})
        self.assertEqual(error["code"], "ANSIBLE_HOST_UNREACHABLE")
        self.assertEqual(
            error["message"],
            "The key that web-1 shows is not the pinned one, so nothing was sent to it. It shows SHA256:9Xl0QMUkLqaqSJmp4Z9FHbHzTmJ1Gx1rsRtzF86VRcw. "
            "ssh says: Host key verification failed.",
        )
        self.assertIn("known_hosts", error["remedy"])

    def test_other_reasons_keep_the_words_of_ssh(self):
        for words, said in (
            ("No ED25519 host key is known for x and you have requested strict checking.\nHost key verification failed.", "No key of web-1 is pinned"),
            ("Failed to connect to the host via ssh: u@h: Permission denied (publickey).", "web-1 refused the login. ssh says: u@h: Permission denied (publickey)."),
            ("Failed to connect to the host via ssh: ssh: connect to host h port 22: Connection refused", "web-1 cannot be reached. ssh says: ssh: connect to host h port 22: Connection refused."),
        ):
            self.assertIn(said, unreachable("web-1", {"msg": words})["message"])

    def test_belays_own_error_comes_first(self):
        own = {"code": "SITE_LAYOUT", "message": "m", "remedy": "r"}
        self.assertEqual(error_of("h", "t", {"msg": "x", "belay_error": own}), own)
        self.assertEqual(error_of("h", "t", {"results": [{"msg": "fine"}, {"belay_error": own}]}), own)
        self.assertEqual(error_of("h", "Do it", {"msg": "no\n space"})["message"], "The step 'Do it' failed on h: no space.")
        self.assertEqual(error_of("h", "t", {"msg": "x", "argument_errors": ["a is missing"]})["code"], "INPUT_INVALID")

    def test_steps_facts_and_the_first_error(self):
        clock = iter([1.0, 3.5, 4.0, 5.0]).__next__
        told = []
        recorder = Recorder(told.append, clock)
        recorder.step_started("one")
        recorder.step_finished("one", "ok", {"belay_facts": {"a": 1, "b": 1}})
        recorder.step_started("two")
        recorder.failed({"code": "FIRST", "message": "It broke.", "remedy": "Mend it."})
        recorder.failed({"code": "SECOND", "message": "Cleaning up broke too.", "remedy": ""})
        recorder.step_finished("two", "failed", {"belay_facts": {"b": 2}})
        report = recorder.report(JOB, "failed")
        self.assertEqual(report["steps"], [{"name": "one", "status": "ok", "seconds": 2.5}, {"name": "two", "status": "failed", "seconds": 1.0}])
        self.assertEqual((report["facts"], report["error_code"], report["error_message"]), ({"a": 1, "b": 2}, "FIRST", "It broke. Mend it."))
        self.assertEqual([event["event"] for event in told], ["step_started", "step_finished"] * 2)
        self.assertEqual(told[-1]["message"], "It broke.")
        self.assertNotIn("error_code", recorder.report(JOB, "succeeded"))


class PlaybookTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="belay-report-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def command(self, plays, host, **more):
        (self.folder / "inventory").write_text("here ansible_connection=local\ngone ansible_host=127.0.0.1 ansible_port=1\n")
        (self.folder / "play.yml").write_text(json.dumps(plays))
        (self.folder / "job.json").write_text(json.dumps({**JOB, "target_host": host, "report_path": str(self.folder / "report.json"), **more}))
        return ["ansible-playbook", "-i", str(self.folder / "inventory"), "-e", f"@{self.folder / 'job.json'}", str(self.folder / "play.yml")]

    def environment(self):
        return {**os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "BELAY_OUTPUT": "jsonl", "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp")}

    def report(self):
        return json.loads((self.folder / "report.json").read_text())

    def play(self, tasks, host="here", then=(), **more):
        """Runs tasks with the project's configuration: (exit code, lines of output, report)."""
        command = self.command([{"hosts": "{{ target_host }}", "tasks": tasks}, *then], host, **more)
        done = subprocess.run(command, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout.decode().splitlines(), self.report()

    def test_a_rescue_does_not_hide_the_first_error(self):
        block = {"block": [{"name": "Break", "ansible.builtin.fail": {"msg": "first"}}], "rescue": [{"name": "Clean up", "ansible.builtin.debug": {"msg": "x"}}]}
        code, lines, report = self.play([block, {"name": "End", "ansible.builtin.fail": {"msg": "second"}}])
        self.assertEqual((code, report["status"], report["error_code"]), (2, "failed", "ANSIBLE_HOST_FAILED"))
        self.assertIn("first", report["error_message"])
        self.assertEqual([(step["name"], step["status"]) for step in report["steps"]], [("Break", "failed"), ("Clean up", "ok"), ("End", "failed")])
        self.assertTrue(all(json.loads(line)["event"] for line in lines), lines)
        code, _, report = self.play([block])
        self.assertEqual((code, report["status"], "error_code" in report), (0, "succeeded", False))

    def test_an_unreachable_host(self):
        code, _, report = self.play([{"name": "Go", "ansible.builtin.ping": {}}], host="gone")
        self.assertEqual((code, report["status"], report["error_code"]), (4, "failed", "ANSIBLE_HOST_UNREACHABLE"))
        self.assertEqual(report["steps"][0]["status"], "unreachable")

    def test_a_host_that_the_inventory_does_not_have(self):
        code, _, report = self.play([], host="nowhere")
        self.assertEqual((code, report["error_code"]), (2, "HOST_UNKNOWN"))

    def test_the_input_is_never_a_template(self):
        evil = "{{ lookup('pipe', 'touch " + str(self.folder / "owned") + "') }}"
        task = {"name": "Take it", "ansible.builtin.assert": {"that": ["promote_options[0].startswith('{' + '{')", "deep.x[0] | length > 20"], "quiet": True}}
        code, lines, _ = self.play([task, {"name": "Show", "ansible.builtin.debug": {"msg": "{{ promote_options }} {{ deep }}"}}], promote_options=[evil], deep={"x": [evil]})
        self.assertEqual(code, 0, lines)
        self.assertFalse((self.folder / "owned").exists())

    def test_the_name_of_a_host_is_never_a_template(self):
        code, _, report = self.play([], host="{{ lookup('pipe', 'touch " + str(self.folder / "owned") + "; echo here') }}")
        self.assertEqual((code, report["status"], report["error_code"]), (2, "failed", "INPUT_INVALID"))
        self.assertFalse((self.folder / "owned").exists())

    def test_a_playbook_that_ansible_gives_up(self):
        code, _, report = self.play([{"name": "Go", "ansible.builtin.debug": {"msg": "x"}}], then=[{"hosts": "{{ nothing }}", "tasks": []}])
        self.assertNotEqual(code, 0)
        self.assertEqual((report["status"], report["error_code"]), ("failed", "ANSIBLE_PLAY_ERROR"))

    def test_an_interrupted_playbook_is_cancelled(self):
        self.interrupt(signal.SIGINT)

    def test_a_terminated_playbook_is_cancelled(self):
        self.interrupt(signal.SIGTERM)

    def test_a_playbook_that_is_terminated_in_a_step_on_a_host_tells_which(self):
        # `pause` above runs in the main process, a module in a worker of its own.
        self.interrupt(signal.SIGTERM, {"name": "Wait", "ansible.builtin.command": "sleep 600"})

    def test_an_interruption_that_ansible_loses_ends_it_all_the_same_with_a_worker_that_it_started_since(self):
        worker, plugins = self.folder / "worker", self.folder / "strategy"
        plugins.mkdir()
        (plugins / "deaf.py").write_text(DEAF)
        more = {"ANSIBLE_STRATEGY_PLUGINS": str(plugins), "DEAF_WORKER": str(worker)}
        command = self.command([{"hosts": "here", "strategy": "deaf", "tasks": [{"name": "Wait", "ansible.builtin.pause": {"seconds": 600}}]}], "here")
        with subprocess.Popen(command, env={**self.environment(), **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            try:
                self.assertEqual(json.loads(running.stdout.readline())["step"], "Wait")
                # While Ansible still forks the step's worker, Python itself may drop the interruption, and then this strategy never hears of it.
                self.assertIn(b"Pausing", running.stdout.readline())
                running.send_signal(signal.SIGTERM)
                self.assertEqual(running.wait(LONG_S), 99)
                until = time.monotonic() + LONG_S
                while _lives(int(worker.read_text())) and time.monotonic() < until:
                    time.sleep(0.05)
                self.assertFalse(_lives(int(worker.read_text())))
            finally:
                _end(running.pid, worker)
        self.assertEqual((self.report()["status"], self.report()["error_code"]), ("cancelled", "JOB_CANCELLED"))

    def interrupt(self, number, task=None):
        command = self.command([{"hosts": "here", "tasks": [task or {"name": "Wait", "ansible.builtin.pause": {"seconds": 600}}]}], "here")
        with subprocess.Popen(command, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            self.assertEqual(json.loads(running.stdout.readline())["step"], "Wait")
            running.send_signal(number)
            running.stdout.read()
        self.assertEqual((self.report()["status"], self.report()["error_code"]), ("cancelled", "JOB_CANCELLED"))
        self.assertEqual([(step["name"], step["status"]) for step in self.report()["steps"]], [("Wait", "unreachable")])


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _end(running, worker):
    """Whatever the test has found, nothing of it stays."""
    for pid in (running, *([int(worker.read_text())] if worker.exists() else [])):
        if _lives(pid) and "ansible" in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
