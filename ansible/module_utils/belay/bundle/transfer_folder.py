"""The folders `<root>/.belay/outgoing` and `.belay/incoming`, opened as their owner and so that no link leads anywhere."""
from __future__ import annotations

import contextlib
import os
import re
from typing import Iterator

from ..errors import BelayError
from ..host.site import become_owner

_PLACE = re.compile(r"(?P<root>/.+)/\.belay/(?P<folder>incoming|outgoing)/(?P<name>[^/]+)")


@contextlib.contextmanager
def folder_of(path: str) -> Iterator[int]:
    """The folder of a file, reached from its root without following a link, and nobody's but the owner's to write in."""
    place = _PLACE.fullmatch(path)
    if place is None:
        raise BelayError("TRANSFER_REFUSED", f"{path} is no place for a file on its way.", "Use <root>/.belay/incoming and <root>/.belay/outgoing.")
    become_owner(place["root"])
    handles = [os.open(place["root"], os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for name in (".belay", place["folder"]):
            handles.append(_inner(handles[-1], name, path))
        yield handles[-1]
    finally:
        for handle in handles:
            os.close(handle)


def _inner(outer: int, name: str, path: str) -> int:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=outer)
    except OSError as error:
        raise _unsafe(path, f"`{name}` is no folder ({error.strerror})") from error
    found = os.fstat(handle)
    if found.st_uid != os.geteuid():
        os.close(handle)
        raise _unsafe(path, f"`{name}` does not belong to the site's owner")
    if found.st_mode & 0o022:
        os.fchmod(handle, found.st_mode & 0o755)
    return handle


@contextlib.contextmanager
def opened(path: str, flags: int) -> Iterator[int]:
    """A file of such a folder, which is no link. FileNotFoundError where there is none."""
    with folder_of(path) as folder:
        try:
            handle = os.open(os.path.basename(path), flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _unsafe(path, f"it is no file of the site's owner ({error.strerror})") from error
        try:
            yield handle
        finally:
            os.close(handle)


def _unsafe(path: str, why: str) -> BelayError:
    return BelayError("TRANSFER_REFUSED", f"{path} cannot be used safely: {why}.", "Run host-prepare.yml, and look who changed the folder.")
