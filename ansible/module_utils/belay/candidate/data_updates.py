"""What plugins still have to do to their own rows when a release is live: seen and told, never begun.

A plugin like WooCommerce changes its tables as soon as its new code starts, which is an upgrade (migrations.py), and its rows later, by jobs
of its own or when an administrator asks for it. That may take hours and cannot be taken back, so it is nothing for the moment of a switch.
"""
from __future__ import annotations

from typing import Dict, List, NamedTuple

from ..database.mysql import SqlError, ident, literal
from ..errors import BelayError
from . import scratch
from .trial import Trial, View

ASK_S = 60.0
ACTIONS = "actionscheduler_actions"
#: Plugins that are told of; hooks of their jobs.
MOST = 50
#: What PHP is not asked about.
_FOR_PHP = ("plugin", "waits", "version", "steps")


class Asked(NamedTuple):
    """Where plugins are asked: the code, the prefix of the tables that it finds; and what is known of them (the job's `data_updates`)."""

    tree: str
    prefix: str
    read_only: bool
    known: List[dict]
    limit_s: float = ASK_S


def planned(session, prefix: str) -> Dict[str, int]:
    """Jobs that Action Scheduler is going to run once: {hook: how many}; empty where it has no table of its own here."""
    table = prefix + ACTIONS
    if table not in scratch.live_names(session):
        return {}
    once = " AND ".join(f"COALESCE(schedule, '') NOT LIKE {literal(f'%{kind}Schedule%')}" for kind in ("Interval", "Cron"))
    try:
        rows = session.query(f"SELECT hook, COUNT(*) FROM {ident(table)} WHERE status IN ('pending', 'in-progress') AND {once} GROUP BY hook ORDER BY hook")
    except SqlError:
        # Another plugin's table of this name.
        return {}
    return {hook.decode(errors="replace"): int(count) for hook, count in rows}


def waiting(site, session, asked: Asked, before: Dict[str, int]) -> dict:
    """`{updates, jobs}`: updates of rows that wait, `[{plugin, state, version, steps, planned, detail, start}]`; other jobs that were planned
    since `before`, `{hook: how many}`.

    `state`: `waits`, or `unknown` where the plugin could not be asked. `planned` above 0: it begins by itself. Changes nothing.
    """
    now = planned(session, asked.prefix)
    told = _ask(site, session, asked)
    known = {one["waits"]: one for one in asked.known}
    updates = [_told(one, known.get(one["waits"], {}), now) for one in told["updates"]]
    if told["fatal"]:
        updates.append({"plugin": "WordPress", "state": "unknown", "version": None, "steps": [], "planned": 0, "detail": told["fatal"][:300], "start": ""})
    theirs = {hook for one in asked.known for hook in one.get("jobs") or ()}
    jobs = {hook: count for hook, count in now.items() if hook not in before and hook not in theirs}
    return {"updates": updates[:MOST], "jobs": dict(sorted(jobs.items())[:MOST])}


def _ask(site, session, asked: Asked) -> dict:
    """`{updates, fatal}`. Nothing hangs on the answer, so whatever prevents it is one, too."""
    live = () if asked.read_only else tuple(name for name in scratch.live_names(session) if not name.startswith(asked.prefix))
    try:
        with Trial(site, asked.tree, View(asked.prefix, asked.read_only, live)) as trial:
            told = trial.ask([{name: one.get(name) for name in _FOR_PHP} for one in asked.known], min(ASK_S, asked.limit_s))
        return told if _is_answer(told) else {"updates": [], "fatal": "a plugin put an answer of its own in place of PHP's"}
    except (BelayError, OSError) as error:
        return {"updates": [], "fatal": error.message if isinstance(error, BelayError) else str(error)}


def _is_answer(told: dict) -> bool:
    """Plugins run in the process that answers, and may write whatever they like behind its words."""
    texts = {"plugin": str, "waits": str, "version": (str, type(None)), "error": (str, type(None)), "steps": list}
    updates = told.get("updates")
    return isinstance(told.get("fatal"), (str, type(None))) and isinstance(updates, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(name), kind) for name, kind in texts.items())
        and all(isinstance(step, str) for step in one["steps"]) for one in updates
    )


def _told(one: dict, known: dict, now: Dict[str, int]) -> dict:
    return {
        "plugin": one["plugin"][:100], "state": "unknown" if one["error"] else "waits", "version": one["version"], "steps": one["steps"][-MOST:],
        "planned": sum(now.get(hook, 0) for hook in known.get("jobs") or ()), "detail": (one["error"] or "")[:300], "start": known.get("start") or "",
    }
