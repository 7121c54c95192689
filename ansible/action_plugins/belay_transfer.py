"""The controller's part of bringing a file from host to host: chunks are fetched, proven and brought, each again where it fails."""
from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time

from ansible import constants
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "module_utils"))
from belay.bundle.transfer import BLOCK, CHUNK, missing  # noqa: E402  (its folder is known only now)

#: A line that is cut for some seconds is not the end of a transfer.
ATTEMPTS, PAUSE_S = 5, 3


class ActionModule(ActionBase):
    """`pull` and `push` move bytes here; every other step is the module's alone."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        self._vars = task_vars
        given = self._task.args
        try:
            if given["step"] == "pull":
                return self._pull(given)
            if given["step"] == "push":
                return self._push(given)
            return self._module(**given)
        except _Failed as failed:
            return failed.args[0]
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _pull(self, given):
        """Fetch what is not `there`, in one piece where that is all of it, into a folder that goes with Ansible's run."""
        path, there = given["path"], given["there"]
        offer = self._module(step="offer", path=path, sha256=given.get("sha256") or "")["offer"]
        wanted = missing(offer, there)
        told = {"changed": bool(wanted), "offer": offer, "missing": wanted, "complete": there["sha256"] == offer["sha256"]}
        if not wanted:
            return {**told, "room": ""}
        room = tempfile.mkdtemp(prefix="belay-transfer-", dir=constants.DEFAULT_LOCAL_TMP)
        try:
            self._fetch(path, offer, wanted, room)
        except BaseException:
            shutil.rmtree(room, ignore_errors=True)
            raise
        return {**told, "room": room}

    def _fetch(self, path, offer, wanted, room):
        if len(wanted) == len(offer["chunks"]) and self._whole(path, offer, room):
            return
        for index in wanted:
            self._again(lambda index=index: self._cut(path, offer, room, index))
        self._module(step="tidy", path=path)

    def _whole(self, path, offer, room):
        """Whether the file came in one piece, and as it was offered."""
        place = os.path.join(room, "whole")
        try:
            self._connection.fetch_file(path, place)
            with open(place, "rb") as whole:
                return all(_split(whole, os.path.join(room, str(at))) == digest for at, digest in enumerate(offer["chunks"]))
        except (AnsibleError, OSError):
            return False
        finally:
            if os.path.exists(place):
                os.unlink(place)

    def _cut(self, path, offer, room, index):
        place = os.path.join(room, str(index))
        laid = self._module(step="cut", path=path, index=index)["cut"]
        self._connection.fetch_file(laid, place)
        with open(place, "rb") as chunk:
            if hashlib.sha256(chunk.read()).hexdigest() != offer["chunks"][index]:
                raise AnsibleConnectionFailure(f"chunk {index} of {path} is not what was offered")

    def _push(self, given):
        """Bring the chunks of the room; each stays on the target, whatever becomes of the others."""
        wanted = given["missing"]
        try:
            for index in wanted:
                self._again(lambda index=index: self._bring(given, index, last=index == wanted[-1]))
            if not wanted:  # all of it was there, and only its name was missing
                self._module(step="finish", path=given["path"], offer=given["offer"])
        finally:
            if given["room"]:
                shutil.rmtree(given["room"], ignore_errors=True)
        return {"changed": True, "pushed": len(wanted)}

    def _bring(self, given, index, last):
        if self._connection._shell.tmpdir is None:
            self._make_tmp_path()
        place = self._connection._shell.join_path(self._connection._shell.tmpdir, f"chunk-{index}")
        self._transfer_file(os.path.join(given["room"], str(index)), place)
        self._module(step="take", path=given["path"], offer=given["offer"], index=index, chunk=place, last=last)

    def _again(self, attempt):
        for tried in range(1, ATTEMPTS + 1):
            try:
                return attempt()
            except (AnsibleConnectionFailure, AnsibleError):
                if tried == ATTEMPTS:
                    raise
                time.sleep(PAUSE_S)
                self._connection.reset()
                self._connection._shell.tmpdir = None
        return None

    def _module(self, **arguments):
        answer = self._execute_module("belay_transfer", module_args=arguments, task_vars=self._vars)
        if answer.get("failed"):
            raise _Failed(answer)
        return answer


class _Failed(Exception):
    """The module said no: its answer is the task's."""


def _split(whole, place):
    """Writes the next chunk of an open file; its SHA-256."""
    digest, left = hashlib.sha256(), CHUNK
    with open(place, "wb") as out:
        while left and (block := whole.read(min(BLOCK, left))):
            digest.update(block)
            out.write(block)
            left -= len(block)
    return digest.hexdigest()
