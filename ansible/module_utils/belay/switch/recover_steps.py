"""The one step of recover.yml: whatever was interrupted on this host is found, and finished or undone. It may be run at any time."""
from __future__ import annotations

import contextlib
import time
from typing import List, Optional

from . import armed as arms
from ..host import host_reports
from . import strays, watchdog
from ..errors import BelayError
from ..health.health import check_health, is_healthy
from ..hold.hold import Hold
from ..host.folders import settle_folders
from ..host.hostlock import host_lock, owner
from ..host.journal import Journal
from ..database.mysql import Session
from ..host.processes import Process, stop
from ..hold.recovery import host_for, recover
from .purge import purge_late
from .remains import clear, found
from .unconfirmed import settle
from .workplace import open_site, take_site

POLL_S = 0.25
#: How long a command that is stopped may take to end by itself.
GRACE_S = 10.0
#: One that not even the kernel ends, because it waits for a disk that does not answer, is not waited for without end.
STOPS_WITHIN_S = 60.0


def recover_host(params) -> dict:
    """Facts of recover. BelayError HOST_BUSY where something still runs after `wait_s`; then nothing was done."""
    site, operation = open_site(params), params["operation_id"]
    journal, deadline = Journal(site, operation), time.monotonic() + params["wait_s"]
    entries: List[dict] = []
    with contextlib.ExitStack() as stack:
        _wait_for_decisions(site, params, deadline)
        _alone(stack, site, params, deadline, entries)
        with host_for(site, journal, lambda: Session(site)) as host:
            entries += _in_doubt(host)
            entries += _unconfirmed(host, params)
            point, _ = recover(host)
            strays.finish(host, point)
            settle_folders(site.releases)
            take_site(site, operation)
            if point.version.operation != operation:
                # Whoever asked is told that it did not happen: a step that still comes, from a runner that was thought lost, must not make it happen.
                journal.append("abandoned")
            settled = not arms.all_of(site)
            entries += clear(host, operation) if settled else []
        if settled and point.version.operation == operation:
            entries += _caches(purge_late(site, journal))
        results = check_health(site, params["health_checks"])
        for entry in entries:
            journal.append("found", **entry)
    facts = {
        "found": entries,
        "reports": host_reports.tell(site, operation),
        "active": {"release": point.version.release, "operation_id": point.version.operation},
        "settled": settled,
        "health": results,
        "healthy": is_healthy(results),
    }
    kept = promotion_kept(journal, point)
    if kept:
        facts["promotion"] = kept
    return {"changed": bool(entries), "belay_facts": facts}


def promotion_kept(journal, point) -> Optional[dict]:
    """What this operation's promotion told at its end, for a bot that did not hear it; None unless it was confirmed and is active."""
    ours = point.version.operation == journal.operation_id and journal.last("confirmed") is not None and journal.last("rolled_back") is None
    promoted, code, migrated = journal.last("promoted"), journal.last("code"), journal.last("migrated")
    if not ours or not promoted or not promoted["promoted"] or not code:
        return None
    kept = {"previous_release": point.record.previous.release, "promoted": {**promoted["promoted"], "code": code["code"]}}
    return {**kept, "migrated": migrated["tables"]} if migrated else kept


def _caches(results: List[dict]) -> List[dict]:
    late = [result["purge"] for result in results if not result["ok"]]
    if not results:
        return []
    return [found("caches", f"not told: {', '.join(late)}" if late else "told to forget", "left" if late else "finished")]


def _wait_for_decisions(site, params, deadline: float) -> None:
    """An activation that still has time may be confirmed any moment."""
    while not params["stop"] and time.monotonic() < deadline and any(one.seconds_left() > 0 for one in arms.all_of(site)):
        time.sleep(POLL_S)


def _alone(stack, site, params, deadline: float, entries: List[dict]) -> None:
    """The host's lock, after whoever holds it has ended or was stopped."""
    seen: Optional[dict] = None
    while True:
        try:
            stack.enter_context(host_lock(site, params["operation_id"], max(0.0, deadline - time.monotonic())))
            break
        except BelayError as busy:
            held = owner(site) or {}
            if held.get("operation_id") and held != seen:
                seen = held
                entries.append(found("running", f"process {held.get('pid')}, since {held.get('since')}", "waited", held["operation_id"]))
            holder = Process.of(held)
            if params["stop"] and holder is not None and time.monotonic() < deadline + STOPS_WITHIN_S:
                if stop(holder, GRACE_S) and entries:
                    entries[-1] = {**entries[-1], "done": "stopped"}
                continue
            if time.monotonic() > deadline:
                raise BelayError("HOST_BUSY", busy.message, "Wait for it to end, or run recover.yml with `stop: true`, which stops it.") from None
            time.sleep(POLL_S)


def _in_doubt(host) -> List[dict]:
    state = Hold(host.hold.folder).state()
    if state is None or not state.doubt:
        return []
    old, new = state.doubt
    return [found("in_doubt", f"between {old} and {new}; the table `release` decides", "decided", new.operation)]


def _unconfirmed(host, params) -> List[dict]:
    """Activations that nobody has confirmed: undone where their time is over or everything is to stop, else left to their watchdog."""
    entries = []
    for armed in arms.all_of(host.site):
        report = settle(host, armed, f"recovery {params['operation_id']}", now=params["stop"])
        if armed.still_there():
            watchdog.revive(host.site, armed.operation)
            detail, done = f"release {armed.goal.release} waits for its confirmation, for {round(armed.seconds_left())} s at most", "left"
        elif report:
            detail, done = f"release {armed.goal.release}; back on {armed.previous.release}", "reverted"
        else:
            detail, done = f"release {armed.goal.release} had been decided already", "finished"
        entries.append(found("unconfirmed", detail, done, armed.operation))
    return entries
