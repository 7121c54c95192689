"""How an index of rows lies on disk (docs/fingerprint.md): what its writer and its reader share."""
from __future__ import annotations

import struct
from typing import List

from .chunks import read_varint, unzigzag, varint, zigzag
from .row_gathering import Key

MAGIC = b"belay-rows-1\n"
TRAILER = struct.Struct(">Q32s")
#: Bytes of a piece's checksum, and of a row's hash.
CHECK, HASH = 16, 32


class Corrupt(Exception):
    """The file is not what was written."""


def packed_keys(keys: List[Key]) -> bytes:
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


def unpacked_keys(data: bytes, count: int) -> List[Key]:
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
