"""The last look before the switch, on the controller: whether to stop. No host is asked, and no module is needed."""
from __future__ import annotations

import os
import time

from ansible.plugins.action import ActionBase

#: So long the runner may take to ask the bot, which asks GitHub; without an answer there is no switch.
PATIENCE_S = 300
POLL_S = 0.02


class ActionModule(ActionBase):
    """`file`: exists where the job is to stop. `file` with `.asked` behind it: the bot was asked after this step began."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        file = self._task.args.get("file", "")
        if not file:
            return {"changed": False, "skipped": True}
        deadline = time.monotonic() + float(self._task.args.get("patience_s", PATIENCE_S))
        while not os.path.exists(file + ".asked") and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if os.path.exists(file):
            return {"changed": False, "failed": True, "msg": "It stops before the switch, as the bot said."}
        if not os.path.exists(file + ".asked"):
            return {"changed": False, "failed": True, "msg": "The bot did not say in time whether to go on to the switch."}
        return {"changed": False}
