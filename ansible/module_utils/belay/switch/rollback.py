"""Back to an earlier release, by the same hold and the same single RENAME.

Replaced tables come back from where the switches kept them; promoted option rows get their old values one by one, and
all other rows stay as visitors wrote them. What leaves is kept for inspection, and late rows in it are counted.
"""
import hashlib
import time
from dataclasses import dataclass
from typing import Dict, List, Optional, Set

from ..database import names
from ..hold import commit_point
from ..wordpress import object_cache
from . import late_rows, leftovers, unheld
from ..hold.commit_point import CommitPoint, Record
from ..errors import BelayError
from ..hold.hold import Version
from ..database.mysql import ident
from .promote import REWRITE_RULES, ROW, carry_strays, few_left, move_options_and_row, next_number, options_of
from .switch import Move, switch
from ..text import raw


@dataclass(frozen=True)
class Way:
    """What the switches between the active release and the one to go back to have changed, all together."""

    #: The point to go back to.
    goal: CommitPoint
    #: Table -> where its rows from that time are kept.
    restored: Dict[str, str]
    #: Tables that did not exist at that time.
    removed: Set[str]
    #: Promoted option -> the kept options table with its value from that time.
    options: Dict[str, str]
    #: Table -> TableFingerprint when it last went live.
    fingerprints: Dict[str, dict]


def find_way(session, row_table, to_release):
    """The Way back to a release; raises ALREADY_ACTIVE or RELEASE_NOT_KEPT."""
    points = commit_point.history(session, row_table)
    active = next(points)
    if active.version.release == to_release:
        raise BelayError(
            "ALREADY_ACTIVE", f"Release {to_release} is active already; there is nothing to go back from.", "`/status` shows what is active."
        )
    restored, removed, options, fingerprints = {}, set(), {}, {}
    passed, kept = active, [active.version.release]
    for point in points:
        record = passed.record
        # Older switches come later and win: they kept the rows from the time that we go back to.
        restored.update(record.swapped)
        removed = (removed - set(record.swapped)) | set(record.created)
        options.update({name: record.options_kept for name in record.options})
        fingerprints = {**record.fingerprints, **fingerprints}
        if point.version.release == to_release:
            return Way(point, {t: k for t, k in restored.items() if t not in removed}, removed, options, fingerprints)
        passed = point
        kept.append(point.version.release)
    raise BelayError(
        "RELEASE_NOT_KEPT",
        f"The target cannot go back to release {to_release}: what it had then is not kept (kept: {', '.join(kept)}).",
        "Restore a backup, or promote that state again.",
    )


def require_kept(session, way, to_release):
    """Every table that the way leads back to is there: somebody may have removed one, or died while an old release was tidied up."""
    gone = [table for table in sorted({*way.restored.values(), *way.options.values()}) if not leftovers.exists(session, table)]
    if gone:
        raise BelayError(
            "RELEASE_NOT_KEPT",
            f"The target cannot go back to release {to_release}: of what it had then, tables are missing ({', '.join(gone[:3])}).",
            "Restore a backup, or promote that state again.",
        )


def aside(site, operation, table):
    """Where a rollback puts a table that leaves. Unlike the names that a promotion with the same operation id uses."""
    return names.archive(site, hashlib.sha256(f"rollback {operation}".encode()).hexdigest()[:12], table)


def roll_back(host, operation, to_release, measures, drain_s):
    """Go back; returns (SwitchFacts, promoted, late_rows) as in the facts of release_rollback."""
    site = host.site
    with host.open_session() as session:
        active = commit_point.read(session, names.release_table(site))
        way = find_way(session, names.release_table(site), to_release)
        require_kept(session, way, to_release)
        leftovers.drop_copies(site, session)
        options = options_of(site, session)
        late_rows.make(session, options)
        staying = {raw(name) for name in way.options} | {REWRITE_RULES}
        late_rows.apply(session, options, {**_old_values(session, options, way), REWRITE_RULES: None})
        record, renames = _moves(site, session, active, way, operation)
        version = Version(to_release, operation)
        commit_point.write(session, names.shadow(site, ROW), CommitPoint(version, record))
        promoted = _promoted(session, options, way, measures)
        _count_on(site, session, way)
        few_left(session, options, staying)
    host.journal.append("prepared_back", promoted=promoted)
    flush = object_cache.needs_flush(site, unheld.is_held(host))

    def settle(session):
        merged = late_rows.merge(session, options, staying)
        if flush:
            object_cache.flush(site)
        return merged

    figures = switch(host, Move(active.version, version, renames), settle, drain_s)
    carry_strays(host, options, aside(site, operation, "options"), staying)
    return figures, promoted, late_of(host, operation, to_release, measures)


def resume(host, operation, to_release, measures):
    """Killed after the switch back: (promoted, late_rows); the first is None where nobody remembers."""
    prepared = host.journal.last("prepared_back")
    return prepared and prepared["promoted"], late_of(host, operation, to_release, measures)


def carry_strays_back(host, operation, to_release):
    """Where the switch back of this operation was interrupted, and before another one is prepared."""
    site = host.site
    with host.open_session() as session:
        options = options_of(site, session)
        if not leftovers.exists(session, options.base):
            return
        way = find_way(session, aside(site, operation, ROW), to_release)
    carry_strays(host, options, aside(site, operation, "options"), {raw(name) for name in way.options} | {REWRITE_RULES}, resumed=True)


def late_of(host, operation, to_release, measures):
    """Rows that are in the tables which left, and not in what came back; asked after the switch back."""
    row = aside(host.site, operation, ROW)
    with host.open_session() as session:
        left = commit_point.read(session, row)
        if left is None:  # its time for inspection was over before anybody asked
            return {}
        way = find_way(session, row, to_release)
        late = _late(session, host.site, operation, way, measures)
        return {**late, **_late_options(session, host.site, operation, left, measures)}


def _count_on(site, session, way):
    """Tables that come back give out no number that the tables which leave have given out meanwhile."""
    for table, kept in way.restored.items():
        number = next_number(site, session, table)
        if number:
            session.execute(f"ALTER TABLE {ident(kept)} AUTO_INCREMENT = {number}")


def _old_values(session, options, way):
    """{name: row or None} of every promoted option, from the tables that kept them."""
    values = {}
    for table in set(way.options.values()):
        wanted = [raw(name) for name, kept in way.options.items() if kept == table]
        found = late_rows.read(session, options, table, wanted)
        values.update({name: found.get(name) for name in wanted})
    return values


def _moves(site, session, active, way, operation):
    def left(table):
        return aside(site, operation, table)

    gone = [table for table in sorted({*way.restored, *way.removed}) if leftovers.exists(session, site.prefix + table)]
    renames = [(site.prefix + table, left(table)) for table in gone]
    renames += [(kept, site.prefix + table) for table, kept in sorted(way.restored.items())]
    # The history goes on as it was when the release was active before; what leaves now stays for inspection.
    inspect = (*(left(table) for table in gone), left("options"), left(ROW))
    record = Record(**{**vars(way.goal.record), "inspect": inspect, "inspect_since": time.time()})
    here = Record(options_kept=left("options"), previous_row=left(ROW))
    return record, (*renames, *move_options_and_row(site, here))


def _promoted(session, options, way, measures):
    tables: Dict[str, Optional[dict]] = {table: measures.table(session, kept, table) for table, kept in way.restored.items()}
    tables.update({table: None for table in way.removed})
    found = measures.options(session, options.shadow, list(way.options))
    return {"tables": tables, "options": {name: found.get(name) for name in way.options}}


def _late(session, site, operation, way, measures):
    """Rows that were written to the tables that left: counted by row where single hashes are known, else by number."""
    late = {}
    for table, then in way.fingerprints.items():
        left = aside(site, operation, table)
        if leftovers.exists(session, left):
            late[table] = differing_rows(then, measures.table(session, left, table))
    return late


def differing_rows(then, now):
    """How many rows differ between two TableFingerprints; where single hashes are not known, the least possible number."""
    total = 0
    for part in {*then["parts"], *now["parts"]}:
        old, new = (side["parts"].get(part, {"rows": 0, "digest": "", "row_hashes": {}}) for side in (then, now))
        if old["digest"] == new["digest"]:
            continue
        if old.get("row_hashes") is None or new.get("row_hashes") is None:
            total += max(1, abs(old["rows"] - new["rows"]))
        else:
            keys = {*old["row_hashes"], *new["row_hashes"]}
            total += sum(old["row_hashes"].get(key) != new["row_hashes"].get(key) for key in keys)
    return total


def _late_options(session, site, operation, active, measures):
    """Promoted option rows that somebody changed since they went live."""
    names_then: List[str] = list(active.record.options)
    found = measures.options(session, aside(site, operation, "options"), names_then)
    changed = sum(active.record.options[name] != (found[name]["hash"] if name in found else None) for name in names_then)
    return {"options": changed} if names_then else {}
