"""Bytes as text that people read and that every store takes: UTF-8 where it is, `\\xNN` for the rest."""
from __future__ import annotations

import re

#: Control characters, which JSON stores may refuse, and the half surrogates by which Python carries bytes that are no UTF-8.
_ESCAPED = re.compile("[\\\\\x00-\x1f\x7f\udc80-\udcff]")
_PROTOTYPE = b"__proto__"
_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2})")


def readable(data: bytes) -> str:
    """Different bytes give different text, and none gives `__proto__`: readers in JavaScript take that for no name."""
    if data == _PROTOTYPE:
        return "\\x5f" + _PROTOTYPE[1:].decode()
    return _ESCAPED.sub(_escape, data.decode("utf-8", "surrogateescape"))


def raw(text: str) -> bytes:
    """The bytes that `readable` made this text of."""
    return _ESCAPE.sub(_unescape, text).encode("utf-8", "surrogateescape")


def _unescape(match) -> str:
    code = match.group(1)
    if code == "\\":
        return code
    number = int(code[1:], 16)
    return chr(number) if number < 0x80 else chr(0xDC00 + number)


def _escape(match) -> str:
    letter = match.group()
    return "\\\\" if letter == "\\" else f"\\x{ord(letter) & 0xff:02x}"
