"""Tables of a release that was rolled back stay for inspection, for the time that the site has set. Then whatever comes first removes
them: the watchdog's program run by itself (`once`), a drift check, a recovery, a promotion, a rollback.
"""
from __future__ import annotations

import contextlib
import os
import time
from typing import Optional

from ..database import names
from ..database.mysql import LostConnection, Session, SqlError
from ..errors import BelayError
from ..hold import commit_point
from ..host.wholefile import read_json, write_json
from . import leftovers

FILE = "inspected.json"
#: What activations were armed with by programs that did not say it.
USUAL_S = 7 * 24 * 3600.0
#: Whoever reads such a table by hand is not waited for: it is tried again.
WAIT_S = 1


def keep(site, keep_s: float) -> None:
    """Before the way back begins: note when tables that it keeps are to go. What an earlier one keeps goes at its own time."""
    before, due = read_json(_path(site.belay)), time.time() + keep_s
    if _is_note(before):
        due = min(due, before["due"])
    place = {"root": site.root, "url": site.url, "database": site.database, "prefix": site.prefix}
    # A full disk is no reason not to go back: then the next promotion or rollback removes them.
    with contextlib.suppress(OSError):
        write_json(_path(site.belay), {**place, "keep_s": keep_s, "due": due})


def due(belay: str) -> Optional[dict]:
    """The note in this folder `.belay`, with `root`, `url`, `database` and `prefix` of its site, where its time has come."""
    note = read_json(_path(belay))
    return note if _is_note(note) and note["due"] <= time.time() else None


def clean(site) -> int:
    """Remove what has stayed long enough; how many tables. Only under the host's lock. Whatever stands in the way, the next one removes it."""
    note = due(site.belay)
    if note is None:
        return 0
    try:
        return _cleaned(site, note)
    except (BelayError, SqlError, LostConnection, OSError):
        return 0


def _cleaned(site, note: dict) -> int:
    with Session(site) as session:
        session.execute(f"SET SESSION lock_wait_timeout = {WAIT_S}")
        removed = leftovers.drop_inspected(site, session, note["keep_s"])
        points = [point.record for point in commit_point.history(session, names.release_table(site)) if point.record.inspect]
    later = [record.inspect_since + note["keep_s"] for record in points if time.time() - record.inspect_since <= note["keep_s"]]
    if later:
        write_json(_path(site.belay), {**note, "due": min(later)})
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_path(site.belay))
    return removed


def _is_note(note) -> bool:
    wanted = {"root": str, "url": str, "database": str, "prefix": str, "keep_s": (int, float), "due": (int, float)}
    return isinstance(note, dict) and all(isinstance(note.get(name), kind) for name, kind in wanted.items())


def _path(belay: str) -> str:
    return os.path.join(belay, FILE)
