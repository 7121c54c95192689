"""Makes a protected folder equal to another environment's: only what differs is written, what is not there goes."""
from __future__ import annotations

import os
import shutil
import stat
from typing import Dict, Iterator, List, NamedTuple, Optional

from ..errors import BelayError
from ..files.files import LINK
from ..host.links import replace_link
from .refresh_inventory import protected_files, protected_place


class Wanted(NamedTuple):
    """`listing` is what shall be at the protected path `place` (SHA-256 or `link:<target>`); in `folder` lie the files that were sent."""

    place: str
    listing: Dict[str, str]
    folder: str


class Seen(NamedTuple):
    """A protected path of this side at one moment: its folder, each file's SHA-256 (or link), and what tells that it was touched."""

    folder: str
    listing: Dict[str, str]
    states: Dict[str, tuple]


class Done(NamedTuple):
    """How many files were written or removed, and the paths that were not, because somebody had touched them."""

    count: int
    left: List[str]


def look_at(site, rules, place: str) -> Seen:
    """`rules` as Scope.files gives them: what they call volatile stays whatever the other side has."""
    folder = protected_place(site, place)
    # The states first: a file that is changed between the two looks is taken for touched.
    states = {name: _state(os.path.join(folder, name)) for name in _names(folder)}
    return Seen(folder, protected_files(site, rules, place), states)


def make_equal(seen: Seen, wanted: Wanted) -> Done:
    """Makes the folder what it shall be; a file that is no longer as it was seen stays."""
    os.makedirs(seen.folder, exist_ok=True)
    gone = [name for name in seen.listing if name not in wanted.listing]
    changed = [name for name, digest in wanted.listing.items() if seen.listing.get(name) != digest]
    left = [name for name in gone + changed if _state(os.path.join(seen.folder, name)) != seen.states.get(name)]
    # What would lie below such a file cannot be put there either.
    left += [name for name in changed if name not in left and any(name.startswith(other + "/") for other in left)]
    for name in set(gone).difference(left):
        os.unlink(os.path.join(seen.folder, name))
    for name in set(changed).difference(left):
        _put(os.path.join(wanted.folder, wanted.place, name), wanted.listing[name], os.path.join(seen.folder, name))
    _drop_empty_folders(seen.folder, gone)
    return Done(len(gone) + len(changed) - len(left), left)


def _names(folder: str) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        for name in (*files, *folders):
            full = os.path.join(path, name)
            if name in files or os.path.islink(full):
                yield os.path.relpath(full, folder)


def _state(path: str) -> Optional[tuple]:
    """None where there is no file; a folder in the place of a file is none either, it makes room (or not, if it is not empty)."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if stat.S_ISDIR(found.st_mode) else (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


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
