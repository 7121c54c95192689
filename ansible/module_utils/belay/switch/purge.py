"""Tells caches in front of a site to forget: after a switch, and after a switch back. What fails is told, and stops nothing.

A cache that was not told serves the other release's pages for as long as it likes; health does not see it, because it looks
past caches. So every step is tried, and each tells how it ended.
"""
from __future__ import annotations

import time
from typing import Callable, Dict, List

from ..host.journal import Journal
from ..host.site import Site
from .purge_command import run_command
from .purge_path import empty_folder
from .purge_url import ask_cache

NAME = {"path": "path", "url": "url", "command": "command"}


class Keys(Dict[str, str]):
    """Values for `secret_headers`; only a runner has them."""

    @staticmethod
    def parse(text: str) -> "Keys":
        """Lines `NAME=value` of the secret BELAY_PURGE_KEYS; everything else in it is passed over."""
        pairs = (line.partition("=") for line in text.split("\n"))
        return Keys({name.strip(): value.strip() for name, equals, value in pairs if equals and name.strip()})


def purge(site: Site, steps: List[dict], volatile_paths: List[str], keys: Keys) -> List[dict]:
    """Every step in order -> [{purge, ok, detail, seconds}]. `steps`: PurgeStep of jobs.ts."""
    ways: Dict[str, Callable[[dict], str]] = {
        "path": lambda step: empty_folder(site, step["path"], volatile_paths, float(step["within_s"])),
        "url": lambda step: ask_cache(step, keys),
        "command": lambda step: run_command(site, step["command"], float(step["within_s"])),
    }
    return [_tried(step, ways[step["kind"]]) for step in steps]


def must_purge(journal: Journal, params: dict) -> None:
    """Before a switch, forth or back: whoever finds it interrupted knows from here what to tell caches in front."""
    if params.get("purge"):
        journal.append("must_purge", steps=params["purge"], volatile_paths=params["volatile_paths"])


def purge_late(site: Site, journal: Journal) -> List[dict]:
    """What a switch that was interrupted owes to caches in front; what needs a key of the runner's is told as not done."""
    steps = [entry["step"] for entry in journal.steps() if entry["step"] in ("must_purge", "purged", "reverted")]
    if not steps or steps[-1] != "must_purge":
        return []
    owed = journal.last("must_purge")
    results = purge(site, owed["steps"], owed["volatile_paths"], Keys())
    journal.append("purged", results=results)
    return results


def _tried(step: dict, way: Callable[[dict], str]) -> dict:
    started = time.monotonic()
    try:
        ok, detail = True, way(step)
    except Exception as error:  # whatever a cache or its configuration does: the release is live, and stays so
        ok, detail = False, str(error) or type(error).__name__
    name = NAME[step["kind"]]
    shown = f"{step['method']} {_without_query(step['url'])}" if name == "url" else f"{name} {step[name]}"
    return {"purge": shown, "ok": ok, "detail": detail[:300], "seconds": round(time.monotonic() - started, 3)}


def _without_query(url: str) -> str:
    """Where somebody put a key into the address after all, it is not told further."""
    return url.partition("?")[0]


def failed(results: List[dict]) -> List[dict]:
    return [result for result in results if not result["ok"]]
