"""Hosts whose PHP does not run the hold: refused, or switched with a smaller promise, as the site's configuration says.

The smaller promise (`hold: {without: brief_mixture}`): tables still change in one statement and go back in one; no row that was
acknowledged is lost. But nobody waits. Requests that run at the moment of the switch, and those that begin between the RENAME and
the change of `current` (`mixture_ms`), may see old code with new data: an empty page, an error, a page of both. And what such a
request writes back over a promoted option is a conflict: then the target goes back, and the promotion has to be tried again.
"""
from __future__ import annotations

import time
from typing import Optional

from ..database.mysql import Session
from ..errors import BelayError
from ..wordpress import object_cache
from . import preflight

REFUSE, BRIEF_MIXTURE = "refuse", "brief_mixture"
_NOT_RUN = "HOLD_INACTIVE"


def check_hold(host, version, without: str) -> Optional[dict]:
    """None where PHP runs the hold, the fact `mixture` where it does not and the site takes that; otherwise BelayError HOLD_*.

    A host that was never prepared is refused in any case: without the table `release` nothing could be undone.
    """
    try:
        preflight.check_hold(host.site, host.hold, version)
        return None
    except BelayError as error:
        if error.code != _NOT_RUN or without != BRIEF_MIXTURE:
            raise
        host.journal.append("unheld", why=error.message)
        return {"why": error.message}


def is_held(host) -> bool:
    """As this operation's preflight found it."""
    return host.journal.last("unheld") is None


def look_after(host, figures: dict, wanted: dict, measures, drain_s: float) -> dict:
    """After a switch without a hold: facts `mixture`, or none where it was held.

    Requests of the other release get `drain_s` to end; then nobody must have put an option of theirs back: BelayError
    CONFLICT_AFTER_SWITCH, which goes back. `wanted`: promoted option -> its hash, None where it was removed.
    """
    if is_held(host):
        return {}
    time.sleep(drain_s)
    if object_cache.needs_flush(host.site, held=False):
        # A request of the other release may have put its own rows back into the cache after the first flush.
        object_cache.flush(host.site)
    with host.open_session() as session:
        _require_unchanged(host.site, session, wanted, measures)
    took = {"mixture_ms": figures["crossing_ms"]} if "crossing_ms" in figures else {}
    return {"mixture": {"why": host.journal.last("unheld")["why"], **took}}


def _require_unchanged(site, session: Session, wanted: dict, measures) -> None:
    found = measures.options(session, site.prefix + "options", list(wanted))
    changed = sorted(name for name, value in wanted.items() if (found.get(name) or {}).get("hash") != value)
    if changed:
        raise BelayError(
            "CONFLICT_AFTER_SWITCH",
            f"A request that ran during the switch wrote over what was promoted: option {', '.join(changed[:5])}. PHP does not run the hold here.",
            "Let PHP run the hold (docs/hosts.md), or comment `/promote` again when the target is quieter.",
        )
