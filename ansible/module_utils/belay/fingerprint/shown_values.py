"""Which values of option rows people may see. When in doubt, none: that a row differs is told anyway.

Shown are values of rows that a known rule calls configuration. None is shown where the option's name, or anything in a value that
has members (serialised, JSON, a query), speaks of secrets, or where a piece of it looks made by chance, as keys and tokens do.
"""
from __future__ import annotations

import re
from typing import Optional

from ..text import readable

#: So many letters of a value are told.
LETTERS = 300
_CONFIG, _UNKNOWN = "config", "unknown"
_SPEAKS = re.compile(
    r"key|token|secret|pass|pwd|licen[cs]e|salt|nonce|credential|api|webhook|auth(?!or)|bearer|private|signature|cert|smtp|session|cookie|dsn",
    re.I,
)
#: A value in which something may have a name.
_HAS_MEMBERS = re.compile(r"[{}\[\]=<>]|;[a-z]:|\A[aOCs]:\d")
_RUN = re.compile(r"[A-Za-z0-9+]{16,}")
_GROUPS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{4,12}(?:[-_. ][A-Za-z0-9]{4,12}){3,}(?![A-Za-z0-9])")
_CREDENTIALS_IN_URL = re.compile(r"://[^/\s]*@")
_MANY_DIGITS = re.compile(r"(?:\d[ -]?){12,}")


def shown(name: str, value: bytes, kind: str, origin: str) -> Optional[str]:
    """The value for people, cut at `LETTERS`; None where it is not shown. `kind` and `origin` are those of the option's rule."""
    if kind != _CONFIG or origin == _UNKNOWN or _SPEAKS.search(name) or looks_secret(value):
        return None
    text = readable(value)
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"


def looks_secret(value: bytes) -> bool:
    """The whole value is looked at, not only what would be shown of it."""
    text = value.decode("utf-8", "replace")
    if "\ufffd" in text or _CREDENTIALS_IN_URL.search(text) or _MANY_DIGITS.search(text):
        return True
    if _HAS_MEMBERS.search(text) and _SPEAKS.search(text):
        return True
    return any(map(_by_chance, _RUN.findall(text))) or any(map(_grouped, _GROUPS.findall(text)))


def _by_chance(run: str) -> bool:
    """Letters with digits among them, or letters of both kinds in no order of words."""
    digits = sum(letter.isdigit() for letter in run)
    if digits:
        return digits < len(run)
    changes = sum(one.isupper() and not before.isupper() for before, one in zip(run, run[1:]))
    return run.isupper() or changes >= 4


def _grouped(run: str) -> bool:
    """Groups as licences and application passwords have them; words and dates have none."""
    letters = sum(letter.isalpha() for letter in run)
    return letters > 0 and (any(letter.isdigit() for letter in run) or run.upper() == run) and not re.fullmatch(r"(?:[a-z]+|\d{1,4})(?:[-_. ](?:[a-z]+|\d{1,4}))*", run)
