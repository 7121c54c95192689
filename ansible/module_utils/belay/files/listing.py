"""A listing of files by content, as a stream of runs: files of one folder in the order of their names.

The files of a folder stand before its subfolders, and these in the order of their names. So two listings can be compared side
by side without holding either of them. The bytes of the runs are what a digest of files is made of (docs/fingerprint.md).
"""
from __future__ import annotations

import hashlib
import struct
from bisect import bisect_right
from itertools import chain
from typing import BinaryIO, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ..text import readable

LINK = "link:"
#: Most names of one run: what a comparison holds in memory.
RUN_NAMES = 1024
#: Most keys of one comparison (MAX_CHANGED_KEYS of the contract); the counts are exact whatever their number.
MAX_CHANGED_KEYS = 1000
VALUE = 33
_HEAD = struct.Struct(">III")


class Run(NamedTuple):
    """`folder` is relative (empty: the top), `names` are bytes, `values` the `value_of` each, one after the other."""

    folder: bytes
    names: List[bytes]
    values: bytes

    def value(self, position: int) -> bytes:
        return self.values[position * VALUE : (position + 1) * VALUE]

    def items(self) -> Iterator[Tuple[bytes, bytes]]:
        """(relative path, value) of each file."""
        prefix = self.folder + b"/" if self.folder else b""
        return ((prefix + name, self.value(position)) for position, name in enumerate(self.names))


class ListingBroken(ValueError):
    """Bytes that are no listing."""


def value_of(text: str) -> bytes:
    """The SHA-256 of a file's content, or `link:<target>`, as it stands in a listing: 33 bytes."""
    if text.startswith(LINK):
        return b"l" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
    return b"f" + bytes.fromhex(text)


def short(value: bytes, length: int) -> str:
    """So many hexadecimal digits of a file's value as FilesFingerprint has them."""
    return value[1:].hex()[:length]


def order_of(folder: bytes, name: bytes = b"") -> Tuple[bytes, bytes]:
    """The place of a file in every listing; no name holds a zero byte."""
    return folder.replace(b"/", b"\0"), name


def in_runs(items: Iterable[Tuple[bytes, bytes]]) -> Iterator[Run]:
    """Runs of (relative path, value) that all fit into memory, in whatever order."""
    found: dict = {}
    for path, value in items:
        folder, _, name = path.rpartition(b"/")
        found.setdefault(folder, []).append((name, value))
    for folder in sorted(found, key=order_of):
        files = sorted(found[folder])
        for start in range(0, len(files), RUN_NAMES):
            part = files[start : start + RUN_NAMES]
            yield Run(folder, [name for name, _ in part], b"".join(value for _, value in part))


def encoded(run: Run) -> bytes:
    """A run as it is hashed and stored. Different runs give different bytes, also one after the other."""
    names = b"\0".join(run.names)
    return b"".join((_HEAD.pack(len(run.folder), len(run.names), len(names)), run.folder, names, run.values))


def read_run(file: BinaryIO, left: int) -> Tuple[Run, int]:
    """The run that begins here, and its length; `left` is how many bytes may be read. Raises ListingBroken."""
    head = file.read(_HEAD.size)
    if len(head) != _HEAD.size:
        raise ListingBroken("it ends within a run")
    folder, count, names = _HEAD.unpack(head)
    length = folder + names + count * VALUE
    if length + _HEAD.size > left:
        raise ListingBroken("a run is longer than the rest")
    body = file.read(length)
    run = Run(body[:folder], body[folder : folder + names].split(b"\0"), body[folder + names :])
    if len(body) != length or len(run.names) != count:
        raise ListingBroken("a run does not hold what it says")
    return run, _HEAD.size + length


def compare(was: Iterator[Run], now: Iterator[Run]) -> dict:
    """RowChanges of facts.ts; both listings are read to their ends."""
    counts, keys = {"+": 0, "~": 0, "-": 0}, []
    for old, new in _side_by_side(was, now):
        for change, path in _changed(old, new):
            counts[change] += 1
            if len(keys) < MAX_CHANGED_KEYS:
                keys.append({"change": change, "key": readable(path)})
    return {"added": counts["+"], "changed": counts["~"], "removed": counts["-"], "keys": keys}


def _side_by_side(was: Iterator[Run], now: Iterator[Run]) -> Iterator[Tuple[List[Run], List[Run]]]:
    """What differs of both, in pieces that cover the same places."""
    old, new = next(was, None), next(now, None)
    while old is not None or new is not None:
        if old == new:
            old, new = next(was, None), next(now, None)
            continue
        end = min(_end(run) for run in (old, new) if run is not None)
        (first, old), (second, new) = _cut(old, end), _cut(new, end)
        yield first, second
        old, new = old or next(was, None), new or next(now, None)


def _end(run: Run) -> Tuple[bytes, bytes]:
    return order_of(run.folder, run.names[-1])


def _cut(run: Optional[Run], end: Tuple[bytes, bytes]) -> Tuple[List[Run], Optional[Run]]:
    """What of a run stands up to this place, and what comes after it."""
    if run is None or _end(run) <= end:
        return ([] if run is None else [run]), None
    count = bisect_right(run.names, end[1]) if order_of(run.folder)[0] == end[0] else 0
    parts = [Run(run.folder, run.names[:count], run.values[: count * VALUE])] if count else []
    return parts, Run(run.folder, run.names[count:], run.values[count * VALUE :])


def _changed(old: List[Run], new: List[Run]) -> Iterator[Tuple[str, bytes]]:
    was = dict(chain.from_iterable(run.items() for run in old))
    now = dict(chain.from_iterable(run.items() for run in new))
    for path in sorted({**was, **now}, key=lambda path: order_of(*_split(path))):
        if was.get(path) != now.get(path):
            yield "+" if path not in was else "-" if path not in now else "~", path


def _split(path: bytes) -> Tuple[bytes, bytes]:
    folder, _, name = path.rpartition(b"/")
    return folder, name
