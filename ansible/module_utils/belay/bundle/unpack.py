"""Takes a release apart on the host that will run it. The stored manifest is written last and says that the release is there."""
from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from typing import Dict, Iterable, NamedTuple, Optional, Set

from ..errors import BelayError
from .extract import FILE_MODES, FOLDER_MODE, check_data, extract, mismatch
from ..files.files import LINK, file_digest
from ..files.filewalk import unreadable
from ..host.folders import begin_writing_out, replace_folder
from .manifest import digest_of


class Unpacked(NamedTuple):
    """Where a release lies: its `manifest`, its `code` folder, and `incoming` with `tables/<table>.rows` and `options.jsonl`."""

    manifest: dict
    code: str
    incoming: str
    changed: bool


def unpack(site, archive: str, digest: str, shared_paths: Iterable[str]) -> Unpacked:
    """Makes `releases/<digest12>` (with its links into `shared`) and `.belay/incoming/<digest12>` out of the archive.

    Does nothing when both are there and whole, and leaves code alone that is: whoever promotes a release again after a rollback does
    not wait for thousands of files, unless something was written below its volatile paths while it ran. Raises BelayError
    ARCHIVE_UNSAFE, ARCHIVE_BROKEN, RELEASE_DIGEST_MISMATCH, RELEASE_DAMAGED (the active release differs from its manifest), FILE_UNREADABLE
    (so that nobody knows whether it does).
    """
    os.umask(0o022)  # the web server, another user, reads the code
    short = digest[:12]
    code, incoming = os.path.join(site.releases, short), os.path.join(site.belay, "incoming", short)
    known = stored_manifest(site, short)
    stays = known is not None and digest_of(known) == digest and _is_whole(known, code, _links(site, short, shared_paths))
    if stays and _has_data(known, incoming):
        link_shared(site, code, short, shared_paths)
        return Unpacked(known, code, incoming, False)
    os.makedirs(os.path.dirname(incoming), exist_ok=True)
    temporary = tempfile.mkdtemp(prefix=short + ".", dir=os.path.dirname(incoming))
    try:
        manifest = extract(archive, digest, temporary, code=not stays)
        tree = os.path.join(temporary, "tree")
        link_shared(site, code if stays else tree, short, shared_paths)
        if not stays:
            _place(site, manifest, tree, code)
        shutil.rmtree(tree, ignore_errors=True)
        os.chmod(temporary, 0o700)
        replace_folder(temporary, incoming)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    store_manifest(site, short, manifest)
    begin_writing_out(site.releases)
    return Unpacked(manifest, code, incoming, True)


def _place(site, manifest: dict, tree: str, code: str) -> None:
    """The tree becomes the release's folder. What is active stays as it is, or is damaged."""
    if os.path.lexists(code) and site.active_release() == os.path.basename(code):
        _refuse_damage(manifest, code)
    else:
        replace_folder(tree, code)


def link_shared(site, tree: str, release: str, shared_paths: Iterable[str]) -> None:
    """Links what lives in `<root>/shared` into a release, relative to where `releases/<release>` is or will be."""
    for path, target in _links(site, release, shared_paths).items():
        place = os.path.join(tree, path)
        if os.path.islink(place) and os.readlink(place) == target:
            continue
        if os.path.lexists(place):
            raise mismatch("it brings %s, which is a shared path of this site" % path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(target, place)


def _links(site, release: str, shared_paths: Iterable[str]) -> Dict[str, str]:
    """Shared path -> where its link in a release leads to, of those that this host has."""
    there = [path for path in shared_paths if os.path.lexists(os.path.join(site.shared, path))]
    return {path: os.path.relpath(os.path.join(site.shared, path), os.path.dirname(os.path.join(site.releases, release, path))) for path in there}


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


def _has_data(manifest: dict, incoming: str) -> bool:
    try:
        check_data(incoming, manifest)
    except (BelayError, OSError, ValueError):
        return False
    return True


def _is_whole(manifest: dict, code: str, links: Dict[str, str]) -> bool:
    """A release's folder holds what its manifest says, as it was unpacked, and nothing besides but these `links` into `shared`."""
    if os.path.islink(code) or not os.path.isdir(code):
        return False
    there = {path: LINK + target for path, target in links.items() if os.path.lexists(os.path.join(code, path))}
    wanted = {**manifest["code"], **there}
    try:
        return _as_unpacked(code) == set(wanted) and not _changed(wanted, code)
    except (BelayError, OSError):
        return False


def _as_unpacked(code: str) -> Optional[Set[str]]:
    """Paths of the files and links in a release's folder; None where the rights of one are not those that unpacking gives."""
    found = set()
    for folder, folders, files in os.walk(code):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        if os.stat(folder).st_mode & 0o777 != FOLDER_MODE:
            return None
        for name in (*files, *links):
            path = os.path.join(folder, name)
            state = os.lstat(path)
            if not stat.S_ISLNK(state.st_mode) and stat.S_IMODE(state.st_mode) not in FILE_MODES:
                return None
            found.add(os.path.relpath(path, code))
    return found


def changed_files(manifest: dict, code: str) -> list:
    """Paths of the manifest that are missing from a release's folder or differ there."""
    return _changed(manifest["code"], code)


def _changed(wanted: Dict[str, str], code: str) -> list:
    return [path for path, value in wanted.items() if value_at(os.path.join(code, path)) != value]


def value_at(path: str) -> Optional[str]:
    """As a manifest's code has it: SHA-256 of a file or `link:<target>`; None where there is neither. BelayError FILE_UNREADABLE."""
    try:
        # Not os.path.isfile, which calls a file gone that lies in a folder that may not be searched.
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return LINK + os.readlink(path)
        return file_digest(path) if stat.S_ISREG(mode) else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(os.fsencode(path), error) from error


def _refuse_damage(manifest: dict, code: str) -> None:
    changed = changed_files(manifest, code)
    if changed:
        raise BelayError(
            "RELEASE_DAMAGED",
            "The active release differs from its manifest in %d files (%s, ...)." % (len(changed), changed[0]),
            "Put the files back, or make the edit in the source and promote it.",
        )
