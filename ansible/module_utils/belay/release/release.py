"""Freezes a site as it runs into a release: its code, the promotable tables and the option rows that it changed.

Everything about the data comes from one snapshot, in which the site's fingerprint is taken too. The manifest holds no
time, so the same state gives the same digest, and an archive that is there already is used again.
"""
from __future__ import annotations

import os
import re
import shutil
from contextlib import closing
from types import MappingProxyType
from typing import Dict, Iterator, List, Mapping, NamedTuple

from ..bundle import bundle
from ..bundle.archive import Member, read_archive, write_archive
from ..wordpress.components import commit, php_version, plugins, themes
from ..errors import BelayError
from ..fingerprint.filemeasure import code_tree
from ..files.files import LINK, file_digest
from ..fingerprint.fingerprint import compared
from ..fingerprint import structures
from ..scope.look import Look
from ..bundle.manifest import canonical, digest_of, digest_of_bytes
from ..database.mysql import Session
from ..bundle.optionfile import export_options, measure
from ..scope.rules import class_expression
from ..wordpress.runtime import runtime_of
from ..text import readable

CONFIG = "config"
_KEPT = 5


class Baseline(NamedTuple):
    """The source's own baseline: digests of promotable tables, hashes of option rows. Only what differs is released."""

    tables: Dict[str, str]
    options: Dict[str, str]
    #: Of the target's: digests of its tables' definitions. What is defined otherwise here is told.
    target_ddl: Mapping[str, str] = MappingProxyType({})


def build(site, rules, environment: str, baseline: Baseline, look: Look = Look()) -> dict:
    """Makes `.belay/outgoing/<digest12>.tar.zst` -> `{digest, bytes, reused, manifest, path, sha256, fingerprint, measured, structures}`."""
    outgoing = os.path.join(site.belay, "outgoing")
    folder = os.path.join(outgoing, "building")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    try:
        with Session(site) as session, compared(site, session, rules, look) as measured:
            taken = measured.fingerprint
            tables = changed_tables(taken, baseline)
            written = bundle.export_tables(session, site, tables, os.path.join(folder, "tables"), bundle.Wanted(_promotable_rows(site, session, rules)))
            options = os.path.join(folder, "options.jsonl")
            export_options(session, site, changed_options(taken, baseline, rules, site.prefix), options)
            runtime = runtime_of(site, session)
            told_of = structures.told(site, session, taken["tables"], baseline.target_ddl)
        manifest = describe(site, rules, environment, taken)
        manifest.update(tables=written, options=measure(options), **runtime._asdict())
        return {**store(site, manifest, folder, outgoing), "manifest": manifest, "fingerprint": taken, "measured": measured, "structures": told_of}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def store(site, manifest: dict, folder: str, outgoing: str) -> dict:
    """Packs a release, unless it is there already -> `{digest, bytes, reused, path, sha256}`."""
    digest = digest_of(manifest)
    path = os.path.join(outgoing, digest[:12] + ".tar.zst")
    reused = _holds(path, digest)
    if reused:
        os.utime(path)
    else:
        write_archive(path, _members(site, manifest, folder))
        _keep_newest(outgoing)
    return {"digest": digest, "bytes": os.path.getsize(path), "reused": reused, "path": path, "sha256": file_digest(path)}


def _keep_newest(outgoing: str) -> None:
    """Old releases are built again when they are wanted: their digest says that they are the same."""
    archives = [entry for entry in os.scandir(outgoing) if re.fullmatch(r"[0-9a-f]{12}\.tar\.zst", entry.name)]
    for entry in sorted(archives, key=lambda entry: entry.stat().st_mtime_ns, reverse=True)[_KEPT:]:
        os.unlink(entry.path)


def changed_tables(taken: dict, baseline: Baseline) -> List[str]:
    """Promotable tables whose promotable rows differ from the baseline's; the options are released row by row instead."""
    return sorted(
        table
        for table, found in taken["tables"].items()
        if found["class"] == CONFIG and table != "options" and baseline.tables.get(table) != found["parts"].get(CONFIG, {}).get("digest", "")
    )


def changed_options(taken: dict, baseline: Baseline, rules, prefix: str) -> List[str]:
    """Promotable option rows that are new, different or gone since the baseline."""
    changed = [name for name, found in taken["options"].items() if found["class"] == CONFIG and found["hash"] != baseline.options.get(name)]
    gone = [name for name in baseline.options if name not in taken["options"] and rules.option(name, prefix) == CONFIG]
    return sorted(changed + gone)


def describe(site, rules, environment: str, taken: dict) -> dict:
    """The manifest of the code alone, without tables and options."""
    code = code_of(site, rules)
    return {
        "schema": 1,
        "kind": "site",
        "source": {"environment": environment, "url": site.url, "prefix": site.prefix},
        "commit": commit(site.tree),
        "wordpress": taken["wordpress"],
        "php_version": php_version(),
        "plugins": plugins(site.tree, code),
        "themes": themes(site.tree, code),
        "code": code,
        "tables": {},
        "options": {},
    }


def told(manifest: dict) -> dict:
    """A manifest as reports have it: its paths spelt as those of a fingerprint (text.py), the release itself keeps the real ones."""
    return {**manifest, "code": {readable(os.fsencode(path)): value for path, value in manifest["code"].items()}}


def code_of(site, rules) -> Dict[str, str]:
    """The promotable code: everything in the active release that is neither shared nor protected nor volatile."""
    code = code_tree(site, rules)
    for path in code:
        _require_nameable(path)
    return code


def _promotable_rows(site, session, rules):
    """SQL conditions for the promotable rows of tables in which other rows live too."""

    def where(table: str) -> str:
        columns = [column["name"] for column in bundle.describe(session, site, table)["columns"]]
        expression, classes = class_expression(rules.table(table), columns, site.prefix)
        return "" if len(classes) == 1 else "(%s) = %d" % (expression, classes.index(CONFIG))

    return where


def _members(site, manifest: dict, folder: str) -> Iterator[Member]:
    yield Member("manifest.json", data=canonical(manifest))
    for table in sorted(manifest["tables"]):
        yield Member("tables/%s.rows" % table, path=os.path.join(folder, "tables", table + ".rows"))
    if os.path.exists(os.path.join(folder, "options.jsonl")):
        yield Member("options.jsonl", path=os.path.join(folder, "options.jsonl"))
    else:
        yield Member("options.jsonl", data=b"")
    for path, value in sorted(manifest["code"].items()):
        if value.startswith(LINK):
            yield Member("tree/" + path, link=value[len(LINK) :])
        else:
            yield Member("tree/" + path, path=os.path.join(site.tree, path), sha256=value)


def _holds(path: str, digest: str) -> bool:
    """Whether the archive is there; it was renamed into place whole, and its name is a part of the digest."""
    if not os.path.exists(path):
        return False
    try:
        with closing(read_archive(path, 1 << 40)) as members:
            info, content = next(members)
            return info.name == "manifest.json" and digest_of_bytes(content.read()) == digest
    except (BelayError, StopIteration):
        return False


def _require_nameable(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise BelayError("NAME_NOT_UTF8", "A file of the code has a name that is not UTF-8: %r." % path, "Rename it, or list it under `promotion.files.volatile` in .github/belay.yml.") from error
