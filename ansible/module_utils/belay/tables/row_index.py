"""The index of a part's rows at a baseline: `<root>/.belay/index/<digest of the part>.rows` (docs/fingerprint.md).

It proves itself: the digests of its chunks make the digest that it is named by, its hashes make the digests of the chunks, and
its keys stand under a checksum of their own. What does not fit is never used.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import struct
from typing import Iterator, List, NamedTuple, Optional, Tuple

from .chunks import Chunk, part_digest, read_varint, unzigzag
from ..scope.index_folder import IndexFolder
from .row_gathering import Key
from .row_index_form import CHECK, HASH, MAGIC, TRAILER, Corrupt, unpacked_keys


class _Piece(NamedTuple):
    rows: int
    offset: int
    size: int
    check: bytes


class Entry(NamedTuple):
    """What the directory says of a chunk."""

    chunk: Chunk
    pieces: List[_Piece]


class RowIndex:
    """An index that was opened and proven."""

    def __init__(self, file, directory: bytes):
        self._file, self._directory = file, directory

    def entries(self) -> Iterator[Entry]:
        """The chunks of the part, in their order."""
        return _entries(self._directory)

    def rows(self, entry: Optional[Entry]) -> Iterator[Tuple[Key, bytes]]:
        """(key, hash) of every row of a chunk, in their order; none of a chunk that is not there. Raises Corrupt, at the latest at the end."""
        if entry is None:
            return
        digest = hashlib.sha256()
        for piece in entry.pieces:
            keys, hashes = self._read(piece)
            digest.update(hashes.hex().encode())
            for at, key in enumerate(keys):
                yield key, hashes[at * HASH : at * HASH + HASH]
        if digest.digest() != entry.chunk.digest or sum(piece.rows for piece in entry.pieces) != entry.chunk.rows:
            raise Corrupt()

    def _read(self, piece: _Piece) -> Tuple[List[Key], bytes]:
        self._file.seek(piece.offset)
        body = self._file.read(piece.size)
        if len(body) != piece.size or hashlib.sha256(body).digest()[:CHECK] != piece.check or piece.rows * HASH > len(body):
            raise Corrupt()
        cut = len(body) - piece.rows * HASH
        with _guarded():
            keys = unpacked_keys(body[:cut], piece.rows)
        return keys, body[cut:]


@contextlib.contextmanager
def open_index(folder: IndexFolder, digest: str, signature: str) -> Iterator[Optional[RowIndex]]:
    """The index of the part with this digest; None where there is none, where its rows were hashed in another way, or where it
    does not prove itself. A part without rows needs no file."""
    if digest == part_digest(()):
        yield RowIndex(None, b"")
        return
    try:
        file = folder.use(_name(digest))
    except OSError:
        yield None
        return
    with file:
        try:
            index = _opened(file, digest, signature)
        except (Corrupt, OSError):
            index = None
        yield index


def _name(digest: str) -> str:
    """Raises FileNotFoundError for what is no digest, so that no other path is ever looked at."""
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise FileNotFoundError(digest)
    return digest + ".rows"


def _opened(file, digest: str, signature: str) -> Optional[RowIndex]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC or size < TRAILER.size:
        raise Corrupt()
    header = file.readline(4096)
    file.seek(size - TRAILER.size)
    offset, proof = TRAILER.unpack(file.read(TRAILER.size))
    if offset > size - TRAILER.size:
        raise Corrupt()
    file.seek(offset)
    directory = file.read(size - TRAILER.size - offset)
    if hashlib.sha256(header + directory).digest() != proof:
        raise Corrupt()
    with _guarded():
        found = part_digest(entry.chunk for entry in _entries(directory))
        same = json.loads(header)["signature"] == signature
    if found != digest:
        raise Corrupt()
    return RowIndex(file, directory) if same else None


@contextlib.contextmanager
def _guarded():
    """Whatever wrong bytes do to a parser."""
    try:
        yield
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise Corrupt() from error


def _entries(data: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(data):
        number, at = read_varint(data, at)
        rows, at = read_varint(data, at)
        digest, at = data[at : at + HASH], at + HASH
        count, at = read_varint(data, at)
        pieces = []
        for _ in range(count):
            piece, at = _piece(data, at)
            pieces.append(piece)
        yield Entry(Chunk(unzigzag(number), rows, digest), pieces)


def _piece(data: bytes, at: int) -> Tuple[_Piece, int]:
    rows, at = read_varint(data, at)
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return _Piece(rows, offset, size, data[at : at + CHECK]), at + CHECK
