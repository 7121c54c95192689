"""The one step of host-prepare.yml."""
import os

from ..hold.copy_mark import mark_copy
from ..files.files import tree
from ..hold.hold import Hold
from ..host.hostlock import host_lock
from ..database.mysql import Session
from ..hold.prepare import prepare
from .workplace import open_site


def prepare_host(params):
    """Install the hold and take the release that runs as it is; a second time changes nothing."""
    site = open_site(params)
    excluded = [*params["protected_paths"], *params["volatile_paths"], *params["shared_paths"]]
    with host_lock(site, "host-prepare"), Session(site) as session:
        done = prepare(site, session, params["hold_php"], lambda path: tree(path, excluded))
        if params.get("environment_type"):
            done += ["mark of a copy"] * mark_copy(site, params["environment_type"], params["hold_php"])
    return {"changed": bool(done), "done": done, "hold": Hold(os.path.join(site.belay, "hold")).script}
