"""Which release is active: the database knows, `current` and `state` follow."""
import contextlib
import hashlib
import os
from dataclasses import dataclass
from typing import Any, Callable

from ..database import names
from . import commit_point
from ..errors import BelayError
from .guard import Guard
from .hold import Hold
from ..host.links import replace_link, sync_folder
from ..database.mysql import literal

LOCK_WAIT_S = 30


@dataclass(frozen=True)
class Host:
    """What a switch works with on the environment's host."""

    site: Any
    hold: Hold
    guard: Guard
    journal: Any
    #: Opens a new database client; used as a context manager.
    open_session: Callable[[], Any]


@contextlib.contextmanager
def host_for(site, journal, open_session):
    """A Host with its guard running. Enter it before opening anything else: the guard must inherit nothing."""
    with Guard() as guard:
        yield Host(site, Hold(os.path.join(site.belay, "hold")), guard, journal, open_session)


def set_links(site, hold, version):
    """`current` first: while `state` is in doubt nobody relies on it."""
    replace_link(site.current, f"releases/{version.release}")
    sync_folder(site.root)
    hold.set_certain(version)


def lock_name(site):
    """The name of the database lock; its scope is the whole server, so the schema is part of it. Also in config.php."""
    return "belay:" + hashlib.sha256(f"{site.database}\0{site.prefix}".encode()).hexdigest()[:24]


def take_lock(site, session, wait_s):
    """Held until the session ends, also by a statement that has outlived its client."""
    if session.query(f"SELECT GET_LOCK({literal(lock_name(site))}, {int(wait_s)})")[0][0] != b"1":
        raise BelayError(
            "DATABASE_LOCK_BUSY",
            "Another switch of this site is still at work in the database.",
            "Wait for it, then try again.",
        )


def active(site, session):
    """The commit point of what the database is on; BelayError HOLD_MISSING where the environment was never prepared."""
    point = commit_point.read(session, names.release_table(site))
    if point is None:
        raise BelayError(
            "HOLD_MISSING",
            f"The database of {site.url} has no table that says which release it is on.",
            "Run host-prepare.yml for this environment once.",
        )
    return point


def recover(host):
    """Bring both links in line with the table `release`, after whatever happened; returns (CommitPoint, repaired).

    Only a state in doubt is repaired. Links that contradict the table without a doubt were changed by somebody:
    BelayError RELEASE_MISMATCH.
    """
    with host.open_session() as session:
        take_lock(host.site, session, LOCK_WAIT_S)
        point = active(host.site, session)
    state = host.hold.state()
    current = os.path.basename(os.readlink(host.site.current))
    if state is not None and state.doubt and point.version in state.doubt:
        set_links(host.site, host.hold, point.version)
        sync_folder(host.hold.folder)
        host.journal.append("recovered", version=str(point.version))
        return point, True
    if state is None or state.certain != point.version or current != point.version.release:
        said = None if state is None else state.certain or "/".join(map(str, state.doubt))
        raise BelayError(
            "RELEASE_MISMATCH",
            f"The database is on {point.version}, the hold on {said}, and `current` points to {current}.",
            "Somebody changed one of them by hand or restored a backup. Put them in line, then run host-prepare.yml.",
        )
    return point, False
