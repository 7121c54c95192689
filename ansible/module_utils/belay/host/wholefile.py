"""Small files that are there whole or not at all, also after a power cut."""
from __future__ import annotations

import json
import os
from typing import Any, Optional

from .links import sync_folder


def write_whole(path: str, content: bytes, mode: int = 0o600, lasting: bool = True) -> None:
    """Readers see the old or the new content, never a part. Not `lasting`: a power cut may leave neither, and nobody waits for the disk."""
    temporary = f"{path}.{os.getpid()}.new"
    with open(os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        if lasting:
            os.fsync(file.fileno())
    os.rename(temporary, path)
    if lasting:
        sync_folder(os.path.dirname(path))


def write_json(path: str, value: Any, lasting: bool = True) -> None:
    write_whole(path, json.dumps(value, sort_keys=True).encode(), lasting=lasting)


def read_json(path: str) -> Optional[Any]:
    """None where there is no such file, or where it holds something else."""
    try:
        with open(path, "rb") as file:
            return json.loads(file.read())
    except (FileNotFoundError, ValueError):
        return None
