"""Personal data in another form: made-up text of the same kind, equal for equal originals, of which nobody can tell them.

Every export draws a secret of its own, which is never written down: without it the made-up text says nothing about the
original, also to those who could guess it. Within one copy equal values stay equal, so an order still finds its customer.
"""
from __future__ import annotations

import hashlib
import re
import secrets
from typing import Callable, Dict, Optional

from .phpserialize import looks_serialized

#: Of RFC 2606: nothing is ever delivered there.
DOMAIN = b"masked.invalid"
#: No hash of any scheme: no password fits it.
UNUSABLE = b"!masked"
_WORDS = (
    "Amber Aspen Basil Beech Birch Brook Cedar Clay Clover Coral Dale Delta Dune Elm Ember Fern Field Fjord Flint Garnet "
    "Glen Grove Harbor Hazel Heath Holly Island Ivory Juniper Lagoon Lake Laurel Linden Maple Marsh Meadow Mesa Moss Oak "
    "Olive Opal Orchard Pebble Pine Plain Pond Poplar Prairie Quartz Reed Ridge River Rowan Sage Shore Spruce Stone "
    "Summit Thyme Timber Topaz Valley Willow"
).encode().split()
_EMAIL = re.compile(rb"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")


class Masker:
    """`mask(kind, value)` for the kinds of vocabulary.ts; NULL and the empty text have no person in them and stay."""

    def __init__(self, key: Optional[bytes] = None):
        self._key = key or secrets.token_bytes(32)
        self._kinds: Dict[str, Callable[[bytes], bytes]] = {
            "email": self._email, "login": self._login, "name": self._name, "text": self._text, "phone": self._phone,
            "address": self._address, "ip": self._ip, "url": self._url, "password": lambda value: UNUSABLE, "empty": emptied,
        }

    def mask(self, kind: str, value: Optional[bytes]) -> Optional[bytes]:
        if not value:
            return value
        if kind != "empty" and is_structured(value):
            # Inside it stands everything that was ever filled in, wherever; a part of it is as bad as the whole.
            return emptied(value)
        return self._kinds[kind](value)

    def token(self, kind: str, value: bytes, size: int = 10) -> bytes:
        """Hexadecimal digits, two for each of `size` bytes, that stand for a value."""
        return self._stream(kind, value, size).hex().encode()

    def _stream(self, kind: str, value: bytes, size: int) -> bytes:
        return hashlib.shake_256(self._key + kind.encode() + b"\0" + value).digest(size)

    def _email(self, value: bytes) -> bytes:
        # The digits first: where a column is too short for all of it, they still tell one person from another.
        return b"%s@%s" % (self.token("email", value.strip().lower()), DOMAIN)

    def _login(self, value: bytes) -> bytes:
        return b"user-" + self.token("login", value.strip().lower(), 8)

    def _name(self, value: bytes) -> bytes:
        if _EMAIL.fullmatch(value.strip()):
            return self._email(value)
        picks = self._stream("name", value.strip(), 4)
        words = [_WORDS[int.from_bytes(picks[at:at + 2], "big") % len(_WORDS)] for at in (0, 2)]
        return b" ".join(words if b" " in value.strip() else words[:1])

    def _text(self, value: bytes) -> bytes:
        """Letters become letters and digits digits, so that a postcode looks like one and nothing grows."""
        if _EMAIL.fullmatch(value.strip()):
            return self._email(value)
        text = value.decode("utf-8", "replace")
        noise = self._stream("text", value, len(text))
        return "".join(map(_alike, text, noise)).encode()

    def _phone(self, value: bytes) -> bytes:
        """No number begins with three zeros, so nobody is called."""
        zeros, noise = 3, self._stream("phone", value, len(value))
        out = bytearray()
        for byte, random in zip(value, noise):
            if chr(byte).isdigit():
                out.append(ord("0") if zeros > 0 else ord("0") + random % 10)
                zeros -= 1
            else:
                out.append(byte if byte in b" +-/().#*" else ord("x"))
        return bytes(out)

    def _address(self, value: bytes) -> bytes:
        picks = self._stream("address", value, 4)
        return b"%d %s Way" % (int.from_bytes(picks[:2], "big") % 999 + 1, _WORDS[int.from_bytes(picks[2:], "big") % len(_WORDS)])

    def _ip(self, value: bytes) -> bytes:
        """An address of a private network; also of the four or sixteen bytes in which some plugins keep it."""
        noise = self._stream("ip", value, 8)
        if len(value) == 16 and not value.isascii():
            return b"\xfd\x00" + bytes(6) + noise
        if len(value) == 4:
            return b"\x0a" + noise[:3]
        if b":" in value:
            return b"fd00::" + b":".join(noise[at:at + 2].hex().encode() for at in (0, 2, 4))
        return b"10.%d.%d.%d" % tuple(noise[:3])

    def _url(self, value: bytes) -> bytes:
        return b"https://%s/%s" % (DOMAIN, self.token("url", value.strip(), 6))


def is_structured(value: bytes) -> bool:
    """Serialised by PHP, or a JSON object or list."""
    inner = value.strip()
    return inner[:1] + inner[-1:] in (b"{}", b"[]") or (looks_serialized(value) and inner[:1] in b"aOsCE")


def emptied(value: bytes) -> bytes:
    """Nothing, in the form that the reader of the value expects."""
    inner = value.strip()
    if inner[:1] + inner[-1:] in (b"{}", b"[]"):
        return inner[:1] + inner[-1:]
    if looks_serialized(value) and inner[:1] in b"aOsCE":
        return b's:0:"";' if inner[:1] == b"s" else b"a:0:{}"
    return b""


def _alike(letter: str, random: int) -> str:
    if letter.isdigit():
        return str(random % 10)
    if letter.isalpha():
        other = chr(ord("a") + random % 26)
        return other.upper() if letter.isupper() else other
    return letter if letter.isascii() else "x"
