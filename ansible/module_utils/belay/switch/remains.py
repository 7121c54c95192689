"""What interrupted operations leave behind on a host, and its removal. Only under the host's lock."""
from __future__ import annotations

import os
import re
import shutil
from typing import Callable, Dict, Iterator, List, Optional

from . import armed as arms
from ..database import names
from ..hold import commit_point
from . import inspected, leftovers
from ..backup.backup import scratch_schema
from ..candidate import trial
from ..host.journal import Journal
from ..database.mysql import ident, literal
from .promote import ROW
from ..release.release_folders import forget

#: Steps after which an operation is over on this host, and those that show that it had begun to change something.
OVER = frozenset(("confirmed", "cleaned", "rolled_back", "settled"))
BEGUN = frozenset(("checked", "unpack", "shadow", "prepared", "prepared_back", "switch", "activated", "promoted"))
_ID = "[0-9A-Za-z-]{1,64}"
#: Folder below `.belay` -> names that Belay gives there to files and links until they are whole. Whatever else lies there, somebody wants it.
HALF = {
    "": r"(working|inspected\.json)\.\d+\.new",
    "hold": r"(state|hold\.php|config\.php|copy)\.\d+\.new",
    "watchdog": rf"(belay\.pyz|{_ID}\.(json|deadline))\.\d+\.new",
    "reports": rf"{_ID}\.json\.\d+\.new",
    "releases": r"[0-9a-f]{12}\.json\.tmp",
    "outgoing": r"[0-9a-f]{12}\.tar\.zst\.\d+\.tmp",
}
#: The root is the site's own: nothing of Belay's is ever half there but the link that becomes `current`.
HALF_CURRENT = r"current\.\d+\.new"


def found(what: str, detail: str, done: str, operation: Optional[str] = None) -> Dict[str, Optional[str]]:
    """One entry of the facts of a recovery."""
    return {"what": what, "operation_id": operation, "detail": detail, "done": done}


def clear(host, operation: str) -> List[dict]:
    """Remove everything that no operation needs any more; what it was. No activation may wait for its confirmation."""
    with host.open_session() as session:
        points = list(commit_point.history(session, names.release_table(host.site)))
        result = [*_tables(host.site, session, points), *_scratch(host.site, session)]
    result += _interrupted(host, operation, {point.version.release for point in points})
    removed = inspected.clean(host.site)
    result += [found("tables", f"{removed} that were kept for inspection long enough", "removed")] if removed else []
    return [*result, *_files(host.site)]


def _tables(site, session, points) -> Iterator[dict]:
    """Shadows, bases, and archives that no release's record names: all of them belonged to a switch that is over."""
    kept = set().union(*(point.record.kept() for point in (*points, *_left(session, points))))
    lost = [table for table in leftovers.own_tables(site, session) if table != names.release_table(site) and table not in kept]
    if lost:
        leftovers.drop(session, lost)
        yield found("tables", _some(lost), "removed")


def _left(session, points) -> List[commit_point.CommitPoint]:
    """The history of the release that the last rollback left: until it has told what was written there, it needs all of it."""
    rows = [table for table in points[0].record.inspect if table.endswith(f"_{ROW}")] if points else []
    return [point for row in rows for point in commit_point.history(session, row)]


def _scratch(site, session) -> Iterator[dict]:
    """The schema in which a backup was being proven: a backup that is at work holds the host's lock."""
    schema = scratch_schema(site)
    if session.query(f"SELECT 1 FROM information_schema.schemata WHERE schema_name = {literal(schema)}"):
        session.execute(f"DROP DATABASE IF EXISTS {ident(schema)}")
        yield found("scratch_schema", schema, "removed")


def _interrupted(host, operation: str, known) -> Iterator[dict]:
    """Operations whose journal does not say how they ended; from now on it does."""
    for journal in journals(host.site):
        steps = [entry["step"] for entry in journal.steps()]
        if journal.operation_id == operation or not BEGUN & set(steps) or OVER & set(_since(steps)):
            continue
        unpacked = journal.last("unpack")
        if unpacked and unpacked["new"] and unpacked["release"] not in known:
            forget(host.site, unpacked["release"])
        journal.append("settled", by=operation)
        yield found("interrupted", f"its last step was `{steps[-1]}`", "finished", journal.operation_id)


def _since(steps: List[str]) -> List[str]:
    """From the last step on that began something: an operation may be tried again after it was cleaned up."""
    begun = [at for at, name in enumerate(steps) if name in ("checked", "unpack", "shadow")]
    return steps[begun[-1] if begun else 0:]


def journals(site) -> List[Journal]:
    """The journals of all operations that this host remembers."""
    folder = os.path.join(site.belay, "journal")
    names_ = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [Journal(site, name[: -len(".jsonl")]) for name in names_ if re.fullmatch(r"[0-9A-Za-z-]{1,64}\.jsonl", name)]


def _files(site) -> Iterator[dict]:
    gone = list(_emptied(os.path.join(site.belay, "incoming"), lambda entry: True))
    if gone:
        yield found("incoming", _some(gone), "removed")
    outgoing = os.path.join(site.belay, "outgoing")
    gone = list(_emptied(outgoing, lambda entry: entry.name == "building" or entry.name.startswith("refresh-")))
    for folder, names_ in HALF.items():
        gone += _emptied(os.path.join(site.belay, folder), lambda entry: re.fullmatch(names_, entry.name) and not entry.is_dir(follow_symlinks=False))
    gone += _emptied(site.root, lambda entry: re.fullmatch(HALF_CURRENT, entry.name) and entry.is_symlink())
    gone += [trial.FOLDER] * trial.remove(site)
    gone += _emptied(arms.folder_of(site), lambda entry: re.search(r"\.(deadline|alive)$", entry.name))
    if gone:
        yield found("building", _some(gone), "removed")


def _emptied(folder: str, unwanted: Callable[[os.DirEntry], object]) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name) if os.path.isdir(folder) else []:
        if unwanted(entry):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
            if not os.path.lexists(entry.path):
                yield entry.name


def _some(things: List[str]) -> str:
    return ", ".join(things[:5]) + (f" and {len(things) - 5} more" if len(things) > 5 else "")
