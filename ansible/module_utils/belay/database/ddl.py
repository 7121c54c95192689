"""A table's definition without what is particular to one environment, and the statement that makes it again elsewhere."""
from __future__ import annotations

import re
from typing import Callable, Optional

from .mysql import ident

OWN = "{table}"
_SITE = "{prefix}"
_AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=\d+")
_CONSTRAINT = re.compile(r"CONSTRAINT `(?:[^`]|``)+` (?=FOREIGN KEY|CHECK)")
_REFERENCES = re.compile(r"REFERENCES `((?:[^`]|``)+)`")


def template(session, site, table: str, full_name: Optional[str] = None) -> str:
    """The DDL of a table of the site (named without prefix): its own name is `{table}`, tables of the site that it
    refers to are `{prefix}<name>`, constraints have no names and AUTO_INCREMENT no value. `full_name`: the table that stands in its place (a shadow)."""
    full = full_name or site.prefix + table
    text = session.query("SHOW CREATE TABLE " + ident(full))[0][1].decode()
    head = "CREATE TABLE " + ident(full)
    if not text.startswith(head):
        raise ValueError("%s is not a plain table" % full)
    lines = text[len(head) :].split("\n")
    # Only the last line holds the table's options; a default or a comment above it may well say AUTO_INCREMENT=1.
    lines[-1] = _AUTO_INCREMENT.sub("", lines[-1], count=1)
    body = [_neutral(line, site.prefix) if line.lstrip().startswith("CONSTRAINT") else line for line in lines]
    return "CREATE TABLE `%s`%s" % (OWN, "\n".join(body))


def statement(text: str, name: str, reference: Callable[[str], str]) -> str:
    """The statement that makes the table under another name; `reference(table)` is the full name of a table of the site."""

    def other(match) -> str:
        found = match.group(1).replace("``", "`")
        return "REFERENCES " + (ident(reference(found[len(_SITE) :])) if found.startswith(_SITE) else ident(found))

    head = "CREATE TABLE `%s`" % OWN
    body = [_REFERENCES.sub(other, line) if line.lstrip().startswith("FOREIGN KEY") else line for line in text[len(head) :].split("\n")]
    return "CREATE TABLE %s%s" % (ident(name), "\n".join(body))


def references(text: str) -> list:
    """The tables of the site (without prefix) that the foreign keys of a template refer to."""
    found = [match for line in text.split("\n") if line.lstrip().startswith("FOREIGN KEY") for match in _REFERENCES.findall(line)]
    return [name[len(_SITE) :] for name in found if name.startswith(_SITE)]


def _neutral(line: str, prefix: str) -> str:
    unnamed = _CONSTRAINT.sub("", line, count=1)
    return _REFERENCES.sub(lambda match: "REFERENCES `%s`" % _without(match.group(1), prefix), unnamed) if "FOREIGN KEY" in unnamed else unnamed


def _without(name: str, prefix: str) -> str:
    return _SITE + name[len(prefix) :] if name.startswith(prefix) else name
