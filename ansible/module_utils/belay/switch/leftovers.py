"""Belay's own tables in the site's schema: which there are, and which may go."""
import time

from ..database import names
from ..hold import commit_point
from ..database.mysql import ident, literal


def own_tables(site, session, kind=""):
    """Whole names of Belay's tables of this site; `kind` is `s`, `b`, `a`, `c` or `m` (shadow, base, archive, candidate's view, copy)."""
    stem = names.release_table(site)[: -len("release")] + (f"{kind}_" if kind else "")
    rows = session.query("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
    return sorted(name for name in (row[0].decode() for row in rows) if name.startswith(stem))


def exists(session, table):
    return bool(session.query(f"SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = {literal(table)}"))


def drop(session, tables):
    tables = list(tables)
    listed = ", ".join(map(literal, tables)) or "NULL"
    rows = session.query(f"SELECT table_name FROM information_schema.views WHERE table_schema = DATABASE() AND table_name IN ({listed})") if tables else []
    views = {row[0].decode() for row in rows}
    for kind, found in (("VIEW", views), ("TABLE", set(tables) - views)):
        if found:
            session.execute(f"DROP {kind} IF EXISTS {', '.join(map(ident, sorted(found)))}")


def drop_copies(site, session):
    """Shadows and bases belong to a switch that is being prepared; after it, or when it was given up, to nobody."""
    drop(session, [table for kind in "csbm" for table in own_tables(site, session, kind)])


def drop_forgotten(site, session):
    """Archives that the record of no release names, from the active one back."""
    points = commit_point.history(session, names.release_table(site))
    kept = set().union(*(point.record.kept() for point in points))
    drop(session, set(own_tables(site, session, "a")) - kept)


def drop_inspected(site, session, keep_s):
    """Tables of releases that were rolled back more than `keep_s` seconds ago; how many there were."""
    points = list(commit_point.history(session, names.release_table(site)))
    over = {name for point in points if time.time() - point.record.inspect_since > keep_s for name in point.record.inspect}
    needed = set().union(*(point.record.needed() for point in points))
    found = set(own_tables(site, session, "a")) & (over - needed)
    drop(session, found)
    return len(found)


def drop_old_archives(site, session, keep_releases):
    """Keep what a rollback to one of the last releases needs; returns the releases that are still kept, newest first."""
    kept, releases = set(), []
    for point in commit_point.history(session, names.release_table(site)):
        if point.version.release not in releases:
            releases.append(point.version.release)
        if len(releases) >= max(keep_releases, 2):
            break
        kept |= point.record.kept()
    drop(session, set(own_tables(site, session, "a")) - kept)
    return releases
