"""What the files of an environment are, by content: protected paths and the code tree.

Each file is read at its own moment; one that changes meanwhile is read again. What was read before and has not changed since is
not read again (filecache.py), unless somebody asks for that.
"""
from __future__ import annotations

import hashlib
import os
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..errors import BelayError
from ..scope.excluded import Excluded
from .filehash import Hashed, hashed
from .filememory import Memory
from .filethreads import Wanted, read_all
from .filewalk import STATE, size_in, walk
from .listing import LINK, VALUE, Run, short, value_of
from ..text import readable

#: Hexadecimal digits of a file's value among the `entries` of a fingerprint.
SHORT = 24


class Place(NamedTuple):
    """A folder (or one file) to be measured: the part `base` of the folder to which the `excluded` paths are relative. Links
    in it may not lead out of `inside`, and where `measured` names paths not out of those either: nobody would look there."""

    path: str
    excluded: Tuple[str, ...] = ()
    inside: str = ""
    base: str = ""
    measured: Tuple[str, ...] = ()


class Found(NamedTuple):
    """A run of what was found, with the states of its files; `links` are {position: target}, `read` the positions of files that
    were read just now, `size` the sum of the files' sizes in bytes."""

    run: Run
    states: bytes
    links: Dict[int, bytes]
    read: Collection[int]
    size: int


def found_in(place: Place, workers: int, memory: Memory) -> Iterator[Found]:
    """Everything in a place, in the order of a listing; nothing where the place does not exist.

    Raises BelayError FILE_UNREADABLE, FILE_UNSTABLE, FILE_UNSUPPORTED, LINK_ESCAPES, LINK_UNMEASURED.
    """
    real = os.path.realpath(place.path)
    excluded = Excluded(place.excluded)
    if place.base in excluded or not os.path.lexists(real):
        return
    if os.path.isfile(real):
        yield from _one_file(os.fsencode(real), os.path.basename(os.fsencode(place.path)))
        return
    top, limit = os.fsencode(real), os.fsencode(os.path.realpath(place.inside or place.path))
    wanted = map(memory.wanted, walk(top, place.base, excluded))
    for want, read in read_all(top, wanted, workers):
        for position, target in want.seen.links.items():
            link = os.path.join(top, want.seen.folder, want.seen.names[position])
            _require_inside(link, target, limit)
            _require_measured(link, target, [os.fsencode(os.path.realpath(path)) for path in place.measured])
        found = _found(want, read)
        if found.run.names:
            yield found


class Summary:
    """FilesFingerprint of facts.ts, made of runs in their order; `limit` is the largest number of files that are listed."""

    def __init__(self, limit: int):
        self._limit = limit
        self._files = self._bytes = 0
        self._digest = hashlib.sha256()
        self._entries: Dict[str, str] = {}

    def add(self, run: Run, block: bytes, size: int) -> None:
        """`block` is the run as `encoded` gives it, `size` the sum of the files' sizes in bytes."""
        self._files += len(run.names)
        self._bytes += size
        self._digest.update(block)
        if self._files > self._limit:
            self._entries.clear()
        else:
            self._entries.update((readable(path), short(value, SHORT)) for path, value in run.items())

    def facts(self) -> dict:
        listed = {} if self._files > self._limit else {"entries": self._entries}
        return {"files": self._files, "bytes": self._bytes, "digest": self._digest.hexdigest(), **listed}


def texts(found: Found) -> Iterator[Tuple[bytes, str]]:
    """(relative path, SHA-256 or `link:<target>`) of each file."""
    for position, (path, value) in enumerate(found.run.items()):
        target = found.links.get(position)
        yield path, value[1:].hex() if target is None else LINK + os.fsdecode(target)


def _one_file(path: bytes, name: bytes) -> Iterator[Found]:
    read = hashed(path)
    if read is not None:
        yield Found(Run(b"", [name], b"f" + read.digest), read.state, {}, (0,), size_in(read.state))


def _found(want: Wanted, read: List[Optional[Hashed]]) -> Found:
    """What was known and what was read, together. What was removed meanwhile is left out."""
    seen = want.seen
    if not read and not seen.links:
        return Found(Run(seen.folder, seen.names, want.known), seen.states, {}, (), seen.size)
    values, states, size = bytearray(want.known), bytearray(seen.states), seen.size
    for position, target in seen.links.items():
        values[position * VALUE : (position + 1) * VALUE] = value_of(LINK + os.fsdecode(target))
    for position, one in zip(want.missing, read):
        size -= size_in(seen.states, position)
        if one is not None:
            size += size_in(one.state)
            values[position * VALUE : (position + 1) * VALUE] = b"f" + one.digest
            states[position * STATE : (position + 1) * STATE] = one.state
    gone = {position for position, one in zip(want.missing, read) if one is None}
    found = Found(Run(seen.folder, seen.names, bytes(values)), bytes(states), seen.links, want.missing, size)
    return _without(found, gone) if gone else found


def _without(found: Found, gone: set) -> Found:
    run = found.run
    stay = [position for position in range(len(run.names)) if position not in gone]
    read = [place for place, position in enumerate(stay) if position in set(found.read)]
    values = b"".join(run.value(position) for position in stay)
    states = b"".join(found.states[position * STATE : (position + 1) * STATE] for position in stay)
    links = {place: found.links[position] for place, position in enumerate(stay) if position in found.links}
    return Found(Run(run.folder, [run.names[position] for position in stay], values), states, links, read, found.size)


def _is_in(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _require_measured(path: bytes, target: bytes, measured: List[bytes]) -> None:
    """Only the link itself counts, so what it leads to must be looked at in its own place."""
    if measured and not any(_is_in(os.path.realpath(path), folder) for folder in measured):
        raise BelayError(
            "LINK_UNMEASURED",
            f"The symbolic link {readable(path)} leads to {readable(target)}, where no protected path lies: what is there could change unseen.",
            "Replace it by what it points to, or list the link under `promotion.files.volatile` in .github/belay.yml.",
        )


def _require_inside(path: bytes, target: bytes, limit: bytes) -> None:
    if not _is_in(os.path.realpath(path), limit):
        raise BelayError(
            "LINK_ESCAPES",
            f"The symbolic link {readable(path)} leads to {readable(target)}, out of {readable(limit)}.",
            "Replace it by what it points to, or list it under `promotion.files.shared` in .github/belay.yml.",
        )
