"""The first step of env-promote.yml: may this promotion begin? Nothing is changed."""
import os

from ..bundle.unpack import Unpacked
from ..errors import BelayError
from ..health.health import check_health, is_healthy
from ..hold import pool, prepare, probe
from ..host import host_reports
from ..scope.rules import Rules
from ..wordpress.runtime import check_modes, runtime_of
from . import leftovers, preflight, preflight_database, preflight_room, preflight_shared, switchable, unheld
from .ended import goal, outcome_of
from .switch import DRAIN_GROWS_UP_TO, RENAME_CAP_S
from .workplace import at_work, complaints

def check(params):
    """May this promotion begin? Nothing is changed. Tells whether it has been activated before (`activated`), and what became
    of it where it is over."""
    with at_work(params, begins=True) as (host, point):
        facts = {"release": goal(params).release, "previous_release": params["expected_release"], "rolled_back": False, "health": []}
        facts["found"] = host_reports.tell(host.site, params["operation_id"])
        over = outcome_of(host.journal, point, goal(params))
        if over:
            return {**over, "belay_facts": {**facts, **over["belay_facts"]}}
        if point.version == goal(params):
            return {"belay_facts": {**facts, "activated": True}}
        facts.update(_check_target(host, point, params))
        host.journal.append("checked", release=goal(params).release, previous=str(point.version))
        return {"belay_facts": {**facts, "activated": False}}


def _check_target(host, point, params):
    """Facts `warnings` and `mixture`."""
    with host.open_session() as session:
        leftovers.drop_inspected(host.site, session, params["keep_failed_s"])
        preflight.check_classes(Rules.of(params), params["promote_tables"], params["promote_options"], host.site.prefix)
        preflight.check_release(point, params["expected_release"])
        preflight.check_new(point, goal(params).release)
        preflight_shared.check_shared(host.site, params["shared_paths"])
        preflight_database.check_clock(session, params.get("runner_time"))
        preflight.check_server(session)
        preflight_database.check_settings(session)
        preflight.check_rights(host.site, session)
        preflight_database.check_tables(host.site, session, params["target_tables"])
        preflight_database.check_updates(host.site, session)
        switchable.check_live(host.site, session, params["promote_tables"])
        warnings = preflight_room.check_room(host.site, session, params["promote_tables"])
    mixture = unheld.check_hold(host, point.version, params["hold_without"])
    if mixture:
        require_health(host.site, params["health_checks"])
        return {"warnings": warnings, "mixture": mixture}
    return {"warnings": warnings + _queue(host, params)}


def _queue(host, params):
    """Looks at the target's health, and counts requests meanwhile: a warning where waiting visitors would not fit PHP's queue."""
    secret = prepare.read_probe(host.hold) or ""
    backlog = pool.backlog_of(probe.ask(host.site.url, secret))
    with pool.counted(host.hold) as arrivals:
        require_health(host.site, params["health_checks"])
    told = pool.too_small(backlog, arrivals.rate, params["drain_ms"] / 1000 * DRAIN_GROWS_UP_TO + RENAME_CAP_S)
    return [told] if told else []


def require_health(site, checks):
    results = check_health(site, checks)
    if not is_healthy(results):
        raise BelayError(
            "TARGET_UNHEALTHY",
            f"{site.url} is not healthy before the promotion: {complaints(results)}. Nothing was changed.",
            "Mend the target first, then promote again.",
        )



def check_release_fits(host, unpacked: Unpacked, params):
    """What only the release itself can tell, before anything of it is loaded."""
    with host.open_session() as session:
        files = {table: os.path.join(unpacked.incoming, "tables", f"{table}.rows") for table in params["promote_tables"]}
        preflight_database.check_collations(session, files)
        check_modes(unpacked.manifest.get("modes") or {}, runtime_of(host.site, session).modes)
