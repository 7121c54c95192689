"""Chunks of a table's rows, and the digest of a part that is made of them (docs/fingerprint.md)."""
from __future__ import annotations

import base64
import hashlib
import struct
from typing import Dict, Iterable, Iterator, List, NamedTuple, Tuple

#: So many values of the key's first column make a chunk.
SPAN = 1024
#: Bytes of a chunk's digest that a fingerprint tells.
_TOLD = 16
#: Chunks that fit into 64 KB, packed and in base64.
_MOST_TOLD = 2400
_RECORD = struct.Struct(">qQ32s")


class Chunk(NamedTuple):
    """The rows of one class in one chunk: `number` is the key's first column divided by 1024, rounded down; `digest` (32 bytes) is
    the SHA-256 of their hashes in hexadecimal, one after the other in the order of the key."""

    number: int
    rows: int
    digest: bytes


class ChunkList:
    """Chunks of a part, packed, 48 bytes each. They come in ranges, each range in its order and from one thread; ranges are named by
    numbers of their own order."""

    def __init__(self):
        self._ranges: Dict[int, bytearray] = {}

    def add(self, chunk: Chunk, place: int = 0) -> None:
        self._ranges.setdefault(place, bytearray()).extend(_RECORD.pack(*chunk))

    def __iter__(self) -> Iterator[Chunk]:
        for _, records in sorted(self._ranges.items()):
            yield from map(Chunk._make, _RECORD.iter_unpack(records))

    def __len__(self) -> int:
        return sum(map(len, self._ranges.values())) // _RECORD.size

    @property
    def rows(self) -> int:
        return sum(chunk.rows for chunk in self)


def part_digest(chunks: Iterable[Chunk]) -> str:
    """The digest of a part, out of its chunks that are not empty, in their order."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(_RECORD.pack(*chunk))
    return digest.hexdigest()


def packed(chunks: Iterable[Chunk]) -> str:
    """What facts.ts calls `chunks`."""
    out, last = bytearray(), 0
    for chunk in chunks:
        out += varint(zigzag(chunk.number - last)) + varint(chunk.rows) + chunk.digest[:_TOLD]
        last = chunk.number
    return base64.b64encode(bytes(out)).decode()


def are_told(chunks: ChunkList, rows: int) -> bool:
    """Whether the chunks go into a fingerprint: at most 64 KB of them, or 64 KB for each million rows."""
    return len(chunks) <= max(1, rows / 1_000_000) * _MOST_TOLD


def runs(numbers: Iterable[int]) -> Iterator[Tuple[int, int]]:
    """Sorted numbers as ranges: the first of each, and the one behind its last."""
    found: List[int] = []
    for number in numbers:
        if found and number != found[1]:
            yield found[0], found[1]
            found = []
        found = [found[0] if found else number, number + 1]
    if found:
        yield found[0], found[1]


def varint(number: int) -> bytes:
    """A number that is not negative, seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, at: int) -> Tuple[int, int]:
    """The number at a place, and the place behind it; raises IndexError at the end of the data."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def zigzag(number: int) -> int:
    """0, -1, 1, -2, ... as 0, 1, 2, 3, ..."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def unzigzag(number: int) -> int:
    return -((number + 1) >> 1) if number & 1 else number >> 1
