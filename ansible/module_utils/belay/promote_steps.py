"""The steps of env-promote.yml on the target's host. Up to `activate` nothing that a visitor can see has changed."""
import os

from . import armed as arms
from . import host_reports, leftovers, measures, names, preflight, promote, switchable, watchdog
from .bundle import import_table, target_of
from .commit_point import history
from .ended import outcome_of, reverted_error
from .errors import BelayError
from .fingerprint import db_version
from .health import check_health, is_healthy, marks
from .hold import Version
from .optionfile import import_options
from .release_folders import drop_incoming, drop_releases, forget
from .rewrite import Rewriter
from .rules import Rules
from .unconfirmed import go_back
from .unpack import unpack
from .wordpress import wanted_db_version
from .workplace import at_work, complaints, is_ours, require_ours, verify

__all__ = ["activate", "check", "confirm", "load", "receive", "undo", "verify", "verify_restored"]


def short(digest):
    """The name of a release on a host."""
    return digest[:12]


def goal(params):
    """The version that a promotion is to activate."""
    return Version(short(params["release_digest"]), params["operation_id"])



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
        preflight.check_code(host.site, point.version.release, measures.code_edits(host.site, params))
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


def confirm(params):
    """The release stays: tell what is equal on both sides now, and remove what no rollback needs."""
    with at_work(params) as (host, point):
        if point.version != goal(params):
            raise _gone(host, point, params)
        if host.journal.last("confirmed") is None:
            host.journal.append("confirmed")
        return _kept(host, params)


def _gone(host, point, params):
    reverted = host.journal.last("reverted")
    if reverted:
        return reverted_error(goal(params), reverted)
    return BelayError("RELEASE_CHANGED", f"The target is on {point.version}, not on what this operation activated.", "Comment `/status`.")


def _kept(host, params):
    """From `confirmed` on nothing goes back by itself; what cannot be tidied up now is by the next operation."""
    _disarm(host, params)
    try:
        with host.open_session() as session:
            leftovers.drop_copies(host.site, session)
            kept = leftovers.drop_old_archives(host.site, session, params["keep_releases"])
        drop_releases(host.site, kept)
    except (BelayError, OSError) as error:
        host.journal.append("untidy", error=str(error)[:300])
    promoted = (host.journal.last("promoted") or {}).get("promoted")
    if not promoted:
        return {"changed": True, "belay_facts": {}}
    return {"changed": True, "belay_facts": {"promoted": {**promoted, "code": measures.code(host.site, params)}}}


def undo(params):
    """After a failure: before the switch clean up, after it go back. Returns the facts of either.

    `kept`: what failed, failed after the confirmation; the release stays.
    """
    with at_work(params, takes_over=True) as (host, point):
        if point.version == goal(params) and host.journal.last("confirmed") is not None:
            return {**_kept(host, params), "rolled_back": False, "kept": True}
        if point.version == goal(params):
            host.journal.append("undo")
            go_back(host, params, point.record.previous.release)
            drop_incoming(host.site, goal(params).release)
            _disarm(host, params)
            return {"changed": True, "rolled_back": True, "kept": False, "belay_facts": {"rolled_back": True}}
        back = _went_back(host, point, params) or host.journal.last("activated") is not None
        if not back and is_ours(host.site, params["operation_id"]):
            _clean_up(host, params)
        _disarm(host, params)
        over = outcome_of(host.journal, point, goal(params)) if back else None
        facts = {"rolled_back": back, **(over["belay_facts"] if over else {})}
        return {"changed": True, "rolled_back": back, "kept": False, "belay_facts": facts}


def _disarm(host, params):
    for armed in arms.all_of(host.site):
        if armed.operation == params["operation_id"]:
            arms.disarm(armed)


def _clean_up(host, params):
    """Nothing of what was prepared stays, except where another operation has taken the site over meanwhile."""
    with host.open_session() as session:
        promote.clean_up(host.site, session)
        rows = history(session, names.release_table(host.site))
        known = {past.version.release for past in rows}
    unpacked = host.journal.last("unpack")
    if unpacked and unpacked["new"] and unpacked["release"] not in known:
        forget(host.site, unpacked["release"])
    drop_incoming(host.site, goal(params).release)
    host.journal.append("cleaned")


def verify_restored(params):
    """Is the release before healthy again? Told beside the results that made the promotion go back."""
    return verify(params, "restored_health")


def _went_back(host, point, params):
    """Whether a rollback of this very operation is what made the active version."""
    return host.journal.last("rolled_back") is not None and point.version.operation == params["operation_id"]
