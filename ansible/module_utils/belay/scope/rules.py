"""The ordered rules of a job's input: which class a table, a row or an option has. The first rule that matches decides."""
from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, List, Mapping, Sequence, Tuple

from ..database.mysql import ident, literal

UNCLASSIFIED = "unclassified"


@dataclass(frozen=True)
class TableClass:
    """What a table is, `rows` that are something else, and columns that say nothing."""

    name: str
    origin: str
    rows: Tuple[dict, ...] = ()
    ignore_columns: Tuple[str, ...] = ()


@dataclass(frozen=True)
class OptionClass:
    """What an option's row is."""

    name: str
    origin: str


@dataclass(frozen=True)
class Rules:
    """How to look at an environment; the names are those of jobs.ts."""

    table_rules: Tuple[dict, ...]
    option_rules: Tuple[dict, ...]
    protected_paths: Tuple[str, ...]
    volatile_paths: Tuple[str, ...]
    shared_paths: Tuple[str, ...]
    reference_options: Mapping[str, str]
    row_limit: int
    workers: int = 0

    @staticmethod
    def of(params: dict) -> "Rules":
        """From a module's parameters, which are the input's."""
        lists = ("table_rules", "option_rules", "protected_paths", "volatile_paths", "shared_paths")
        return Rules(*(tuple(params[name]) for name in lists), dict(params["reference_options"]), int(params["row_limit"]), int(params["workers"]))

    def table(self, table: str) -> TableClass:
        """The class of a table, named without its prefix."""
        for rule in self.table_rules:
            if matches(rule["pattern"], table):
                return TableClass(rule["class"], rule["origin"], tuple(rule.get("rows") or ()), tuple(rule.get("ignore_columns") or ()))
        return TableClass(UNCLASSIFIED, "unknown")

    def option(self, name: str, prefix: str) -> str:
        """The class of an option."""
        return self.option_rule(name, prefix).name

    def option_rule(self, name: str, prefix: str) -> OptionClass:
        """The class of an option, and where it comes from."""
        for rule in self.option_rules:
            if matches(rule["pattern"].replace("{prefix}", prefix), name):
                return OptionClass(rule["class"], rule["origin"])
        return OptionClass(UNCLASSIFIED, "unknown")


def matches(pattern: str, name: str) -> bool:
    """`*` is any text, `?` one character; everything else stands for itself."""
    return _expression(pattern).fullmatch(name) is not None


@lru_cache(maxsize=None)
def _expression(pattern: str):
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(letter) or re.escape(letter) for letter in pattern), re.S)


def class_expression(table: TableClass, columns: Sequence[str], prefix: str) -> Tuple[str, List[str]]:
    """SQL that gives each row the number of its class, and the classes in the order of their numbers, the table's own first.

    A rule about a column that the table does not have claims no row.
    """
    names = [table.name]
    cases = []
    for rule in table.rows:
        if any(column not in columns for column in rule["match"]):
            continue
        if rule["class"] not in names:
            names.append(rule["class"])
        cases.append(f"WHEN {_condition(rule['match'], prefix)} THEN {names.index(rule['class'])}")
    return (f"CASE {' '.join(cases)} ELSE 0 END" if cases else "0"), names


def _condition(match: Dict[str, dict], prefix: str) -> str:
    return " AND ".join(_column(name, wanted, prefix) for name, wanted in match.items()) or "TRUE"


def _column(name: str, wanted: dict, prefix: str) -> str:
    exact = [text.replace("{prefix}", prefix) for text in wanted.get("in") or ()]
    patterns = [text.replace("{prefix}", _quoted_for_like(prefix)) for text in wanted.get("like") or ()]
    # Plain ASCII is the same bytes in every encoding that WordPress uses, and converting each row is slow.
    is_ascii = all(text.isascii() for text in (*exact, *patterns))
    value = f"BINARY {ident(name)}" if is_ascii else f"BINARY CONVERT({ident(name)} USING utf8mb4)"
    either = [f"{value} IN ({', '.join(map(literal, exact))})"] if exact else []
    either += [f"{value} LIKE {literal(pattern)}" for pattern in patterns]
    return f"({' OR '.join(either) or 'FALSE'})"


def _quoted_for_like(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
