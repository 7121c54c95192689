"""Runs a command that the host's administrator allows by name, for caches that neither a folder nor a request reaches.

The list is /etc/belay/commands.json and not a file below the site's root: the site's own PHP, plugins included, may write
everything there, and a name in .github/belay.yml would then run whatever a plugin put behind it. JSON, because hosts have
nothing but Python's standard library. A command runs as the site's owner, without a shell, with no more rights than PHP has.
"""
from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from typing import List

LIST = "/etc/belay/commands.json"
SIZE_LIMIT = 64 << 10


def run_command(site, name: str, within_s: float) -> str:
    """Runs the command of this name; returns a sentence. Raises ValueError with the reason."""
    command = _allowed().get(name)
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command) or not os.path.isabs(command[0]):
        raise ValueError(f'{LIST} of this host has no command of this name: an entry is like "{name}": ["/usr/bin/varnishadm", "ban", "req.url ~ /"]')
    _run(command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "BELAY_ROOT": site.root, "BELAY_URL": site.url}, within_s)
    return "done"


def _run(command: List[str], environment: dict, within_s: float) -> None:
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd="/", start_new_session=True
        )
    except OSError as error:
        raise ValueError(f"could not be run: {error.strerror}") from None
    with process:
        try:
            said = process.communicate(timeout=within_s)[0]
        except subprocess.TimeoutExpired:
            # With what it has started: that would keep its output, and this process, waiting.
            os.killpg(process.pid, signal.SIGKILL)
            raise ValueError(f"did not end within {within_s:g} s") from None
    if process.returncode != 0:
        raise ValueError(f"ended with {process.returncode}: {said.decode(errors='replace').strip()[-200:]}")


def _allowed() -> dict:
    """What the list says; nobody but root may have written it, nor its folder."""
    try:
        handle = os.open(LIST, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise ValueError(f"{LIST} of this host cannot be read: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        for found in (os.fstat(file.fileno()), os.stat(os.path.dirname(LIST))):
            if found.st_uid != 0 or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise ValueError(f"{LIST} of this host, or its folder, may be written by others than root: chown root and chmod go-w both")
        try:
            told = json.loads(file.read(SIZE_LIMIT))
        except ValueError:
            raise ValueError(f"{LIST} of this host is no JSON") from None
    if not isinstance(told, dict):
        raise ValueError(f"{LIST} of this host is no object of names and commands")
    return told
