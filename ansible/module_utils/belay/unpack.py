"""Takes a release apart on the host that will run it. Nothing in the archive is believed: the manifest must have the release's
digest, and every file, table and option row must be what the manifest says. The stored manifest is written last and says
that the release is there.
"""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import closing
from typing import BinaryIO, Dict, Iterable, NamedTuple, Optional

from . import rowfile
from .archive import is_plain, read_archive, stays_inside
from .errors import BelayError
from .files import LINK, file_digest
from .manifest import canonical, digest_of, digest_of_bytes
from .optionfile import measure as measure_options

_MANIFEST_LIMIT = 256 * 1024 * 1024
_MARGIN = 64 * 1024 * 1024


class Unpacked(NamedTuple):
    """Where a release lies: its `manifest`, its `code` folder, and `incoming` with `tables/<table>.rows` and `options.jsonl`."""

    manifest: dict
    code: str
    incoming: str
    changed: bool


def unpack(site, archive: str, digest: str, shared_paths: Iterable[str]) -> Unpacked:
    """Makes `releases/<digest12>` (with its links into `shared`) and `.belay/incoming/<digest12>` out of the archive.

    Does nothing when both are there and intact. Raises BelayError ARCHIVE_UNSAFE, ARCHIVE_BROKEN, RELEASE_DIGEST_MISMATCH,
    RELEASE_DAMAGED (the active release differs from its manifest).
    """
    short = digest[:12]
    code, incoming = os.path.join(site.releases, short), os.path.join(site.belay, "incoming", short)
    known = stored_manifest(site, short)
    if known is not None and digest_of(known) == digest and _intact(known, code, incoming):
        link_shared(site, code, short, shared_paths)
        return Unpacked(known, code, incoming, False)
    os.makedirs(os.path.dirname(incoming), exist_ok=True)
    temporary = tempfile.mkdtemp(prefix=short + ".", dir=os.path.dirname(incoming))
    try:
        manifest = extract(archive, digest, temporary)
        tree = os.path.join(temporary, "tree")
        link_shared(site, tree, short, shared_paths)
        if os.path.lexists(code) and site.active_release() == short:
            _refuse_damage(manifest, code)
        else:
            _replace(tree, code)
        shutil.rmtree(tree, ignore_errors=True)
        os.chmod(temporary, 0o700)
        _replace(temporary, incoming)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    store_manifest(site, short, manifest)
    return Unpacked(manifest, code, incoming, True)


def extract(archive: str, digest: str, folder: str) -> dict:
    """Writes `manifest.json`, `tree/`, `tables/` and `options.jsonl` of a release below an empty folder; every part is verified."""
    os.makedirs(os.path.join(folder, "tree"))
    limit = max(shutil.disk_usage(folder).free - _MARGIN, 0)
    with closing(read_archive(archive, limit)) as members:
        manifest = _manifest(members, digest)
        with open(os.path.join(folder, "manifest.json"), "wb") as out:
            out.write(canonical(manifest))
        wanted = _wanted(manifest)
        for info, content in members:
            _write_member(folder, info, content, wanted)
    if wanted:
        raise _mismatch("%s is missing from the archive" % sorted(wanted)[0])
    _check_data(folder, manifest)
    return manifest


def link_shared(site, tree: str, release: str, shared_paths: Iterable[str]) -> None:
    """Links what lives in `<root>/shared` into a release, relative to where `releases/<release>` is or will be."""
    for path in shared_paths:
        if not os.path.lexists(os.path.join(site.shared, path)):
            continue
        place = os.path.join(tree, path)
        target = os.path.relpath(os.path.join(site.shared, path), os.path.dirname(os.path.join(site.releases, release, path)))
        if os.path.islink(place) and os.readlink(place) == target:
            continue
        if os.path.lexists(place):
            raise _mismatch("it brings %s, which is a shared path of this site" % path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(target, place)


def stored_manifest(site, release: str) -> Optional[dict]:
    """The manifest of a release that is on this host, or None."""
    try:
        with open(_manifest_path(site, release), encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def store_manifest(site, release: str, manifest: dict) -> None:
    path = _manifest_path(site, release)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".tmp", "w", encoding="utf-8") as out:
        json.dump(manifest, out, sort_keys=True, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    os.rename(path + ".tmp", path)


def _manifest_path(site, release: str) -> str:
    return os.path.join(site.belay, "releases", release + ".json")


def _manifest(members, digest: str) -> dict:
    first = next(members, None)
    if first is None or first[0].name != "manifest.json" or first[1] is None or first[0].size > _MANIFEST_LIMIT:
        raise _mismatch("the archive does not begin with a manifest")
    data = first[1].read()
    if digest_of_bytes(data) != digest:
        raise _mismatch("its manifest has another digest")
    return json.loads(data.decode("utf-8", "surrogateescape"))


def _wanted(manifest: dict) -> Dict[str, Optional[str]]:
    """Name of a member -> its SHA-256, or `link:<target>`; None where the content is judged later."""
    wanted: Dict[str, Optional[str]] = {"tree/" + path: value for path, value in manifest["code"].items()}
    links = {name for name, value in wanted.items() if value.startswith(LINK)}
    for name, value in wanted.items():
        parents = [name[:at] for at, letter in enumerate(name) if letter == "/"]
        if not is_plain(name) or any(parent in links for parent in parents) or (name in links and not stays_inside(name, value[len(LINK) :])):
            raise _mismatch("its manifest names %r" % name)
    for table in manifest["tables"]:
        if not is_plain(table) or "/" in table:
            raise _mismatch("its manifest names the table %r" % table)
        wanted["tables/%s.rows" % table] = None
    wanted["options.jsonl"] = None
    for path, digest in manifest.get("sent", {}).items():
        if not is_plain(path):
            raise _mismatch("its manifest names %r" % path)
        wanted["files/" + path] = digest
    return wanted


def _write_member(folder: str, info, content: Optional[BinaryIO], wanted: Dict[str, Optional[str]]) -> None:
    if info.name not in wanted:
        raise _mismatch("%s is in the archive but not in its manifest" % info.name)
    path = os.path.join(folder, info.name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    found = _write_link(path, info.linkname) if content is None else _write(path, content, info.mode)
    if wanted.pop(info.name) not in (found, None):
        raise _mismatch("%s is not what its manifest says" % info.name)


def _write(path: str, content: BinaryIO, mode: int) -> str:
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o755 if mode & 0o100 else 0o644)
    with os.fdopen(handle, "wb") as out:
        while True:
            block = content.read(1 << 20)
            if not block:
                return digest.hexdigest()
            digest.update(block)
            out.write(block)


def _write_link(path: str, target: str) -> str:
    os.symlink(target, path)
    return LINK + target


def _check_data(folder: str, manifest: dict) -> None:
    for table, wanted in manifest["tables"].items():
        try:
            found = rowfile.measure(os.path.join(folder, "tables", table + ".rows"))
        except rowfile.Damaged as error:
            raise _mismatch("table %s: %s" % (table, error)) from error
        if found != wanted:
            raise _mismatch("the rows of table %s are not what its manifest says" % table)
    if measure_options(os.path.join(folder, "options.jsonl")) != manifest["options"]:
        raise _mismatch("its option rows are not what its manifest says")


def _intact(manifest: dict, code: str, incoming: str) -> bool:
    try:
        _check_data(incoming, manifest)
    except (BelayError, OSError, ValueError):
        return False
    return not changed_files(manifest, code)


def changed_files(manifest: dict, code: str) -> list:
    """Paths of the manifest that are missing from a release's folder or differ there."""
    return [path for path, wanted in manifest["code"].items() if _found(os.path.join(code, path)) != wanted]


def _found(path: str) -> Optional[str]:
    if os.path.islink(path):
        return LINK + os.readlink(path)
    return file_digest(path) if os.path.isfile(path) else None


def _refuse_damage(manifest: dict, code: str) -> None:
    changed = changed_files(manifest, code)
    if changed:
        raise BelayError(
            "RELEASE_DAMAGED",
            "The active release differs from its manifest in %d files (%s, ...)." % (len(changed), changed[0]),
            "Put the files back, or make the edit in the source and promote it.",
        )


def _replace(new: str, place: str) -> None:
    """Puts a folder in place of one that nothing uses yet."""
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if os.path.lexists(place):
        old = tempfile.mkdtemp(prefix=os.path.basename(place) + ".", dir=os.path.dirname(new))
        os.rename(place, os.path.join(old, "old"))
        os.rename(new, place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.rename(new, place)


def _mismatch(what: str) -> BelayError:
    return BelayError("RELEASE_DIGEST_MISMATCH", "The release was refused: %s." % what, "Build the release again: comment `/promote`.")
