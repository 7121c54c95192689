"""What every step on a target's host begins with, and what promotion and rollback have in common.

Every step may be repeated: it first asks the table `release` how far the operation has come.
"""
import contextlib
import os

from . import armed as arms
from . import strays
from ..errors import BelayError
from ..health.health import check_health, is_healthy
from ..host.folders import settle_folders
from ..host.hostlock import host_lock
from ..host.journal import Journal
from ..database.mysql import Session
from ..host.site import Site
from ..hold.recovery import host_for, recover
from .unconfirmed import settle_all
from ..host.wholefile import write_whole


def open_site(params):
    return Site.open(params["root"], params["url"], params["database"], params["prefix"])


@contextlib.contextmanager
def at_work(params, begins=False, takes_over=False):
    """The host, alone on it and recovered from whatever happened before: (Host, CommitPoint).

    `begins`: from here on the site is this operation's, and what another one has prepared is void. `takes_over`: also where
    another operation's activation still waits for its confirmation.
    """
    site, operation = open_site(params), params["operation_id"]
    journal = Journal(site, operation)
    arms.extend(site, operation)
    # With a release live that waits for its confirmation, whoever else came in between is waited for: giving up would undo the release.
    with host_lock(site, operation, patient=any(armed.operation == operation for armed in arms.all_of(site))):
        with host_for(site, journal, lambda: Session(site)) as host:
            try:
                settle_all(host, operation, takes_over)
                point, _ = recover(host)
                strays.finish(host, point)
                settle_folders(site.releases)
                if begins:
                    take_site(site, operation)
                # Only here: the guard, which was forked before, may know no thread.
                with arms.at_work(site, operation):
                    yield host, point
            except BelayError as error:
                journal.append("failed", during=params.get("step", ""), error=error.as_dict())
                raise


def take_site(site, operation):
    """What other operations have prepared here is void from now on."""
    write_whole(_working(site), operation.encode())


def _working(site):
    return os.path.join(site.belay, "working")


def is_ours(site, operation):
    """Whether no other operation has begun to change the site since this one did."""
    try:
        with open(_working(site), encoding="utf-8", errors="replace") as file:
            return file.read() == operation
    except FileNotFoundError:
        return True


def require_ours(site, operation):
    """Before something is used that an earlier step has prepared: BelayError OPERATION_OVERTAKEN."""
    if not is_ours(site, operation):
        raise _overtaken(f"Another operation has begun to work on {site.url} since this one prepared its switch.")
    require_not_called_off(site, operation)


def require_not_called_off(site, operation):
    """Before a switch whose check was made by an earlier step: BelayError OPERATION_OVERTAKEN."""
    steps = [entry["step"] for entry in Journal(site, operation).steps() if entry["step"] in ("checked", "abandoned")]
    if steps and steps[-1] == "abandoned":
        raise _overtaken(f"A recovery of {site.url} has ended this operation meanwhile, and told so.")


def _overtaken(sentence):
    return BelayError("OPERATION_OVERTAKEN", f"{sentence} Nothing was switched.", "Wait for what runs to end, then begin again: comment `/promote`.")


def verify(params, fact="health"):
    """Is the active release healthy? The results are a fact either way; otherwise it fails with HEALTH_FAILED."""
    site = open_site(params)
    journal = Journal(site, params["operation_id"])
    with arms.at_work(site, params["operation_id"]):
        results = check_health(site, params["health_checks"], (journal.last("logs") or {}).get("marks"))
        journal.append("health", results=results)
    answer = {"belay_facts": {fact: results}}
    if not is_healthy(results):
        sentence = f"{site.url} is not healthy on release {site.active_release()}: {complaints(results)}."
        error = BelayError("HEALTH_FAILED", sentence, "Look at the site's own logs.")
        journal.append("failed", during="verify", error=error.as_dict())
        answer["belay_error"] = error.as_dict()
    return answer


def complaints(results):
    """What is not well, in one line."""
    return "; ".join(f"{result['check']}: {result['detail']}" for result in results if not result["ok"])
