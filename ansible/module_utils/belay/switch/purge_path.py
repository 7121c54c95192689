"""Empties a cache folder of the active release. Only what is volatile, and never through a link that somebody laid."""
from __future__ import annotations

import os
import stat
import time
from typing import List

from ..scope.excluded import Excluded


def empty_folder(site, path: str, volatile_paths: List[str], within_s: float) -> str:
    """Removes what is in `path` (relative to the code tree); returns a sentence. Raises OSError, ValueError with the reason.

    The folder itself stays, and so does what is written into it meanwhile.
    """
    handle = _open_inside(site, path, Excluded(volatile_paths))
    if handle is None:
        return "is not there"
    try:
        removed = _empty(handle, time.monotonic() + within_s)
    finally:
        os.close(handle)
    return f"{removed} removed"


def _open_inside(site, path: str, volatile: Excluded):
    """A handle of the folder, walked to without following a link; a shared path is looked for in `shared`. None: not there."""
    if os.path.normpath(path) != path or path not in volatile:
        raise ValueError(f"{path} is not volatile: list it under `promotion.files.volatile` in .github/belay.yml")
    real = os.path.realpath(os.path.join(site.tree, path))
    for top in (site.tree, site.shared):
        inside = os.path.realpath(top) + os.sep
        # A link that leads to other places of the site, to its plugins for example, is as bad as one that leads out of it.
        if real.startswith(inside) and real[len(inside):] in volatile:
            return _walk(inside, real[len(inside):])
    raise ValueError(f"{path} leads to {real}, which is no volatile folder of the site")


def _walk(top: str, path: str):
    handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in path.split(os.sep):
            # Between the look and this moment somebody may have laid a link: then this fails, and nothing is removed.
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = below
        return handle
    except FileNotFoundError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise


def _empty(top: int, deadline: float) -> int:
    """Handles only, no paths: what is renamed meanwhile leads nowhere else. A folder that is being filled stays."""
    removed, open_folders = 0, []
    try:
        open_folders.append((os.dup(top), "", sorted(os.listdir(top))))
        while open_folders:
            if time.monotonic() > deadline:
                raise TimeoutError(f"did not end in time; {removed} were removed")
            handle, name, names = open_folders[-1]
            if names:
                child = names.pop()
                if _is_folder(child, handle):
                    _descend(open_folders, child, handle)
                else:
                    removed += _gone(os.unlink, child, handle)
                continue
            open_folders.pop()
            os.close(handle)
            if open_folders:
                removed += _gone(os.rmdir, name, open_folders[-1][0])
    finally:
        for handle, _, _ in open_folders:
            os.close(handle)
    return removed


def _descend(open_folders: list, child: str, parent: int) -> None:
    if len(open_folders) > 200:
        raise ValueError("is nested too deeply")
    try:
        handle = os.open(child, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        open_folders.append((handle, child, sorted(os.listdir(handle))))
    except BaseException:
        os.close(handle)
        raise


def _is_folder(name: str, parent: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _gone(remove, name: str, parent: int) -> int:
    try:
        remove(name, dir_fd=parent)
        return 1
    except FileNotFoundError:
        return 0
    except OSError:
        if remove is os.rmdir:
            return 0
        raise
