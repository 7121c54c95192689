"""The hold of an environment: its lock files, and the link `state` that tells every PHP request which release to serve.

The other half is roles/host_prepare/files/hold.php; both agree on the names and texts below.
"""
import contextlib
import fcntl
import os
import time
from dataclasses import dataclass
from typing import Optional, Tuple

from ..errors import BelayError
from ..host.links import replace_link, sync_folder

#: Of hold.php; PHP may still run an older file from its cache.
VERSION = 1
DOUBT = "in-doubt:"
POLL_S = 0.001


class NotDrained(Exception):
    """Requests that were running did not end before the deadline; nothing has changed."""


@dataclass(frozen=True)
class Version:
    """A release as one switch activated it: the same release activated again is another version (see BELAY_SWITCH)."""

    release: str
    operation: str

    def __str__(self):
        return f"{self.release}@{self.operation}"

    @staticmethod
    def parse(text):
        release, separator, operation = text.partition("@")
        if not (release and separator and operation) or "/" in text or ":" in text:
            raise BelayError(
                "HOLD_STATE",
                f"The link that tells PHP which release to serve has an unknown text: {text!r}.",
                "Run host-prepare.yml for this environment.",
            )
        return Version(release, operation)


@dataclass(frozen=True)
class State:
    """What `state` says: one version, or two between which only the database can decide."""

    certain: Optional[Version]
    doubt: Optional[Tuple[Version, Version]] = None


class Hold:
    """The files below `<root>/.belay/hold`."""

    def __init__(self, folder):
        self.folder = os.fspath(folder)
        self.turnstile = os.path.join(self.folder, "turnstile")
        self.room = os.path.join(self.folder, "room")
        self.state_link = os.path.join(self.folder, "state")
        self.script = os.path.join(self.folder, "hold.php")
        self.config = os.path.join(self.folder, "config.php")

    def state(self):
        """None where the hold has never been prepared."""
        try:
            text = os.readlink(self.state_link)
        except FileNotFoundError:
            return None
        if text.startswith(DOUBT):
            old, _, new = text[len(DOUBT):].partition(":")
            return State(None, (Version.parse(old), Version.parse(new)))
        return State(Version.parse(text))

    def set_certain(self, version):
        replace_link(self.state_link, str(version))

    def set_in_doubt(self, old, new):
        """On the disk before it returns: after a power cut the doubt must not be forgotten while the tables remember."""
        replace_link(self.state_link, f"{DOUBT}{old}:{new}")
        sync_folder(self.folder)

    @contextlib.contextmanager
    def closed(self, drain_s):
        """Let no new PHP request in and wait until the running ones have ended; raises NotDrained at the deadline."""
        deadline = time.monotonic() + drain_s
        with open(self.turnstile, "r+b") as turnstile, open(self.room, "r+b") as room:
            _lock(turnstile, deadline)
            _lock(room, deadline)
            yield


def _lock(file, deadline):
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise NotDrained() from None
            time.sleep(POLL_S)
