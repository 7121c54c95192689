"""What every step on a target's host begins with, and what promotion and rollback have in common.

Every step may be repeated: it first asks the table `release` how far the operation has come.
"""
import contextlib

from . import leftovers, measures, rollback
from .errors import BelayError
from .health import check_health, is_healthy
from .hostlock import host_lock
from .journal import Journal
from .mysql import Session
from .site import Site
from .recovery import host_for, recover


def open_site(params):
    return Site.open(params["root"], params["url"], params["database"], params["prefix"])


@contextlib.contextmanager
def at_work(params):
    """The host, alone on it and recovered from whatever happened before: (Host, CommitPoint)."""
    site = open_site(params)
    with host_lock(site, params["operation_id"]):
        with host_for(site, Journal(site, params["operation_id"]), lambda: Session(site)) as host:
            point, _ = recover(host)
            yield host, point


def verify(params, fact="health"):
    """Is the active release healthy? The results are a fact either way; otherwise it fails with HEALTH_FAILED."""
    site = open_site(params)
    results = check_health(site, params["health_checks"])
    Journal(site, params["operation_id"]).append("health", results=results)
    answer = {"belay_facts": {fact: results}}
    if not is_healthy(results):
        sentence = f"{site.url} is not healthy on release {site.active_release()}: {complaints(results)}."
        error = BelayError("HEALTH_FAILED", sentence, "Look at the site's own logs.")
        answer["belay_error"] = error.as_dict()
    return answer


def complaints(results):
    """What is not well, in one line."""
    return "; ".join(f"{result['check']}: {result['detail']}" for result in results if not result["ok"])


def go_back(host, params, release):
    """Roll back, and write down what came of it."""
    looks, drain_s = measures.looks(host.site, params), params["drain_ms"] / 1000
    figures, promoted, late = rollback.roll_back(host, params["operation_id"], release, looks, drain_s)
    with host.open_session() as session:
        leftovers.drop_copies(host.site, session)
    host.journal.append("rolled_back", switch=figures, late_rows=late, promoted=promoted)
