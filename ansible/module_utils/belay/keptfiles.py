"""Files below `.belay` that save work and may be lost: written whole or not at all, and gone when nobody uses them."""
from __future__ import annotations

import contextlib
import os
import tempfile
import time
from typing import BinaryIO, Iterator, Optional

#: So long an unused one is kept. A crash leaves an unfinished one, which goes sooner.
UNUSED_S = 90 * 86400
UNFINISHED_S = 86400
_UNFINISHED = ".new"
_BUFFER = 1 << 20


class Writing:
    """A file that is being written. After an OSError (a full disk) it takes everything and keeps nothing."""

    def __init__(self, path: str, file: Optional[BinaryIO], temporary: str):
        self._path = path
        self._file = file
        self._temporary = temporary

    def write(self, data: bytes) -> None:
        if self._file is not None:
            with self._or_nothing():
                self._file.write(data)

    def finish(self, name: str = "", durable: bool = False) -> bool:
        """Gives the file its name (another one than was planned, where it is told only now) -> whether it is there.

        `durable`: it also survives a power cut from now on; without that it may be found damaged afterwards.
        """
        with self._or_nothing():
            if self._file is not None:
                self._file.flush()
                if durable:
                    os.fsync(self._file.fileno())
                os.rename(self._temporary, os.path.join(os.path.dirname(self._path), name) if name else self._path)
        return self._file is not None

    @contextlib.contextmanager
    def _or_nothing(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._file = None


@contextlib.contextmanager
def writing(path: str) -> Iterator[Writing]:
    """A file in a folder that is made where it is missing; without `finish` nothing stays of it."""
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(suffix=_UNFINISHED, dir=folder)
    except OSError:
        yield Writing(path, None, "")
        return
    file = open(handle, "wb", buffering=_BUFFER)
    try:
        yield Writing(path, file, temporary)
    finally:
        with contextlib.suppress(OSError):
            file.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def used(path: str) -> None:
    """Notes that a file was of use, so that it stays."""
    with contextlib.suppress(OSError):
        os.utime(path)


def drop_unused(folder: str) -> None:
    """Removes what nobody used for long, and what was never finished."""
    now = time.time()
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as found:
        for entry in found:
            limit = UNFINISHED_S if entry.name.endswith(_UNFINISHED) else UNUSED_S
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False) and now - entry.stat(follow_symlinks=False).st_mtime > limit:
                    os.unlink(entry.path)
