"""Makes a protected folder equal to another environment's: only what differs is written, what is not there goes."""
from __future__ import annotations

import os
import shutil
from typing import Dict, List, NamedTuple

from .errors import BelayError
from .files import LINK
from .links import replace_link
from .refresh_export import protected_files, protected_place


class Wanted(NamedTuple):
    """`listing` is what shall be there (SHA-256 or `link:<target>`); below `folder` lie the files that were sent."""

    listing: Dict[str, str]
    folder: str


def make_equal(site, rules, place: str, wanted: Wanted) -> int:
    """Changes the protected path `place` -> how many files were written or removed. Volatile paths below it stay."""
    target = protected_place(site, place)
    os.makedirs(target, exist_ok=True)
    have = protected_files(site, rules, place)
    gone = [name for name in have if name not in wanted.listing]
    for name in gone:
        os.unlink(os.path.join(target, name))
    changed = [name for name, digest in wanted.listing.items() if have.get(name) != digest]
    for name in changed:
        _put(os.path.join(wanted.folder, place, name), wanted.listing[name], os.path.join(target, name))
    _drop_empty_folders(target, gone)
    return len(gone) + len(changed)


def _put(sent: str, digest: str, path: str) -> None:
    _make_folder(path)
    if digest.startswith(LINK):
        replace_link(path, digest[len(LINK) :])
        return
    if not os.path.exists(sent):
        raise BelayError("REFRESH_FILE_MISSING", "%s changed on this side while the refresh ran." % path, "Comment `/refresh` again.")
    os.rename(sent, path)


def _make_folder(path: str) -> None:
    """The folder of a file, also where a file stands in its way, or a folder in its own."""
    folder = os.path.dirname(path)
    if os.path.lexists(folder) and not os.path.isdir(folder):
        os.unlink(folder)
    os.makedirs(folder, exist_ok=True)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)


def _drop_empty_folders(top: str, gone: List[str]) -> None:
    for name in gone:
        folder = os.path.dirname(os.path.join(top, name))
        while folder != top and os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)
