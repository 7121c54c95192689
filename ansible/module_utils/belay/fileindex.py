"""Listings that a baseline left on the host, to say later which files changed. Each is named by the digest of its own bytes, which
proves it: a damaged one is as good as none."""
from __future__ import annotations

import contextlib
import hashlib
import os
from typing import BinaryIO, Iterator, Optional

from .keptfiles import Writing, drop_unused, used, writing
from .listing import Run, read_run


def folder_of(site) -> str:
    """Where a host keeps the indexes of baselines."""
    return os.path.join(site.belay, "index")


@contextlib.contextmanager
def keeping(site) -> Iterator[Writing]:
    """A new index; `keep` gives it its name."""
    with writing(os.path.join(folder_of(site), "files")) as index:
        yield index


def keep(site, index: Writing, digest: str) -> bool:
    """Whether the index is there from now on, also after a power cut."""
    kept = index.finish(f"{digest}.files", durable=True)
    drop_unused(folder_of(site))
    return kept


@contextlib.contextmanager
def opened(site, digest: Optional[str]) -> Iterator[Optional[Iterator[Run]]]:
    """The listing of this digest, or None where the host does not have it as it was."""
    if digest is None:
        yield None
        return
    path = os.path.join(folder_of(site), f"{digest}.files")
    try:
        file = open(path, "rb")
    except OSError:
        yield None
        return
    with file:
        length = _proven(file, digest)
        if length is not None:
            used(path)
        yield None if length is None else _runs(file, length)


def _proven(file: BinaryIO, digest: str) -> Optional[int]:
    """The length of a file that has this digest."""
    found, length = hashlib.sha256(), 0
    try:
        while True:
            block = file.read(1 << 20)
            if not block:
                break
            found.update(block)
            length += len(block)
        file.seek(0)
    except OSError:
        return None
    return length if found.hexdigest() == digest else None


def _runs(file: BinaryIO, left: int) -> Iterator[Run]:
    while left:
        run, length = read_run(file, left)
        left -= length
        yield run
