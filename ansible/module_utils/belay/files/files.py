"""What lies in a folder, by content. Each file is read at its own moment; one that changes meanwhile is read again.

Nothing is remembered here: a proof reads every file. Measurements of an environment are in filemeasure.py.
"""
from __future__ import annotations

import hashlib
import os
from typing import Dict, Iterable, Iterator, NamedTuple, Optional, Sequence, Tuple

from ..scope.excluded import Excluded
from .filememory import nothing
from .filescan import SHORT, Place, Summary, found_in, texts
from .filewalk import size_in
from .listing import LINK, encoded, in_runs, value_of
from ..text import readable

__all__ = ["LINK", "SHORT", "Entry", "Excluded", "differences", "file_digest", "scan", "summary", "tree"]

_THREADS = 2


class Entry(NamedTuple):
    """`value` is the SHA-256 of a file, or `link:<target>`."""

    value: str
    size: int


def tree(path: str, exclude: Iterable[str] = (), inside: Optional[str] = None) -> Dict[str, str]:
    """{relative path: SHA-256 or `link:<target>`} of everything below a folder but the excluded paths.

    Raises BelayError FILE_UNREADABLE, FILE_UNSTABLE, FILE_UNSUPPORTED, and LINK_ESCAPES for a link that leads out of
    `inside` (the folder itself unless given).
    """
    return {name: entry.value for name, entry in scan(path, exclude, inside).items()}


def scan(path: str, exclude: Iterable[str] = (), inside: Optional[str] = None, base: str = "") -> Dict[str, Entry]:
    """As `tree`, with sizes; the excluded paths are relative to the folder of which `path` is the part `base`. A path that
    is a file has the one entry of its own name; one that does not exist has none."""
    place = Place(path, tuple(exclude), inside or path, base)
    return dict(_entries(place))


def summary(entries: Dict[str, Entry], limit: int) -> dict:
    """The FilesFingerprint of facts.ts, as a measurement of the same files gives it."""
    found = Summary(limit)
    sizes = sum(entry.size for entry in entries.values())
    for run in in_runs((os.fsencode(name), value_of(entry.value)) for name, entry in entries.items()):
        found.add(run, encoded(run), sizes)
        sizes = 0
    return found.facts()


def file_digest(path: str) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while True:
            block = file.read(1 << 20)
            if not block:
                return digest.hexdigest()
            digest.update(block)


def differences(wanted: Dict[str, str], found: Dict[str, str], excluded: Sequence[str] = ()) -> list:
    """`{path, change}` for every path that was added, changed or removed; paths that are excluded do not count."""
    left_out = Excluded(excluded)
    wanted = {name: value for name, value in wanted.items() if name not in left_out}
    changes = [(name, "added") for name in found.keys() - wanted.keys()]
    changes += [(name, "removed") for name in wanted.keys() - found.keys()]
    changes += [(name, "changed") for name in wanted.keys() & found.keys() if wanted[name] != found[name]]
    return [{"path": readable(os.fsencode(name)), "change": change} for name, change in sorted(changes)]


def _entries(place: Place) -> Iterator[Tuple[str, Entry]]:
    for found in found_in(place, _THREADS, nothing()):
        for position, (path, text) in enumerate(texts(found)):
            size = 0 if position in found.links else size_in(found.states, position)
            yield os.fsdecode(path), Entry(text, size)
