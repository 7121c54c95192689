"""A full backup of an environment, and the proof that it can be restored: it is read back from the repository, loaded into
a scratch schema and compared with the live site row by row and file by file. Without the proof there is no backup.
"""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from contextlib import contextmanager
from typing import BinaryIO, Dict, Iterator

from ..database import dbprogram
from .backup_proof import compare_files, compare_tables, not_proven
from ..errors import BelayError
from ..files.files import LINK, Entry, file_digest, scan
from ..database.mysql import Session, SqlError, ident
from ..fingerprint.fingerprint import site_tables
from ..report import now
from .restic import Restic

_TABLES, _PROGRAMS, _ABOUT = "database.sql", "programs.sql", "backup.json"
_NO_ACCESS = (1044, 1045, 1142, 1227)


def create(site, rules, restic: Restic, labels: dict) -> dict:
    """Takes a full backup and proves it -> the facts of backup_create.

    Raises BelayError BACKUP_NOT_PROVEN, BACKUP_REPOSITORY, DUMP_FAILED, SCRATCH_RIGHTS.
    """
    restic.ensure_repository()
    folder = os.path.join(site.belay, "backup")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    try:
        _make_scratch(site)
        with Session(site) as before, before.snapshot():
            return _take_and_prove(site, rules, (restic, labels, folder), before)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _drop_scratch(site)


def _take_and_prove(site, rules, where, before: Session) -> dict:
    """`before` has a snapshot open: what the database held before the dump began."""
    restic, labels, folder = where
    release = site.tree
    taken_at = now()
    tables = [table.name for table in site_tables(site, before) if table.kind == "BASE TABLE"]
    listing = list_files(site, rules, release)
    dumped = _dump(site, before, tables, folder)
    snapshot = restic.backup([site.shared, release, folder], _excludes(site, rules, release), labels)["snapshot_id"]
    with _forgotten_unless_proven(restic, snapshot):
        with restic.tar(snapshot) as stream:
            restored = _restore(site, stream, os.path.join(folder, _TABLES), dumped)
        files = compare_files(listing, restored, lambda: list_files(site, rules, release))
        rows = compare_tables(site, before, scratch_schema(site), tables)
    return {
        "snapshot": snapshot,
        "scope": "full",
        "taken_at": taken_at,
        "bytes": sum(entry.size for entry in listing.values()) + sum(size for size, _ in dumped.values()),
        "tables": len(tables),
        "rows": rows.rows + rows.moving,
        "files": len(listing),
        "verified": {"tables": len(tables), "rows": rows.rows, "moving_rows": rows.moving, "files": files},
    }


@contextmanager
def _forgotten_unless_proven(restic: Restic, snapshot: str) -> Iterator[None]:
    """Nobody shall find a snapshot later that was not proven."""
    try:
        yield
    except BaseException:
        restic.forget(snapshot)
        raise


def scratch_schema(site) -> str:
    return site.database + "_belay_scratch"


def list_files(site, rules, release: str) -> Dict[str, Entry]:
    """Absolute path -> entry of all that a backup holds: what is shared (uploads, configuration) and the active release's code."""
    found = {}
    for top in (site.shared, release):
        for name, entry in scan(top, rules.volatile_paths, inside=site.root).items():
            found[os.path.join(top, name)] = entry
    return found


def _dump(site, session, tables, folder: str) -> Dict[str, tuple]:
    """Writes the dumps and what is known about them -> file -> (size, SHA-256)."""
    full = [site.prefix + table for table in tables]
    path = os.path.join(folder, _TABLES)
    with open(path, "wb") as out:
        dbprogram.dump(site, ["--skip-triggers", "--skip-comments", site.database, *full], out)
    # Apart, because they name their makers: loading them needs rights that the site's own user may not have.
    with open(os.path.join(folder, _PROGRAMS), "wb") as out:
        dbprogram.dump(site, ["--routines", "--triggers", "--events", "--no-create-info", "--no-data", "--skip-comments", site.database, *full], out)
        views = [site.prefix + table.name for table in site_tables(site, session) if table.kind == "VIEW"]
        if views:
            dbprogram.dump(site, ["--skip-triggers", "--no-data", "--skip-comments", site.database, *views], out)
    dumped = {name: (os.path.getsize(os.path.join(folder, name)), file_digest(os.path.join(folder, name))) for name in (_TABLES, _PROGRAMS)}
    about = {"schema": 1, "url": site.url, "database": site.database, "prefix": site.prefix, "tables": tables,
             "files": {name: {"bytes": size, "sha256": digest} for name, (size, digest) in dumped.items()}}
    with open(os.path.join(folder, _ABOUT), "w", encoding="utf-8") as out:
        json.dump(about, out, sort_keys=True)
    return dumped


def _excludes(site, rules, release: str) -> list:
    """restic's patterns for the volatile paths: absolute, and with every mark that restic reads taken literally but `*` and `?`."""
    literal = str.maketrans({"\\": "\\\\", "[": "\\[", "$": "$$"})
    exact = str.maketrans({"*": "\\*", "?": "\\?"})
    tops = [top.translate(literal).translate(exact) for top in (site.shared, release)]
    return ["%s/%s" % (top, path.translate(literal)) for top in tops for path in rules.volatile_paths]


def _restore(site, stream: BinaryIO, dump: str, dumped: Dict[str, tuple]) -> Dict[str, str]:
    """Reads a whole snapshot: the dump goes into the scratch schema -> absolute path of every file -> SHA-256 or `link:<target>`."""
    found: Dict[str, str] = {}
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for info in tar:
            path = "/" + info.name.lstrip("/")
            if info.issym():
                found[path] = LINK + info.linkname
            elif info.isreg() and path == dump:
                with dbprogram.loader(site, scratch_schema(site)) as sql:
                    found[path] = _copy(tar.extractfile(info), sql)
            elif info.isreg():
                found[path] = _copy(tar.extractfile(info), None)
    while stream.read(1 << 20):
        pass
    for name, (_, digest) in dumped.items():
        path = os.path.join(os.path.dirname(dump), name)
        if found.pop(path, None) != digest:
            raise not_proven("the dump %s came back from the repository with other bytes" % name)
    found.pop(os.path.join(os.path.dirname(dump), _ABOUT), None)
    return found


def _copy(source: BinaryIO, out) -> str:
    digest = hashlib.sha256()
    while True:
        block = source.read(1 << 20)
        if not block:
            return digest.hexdigest()
        digest.update(block)
        if out is not None:
            out.write(block)


def _make_scratch(site) -> None:
    schema = scratch_schema(site)
    try:
        with Session(site) as session:
            session.execute("DROP DATABASE IF EXISTS %s" % ident(schema))
            session.execute("CREATE DATABASE %s" % ident(schema))
    except SqlError as error:
        if error.errno not in _NO_ACCESS:
            raise
        pattern = schema.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
        raise BelayError(
            "SCRATCH_RIGHTS",
            "A backup is proven by loading it into the schema %s, and the site's database user may not make that." % schema,
            "On the database server: GRANT ALL PRIVILEGES ON `%s`.* TO the user %s." % (pattern, site.credentials.user),
        ) from error


def _drop_scratch(site) -> None:
    try:
        with Session(site) as session:
            session.execute("DROP DATABASE IF EXISTS %s" % ident(scratch_schema(site)))
    except BelayError:
        pass  # It is dropped before the next backup, and the error that matters is on its way already.

