"""Writes the index of a part's rows at a baseline (row_index.py)."""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from typing import Dict, List, Optional

from .chunks import Chunk, varint, zigzag
from ..scope.index_folder import IndexFolder
from .row_gathering import Key
from .row_index_form import CHECK, MAGIC, TRAILER, packed_keys


class IndexWriter:
    """Collects the rows of one part, from any number of threads; `keep` gives the file its name. A full disk ends in `failed`."""

    def __init__(self, folder: IndexFolder, signature: str):
        self._folder, self._lock = folder, threading.Lock()
        self._header = json.dumps({"signature": signature}).encode() + b"\n"
        #: What the directory will say of pieces whose chunk is not yet whole; and of chunks, by range.
        self._open: Dict[int, List[bytes]] = {}
        self._entries: Dict[int, bytearray] = {}
        self._file = self._path = None
        self.failed: Optional[OSError] = None
        with self._may_fail():
            self._path, self._file = folder.new("rows")
            self._file.write(MAGIC + self._header)

    def add(self, number: int, keys: List[Key], hashes: bytes) -> None:
        """Rows of a chunk; those of one chunk come from one thread, in their order."""
        body = b"".join((packed_keys(keys), hashes))
        check = hashlib.sha256(body).digest()[:CHECK]
        with self._lock, self._may_fail():
            if self._file is not None:
                piece = varint(len(keys)) + varint(self._file.tell()) + varint(len(body)) + check
                self._open.setdefault(number, []).append(piece)
                self._file.write(body)

    def end(self, chunk: Chunk, place: int) -> None:
        """A chunk whose rows have come; `place` as in ChunkList."""
        with self._lock:
            if self._file is not None:
                pieces = self._open.pop(chunk.number)
                entry = varint(zigzag(chunk.number)) + varint(chunk.rows) + chunk.digest + varint(len(pieces)) + b"".join(pieces)
                self._entries.setdefault(place, bytearray()).extend(entry)

    def keep(self, digest: str) -> None:
        """`digest`: that of the part."""
        with self._may_fail():
            if self._file is not None:
                directory, offset = b"".join(entries for _, entries in sorted(self._entries.items())), self._file.tell()
                self._file.write(directory + TRAILER.pack(offset, hashlib.sha256(self._header + directory).digest()))
                self._folder.keep(self._path, self._file, digest + ".rows")
                self._file = None

    def drop(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            self._file = None

    @contextlib.contextmanager
    def _may_fail(self):
        try:
            yield
        except OSError as error:
            self.failed = error
            self.drop()
