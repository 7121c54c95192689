"""The target's half of a refresh: what the source will take over, out of one snapshot, together with the target's fingerprint.

Nobody waits for it: rows are read in one consistent snapshot, and of the protected files only those travel that the
source does not have.
"""
from __future__ import annotations

import os
import shutil
from typing import Dict, Iterable, NamedTuple

from ..bundle import bundle
from ..bundle.archive import Member, write_archive
from ..files.files import LINK, file_digest
from ..fingerprint.fingerprint import compared
from ..scope.look import Look
from ..bundle.manifest import canonical, digest_of
from ..bundle.masked_rows import Masks
from ..database.mysql import Session
from ..bundle.optionfile import export_options, measure
from .refresh_inventory import Inventory, protected_files, protected_place, table_names
from .refresh_scope import TAKEN, Scope
from ..scope.rules import Rules
from ..host.site import Site
from ..text import readable

#: Nobody is to be signed in on the copy because of a session on the original.
_NO_SESSIONS = {"usermeta": "meta_key <> 'session_tokens'"}
_NOTHING = "FALSE"


def export(site, rules, scope: Scope, inventory: Inventory, path: str) -> dict:
    """Writes the archive -> `{digest, fingerprint}`: the digest of its manifest, and the target's Fingerprint of that moment."""
    folder = path + ".d"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    try:
        with Session(site) as session, compared(site, session, rules, Look(keep_index=True)) as measured:
            taken = measured.fingerprint
            tables = _export_tables(_Export(site, session, rules, scope), taken, inventory, folder)
            options = os.path.join(folder, "options.jsonl")
            export_options(session, site, [] if scope.initial else _option_names(taken, scope), options)
        files = {place: protected_files(site, scope.files(rules), place) for place in rules.protected_paths}
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


class _Export(NamedTuple):
    site: Site
    session: Session
    rules: Rules
    scope: Scope


def _export_tables(export_: _Export, taken: dict, inventory: Inventory, folder: str) -> Dict[str, dict]:
    """All tables of a first clone; otherwise those that are taken over, and empty ones of those that the source lacks.

    Secret and meaningless tables come empty, as do those that are left out; personal data is masked here, before it leaves.
    """
    site, session, rules, scope = export_

    def wanted(table: str) -> bool:
        if scope.initial:
            return True
        return table != "options" and table not in scope.keep_tables and (_is_taken(taken, table) or table not in inventory.tables)

    def rows(table: str) -> str:
        if table == "options":
            return ""
        return _NO_SESSIONS.get(table, "") if _is_taken(taken, table) and not scope.is_left_out(rules, table) else _NOTHING

    masks = Masks([mask for mask in scope.masks if rules.table(mask["table"]).name != "config"])

    def turn(header: dict):
        return _cloned_options(export_, header) if header["table"] == "options" else masks.turn(session, site, header)

    own = [table for table in table_names(site, session) if wanted(table)]
    return bundle.export_tables(session, site, own, os.path.join(folder, "tables"), bundle.Wanted(rows, turn))


def _cloned_options(export_: _Export, header: dict):
    """Credentials, licences and keys are not copied, nor are locks and caches."""
    site, _, rules, scope = export_
    name = [column["name"] for column in header["columns"]].index("option_name")
    return lambda row: row if scope.is_cloned(rules, readable(row[name]), site.prefix) else None


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
