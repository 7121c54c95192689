"""How a promotion ends on the target's host: the release stays, or everything becomes what it was."""
import contextlib

from . import armed as arms
from ..database import names
from . import leftovers, measures, promote
from ..hold.commit_point import history
from .ended import goal, outcome_of, reverted_error
from ..errors import BelayError
from ..release.release_folders import drop_incoming, drop_releases, forget
from .unconfirmed import go_back, resume
from .workplace import at_work, is_ours, verify


def confirm(params):
    """The release stays: tell what is equal on both sides now, and remove what no rollback needs."""
    with at_work(params) as (host, point):
        if point.version != goal(params):
            raise _gone(host, point, params)
        first = host.journal.last("confirmed") is None
        if first:
            _remember_code(host, params)
            host.journal.append("confirmed")
        return _kept(host, params, first)


def _gone(host, point, params):
    reverted = host.journal.last("reverted")
    if reverted:
        return reverted_error(goal(params), reverted)
    return BelayError("RELEASE_CHANGED", f"The target is on {point.version}, not on what this operation activated.", "Comment `/status`.")


def _kept(host, params, first=False):
    """From `confirmed` on nothing goes back by itself; what cannot be tidied up now is by the next operation."""
    arms.disarm_operation(host.site, params["operation_id"])
    # A repetition that comes late may find what the next operation has prepared.
    if first or is_ours(host.site, params["operation_id"]):
        _tidy_up(host, params)
    promoted, code = (host.journal.last("promoted") or {}).get("promoted"), host.journal.last("code")
    facts = {"promoted": {**promoted, "code": code["code"]}} if promoted and code else {}
    return {"changed": True, "belay_facts": facts}


def _tidy_up(host, params):
    try:
        with host.open_session() as session:
            leftovers.drop_copies(host.site, session)
            leftovers.drop_inspected(host.site, session, params["keep_failed_s"])
            kept = leftovers.drop_old_archives(host.site, session, params["keep_releases"])
        drop_releases(host.site, kept)
    except (BelayError, OSError) as error:
        with contextlib.suppress(OSError):
            host.journal.append("untidy", error=str(error)[:300])


def _remember_code(host, params):
    """Before it is confirmed: whatever becomes of whoever asked, a recovery can tell from then on what a baseline needs."""
    try:
        host.journal.append("code", code=measures.code(host.site, params))
    except Exception as error:  # whatever it is: the release stays all the same, and only the baseline of its code is not told
        with contextlib.suppress(OSError):
            host.journal.append("untidy", error=str(error)[:300])


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
            arms.disarm_operation(host.site, params["operation_id"])
            late = host.journal.last("rolled_back")["late_rows"]
            return {"changed": True, "rolled_back": True, "kept": False, "belay_facts": {"rolled_back": True, "late_rows": late}}
        if point.version.operation == params["operation_id"]:
            resume(host, params, point.version.release)
        back = _went_back(host, point, params) or host.journal.last("activated") is not None
        if not back and is_ours(host.site, params["operation_id"]):
            _clean_up(host, params)
        arms.disarm_operation(host.site, params["operation_id"])
        over = outcome_of(host.journal, point, goal(params)) if back else None
        facts = {"rolled_back": back, **(over["belay_facts"] if over else {})}
        return {"changed": True, "rolled_back": back, "kept": False, "belay_facts": facts}


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
