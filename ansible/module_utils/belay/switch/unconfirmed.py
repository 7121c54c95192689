"""What becomes of an activation that nobody has confirmed: it stays until its deadline, then the host goes back.

Everything here happens under the host's lock, and is decided by the journal (`confirmed`) and the table `release`: so of a
confirmation, a rollback and any number of watchers exactly one wins, and whoever comes later finds it done.
"""
from __future__ import annotations

from dataclasses import replace
from typing import List, Optional

from . import armed as arms
from ..host import host_reports
from . import inspected, leftovers, measures, rollback, strays
from .armed import Armed
from ..errors import BelayError
from ..health.health import check_health
from ..host.journal import Journal
from ..hold.recovery import Host, recover
from ..release.release_folders import drop_incoming
from .purge import Keys, must_purge, purge, purge_late


def settle(host: Host, armed: Armed, by: str, now: bool = False) -> Optional[dict]:
    """Finish with one activation if it can be: confirmed or not active any more, it is forgotten; active and over its time (or
    `now`), it is undone. The report of what was undone, or None."""
    here = replace(host, journal=Journal(host.site, armed.operation))
    point, _ = recover(here)
    strays.finish(here, point)
    if here.journal.last("confirmed") is not None:
        return arms.disarm(armed)
    if point.version == armed.goal:
        return _undo(here, armed, by) if now or armed.seconds_left() <= 0 else None
    report = None
    if point.version.operation == armed.operation:
        resume(here, armed.params, armed.previous.release)
        if _untold(here.journal):
            report = _told(here, armed, by)
        purge_late(here.site, here.journal)
    arms.disarm(armed)
    return report


def settle_all(host: Host, operation: str, takes_over: bool = False) -> List[dict]:
    """At the beginning of a step of `operation`: the reports of what had to be undone.

    BelayError HOST_BUSY where another operation's activation still waits for its confirmation, unless this one `takes_over`.
    """
    reports = []
    for armed in arms.all_of(host.site):
        if armed.operation == operation and not _is_over(host, armed):
            continue
        reports.append(settle(host, armed, f"operation {operation}"))
        if armed.still_there() and armed.operation != operation and not takes_over:
            raise _waits(armed)
    return [report for report in reports if report]


def _is_over(host: Host, armed: Armed) -> bool:
    """An operation's own activation is left alone while it is being made, and while its time runs."""
    return armed.seconds_left() <= 0 or Journal(host.site, armed.operation).last("confirmed") is not None


def _waits(armed: Armed) -> BelayError:
    return BelayError(
        "HOST_BUSY",
        f"Operation {armed.operation} has activated release {armed.goal.release}, and nobody has confirmed it yet. After "
        f"{max(0, round(armed.seconds_left()))} s its watchdog, or whatever operation comes next, takes it back.",
        "Wait until then, and try again.",
    )


def _undo(here: Host, armed: Armed, by: str) -> dict:
    here.journal.append("reverting", by=by, release=armed.goal.release)
    go_back(here, armed.params, armed.previous.release)
    return _told(here, armed, by)


def _untold(journal: Journal) -> bool:
    """Whether the host went back by itself, and whoever did it died before it had purged caches and told people."""
    steps = [entry["step"] for entry in journal.steps()]
    return "reverting" in steps and "reverted" not in steps[steps.index("reverting"):]


def resume(host: Host, params: dict, release: str) -> None:
    """After a switch back to `release`: where whoever made it died before it was written down, it is now."""
    if host.journal.last("rolled_back") is None:
        promoted, late = rollback.resume(host, params["operation_id"], release, measures.looks(host.site, params))
        host.journal.append("rolled_back", late_rows=late, promoted=promoted)


def _told(here: Host, armed: Armed, by: str) -> dict:
    """Written down for people and for the next operation; then there is nothing to watch over any more."""
    drop_incoming(here.site, armed.goal.release)
    # What needs a key of the runner's is told as not done: the runner, or a person, does it.
    purges = purge(here.site, armed.params.get("purge", []), armed.params["volatile_paths"], Keys())
    results = check_health(here.site, armed.params["health_checks"])
    done = here.journal.last("rolled_back") or {}
    report = host_reports.write(here.site, {
        "operation_id": armed.operation,
        "what": "reverted",
        "by": by,
        "release": armed.goal.release,
        "previous_release": armed.previous.release,
        "confirm_within_s": armed.params["confirm_within_s"],
        "late_rows": done.get("late_rows", {}),
        "health": results,
        "purges": purges,
    })
    # After the report: whoever finds this line finds that too.
    here.journal.append("reverted", by=by, restored_health=results, purges=purges)
    arms.disarm(armed)
    return report


def go_back(host, params, release):
    """Roll back, and write down what came of it."""
    must_purge(host.journal, params)
    inspected.keep(host.site, params.get("keep_failed_s", inspected.USUAL_S))
    looks, drain_s = measures.looks(host.site, params), params["drain_ms"] / 1000
    figures, promoted, late = rollback.roll_back(host, params["operation_id"], release, looks, drain_s)
    host.journal.append("rolled_back", switch=figures, late_rows=late, promoted=promoted)
    # It has told what was written to what left: only now nobody needs the history of that release any more. The next operation
    # tidies up what cannot be tidied up now.
    try:
        with host.open_session() as session:
            leftovers.drop_copies(host.site, session)
            leftovers.drop_forgotten(host.site, session)
    except BelayError as error:
        host.journal.append("untidy", error=str(error)[:300])
