"""Rewrites one environment's addresses and folders to another's, in every form in which WordPress and its plugins store them.

Plain, without a scheme (`//host`), with the other scheme, escaped as in JSON (`https:\\/\\/`, at any depth), percent-encoded
(`https%3A%2F%2F`, at any depth) and as in block attributes (`\\u002d\\u002d` for `--`). PHP-serialised values are measured
anew; JSON stays JSON. A name of a host alone (an e-mail address) is left as it is. The forms stand in rewrite_rules.py.
"""
from __future__ import annotations

import json
import re
from typing import Iterable, Tuple

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
        lower = data.lower()
        return any(each.needle in lower for each in self._rules) and self._pattern.search(data) is not None

    def _text(self, data: bytes) -> bytes:
        if b"<!-- wp:" not in data:
            return self._pattern.sub(self._replace, data)
        # Inside a block's comment `--` has to stay escaped, also when only the new host has it.
        parts, last = [], 0
        for block in _BLOCK.finditer(data):
            parts.append(self._pattern.sub(self._replace, data[last : block.start()]))
            parts.append(self._pattern.sub(self._replace_in_block, block.group()))
            last = block.end()
        return b"".join(parts) + self._pattern.sub(self._replace, data[last:])

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

    def _replace(self, match) -> bytes:
        return self._found(match).replace(match, b"--")

    def _replace_in_block(self, match) -> bytes:
        return self._found(match).replace(match, ESCAPED_DASHES)

    def _found(self, match):
        return next(each for each in self._rules if match.group(each.name) is not None)


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
