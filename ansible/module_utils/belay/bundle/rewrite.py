"""Rewrites one environment's addresses and folders to another's, in every form in which WordPress and its plugins store them.

Plain, without a scheme (`//host`), with the other scheme, escaped as in JSON (`https:\\/\\/`, at any depth), percent-encoded
(`https%3A%2F%2F`, at any depth) and as in block attributes (`\\u002d\\u002d` for `--`). PHP-serialised values are measured
anew; JSON stays JSON. A name of a host alone (an e-mail address) is left as it is. The forms stand in rewrite_rules.py.
"""
from __future__ import annotations

import json
import re
from typing import Dict, Iterable, Iterator, Match, Tuple

from .phpserialize import Malformed, looks_serialized, transform
from .rewrite_rules import ESCAPED_DASHES, rule

_BLOCK = re.compile(rb"<!--\s+/?wp:.*?-->", re.DOTALL)
_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Unrewritable(ValueError):
    """The value names the old environment, and cannot be changed without a risk of breaking it. The message says why."""


class Rewriter:
    """Changes every `old` into its `new`, all pairs in one pass: `Rewriter([("https://a.example", "https://b.example"), ("/srv/a", "/srv/b")])`.

    A pair that begins with `/` is a folder, every other one the address of a site. Equal pairs change nothing.
    Raises ValueError for an address without scheme and host.
    """

    def __init__(self, pairs: Iterable[Tuple[str, str]]):
        trimmed = [(old.rstrip("/"), new.rstrip("/")) for old, new in pairs]
        self._rules = [rule(old, new, number) for number, (old, new) in enumerate(trimmed) if old != new]
        self._pattern = re.compile(b"|".join(each.pattern for each in self._rules))
        # More than the longest spelling of what comes before a needle: scheme, slashes, folders, each escaped many times.
        self._reach = 256 + max((16 * old.count("/") + len(old) for old, _ in trimmed), default=0)
        self._known: Dict[Tuple[bytes, bytes], bytes] = {}

    def value(self, data: bytes) -> bytes:
        """The rewritten value; the same object when nothing in it names the old environment. Raises Unrewritable."""
        if not self.mentions(data):
            return data
        if looks_serialized(data):
            try:
                return transform(data, self.value)
            except Malformed as error:
                raise Unrewritable("it looks like PHP-serialised data but cannot be parsed: %s" % error) from error
        return self._json(data) if _is_json(data) else self._text(data)

    def mentions(self, data: bytes) -> bool:
        """Whether an address or a folder of the old environment occurs in the value."""
        return next(self._matches(data), None) is not None

    def _text(self, data: bytes) -> bytes:
        if b"<!-- wp:" not in data:
            return self._replaced(data, b"--")
        # Inside a block's comment `--` has to stay escaped, also when only the new host has it.
        parts, last = [], 0
        for block in _BLOCK.finditer(data):
            parts.append(self._replaced(data[last : block.start()], b"--"))
            parts.append(self._replaced(block.group(), ESCAPED_DASHES))
            last = block.end()
        return b"".join(parts) + self._replaced(data[last:], b"--")

    def _replaced(self, data: bytes, dashes: bytes) -> bytes:
        parts, last = [], 0
        for match in self._matches(data):
            parts += (data[last : match.start()], self._new_text(match, dashes))
            last = match.end()
        return b"".join(parts) + data[last:] if parts else data

    def _matches(self, data: bytes) -> Iterator[Match]:
        """All places, from left to right. The expression is slow where nothing is, so it starts shortly before each needle."""
        lower, last = data.lower(), 0
        hits = {each.needle: lower.find(each.needle) for each in self._rules}
        while True:
            hits = {needle: at if at >= last else lower.find(needle, last) for needle, at in hits.items() if at >= 0}
            ahead = [at for at in hits.values() if at >= 0]
            match = self._pattern.search(data, max(last, min(ahead) - self._reach)) if ahead else None
            if match is None:
                return
            yield match
            last = match.end()

    def _new_text(self, match: Match, dashes: bytes) -> bytes:
        """A site writes its address in a handful of ways, a million times."""
        key = (match.group(), dashes)
        if key not in self._known:
            found = next(each for each in self._rules if match.group(each.name) is not None)
            self._known[key] = found.replace(match, dashes)
        return self._known[key]

    def _json(self, data: bytes) -> bytes:
        result = _JSON_STRING.sub(self._json_string, data)
        if not _is_json(result):
            raise Unrewritable("it is JSON, and would not be afterwards")
        return result

    def _json_string(self, match) -> bytes:
        """One string of a JSON text: its bytes are kept, unless it holds serialised data, whose lengths have to follow."""
        token = match.group()
        replaced = self._text(token)
        if replaced == token:
            return token
        try:
            changed = self.value(json.loads(token.decode()).encode())
            return replaced if json.loads(replaced.decode()).encode() == changed else _json_token(changed, token)
        except UnicodeError:  # half a surrogate pair: no serialised value has one
            return replaced


def _is_json(data: bytes) -> bool:
    if data.lstrip()[:1] not in (b"{", b"[", b'"'):
        return False
    try:
        json.loads(data.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _json_token(text: bytes, like: bytes) -> bytes:
    """The text as a JSON string, escaped in the manner of the one it replaces."""
    token = json.dumps(text.decode(), ensure_ascii=all(byte < 128 for byte in like)).encode()
    return token.replace(b"/", rb"\/") if rb"\/" in like else token
