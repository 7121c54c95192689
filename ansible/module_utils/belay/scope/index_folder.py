"""`<root>/.belay/index`: files that remember a baseline row by row (file by file), named by its digests. `<root>/.belay/cache` has the
same rules."""
from __future__ import annotations

import contextlib
import os
import tempfile
import time
from typing import BinaryIO, Tuple

from ..host.links import sync_folder

#: A file that nothing was compared with for so long goes when the next one comes.
UNUSED_S = 90 * 86400
_NEW = ".new-"
_ABANDONED_S = 86400


class IndexFolder:
    """All methods raise OSError."""

    def __init__(self, site, name: str = "index"):
        self.path = os.path.join(site.belay, name)

    def new(self, kind: str) -> Tuple[str, BinaryIO]:
        """A file that has no name yet that anybody would use."""
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=_NEW, suffix="." + kind, dir=self.path)
        return path, os.fdopen(handle, "wb", buffering=1 << 18)

    def keep(self, path: str, file: BinaryIO, name: str, durable: bool = True) -> None:
        """Closes the file and gives it its name. `durable`: it is whole on disk before it has that name."""
        with file:
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.rename(path, os.path.join(self.path, name))
        if durable:
            sync_folder(self.path)
        self.drop_unused(time.time())

    def use(self, name: str) -> BinaryIO:
        """The file of that name, which counts as used now."""
        path = os.path.join(self.path, name)
        file = open(path, "rb")
        with contextlib.suppress(OSError):
            os.utime(path)
        return file

    def drop_unused(self, now: float) -> None:
        """Removes what was unused for long, and what an operation that died left behind."""
        for entry in list(os.scandir(self.path)):
            # Another thread may be faster.
            with contextlib.suppress(OSError):
                age = now - entry.stat(follow_symlinks=False).st_mtime
                if age > (_ABANDONED_S if entry.name.startswith(_NEW) else UNUSED_S):
                    os.unlink(entry.path)
