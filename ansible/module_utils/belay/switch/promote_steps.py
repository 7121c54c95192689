"""The steps of env-promote.yml on the target's host. Up to `activate` nothing that a visitor can see has changed."""
import os

from . import armed as arms
from ..host import host_reports
from . import measures, preflight, promote, switchable, watchdog
from ..bundle.bundle import import_table, target_of
from .ended import goal, outcome_of, short
from ..errors import BelayError
from ..fingerprint.fingerprint import db_version
from ..health.health import check_health, is_healthy, marks
from ..bundle.optionfile import import_options
from ..bundle.rewrite import Rewriter
from ..scope.rules import Rules
from ..bundle.unpack import unpack
from ..wordpress.wordpress import wanted_db_version
from .promote_endings import confirm, undo, verify_restored
from .workplace import at_work, complaints, require_ours, verify

__all__ = ["activate", "check", "confirm", "load", "receive", "undo", "verify", "verify_restored"]


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
        _check_target(host, point, params)
        host.journal.append("checked", release=goal(params).release, previous=str(point.version))
        return {"belay_facts": {**facts, "activated": False}}


def _check_target(host, point, params):
    with host.open_session() as session:
        preflight.check_classes(Rules.of(params), params["promote_tables"], params["promote_options"], host.site.prefix)
        preflight.check_release(point, params["expected_release"])
        preflight.check_server(session)
        preflight.check_rights(host.site, session)
        switchable.check_live(host.site, session, params["promote_tables"])
    preflight.check_hold(host.site, host.hold, point.version)
    require_health(host.site, params["health_checks"])


def require_health(site, checks):
    results = check_health(site, checks)
    if not is_healthy(results):
        raise BelayError(
            "TARGET_UNHEALTHY",
            f"{site.url} is not healthy before the promotion: {complaints(results)}. Nothing was changed.",
            "Mend the target first, then promote again.",
        )


def receive(params):
    """Unpack and verify the release that was brought to the incoming folder, and see that it fits the target."""
    with at_work(params) as (host, point):
        site, digest = host.site, params["release_digest"]
        with host.open_session() as session:
            preflight.check_space(site, session, params["promote_tables"], os.path.getsize(params["archive"]))
            host.journal.append("unpack", release=short(digest), new=not os.path.exists(os.path.join(site.releases, short(digest))))
            unpacked = unpack(site, params["archive"], digest, params["shared_paths"])
            wanted = (unpacked.manifest["wordpress"]["db_version"], wanted_db_version(unpacked.code))
            preflight.check_migration(wanted, db_version(session, site))
        require_contents(unpacked, params)
        preflight.check_code(site, point.version.release, measures.code_edits(site, params), unpacked.manifest["code"])
        return {"changed": unpacked.changed}


def require_contents(unpacked, params):
    """The release holds what the plan takes of it, and in a form that can be switched."""
    tables, options = (set(params[f"promote_{kind}"]) - set(unpacked.manifest[kind]) for kind in ("tables", "options"))
    if tables or options:
        raise BelayError(
            "PLAN_MISMATCH",
            f"The release does not hold what the plan takes of it: {', '.join(sorted(tables | options))}.",
            preflight.NEW_PLAN,
        )
    switchable.check_incoming({table: table_file(unpacked.incoming, table) for table in params["promote_tables"]})


def table_file(incoming, table):
    return os.path.join(incoming, "tables", f"{table}.rows")


def load(params):
    """Fill the shadow tables beside the live ones."""
    with at_work(params) as (host, point):
        if point.version == goal(params):
            return {}
        require_ours(host.site, params["operation_id"])
        host.journal.append("shadow")
        with host.open_session() as session:
            filled = promote.load(host.site, session, promotion_of(host.site, params))
        warmed = preflight.warm(host.site, host.hold, goal(params).release)
        host.journal.append("warmed", scripts=warmed)
        return {"changed": True, "rows": filled, "warmed": warmed}


def promotion_of(site, params):
    """The Promotion that the input and the unpacked release describe."""
    incoming = os.path.join(site.belay, "incoming", short(params["release_digest"]))
    rewriter = Rewriter([(params["source_url"], site.url), (params["source_root"], site.root)])
    rows = import_options(os.path.join(incoming, "options.jsonl"), rewriter, params["promote_options"])

    def fill(session, table, shadow, number):
        target = target_of(site, shadow, number, params["source_prefix"])
        return import_table(session, table_file(incoming, table), target, rewriter)

    tables, options = params["promote_tables"], params["promote_options"]
    return promote.Promotion(params["operation_id"], goal(params).release, tables, options, rows, fill)


def activate(params):
    """THE POINT OF NO RETURN. Raises BelayError with everything as it was, or returns with the release live."""
    with at_work(params) as (host, point):
        if point.version != goal(params):
            require_ours(host.site, params["operation_id"])
            _refuse_if_over(host, point, params)
            preflight.check_release(point, params["expected_release"])
            figures, promoted = _switch(host, point, params)
            host.journal.append("promoted", switch=figures, promoted=promoted)
        elif host.journal.last("promoted") is None:
            host.journal.append("promoted", promoted=promote.resume(host, point))
        arms.extend(host.site, params["operation_id"])
        watchdog.revive(host.site, params["operation_id"])
        done = host.journal.last("promoted")
        return {"changed": True, "belay_facts": {"activated": True, **({"switch": done["switch"]} if "switch" in done else {})}}


def _refuse_if_over(host, point, params):
    over = outcome_of(host.journal, point, goal(params))
    if over:
        raise BelayError(**over["belay_error"])


def _switch(host, point, params):
    """The switch under the eyes of the host's own watchdog, which is running and waiting before it begins."""
    expected, looks = measures.expected(host.site, params), measures.looks(host.site, params)
    promotion = promotion_of(host.site, params)
    host.journal.append("logs", marks=marks(host.site, params["health_checks"]))
    armed = watchdog.start(host.site, goal(params), point.version, params)
    try:
        return promote.activate(host, point, promotion, expected, looks, params["drain_ms"] / 1000)
    except BelayError as error:
        # Certain that nothing was switched: nothing to watch over. After the switch, and in doubt, it stays armed.
        if error.code not in ("SWITCH_UNKNOWN", "CONFLICT_AFTER_SWITCH") and host.journal.last("activated") is None:
            arms.disarm(armed)
        raise
