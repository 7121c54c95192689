"""The last look before the switch, on the controller: whether somebody asked to stop. No host is asked, and no module is needed."""
from __future__ import annotations

import os
import time

from ansible.plugins.action import ActionBase

#: So long the runner may take to ask the bot; without its answer what was begun goes on.
PATIENCE_S = 15
POLL_S = 0.02


class ActionModule(ActionBase):
    """`file`: exists where somebody asked to stop. `file` with `.asked` behind it: the bot was asked after this step began."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        file = self._task.args.get("file", "")
        if not file:
            return {"changed": False, "skipped": True}
        deadline = time.monotonic() + float(self._task.args.get("patience_s", PATIENCE_S))
        while not os.path.exists(file + ".asked") and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if os.path.exists(file):
            return {"changed": False, "failed": True, "msg": "Somebody asked to stop before the switch."}
        return {"changed": False}
