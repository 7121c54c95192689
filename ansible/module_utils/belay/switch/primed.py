"""What belongs to a switch beside the switch: plugins that it made active, and caches in front that know the other release."""
from __future__ import annotations

from ..host.journal import Journal
from . import armed as arms
from . import purge as purges
from . import workplace
from .activation import ACTIVE_PLUGINS, activate_plugins, nothing_activated
from .ended import goal
from .workplace import at_work, open_site


def prime(params):
    """After the switch and before health: activation hooks of newly active plugins."""
    with at_work(params) as (host, point):
        return activate_plugins(host, point, params) if point.version == goal(params) else {}


def verify(params):
    """Is the release healthy? Where `prime` has nothing to do, and is not called, this tells which events and roles are missing."""
    answer = workplace.verify(params)
    if ACTIVE_PLUGINS not in params["promote_options"] and "belay_error" not in answer:
        answer["belay_facts"]["activation"] = nothing_activated(open_site(params), goal(params).release)
    return answer


def purge(params):
    """After a switch, forth or back; needs no lock, because it changes nothing that a switch moves."""
    site, operation = open_site(params), params["operation_id"]
    journal = Journal(site, operation)
    with arms.at_work(site, operation):
        results = purges.purge(site, params["purge"], params["volatile_paths"], purges.Keys.parse(params.get("purge_keys") or ""))
        journal.append("purged", results=results)
    fact = "restored_purges" if params.get("restored") else "purges"
    return {"changed": bool(results), "belay_facts": {fact: results}}
