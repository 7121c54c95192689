"""The steps of env-promote.yml on the target's host. Up to `activate` nothing that a visitor can see has changed."""
import os

from . import armed as arms
from . import measures, preflight, preflight_room, promote, switchable, unheld, watchdog
from ..bundle.bundle import import_table, target_of
from .ended import goal, outcome_of, short
from ..errors import BelayError
from ..fingerprint.fingerprint import db_version
from ..health.health import marks
from ..bundle.optionfile import import_options
from ..bundle.rewrite import Rewriter
from ..bundle.unpack import unpack
from ..wordpress.wordpress import wanted_db_version
from .primed import prime, purge, verify
from .purge import must_purge
from .promote_check import check, check_release_fits
from .promote_endings import confirm, undo, verify_restored
from .workplace import at_work, require_ours

__all__ = ["BESIDE", "activate", "check", "confirm", "load", "prime", "purge", "receive", "undo", "verify", "verify_restored"]

#: Steps beside the live site. Not `check`: it comes first, and may find visitors who wait because somebody was killed in a switch.
BESIDE = frozenset({"receive", "load", "trial"})

#: What is told of a switch (SwitchFacts of facts.ts), and how long the site was between two releases.
FIGURES = ("hold_ms", "rename_ms", "crossing_ms", "attempts", "tables", "merged_rows")


def receive(params):
    """Unpack and verify the release that was brought to the incoming folder, and see that it fits the target."""
    with at_work(params) as (host, point):
        site, digest = host.site, params["release_digest"]
        require_ours(site, params["operation_id"])
        with host.open_session() as session:
            preflight_room.check_room(site, session, params["promote_tables"], params["archive"])
            host.journal.append("unpack", release=short(digest), new=not os.path.exists(os.path.join(site.releases, short(digest))))
            unpacked = unpack(site, params["archive"], digest, params["shared_paths"])
            wanted = (unpacked.manifest["wordpress"]["db_version"], wanted_db_version(unpacked.code))
            preflight.check_migration(wanted, db_version(session, site))
        require_contents(unpacked, params)
        check_release_fits(host, unpacked, params)
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
            preflight.check_new(point, goal(params).release)
            figures, promoted = _switch(host, point, params)
            _record(host, promoted, figures, params)
        elif host.journal.last("promoted") is None:
            # What is looked at after the switch decides whether the release may stay: whoever died before it has not looked.
            promoted = promote.resume(host, point, measures.expected(host.site, params), measures.looks(host.site, params))
            _record(host, promoted, host.journal.last("activated") or {}, params)
        arms.extend(host.site, params["operation_id"])
        watchdog.revive(host.site, params["operation_id"])
        done = host.journal.last("promoted")
        return {"changed": True, "belay_facts": {"activated": True, **{name: done[name] for name in ("switch", "mixture") if name in done}}}


def _record(host, promoted, figures, params):
    """The last look of a switch without a hold, and then it counts as made. `promoted`: None where nobody remembers it."""
    wanted = {name: found and found["hash"] for name, found in (promoted or {"options": {}})["options"].items()}
    mixed = unheld.look_after(host, figures, wanted, measures.looks(host.site, params), params["drain_ms"] / 1000)
    told = {name: figures[name] for name in FIGURES if name in figures}
    host.journal.append("promoted", **({"switch": told} if told else {}), promoted=promoted, **mixed)


def _refuse_if_over(host, point, params):
    over = outcome_of(host.journal, point, goal(params))
    if over:
        raise BelayError(**over["belay_error"])


def _switch(host, point, params):
    """The switch under the eyes of the host's own watchdog, which is running and waiting before it begins."""
    expected, looks = measures.expected(host.site, params), measures.looks(host.site, params)
    promotion = promotion_of(host.site, params)
    must_purge(host.journal, params)
    host.journal.append("logs", marks=marks(host.site, params["health_checks"]))
    armed = watchdog.start(host.site, goal(params), point.version, params)
    try:
        return promote.activate(host, point, promotion, expected, looks, params["drain_ms"] / 1000)
    except BelayError as error:
        # Certain that nothing was switched: nothing to watch over. After the switch, and in doubt, it stays armed.
        if error.code not in ("SWITCH_UNKNOWN", "CONFLICT_AFTER_SWITCH") and host.journal.last("activated") is None:
            arms.disarm(armed)
        raise
