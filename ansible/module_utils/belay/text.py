"""Bytes as text that people read and that every store takes: UTF-8 where it is, `\\xNN` for the rest."""
from __future__ import annotations

import re

#: Control characters, which JSON stores may refuse, and the half surrogates by which Python carries bytes that are no UTF-8.
_ESCAPED = re.compile("[\\\\\x00-\x1f\x7f\udc80-\udcff]")


def readable(data: bytes) -> str:
    """Different bytes give different text."""
    return _ESCAPED.sub(_escape, data.decode("utf-8", "surrogateescape"))


def _escape(match) -> str:
    letter = match.group()
    return "\\\\" if letter == "\\" else f"\\x{ord(letter) & 0xff:02x}"
