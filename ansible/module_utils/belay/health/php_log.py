"""PHP's log of errors: where it is, how far it went at the switch, and what of the active release it complains about since."""
from __future__ import annotations

import os
import re
from typing import Iterator, List, NamedTuple, Optional

from .health_page import Unhealthy

FATAL = re.compile(rb"PHP (?:Fatal error|Parse error|Compile error|Core error)|Allowed memory size of \d+ bytes exhausted")
#: Of a log that grows without end only so much is read.
READ_LIMIT = 16 << 20
SHOWN, CUT = 2, 300


class Mark(NamedTuple):
    """How far a log went at a moment; a log with another inode was begun since."""

    path: str
    inode: int
    size: int


def logs_of(site, configured: Optional[str], told: Optional[str]) -> List[str]:
    """Paths of the logs to read: the `configured` one, or the one that PHP `told` of, and WordPress's own debug log."""
    if configured:
        return [os.path.join(site.root, configured)]
    found = [told] if told and os.path.isabs(told) else []
    return [*found, os.path.join(site.current, "wp-content", "debug.log")]


def marks(paths: List[str]) -> List[dict]:
    """Where each of the logs that can be read ends now."""
    return [mark._asdict() for mark in map(_mark, paths) if mark is not None]


def _mark(path: str) -> Optional[Mark]:
    try:
        with open(path, "rb") as log:
            found = os.fstat(log.fileno())
            return Mark(path, found.st_ino, found.st_size)
    except OSError:
        return None


def complaints(site, paths: List[str], since: Optional[List[dict]]) -> str:
    """Raises Unhealthy where a log has a fatal error in a file of the active release since the marks; without them it may have any.

    A log without a mark was begun since.
    """
    tree = os.path.join(os.path.realpath(site.releases), site.active_release()).encode() + b"/"
    read, lines = [], []
    for path in paths:
        at = {mark["path"]: mark for mark in since or ()}.get(path)
        try:
            lines += [line for line in _new_lines(path, at) if FATAL.search(line) and tree in line] if since is not None else []
            read += [path] if os.access(path, os.R_OK) else []
        except OSError:
            continue
    if lines:
        shown = "; ".join(line.decode(errors="replace").strip()[:CUT] for line in lines[:SHOWN])
        raise Unhealthy(f"{len(lines)} since the switch: {shown}")
    return f"none in {', '.join(read)}" if read else "no log that could be read"


def _new_lines(path: str, mark: Optional[dict]) -> Iterator[bytes]:
    with open(path, "rb") as log:
        found = os.fstat(log.fileno())
        same = mark is not None and mark["inode"] == found.st_ino and mark["size"] <= found.st_size
        log.seek(mark["size"] if same else 0)
        yield from log.read(READ_LIMIT).split(b"\n")
