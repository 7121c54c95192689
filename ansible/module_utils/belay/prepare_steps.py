"""The one step of host-prepare.yml."""
import os

from .files import tree
from .hold import Hold
from .hostlock import host_lock
from .mysql import Session
from .prepare import prepare
from .workplace import open_site


def prepare_host(params):
    """Install the hold and take the release that runs as it is; a second time changes nothing."""
    site = open_site(params)
    excluded = [*params["protected_paths"], *params["volatile_paths"], *params["shared_paths"]]
    with host_lock(site, "host-prepare"), Session(site) as session:
        done = prepare(site, session, params["hold_php"], lambda path: tree(path, excluded))
    return {"changed": bool(done), "done": done, "hold": Hold(os.path.join(site.belay, "hold")).script}
