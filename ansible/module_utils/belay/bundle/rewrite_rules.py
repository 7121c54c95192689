"""The forms in which an address or a folder is written, as one regular expression each, and the new text in the same form."""
from __future__ import annotations

import re
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

ESCAPED_DASHES = rb"\u002d\u002d"

_SLASH = rb"\\*/|\\+u002[fF]|%(?:25)*2[fF]"
_COLON = rb"(?:\:|\\+u003[aA]|%(?:25)*3[aA])"
_DASHES = rb"(?:--|(?:\\+u002[dD]){2})"
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# What makes a host, a port or the last folder of a path longer than it seems: then it is another one.
_LONGER = (
    rb"(?!\.?[A-Za-z0-9_~-])(?!\\+u002[dDeE])"
    rb"(?!%(?:25)*(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|2[dDeE]|5[fF]|7[eE]))"
)
_LONGER_HOST = rb"(?!" + _COLON + rb"\d)(?!@|%(?:25)*40)"
_LONGER_PATH = rb"(?![\x80-\xff]|%(?:25)*[89A-Fa-f][0-9A-Fa-f])"


class Address(NamedTuple):
    """The parts of a site's address; `port` is empty where it is the scheme's own."""

    scheme: str
    host: str
    port: str
    path: str


class Rule(NamedTuple):
    """One pair: `pattern` finds the old text as group `name`; `needle` (lower case) occurs wherever the pattern does."""

    name: str
    pattern: bytes
    needle: bytes
    old: Optional[Address]
    new: Optional[Address]
    folder: str

    def replace(self, match, dashes: bytes) -> bytes:
        """The new text in the form of what was found; `dashes` is how `--` is written there, unless the match shows it."""
        slash = match.group(self.name + "_slash")
        shown = re.search(rb"(?:\\+u002[dD]){2}", match.group())
        dashes = shown.group() if shown else dashes
        if self.old is None or self.new is None:
            return _written(self.folder, slash, dashes)
        scheme, colon = match.group(self.name + "_scheme"), match.group(self.name + "_colon")
        port = (colon or _colon_like(slash)) + self.new.port.encode() if self.new.port else b""
        host = _written(self.new.host, slash, dashes)
        address = slash + slash + host + port + _written(self.new.path, slash, dashes)
        if scheme is None:
            return address
        kept = scheme if self.old.scheme == self.new.scheme else self.new.scheme.encode()
        return kept + colon + address


def rule(old: str, new: str, number: int) -> Rule:
    """The rule for one pair without trailing slashes; `number` keeps the groups of several rules apart."""
    name = "rule%d" % number
    label = name.encode()
    slash = rb"(?P<%s_slash>%s)" % (label, _SLASH)
    again = rb"(?P=%s_slash)" % label
    if old.startswith("/"):
        segments = old.strip("/").split("/")
        body = slash + again.join(map(_escaped, segments)) + _LONGER + _LONGER_PATH
        pattern = rb"(?P<%s>(?<![A-Za-z0-9_.~/-])%s)" % (label, body)
        return Rule(name, pattern, _needle(max(segments, key=len)), None, None, new)
    was, becomes = address(old), address(new)
    scheme = rb"(?:(?P<%s_scheme>(?i:https?))(?P<%s_colon>%s))?" % (label, label, _COLON)
    pattern = rb"(?P<%s>%s%s%s%s)" % (label, scheme, slash, again, _authority(was, again))
    return Rule(name, pattern, _needle(was.host), was, becomes, "")


def address(url: str) -> Address:
    """The parts of an http or https address. Raises ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("%s is not an http address" % url)
    port = str(parts.port or "")
    port = "" if port == _DEFAULT_PORTS[parts.scheme] else port
    host = "[%s]" % parts.hostname if ":" in parts.hostname else parts.hostname
    return Address(parts.scheme, host, port, parts.path.rstrip("/"))


def _authority(was: Address, slash: bytes) -> bytes:
    """Host, port and path of the old address, and what may not follow them."""
    host = b"(?i:" + _escaped(was.host) + b")"
    port = _COLON + was.port.encode() if was.port else rb"(?:%s(?:80|443)(?!\d))?" % _COLON
    path = b"".join(slash + _escaped(segment) for segment in was.path.strip("/").split("/") if segment)
    return host + port + path + _LONGER + (_LONGER_PATH if path else _LONGER_HOST)


def _escaped(text: str) -> bytes:
    return _DASHES.join(re.escape(part.encode()) for part in text.split("--"))


def _needle(text: str) -> bytes:
    return max(text.split("--"), key=len).lower().encode()


def _written(text: str, slash: bytes, dashes: bytes) -> bytes:
    marked = text.encode().replace(b"--", b"\0")
    return marked.replace(b"/", slash).replace(b"\0", dashes)


def _colon_like(slash: bytes) -> bytes:
    """The colon of the same depth of encoding as a slash."""
    if not slash.startswith(b"%"):
        return b":"
    return slash[:-2] + (b"3A" if slash.endswith(b"F") else b"3a")
