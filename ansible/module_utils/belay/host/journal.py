"""The journal of an operation: what was done on this host, on disk before the next step begins."""
from __future__ import annotations

import json
import os
import re
from datetime import datetime, timezone
from typing import List, Optional

from ..errors import BelayError
from .links import sync_folder


class Journal:
    """`<root>/.belay/journal/<operation_id>.jsonl`: one object a line, `at`, `step` and what the step tells."""

    def __init__(self, site, operation_id: str):
        if not re.fullmatch(r"[0-9A-Za-z-]{1,64}", operation_id):
            raise BelayError("INPUT_INVALID", f"{operation_id!r} is not the id of an operation.", "Give a UUID as operation_id.")
        self.operation_id = operation_id
        self._folder = os.path.join(site.belay, "journal")
        self.path = os.path.join(self._folder, operation_id + ".jsonl")

    def append(self, step: str, **data) -> None:
        """Writes a line; when this returns, a power cut does not lose it. OSError: nothing of it is there."""
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        line = json.dumps({"at": datetime.now(timezone.utc).isoformat(), "step": step, **data}).encode() + b"\n"
        new = not os.path.exists(self.path)
        with open(self.path, "ab+", buffering=0) as file:
            _write(file, line if _ends_whole(file) else b"\n" + line)
        if new:
            sync_folder(self._folder)

    def steps(self) -> List[dict]:
        """All lines in order; a line that a crash cut off did not happen."""
        try:
            with open(self.path, "rb") as file:
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        return [entry for entry in map(_parsed, lines) if entry is not None]

    def last(self, step: str) -> Optional[dict]:
        """The newest line of a step, or None."""
        return next((entry for entry in reversed(self.steps()) if entry["step"] == step), None)


def _write(file, line: bytes) -> None:
    """All or nothing: half a long line would take the room of the short one that may decide."""
    before, written = file.seek(0, os.SEEK_END), 0
    try:
        while written < len(line):
            written += file.write(line[written:])
        os.fsync(file.fileno())
    except OSError:
        if file.seek(0, os.SEEK_END) == before + written:
            file.truncate(before)
        raise


def _ends_whole(file) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _parsed(line: bytes) -> Optional[dict]:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "step" in entry else None
