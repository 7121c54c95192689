"""Folders that are replaced by others: whoever is killed in the middle of it leaves something that the next one finishes."""
from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import subprocess

from .links import sync_folder

#: What is being replaced lies beside its place under this name, until the new folder has the place.
ASIDE = ".aside"
#: What nobody here may delete, because it belongs to somebody else, lies under this name and a number: it comes back to no place.
LEFT = ".left."
_SILENT = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def replace_folder(new: str, place: str) -> None:
    """Puts a folder in the place of one that nothing uses at the moment. Both are on one file system.

    Its contents may still be in memory alone: who relies on them calls `write_out` before.
    """
    parent = os.path.dirname(place)
    os.makedirs(parent, exist_ok=True)
    _settle(place)
    if os.path.lexists(place):
        os.rename(place, place + ASIDE)
        sync_folder(parent)
    os.rename(new, place)
    sync_folder(parent)
    remove_folder(place + ASIDE)


def settle_folders(parent: str) -> None:
    """Of the releases in this folder: what somebody who was killed was replacing comes back to its place, or goes where its place is taken.

    What could not be deleted before is tried again. Names of other people's stay what they are.
    """
    for name in os.listdir(parent):
        ours = re.fullmatch(r"([0-9a-f]{12})(%s|%s\d+)" % (re.escape(ASIDE), re.escape(LEFT)), name)
        if ours and ours.group(2) == ASIDE:
            _settle(os.path.join(parent, ours.group(1)))
        elif ours:
            _delete(os.path.join(parent, name))


def remove_folder(path: str) -> None:
    """Its name is free afterwards, also where something in it cannot be deleted: that is left under a name of its own."""
    _delete(path)
    if os.path.lexists(path):
        place = path[: -len(ASIDE)] if path.endswith(ASIDE) else path
        names = (f"{place}{LEFT}{number}" for number in itertools.count(1))
        with contextlib.suppress(OSError):
            os.rename(path, next(name for name in names if not os.path.lexists(name)))


def begin_writing_out(folder: str) -> None:
    """Has the disk begin with what `write_out` waits for, and does not wait: thousands of files take it seconds."""
    with contextlib.suppress(OSError):
        subprocess.Popen(["sync", "-f", folder], start_new_session=True, **_SILENT)


def write_out(folder: str) -> None:
    """Returns when all that was written to the folder's file system is on the disk.

    Else a power cut within half a minute leaves names of files without what was in them.
    """
    try:
        if subprocess.run(["sync", "-f", folder], check=False, **_SILENT).returncode == 0:
            return
    except OSError:
        pass
    os.sync()


def _settle(place: str) -> None:
    if not os.path.lexists(place):
        with contextlib.suppress(FileNotFoundError):
            os.rename(place + ASIDE, place)
            sync_folder(os.path.dirname(place))
    remove_folder(place + ASIDE)


def _delete(path: str) -> None:
    """As far as it can be deleted. A link is removed itself, and not what it leads to."""
    with contextlib.suppress(OSError):
        if os.path.islink(path):
            os.unlink(path)
        else:
            shutil.rmtree(path, ignore_errors=True)
