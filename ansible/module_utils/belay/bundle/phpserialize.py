"""PHP's serialisation format, taken apart into pieces and put together again with strings of another length.

Only strings carry their own length in bytes, so a value is a flat sequence of pieces; nothing is unserialised and no
class is loaded. The grammar is that of PHP's `unserialize()`; what it refuses is refused here too (`Malformed`).
"""
from __future__ import annotations

import re
from typing import Callable, List, NamedTuple, Tuple

_SCALAR = re.compile(
    rb"N;|b:[01];|i:[+-]?\d+;|[rR]:\d+;|d:(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|-?INF|NAN);"
)
_SIZED = re.compile(rb'([sSEOC]):(\d+):"')
_ARRAY = re.compile(rb"a:(\d+):\{")
_COUNT = re.compile(rb":(\d+):\{")
_ESCAPE = re.compile(rb"\\([0-9a-fA-F]{2})")
_LOOKS = re.compile(rb'(?:N;|b:[01];|i:[+-]?\d+;|d:[0-9.E+-]+;|s:\d+:.*";|E:\d+:.*;|[aOC]:\d+:.*\})\Z', re.DOTALL)
_TRIMMED = b" \n\r\t\v\0"
_MAX_DEPTH = 4096

# What a piece is: fixed text, a string, the key of an array or the name of a property, the inside of a `C:` object.
RAW, STRING, KEY, CUSTOM = "raw", "string", "key", "custom"


class Malformed(ValueError):
    """The bytes are not one complete serialised value."""


class Piece(NamedTuple):
    """One part of a serialised value; `owner` is the number of the array or object that a key belongs to."""

    kind: str
    data: bytes
    owner: int = 0


def looks_serialized(data: bytes) -> bool:
    """Whether WordPress would try to unserialise the value (the rule of its `is_serialized()`), white space around it aside."""
    return _LOOKS.match(data.strip(_TRIMMED)) is not None


def transform(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The value with `change` applied to every string in it, every length measured anew, and parsed again to prove it.

    Raises Malformed when the value cannot be parsed, or when two keys of one array would become the same.
    """
    core = data.strip(_TRIMMED)
    start = data.index(core)
    pieces = split(core)
    changed = [piece if piece.kind == RAW else piece._replace(data=_change(piece, change)) for piece in pieces]
    _refuse_equal_keys(changed)
    result = join(changed)
    if [_shape(piece) for piece in split(result)] != [_shape(piece) for piece in changed]:
        raise Malformed("the value changed its structure")
    return data[:start] + result + data[start + len(core) :]


def _change(piece: Piece, change: Callable[[bytes], bytes]) -> bytes:
    if piece.kind != CUSTOM:
        return change(piece.data)
    if change(piece.data) == piece.data:
        return piece.data
    return _custom(piece.data, change)


def _custom(payload: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The inside of a `C:` object: understood when it is itself serialised data, or that of ArrayObject (`x:i:0;...;m:...`)."""
    spl = re.match(rb"x:i:\d+;", payload)
    if spl is None:
        return transform(payload, change)
    head, rest = payload[: spl.end()], payload[spl.end() :]
    value, separator, members = rest.rpartition(b";m:")
    if not separator:
        raise Malformed("an object with a format of its own")
    return head + transform(value, change) + separator + transform(members, change)


def _shape(piece: Piece) -> Tuple[str, bytes]:
    return (piece.kind, piece.data if piece.kind == RAW else str(len(piece.data)).encode())


def _refuse_equal_keys(pieces: List[Piece]) -> None:
    seen = set()
    for piece in pieces:
        if piece.kind != KEY:
            continue
        if (piece.owner, piece.data) in seen:
            raise Malformed("two keys of one array are the same")
        seen.add((piece.owner, piece.data))


def join(pieces: List[Piece]) -> bytes:
    """The serialised value of the pieces, with the lengths that the strings have now."""
    out = []
    for piece in pieces:
        if piece.kind == RAW:
            out.append(piece.data)
        elif piece.kind == CUSTOM:
            out.append(b"%d:{%s}" % (len(piece.data), piece.data))
        else:
            out.append(b's:%d:"%s";' % (len(piece.data), piece.data))
    return b"".join(out)


def split(data: bytes) -> List[Piece]:
    """The pieces of exactly one serialised value. Raises Malformed."""
    pieces: List[Piece] = []
    # For each open array or object: its number, and how many keys and values are still to come.
    open_: List[List[int]] = []
    position, opened = 0, 0
    while True:
        while open_ and open_[-1][1] == 0:
            position = _expect(data, position, b"}")
            pieces.append(Piece(RAW, b"}"))
            open_.pop()
        if pieces and not open_:
            break
        is_key = bool(open_) and open_[-1][1] % 2 == 0
        owner = open_[-1][0] if open_ else 0
        found, position, members = _value(data, position, is_key, owner)
        pieces.extend(found)
        if open_:
            open_[-1][1] -= 1
        if members is not None:
            opened += 1
            open_.append([opened, 2 * members])
            if len(open_) > _MAX_DEPTH:
                raise Malformed("nested too deeply")
    if position != len(data):
        raise Malformed("bytes follow the value")
    return pieces


def _value(data: bytes, position: int, is_key: bool, owner: int):
    """One key or value: its pieces, the position after it, and the number of members when it opens an array or object."""
    scalar = _SCALAR.match(data, position)
    if scalar:
        if is_key and data[position : position + 1] != b"i":
            raise Malformed("a key is neither a number nor a string")
        return [Piece(RAW, scalar.group())], scalar.end(), None
    array = _ARRAY.match(data, position)
    if array and not is_key:
        return [Piece(RAW, array.group())], array.end(), int(array.group(1))
    sized = _SIZED.match(data, position)
    if sized is None or (is_key and sized.group(1) not in b"sS"):
        raise Malformed("byte %d begins no value" % position)
    if sized.group(1) in b"sS":
        text, position = _string(data, sized)
        return [Piece(KEY if is_key else STRING, text, owner)], position, None
    return _object(data, sized)


def _string(data: bytes, sized) -> Tuple[bytes, int]:
    length, start = int(sized.group(2)), sized.end()
    if sized.group(1) == b"s":
        return data[start : start + length], _expect(data, start + length, b'";')
    end = start
    for _ in range(length):
        end += 3 if data[end : end + 1] == b"\\" else 1
    text = _ESCAPE.sub(lambda match: bytes([int(match.group(1), 16)]), data[start:end])
    return text, _expect(data, end, b'";')


def _object(data: bytes, sized):
    """An object, an object with a format of its own, or an enumeration's case: names of classes never change."""
    start, end = sized.start(), sized.end() + int(sized.group(2))
    if sized.group(1) == b"E":
        end = _expect(data, end, b'";')
        return [Piece(RAW, data[start:end])], end, None
    end = _expect(data, end, b'"')
    count = _COUNT.match(data, end)
    if count is None:
        raise Malformed("byte %d: an object without members" % start)
    if sized.group(1) == b"O":
        return [Piece(RAW, data[start : count.end()])], count.end(), int(count.group(1))
    inside = data[count.end() : count.end() + int(count.group(1))]
    after = _expect(data, count.end() + int(count.group(1)), b"}")
    return [Piece(RAW, data[start : end + 1]), Piece(CUSTOM, inside)], after, None


def _expect(data: bytes, position: int, mark: bytes) -> int:
    if data[position : position + len(mark)] != mark:
        raise Malformed("byte %d: %s expected" % (position, mark.decode()))
    return position + len(mark)
