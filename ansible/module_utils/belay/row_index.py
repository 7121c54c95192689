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
import threading
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from .chunk_reader import Key
from .chunks import Chunk, part_digest, read_varint, unzigzag, varint, zigzag
from .index_folder import IndexFolder

_MAGIC = b"belay-rows-1\n"
_TRAILER = struct.Struct(">Q32s")
_CHECK = 16
_HASH = 32


class _Piece(NamedTuple):
    rows: int
    offset: int
    size: int
    check: bytes


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
            self._file.write(_MAGIC + self._header)

    def add(self, number: int, keys: List[Key], hashes: bytes) -> None:
        """Rows of a chunk; those of one chunk come from one thread, in their order."""
        body = b"".join((_packed_keys(keys), hashes))
        check = hashlib.sha256(body).digest()[:_CHECK]
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
                self._file.write(directory + _TRAILER.pack(offset, hashlib.sha256(self._header + directory).digest()))
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
                yield key, hashes[at * _HASH : at * _HASH + _HASH]
        if digest.digest() != entry.chunk.digest or sum(piece.rows for piece in entry.pieces) != entry.chunk.rows:
            raise Corrupt()

    def _read(self, piece: _Piece) -> Tuple[List[Key], bytes]:
        self._file.seek(piece.offset)
        body = self._file.read(piece.size)
        if len(body) != piece.size or hashlib.sha256(body).digest()[:_CHECK] != piece.check or piece.rows * _HASH > len(body):
            raise Corrupt()
        cut = len(body) - piece.rows * _HASH
        with _guarded():
            keys = _unpacked_keys(body[:cut], piece.rows)
        return keys, body[cut:]


class Corrupt(Exception):
    """The file is not what was written."""


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
    if file.read(len(_MAGIC)) != _MAGIC or size < _TRAILER.size:
        raise Corrupt()
    header = file.readline(4096)
    file.seek(size - _TRAILER.size)
    offset, proof = _TRAILER.unpack(file.read(_TRAILER.size))
    if offset > size - _TRAILER.size:
        raise Corrupt()
    file.seek(offset)
    directory = file.read(size - _TRAILER.size - offset)
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
        digest, at = data[at : at + _HASH], at + _HASH
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
    return _Piece(rows, offset, size, data[at : at + _CHECK]), at + _CHECK


def _packed_keys(keys: List[Key]) -> bytes:
    """Numbers as differences, texts behind their length, nothing where rows have no key."""
    if keys and isinstance(keys[0], int):
        last, out = 0, bytearray(b"n")
        for key in keys:
            step = key - last
            # Nearly always the next number.
            out += b"\x02" if step == 1 else varint(zigzag(step))
            last = key
        return bytes(out)
    if keys and isinstance(keys[0], str):
        texts = [key.encode("utf-8", "surrogateescape") for key in keys]
        return b"t" + b"".join(varint(len(text)) + text for text in texts)
    return b"-"


def _unpacked_keys(data: bytes, count: int) -> List[Key]:
    kind, at = data[:1], 1
    if kind == b"-":
        keys: List[Key] = [None] * count
    elif kind == b"n":
        keys, last = [], 0
        for _ in range(count):
            step, at = read_varint(data, at)
            last += unzigzag(step)
            keys.append(last)
    elif kind == b"t":
        keys = []
        for _ in range(count):
            size, at = read_varint(data, at)
            keys.append(data[at : at + size].decode("utf-8", "surrogateescape"))
            at += size
    else:
        raise Corrupt()
    if at != len(data):
        raise Corrupt()
    return keys
