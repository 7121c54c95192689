"""The steps of release-rollback.yml on the target's host."""
import os

from . import armed as arms
from ..database import names
from ..host import host_reports
from . import leftovers, measures, preflight, rollback, strays, unheld
from ..errors import BelayError
from ..hold.hold import Version
from ..hold.recovery import recover
from .unconfirmed import go_back, resume
from ..bundle.unpack import changed_files, stored_manifest, value_at
from .primed import purge
from .workplace import at_work, require_not_called_off, verify

__all__ = ["activate", "check", "purge", "verify"]


def check(params):
    """May the target go back to `to_release`? Nothing is changed."""
    with at_work(params, begins=True, takes_over=True) as (host, point):
        facts = {"release": params["to_release"], "previous_release": params["expected_release"], "health": [], "late_rows": {}}
        facts["found"] = host_reports.tell(host.site, params["operation_id"])
        if point.version == Version(params["to_release"], params["operation_id"]):
            return {"belay_facts": {**facts, "activated": True}}
        with host.open_session() as session:
            leftovers.drop_inspected(host.site, session, params["keep_failed_s"])
            way = rollback.find_way(session, names.release_table(host.site), params["to_release"])
            rollback.require_kept(session, way, params["to_release"])
            preflight.check_release(point, params["expected_release"])
            preflight.check_server(session)
            preflight.check_rights(host.site, session)
        check_release_intact(host.site, params["to_release"])
        mixture = unheld.check_hold(host, point.version, params["hold_without"])
        host.journal.append("checked", release=params["to_release"], previous=str(point.version))
        return {"belay_facts": {**facts, **({"mixture": mixture} if mixture else {})}}


def check_release_intact(site, release):
    """The code to go back to is there and is what was unpacked, or a file is as the active release has it: a hand edit that
    its promotion let pass (preflight.check_code), which visitors saw before."""
    manifest = stored_manifest(site, release)
    folder = os.path.join(site.releases, release)
    held = (stored_manifest(site, site.active_release()) or {"code": {}})["code"]
    there = manifest is not None and os.path.isdir(folder)
    changed = [path for path in changed_files(manifest, folder) if held.get(path, "") != value_at(os.path.join(folder, path))] if there else ["everything"]
    if changed:
        raise BelayError(
            "RELEASE_DAMAGED",
            f"The code of release {release} is not what it was: {', '.join(changed[:5])}.",
            "Put it back, or promote that state again.",
        )


def activate(params):
    """THE POINT OF NO RETURN of a rollback. The fact `activated` is told by whoever is certain of it, also beside an error: without it
    nobody knows whether the target has gone back."""
    with at_work(params, begins=True, takes_over=True) as (host, point):
        if point.version != _goal(params):
            error = _went_back(host, point, params)
            if error is not None:
                host.journal.append("failed", during="activate", error=error.as_dict())
                return {"belay_facts": {"activated": False}, "belay_error": error.as_dict()}
            # What left is not waited for any more.
            arms.disarm_operation(host.site, point.version.operation)
        resume(host, params, params["to_release"])
        done = host.journal.last("rolled_back")
        facts = {"activated": True, **{name: done[name] for name in ("switch", "late_rows") if name in done}}
        if done["promoted"]:
            facts.update(_promoted(host, done["promoted"], params))
        return {"changed": True, "belay_facts": facts}


def _goal(params):
    return Version(params["to_release"], params["operation_id"])


def _went_back(host, point, params):
    """The error where it is certain that nothing was switched; None where the target has gone back, also if something failed after that."""
    try:
        require_not_called_off(host.site, params["operation_id"])
        preflight.check_release(point, params["expected_release"])
        go_back(host, params, params["to_release"])
    except (BelayError, OSError) as error:
        found, _ = recover(host)
        if found.version != _goal(params):
            return error if isinstance(error, BelayError) else BelayError("HOST_UNEXPECTED", f"Something unexpected happened on the host: {error}.")
        strays.finish(host, found)
    return None


def _promoted(host, promoted, params):
    """Facts for a baseline; none where the code cannot be read: the target has gone back all the same."""
    try:
        return {"promoted": {**promoted, "code": measures.code(host.site, params)}}
    except Exception as error:
        host.journal.append("untidy", error=str(error)[:300])
        return {}
