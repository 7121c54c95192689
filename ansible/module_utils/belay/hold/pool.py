"""The site's PHP pool as the probe tells of it: whether visitors fit into its queue while they wait, and who keeps it from a switch."""
from __future__ import annotations

import re
import subprocess
from typing import List, NamedTuple, Optional

from . import probe
from .hold import Hold
from .prepare import read_probe

SS_S = 5
#: Requests that a busy server may get in a burst, whatever its average says.
BURST = 2


class Sample(NamedTuple):
    """`accepted` requests since the pool began, `since_s` seconds ago; `backlog` is None where the host does not tell."""

    accepted: int
    since_s: int
    backlog: Optional[int]


def sample(answer: dict) -> Optional[Sample]:
    """From the probe's answer; None where PHP is no FPM, or runs an older hold.php."""
    told = answer.get("pool")
    if not isinstance(told, dict) or not isinstance(told.get("accepted"), int) or not isinstance(told.get("since_s"), int):
        return None
    return Sample(told["accepted"], told["since_s"], _backlog([one for one in told.get("sockets") or () if isinstance(one, int)]))


def too_small(first: Sample, last: Sample, between_s: float, wait_s: float) -> Optional[str]:
    """A sentence where the queue overflows when the pool takes nothing for `wait_s`: visitors would be turned away with 502.

    The arrival rate is the higher one of that between the two samples (`between_s` apart) and the pool's own average.
    """
    if last.backlog is None:
        return None
    rates = [(last.accepted - first.accepted) / between_s if between_s > 0 else 0.0]
    rates += [last.accepted / last.since_s] if last.since_s > 0 else []
    expected = max(rates) * wait_s * BURST
    if last.backlog >= expected:
        return None
    return (
        f"PHP-FPM's queue holds {last.backlog} requests, and {expected:.0f} may arrive while a switch makes them wait ({max(rates):.0f} a second, "
        f"up to {wait_s:.1f} s): some would get 502. Set listen.backlog of the pool, and net.core.somaxconn, to at least {expected:.0f}."
    )


def long_requests(site) -> str:
    """What runs for long in the pool, in words; nothing where it does not say."""
    secret = read_probe(Hold(f"{site.belay}/hold"))
    told = (probe.ask(site.url, secret).get("pool") if secret else None) or {}
    found = [one for one in told.get("long") or () if isinstance(one, dict)]
    ordered = sorted(found, key=lambda one: -int(one.get("seconds", 0)))
    return ", ".join(f"{one.get('request')} (for {one.get('seconds')} s)" for one in ordered[:5])


def _backlog(sockets: List[int]) -> Optional[int]:
    """The queue's size of the one among these sockets (inodes) that listens, as the kernel has it."""
    wanted = set(sockets)
    for line in [*_lines("-xlnH"), *_lines("-tlneH")]:
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
