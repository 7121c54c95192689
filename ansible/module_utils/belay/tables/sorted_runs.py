"""Rows in the order of their keys' bytes, sorted outside of memory: runs in a file without a name, merged while they are read."""
from __future__ import annotations

import heapq
import os
import struct
import tempfile
from typing import Iterator, List, Optional, Tuple

#: Rows that are sorted at a time, and bytes that are read at a time of each run.
RUN, BLOCK = 8192, 16384
_HEAD = struct.Struct(">II")
_Row = Tuple[bytes, bytes]


class SortedRuns:
    """Memory grows with the number of runs alone, by one block each. The file goes with this object or its process. Raises OSError."""

    def __init__(self, folder: Optional[str]):
        """`folder`: where the file is, with all of the rows; None: where temporary files are."""
        if folder is not None:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)
        self._rows: List[_Row] = []
        #: Of each run the places where it begins and ends.
        self._runs: List[Tuple[int, int]] = []

    def add(self, key: bytes, value: bytes) -> None:
        self._rows.append((key, value))
        if len(self._rows) == RUN:
            self._write()

    def __iter__(self) -> Iterator[_Row]:
        """All rows, once, after the last `add`."""
        if self._rows:
            self._write()
        self._file.flush()
        return heapq.merge(*(self._read(*run) for run in self._runs))

    def close(self) -> None:
        self._file.close()

    def _write(self) -> None:
        self._rows.sort()
        start = self._file.tell()
        self._file.write(b"".join(part for key, value in self._rows for part in (_HEAD.pack(len(key), len(value)), key, value)))
        self._runs.append((start, self._file.tell()))
        self._rows = []

    def _read(self, at: int, end: int) -> Iterator[_Row]:
        data, place, handle = b"", 0, self._file.fileno()
        while at < end or place < len(data):
            data, place = data[place:], 0
            wanted = BLOCK if len(data) < _HEAD.size else max(BLOCK, _HEAD.size + sum(_HEAD.unpack_from(data)))
            more = os.pread(handle, min(wanted, end - at), at)
            if not more:
                raise OSError("a temporary file is shorter than what was written to it")
            data, at = data + more, at + len(more)
            while len(data) - place >= _HEAD.size:
                key, value = _HEAD.unpack_from(data, place)
                start = place + _HEAD.size
                if len(data) < start + key + value:
                    break
                yield data[start : start + key], data[start + key : start + key + value]
                place = start + key + value
