"""The site's PHP pool: whether visitors fit into its queue while they wait, and which workers keep it from a switch.

Nothing here asks PHP-FPM for its status: fpm_get_status() reads other workers' records while they change, and crashes the worker
that asks (seen with PHP 8.2 in one of three questions where workers come and go).
"""
from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from typing import Iterator, List, Optional, Set

from .hold import Hold

SS_S = 5
#: Requests come in bursts, whatever their average.
BURST = 2
#: Files of hold.php.
COUNTING, COUNTED = "counting", "counted"


class Arrivals:
    """How many requests a second the pool got while it was counted; None where nothing was counted."""

    rate: Optional[float] = None


@contextlib.contextmanager
def counted(hold: Hold) -> Iterator[Arrivals]:
    """Requests that begin within this block leave marks, which are counted at its end."""
    flag, marks = (os.path.join(hold.folder, name) for name in (COUNTING, COUNTED))
    found, started = Arrivals(), time.monotonic()
    for path in (marks, flag):
        with open(path, "wb"):
            pass
    try:
        yield found
        found.rate = os.path.getsize(marks) / max(time.monotonic() - started, 0.001)
    finally:
        for path in (flag, marks):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def too_small(backlog: Optional[int], rate: Optional[float], wait_s: float) -> Optional[str]:
    """A sentence where the queue overflows when the pool takes nothing for `wait_s`: visitors would be turned away with 502."""
    if backlog is None or rate is None or backlog >= rate * wait_s * BURST:
        return None
    needed = rate * wait_s * BURST
    return (
        f"PHP-FPM's queue holds {backlog} requests, and {needed:.0f} may arrive while a switch makes them wait ({rate:.0f} a second, up to {wait_s:.1f} s): "
        f"some would get 502. Set listen.backlog of the pool, and net.core.somaxconn, to at least {needed:.0f}."
    )


def backlog_of(answer: dict) -> Optional[int]:
    """The queue's size of the socket that listens among those of the probe's `answer`, as the kernel has it; None where nobody tells."""
    wanted = {one for one in answer.get("sockets") or () if isinstance(one, int)}
    for line in [*_lines("-xlnH"), *_lines("-tlneH")] if wanted else ():
        words = line.split()
        inodes = {int(number) for number in re.findall(r"ino:(\d+)", line)} | ({int(words[5])} if len(words) > 5 and words[5].isdigit() else set())
        if len(words) > 3 and wanted & inodes and words[3].isdigit():
            return int(words[3])
    return None


def _lines(options: str) -> List[str]:
    try:
        done = subprocess.run(["ss", options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SS_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.decode(errors="replace").splitlines()


def inside(hold: Hold) -> Set[int]:
    """Process ids of the requests that are in the room at this moment."""
    try:
        inode = os.stat(hold.room).st_ino
        with open("/proc/locks", encoding="ascii") as locks:
            fields = [line.split() for line in locks]
    except OSError:
        return set()
    return {int(one[4]) for one in fields if len(one) > 5 and one[1] == "FLOCK" and one[3] == "READ" and one[5].endswith(f":{inode}")}
