"""What lies below a folder, in the order of a listing, without reading any file."""
from __future__ import annotations

import os
import stat
import struct
from typing import Dict, Iterator, List, NamedTuple, Tuple

from ..errors import BelayError
from ..scope.excluded import Excluded
from .listing import RUN_NAMES
from ..text import readable

_STATE = struct.Struct("<QQQqq")
STATE = _STATE.size
#: Of a link, and in the cache of a file that must be read again. No file has it: no inode has the number 0.
NO_STATE = bytes(STATE)
_TIME = (1 << 63) - 1
_VOLATILE = "list it under `promotion.files.volatile` in .github/belay.yml"


class Seen(NamedTuple):
    """A run of files as the system tells of them: the `state_of` each, one after the other, {position: target} of the
    links, and the sum of the files' sizes in bytes."""

    folder: bytes
    names: List[bytes]
    states: bytes
    links: Dict[int, bytes]
    size: int


def state_of(status: os.stat_result) -> bytes:
    """Device, inode, size, and both times in nanoseconds: whoever changes a file's content changes this."""
    try:
        return _STATE.pack(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except struct.error:  # a time after the year 2262
        return _STATE.pack(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns & _TIME, status.st_ctime_ns & _TIME)


def state_in(states: bytes, position: int = 0) -> Tuple[int, int, int, int, int]:
    """Device, inode, size, time of the content, time of the inode of one state among several."""
    return _STATE.unpack_from(states, position * STATE)


def size_in(states: bytes, position: int = 0) -> int:
    """The size in bytes in one state among several."""
    return state_in(states, position)[2]


def walk(top: bytes, base: str, excluded: Excluded) -> Iterator[Seen]:
    """Runs of everything below `top`, the part `base` of the folder to which the excluded paths are relative.

    Memory grows with the largest single folder. Raises BelayError FILE_UNREADABLE and FILE_UNSUPPORTED.
    """
    folders = [b""]
    while folders:
        folder = folders.pop()
        path = os.path.join(top, folder) if folder else top
        try:
            names = sorted(excluded.kept(_full(base, folder), os.listdir(path)))
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unreadable(path, error) from error
        below: List[bytes] = []
        try:
            for start in range(0, len(names), RUN_NAMES):
                seen = Seen(folder, *_look(handle, path, names[start : start + RUN_NAMES], below))
                if seen.names:
                    yield seen
        finally:
            os.close(handle)
        folders.extend(folder + b"/" + name if folder else name for name in reversed(below))


def _full(base: str, folder: bytes) -> str:
    return "/".join(filter(None, (base, os.fsdecode(folder))))


def _look(handle: int, path: bytes, names: List[bytes], below: List[bytes]) -> tuple:
    """All but the folder of Seen; folders among the names are added to `below`. Every call in the loop is paid per file."""
    found: List[bytes] = []
    states: List[bytes] = []
    links: Dict[int, bytes] = {}
    size, look = 0, os.stat
    for name in names:
        try:
            status = look(name, dir_fd=handle, follow_symlinks=False)
            kind = stat.S_IFMT(status.st_mode)
            if kind == stat.S_IFREG:
                states.append(state_of(status))
                size += status.st_size
            elif kind == stat.S_IFLNK:
                links[len(found)] = os.readlink(name, dir_fd=handle)
                states.append(NO_STATE)
            elif kind == stat.S_IFDIR:
                below.append(name)
                continue
            else:
                raise _unsupported(os.path.join(path, name))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unreadable(os.path.join(path, name), error) from error
        found.append(name)
    return found, b"".join(states), links, size


def unreadable(path: bytes, error: OSError) -> BelayError:
    return BelayError(
        "FILE_UNREADABLE",
        f"{readable(path)} cannot be read: {error.strerror}.",
        f"Give it to the site's owner, or {_VOLATILE}.",
    )


def _unsupported(path: bytes) -> BelayError:
    return BelayError(
        "FILE_UNSUPPORTED",
        f"{readable(path)} is neither a file nor a folder nor a symbolic link.",
        f"Remove it, or {_VOLATILE}.",
    )
