"""What a side of a refresh has: its tables, and its protected files one by one."""
from __future__ import annotations

import json
import os
from typing import Dict, List, NamedTuple

from ..switch import leftovers
from ..files.files import scan
from ..fingerprint.fingerprint import site_tables
from ..bundle.manifest import canonical


class Inventory(NamedTuple):
    """What the source has: `tables` without prefix, and per protected path each file's SHA-256."""

    tables: frozenset
    files: Dict[str, Dict[str, str]]


def take_inventory(site, session, rules, path: str) -> None:
    """Writes what this side has, for the other side to send no more than is missing. `rules` as Scope.files gives them."""
    found = {"tables": table_names(site, session), "files": {folder: protected_files(site, rules, folder) for folder in rules.protected_paths}}
    with open(path, "wb") as out:
        out.write(canonical(found))


def read_inventory(path: str) -> Inventory:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        found = json.load(file)
    return Inventory(frozenset(found["tables"]), found["files"])


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
