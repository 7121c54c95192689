"""The target's half of a refresh: what the source will take over, out of one snapshot, together with the target's fingerprint.

Nobody waits for it: rows are read in one consistent snapshot, and of the protected files only those travel that the
source does not have.
"""
from __future__ import annotations

import json
import os
import shutil
from typing import Dict, Iterable, List, NamedTuple

from . import bundle, leftovers
from .archive import Member, write_archive
from .files import LINK, file_digest, scan
from .fingerprint import fingerprint, site_tables
from .manifest import canonical, digest_of
from .mysql import Session
from .optionfile import export_options, measure

#: What becomes the source's again from the target. `secret` and `noise` stay with their environment.
TAKEN = frozenset(("editorial", "live", "config", "derived", "unclassified"))
#: Nobody is to be signed in on the copy because of a session on the original.
_NO_SESSIONS = {"usermeta": "meta_key <> 'session_tokens'"}
_NOTHING = "FALSE"


class Scope(NamedTuple):
    """What a refresh takes: everything for a first clone, otherwise all but what only the source changed."""

    initial: bool
    keep_tables: frozenset
    keep_options: frozenset


class Inventory(NamedTuple):
    """What the source has: `tables` without prefix, and per protected path each file's SHA-256."""

    tables: frozenset
    files: Dict[str, Dict[str, str]]


def take_inventory(site, session, rules, path: str) -> None:
    """Writes what this side has, for the other side to send no more than is missing."""
    found = {"tables": table_names(site, session), "files": {folder: protected_files(site, rules, folder) for folder in rules.protected_paths}}
    with open(path, "wb") as out:
        out.write(canonical(found))


def read_inventory(path: str) -> Inventory:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        found = json.load(file)
    return Inventory(frozenset(found["tables"]), found["files"])


def export(site, rules, scope: Scope, inventory: Inventory, path: str) -> dict:
    """Writes the archive -> `{digest, fingerprint}`: the digest of its manifest, and the target's Fingerprint of that moment."""
    folder = path + ".d"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    try:
        with Session(site) as session, session.snapshot():
            taken = fingerprint(site, session, rules)
            tables = _export_tables(site, session, taken, scope, inventory, folder)
            options = os.path.join(folder, "options.jsonl")
            export_options(session, site, [] if scope.initial else _option_names(taken, scope), options)
        files = {place: protected_files(site, rules, place) for place in rules.protected_paths}
        manifest = {
            "schema": 1,
            "kind": "refresh",
            "source": {"url": site.url, "prefix": site.prefix, "root": site.root},
            "code": {},
            "tables": tables,
            "options": measure(options),
            "files": files,
            "sent": _missing(files, inventory),
        }
        write_archive(path, _members(site, manifest, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"digest": digest_of(manifest), "sha256": file_digest(path), "fingerprint": taken}


def table_names(site, session) -> List[str]:
    """Base tables of the site; none where there is no WordPress yet."""
    if not leftovers.exists(session, site.prefix + "options"):
        return []
    return [table.name for table in site_tables(site, session) if table.kind == "BASE TABLE"]


def protected_place(site, path: str) -> str:
    """Where a protected path of the code tree really is."""
    shared = os.path.join(site.shared, path)
    return shared if os.path.lexists(shared) or not os.path.lexists(site.current) else os.path.realpath(os.path.join(site.current, path))


def protected_files(site, rules, path: str) -> Dict[str, str]:
    place = protected_place(site, path)
    if not os.path.isdir(place):
        return {}
    return {name: entry.value for name, entry in scan(place, rules.volatile_paths, base=path).items()}


def _export_tables(site, session, taken: dict, scope: Scope, inventory: Inventory, folder: str) -> Dict[str, dict]:
    """All tables of a first clone; otherwise those that are taken over, and empty ones of those that the source lacks."""

    def wanted(table: str) -> bool:
        if scope.initial:
            return True
        return table != "options" and table not in scope.keep_tables and (_is_taken(taken, table) or table not in inventory.tables)

    def rows(table: str) -> str:
        if table == "options":
            return ""
        return _NO_SESSIONS.get(table, "") if scope.initial or _is_taken(taken, table) else _NOTHING

    own = [table for table in table_names(site, session) if wanted(table)]
    return bundle.export_tables(session, site, own, os.path.join(folder, "tables"), rows)


def _is_taken(taken: dict, table: str) -> bool:
    return taken["tables"][table]["class"] in TAKEN


def _option_names(taken: dict, scope: Scope) -> Iterable[str]:
    return [name for name, found in taken["options"].items() if found["class"] in TAKEN and name not in scope.keep_options]


def _missing(files: Dict[str, Dict[str, str]], inventory: Inventory) -> Dict[str, str]:
    """Files (whole relative paths) that the source lacks or has differently; links are made from the manifest."""
    return {
        "%s/%s" % (place, name): digest
        for place, listing in files.items()
        for name, digest in listing.items()
        if inventory.files.get(place, {}).get(name) != digest and not digest.startswith(LINK)
    }


def _members(site, manifest: dict, folder: str):
    yield Member("manifest.json", data=canonical(manifest))
    for table in manifest["tables"]:
        yield Member("tables/%s.rows" % table, path=os.path.join(folder, "tables", table + ".rows"))
    yield Member("options.jsonl", path=os.path.join(folder, "options.jsonl"))
    for place, listing in manifest["files"].items():
        for name in listing:
            path = "%s/%s" % (place, name)
            if path in manifest["sent"]:
                yield Member("files/" + path, path=os.path.join(protected_place(site, place), name), sha256=manifest["sent"][path])
