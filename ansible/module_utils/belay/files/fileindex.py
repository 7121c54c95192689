"""Listings that a baseline left on the host, to say later which files changed: `<root>/.belay/index/<digest>.files`.

Each is named by the digest of its own bytes, which proves it: a damaged one is as good as none.
"""
from __future__ import annotations

import contextlib
import hashlib
from typing import BinaryIO, Iterator, Optional

from ..scope.index_folder import IndexFolder
from .listing import Run, read_run

KIND = "files"


def name_of(digest: str) -> str:
    """The name of a listing, by the digest of its FilesFingerprint."""
    return f"{digest}.{KIND}"


@contextlib.contextmanager
def opened(folder: IndexFolder, digest: Optional[str]) -> Iterator[Optional[Iterator[Run]]]:
    """The listing of this digest; None where the host does not have it as it was."""
    with contextlib.ExitStack() as stack:
        found = None
        if digest is not None:
            with contextlib.suppress(OSError):
                file = stack.enter_context(folder.use(name_of(digest)))
                length = _proven(file, digest)
                found = None if length is None else _runs(file, length)
        yield found


def _proven(file: BinaryIO, digest: str) -> Optional[int]:
    """The length of a file that has this digest."""
    found, length = hashlib.sha256(), 0
    while True:
        block = file.read(1 << 20)
        if not block:
            break
        found.update(block)
        length += len(block)
    file.seek(0)
    return length if found.hexdigest() == digest else None


def _runs(file: BinaryIO, left: int) -> Iterator[Run]:
    while left:
        run, length = read_run(file, left)
        left -= length
        yield run
