"""Belay's view of a playbook's run."""
from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import signal
import sys
import time

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.callback import CallbackBase
from ansible.utils.unsafe_proxy import wrap_var
from ansible.utils.vars import load_extra_vars

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "module_utils"))
from belay import report as reports  # noqa: E402  (its folder is known only now)

DOCUMENTATION = r"""
name: belay
type: stdout
short_description: One line per step, and a report at the end
description:
  - Prints a JSON line per event where the environment says C(BELAY_OUTPUT=jsonl), otherwise short lines for people.
  - Writes the report to the path in the extra variable C(report_path), also when a task failed or a host was unreachable.
"""

#: What Ansible itself ends with when it is interrupted, and how long it may take for that.
EXIT_INTERRUPTED = 99
GRACE_S = 5
MARKS = {"ok": "ok", "failed": "FAILED", "skipped": "skipped", "unreachable": "UNREACHABLE"}


class CallbackModule(CallbackBase):
    """The stdout callback."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "belay"

    def __init__(self):
        super().__init__()
        self._jsonl = os.environ.get("BELAY_OUTPUT") == "jsonl"
        self._recorder = reports.Recorder(self._tell, time.monotonic)
        self._job: dict = {}
        self._done = False
        self._nobody = False

    def v2_playbook_on_start(self, playbook):
        self._job = load_extra_vars(DataLoader())
        self._main = os.getpid()
        atexit.register(self._at_exit)
        signal.signal(signal.SIGINT, self._on_interrupt)
        signal.signal(signal.SIGTERM, self._on_interrupt)
        # The names of hosts are needed before the input can be marked as data (see on_play_start).
        templates = [name for name in ("target_host", "source_host") if "{" in str(self._job.get(name, ""))]
        if templates:
            self._recorder.failed(reports.no_name_of_a_host(templates[0]))
            self._end("failed")
            raise SystemExit(2)

    def v2_playbook_on_no_hosts_matched(self):
        self._nobody = True
        self._recorder.failed(reports.no_such_host(self._pattern))
        self._say(self._recorder.error["message"])

    def v2_playbook_on_play_start(self, play):
        self._pattern = ",".join(play.hosts) if isinstance(play.hosts, list) else str(play.hosts)
        # The input is data: a table or an option that somebody named `{{ ... }}` must not become a template here.
        variables = play.get_variable_manager().extra_vars
        variables.update({name: wrap_var(value) for name, value in variables.items()})

    def v2_playbook_on_task_start(self, task, is_conditional):
        if not _is_internal(task):
            self._recorder.step_started(_name(task))

    def v2_playbook_on_handler_task_start(self, task):
        self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_ok(self, result):
        if not _is_internal(result._task):
            self._recorder.step_finished(_name(result._task), "ok", result._result)

    def v2_runner_on_skipped(self, result):
        self._recorder.step_finished(_name(result._task), "skipped", {})

    def v2_runner_on_failed(self, result, ignore_errors=False):
        name = _name(result._task)
        if not ignore_errors:
            self._recorder.failed(reports.error_of(result._host.get_name(), name, result._result))
        self._recorder.step_finished(name, "failed", result._result)

    def v2_runner_on_unreachable(self, result):
        self._recorder.failed(reports.unreachable(result._host.get_name(), result._result))
        self._recorder.step_finished(_name(result._task), "unreachable", result._result)

    def v2_playbook_on_stats(self, stats):
        if self._done:
            return
        failed = self._nobody or any(stats.failures.values()) or any(stats.dark.values())
        self._end("failed" if failed else "succeeded")
        if self._nobody:  # Ansible itself would call a playbook without a host a success
            raise SystemExit(2)

    def _on_interrupt(self, number, frame):
        """Tell at once, then let Ansible end in its own way; it may lose the interruption, so it gets a few seconds only."""
        if os.getpid() == self._main and not self._done:
            self._recorder.failed(reports.interrupted())
            self._recorder.lost_sight()
            self._end("cancelled")
            _end_workers()
            signal.signal(signal.SIGALRM, _give_up)
            signal.alarm(GRACE_S)
        elif number == signal.SIGTERM:  # a worker, which has inherited this handler, ends as if it had not
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        signal.default_int_handler(number, frame)

    def _at_exit(self):
        """Ansible ended without its statistics: an error of the playbook itself."""
        if not self._done and os.getpid() == self._main:
            self._recorder.failed(reports.play_error())
            self._recorder.lost_sight()
            self._end("failed")

    def _end(self, status):
        self._done = True
        report_path = self._job.get("report_path")
        if report_path and all(name in self._job for name in ("job_id", "job_type", "operation_id")):
            temporary = f"{report_path}.{os.getpid()}"
            with open(temporary, "w", encoding="utf-8") as out:
                json.dump(self._recorder.report(self._job, status), out)
            os.rename(temporary, report_path)
        error = self._recorder.error
        if not self._jsonl:
            self._say(status if status == "succeeded" or not error else f"{status}: {error['code']}\n{error['message']}\n{error.get('remedy', '')}".rstrip())

    def _tell(self, event):
        if self._jsonl:
            self._say(json.dumps(event))
        elif event["event"] == "step_finished":
            self._say(f"{MARKS[event['status']]:>11} {event['seconds']:7.2f} s  {event['step']}")

    def _say(self, line):
        if not self._jsonl or line.startswith("{"):
            self._display.display(line)


def _name(task):
    """The task's own words, without its role."""
    return "Check the input" if _is_internal(task) else task.name or task.action


def _end_workers():
    for worker in _children():
        os.kill(worker, signal.SIGTERM)


def _give_up(*_):
    """The interruption was lost: Ansible went on, and may have started a worker since."""
    _end_workers()
    os._exit(EXIT_INTERRUPTED)


def _children():
    """Ids of this process's children, also of one that was forked this instant and that Python does not know yet."""
    try:
        with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children", encoding="ascii") as listed:
            return [int(word) for word in listed.read().split()]
    except OSError:
        return [child.pid for child in multiprocessing.active_children()]


def _is_internal(task):
    return "validate_argument_spec" in task.action
