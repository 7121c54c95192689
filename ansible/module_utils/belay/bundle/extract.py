"""Writes the members of an archive below a folder. Nothing in it is believed: the manifest must have the expected digest, and
every file, table and option row must be what the manifest says.
"""
from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import closing, nullcontext
from typing import BinaryIO, Dict, Optional

from . import rowfile
from .archive import is_plain, read_archive, stays_inside
from ..errors import BelayError
from ..files.files import LINK
from .manifest import canonical, digest_of_bytes
from .optionfile import measure as measure_options

_MANIFEST_LIMIT = 256 * 1024 * 1024
_MARGIN = 64 * 1024 * 1024
#: What files have afterwards, programs the second of them; and folders, by the umask of whoever unpacks.
FILE_MODES = (0o644, 0o755)
FOLDER_MODE = 0o755


def extract(archive: str, digest: str, folder: str, code: bool = True) -> dict:
    """Writes `manifest.json`, `tree/`, `tables/` and `options.jsonl` of a release below an empty folder; every part is verified.

    Without `code` the files of the tree are verified only.
    """
    os.makedirs(os.path.join(folder, "tree"))
    limit = max(shutil.disk_usage(folder).free - _MARGIN, 0)
    with closing(read_archive(archive, limit)) as members:
        manifest = _manifest(members, digest)
        with open(os.path.join(folder, "manifest.json"), "wb") as out:
            out.write(canonical(manifest))
        wanted = _wanted(manifest)
        for info, content in members:
            written = os.path.join(folder, info.name) if code or not info.name.startswith("tree/") else None
            _take_member(written, info, content, wanted)
    if wanted:
        raise mismatch("%s is missing from the archive" % sorted(wanted)[0])
    check_data(folder, manifest)
    return manifest


def _manifest(members, digest: str) -> dict:
    first = next(members, None)
    if first is None or first[0].name != "manifest.json" or first[1] is None or first[0].size > _MANIFEST_LIMIT:
        raise mismatch("the archive does not begin with a manifest")
    data = first[1].read()
    if digest_of_bytes(data) != digest:
        raise mismatch("its manifest has another digest")
    return json.loads(data.decode("utf-8", "surrogateescape"))


def _wanted(manifest: dict) -> Dict[str, Optional[str]]:
    """Name of a member -> its SHA-256, or `link:<target>`; None where the content is judged later."""
    wanted: Dict[str, Optional[str]] = {"tree/" + path: value for path, value in manifest["code"].items()}
    links = {name for name, value in wanted.items() if value.startswith(LINK)}
    for name, value in wanted.items():
        if not _is_reachable(name, links) or (name in links and not stays_inside(name, value[len(LINK) :])):
            raise mismatch("its manifest names %r" % name)
    for table in manifest["tables"]:
        if not is_plain(table) or "/" in table:
            raise mismatch("its manifest names the table %r" % table)
        wanted["tables/%s.rows" % table] = None
    wanted["options.jsonl"] = None
    for path, digest in manifest.get("sent", {}).items():
        if not is_plain(path):
            raise mismatch("its manifest names %r" % path)
        wanted["files/" + path] = digest
    for place, listing in manifest.get("files", {}).items():
        links = {name for name, value in listing.items() if value.startswith(LINK)}
        strange = [name for name in listing if not _is_reachable(name, links)]
        if strange or not is_plain(place):
            raise mismatch("its manifest names %r below %r" % (strange[:1], place))
    return wanted


def _is_reachable(name: str, links: set) -> bool:
    """Whether a name leads neither out of its folder nor through a link."""
    return is_plain(name) and not any(name[:at] in links for at, letter in enumerate(name) if letter == "/")


def _take_member(path: Optional[str], info, content: Optional[BinaryIO], wanted: Dict[str, Optional[str]]) -> None:
    """Verifies a member of the archive, and writes it where a path is given."""
    if info.name not in wanted:
        raise mismatch("%s is in the archive but not in its manifest" % info.name)
    if path is not None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    found = _take_link(path, info.linkname) if content is None else _take_file(path, content, info.mode)
    if wanted.pop(info.name) not in (found, None):
        raise mismatch("%s is not what its manifest says" % info.name)


def _take_file(path: Optional[str], content: BinaryIO, mode: int) -> str:
    digest = hashlib.sha256()
    with _created(path, mode) if path is not None else nullcontext() as out:
        while block := content.read(1 << 20):
            digest.update(block)
            if out is not None:
                out.write(block)
    return digest.hexdigest()


def _created(path: str, mode: int) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODES[1 if mode & 0o100 else 0]), "wb")


def _take_link(path: Optional[str], target: str) -> str:
    if path is not None:
        os.symlink(target, path)
    return LINK + target


def check_data(folder: str, manifest: dict) -> None:
    """The tables and option rows in a folder are what the manifest says. Raises BelayError RELEASE_DIGEST_MISMATCH."""
    for table, wanted in manifest["tables"].items():
        try:
            found = rowfile.measure(os.path.join(folder, "tables", table + ".rows"))
        except rowfile.Damaged as error:
            raise mismatch("table %s: %s" % (table, error)) from error
        if found != wanted:
            raise mismatch("the rows of table %s are not what its manifest says" % table)
    if measure_options(os.path.join(folder, "options.jsonl")) != manifest["options"]:
        raise mismatch("its option rows are not what its manifest says")


def mismatch(what: str) -> BelayError:
    """The error for content that is not the release's."""
    return BelayError("RELEASE_DIGEST_MISMATCH", "The release was refused: %s." % what, "Build the release again: comment `/promote`.")
