"""A file of an IndexFolder while it is written. That it cannot be written (a full disk) is no reason to fail: the file saves work."""
from __future__ import annotations

import contextlib
import os
from typing import BinaryIO, Iterator, Optional

from .index_folder import IndexFolder


class KeptFile:
    """After the first OSError it takes everything and keeps nothing; `failed` is that error."""

    def __init__(self, folder: IndexFolder, kind: str):
        self._folder = folder
        self._path = ""
        self._file: Optional[BinaryIO] = None
        self.failed: Optional[OSError] = None
        with self._may_fail():
            self._path, self._file = folder.new(kind)

    def write(self, data: bytes) -> None:
        if self._file is not None:
            with self._may_fail():
                self._file.write(data)

    def keep(self, name: str, durable: bool = True) -> None:
        """Gives the file its name. `durable`: when it is whole on the disk; otherwise a power cut may leave a part of it."""
        if self._file is not None:
            with self._may_fail():
                self._folder.keep(self._path, self._file, name, durable)

    def close(self) -> None:
        """Without `keep` nothing stays."""
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        with contextlib.suppress(OSError):
            if self._path:
                os.unlink(self._path)

    @contextlib.contextmanager
    def _may_fail(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failed = error
            self.close()
            self._file = None


@contextlib.contextmanager
def writing(folder: IndexFolder, kind: str) -> Iterator[KeptFile]:
    file = KeptFile(folder, kind)
    try:
        yield file
    finally:
        file.close()
