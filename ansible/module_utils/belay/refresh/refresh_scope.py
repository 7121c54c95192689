"""What a refresh takes from its target, as the job's input says it."""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Tuple

from ..errors import BelayError
from ..scope.rules import Rules, matches

#: What becomes the source's again from the target. `secret` and `noise` stay with their environment.
TAKEN = frozenset(("editorial", "live", "config", "derived", "unclassified"))
#: A copy has its own settings, and needs its people to sign in.
_NEEDED = ("options", "users", "usermeta")


class Scope(NamedTuple):
    """Everything for a first clone, otherwise all but what only the source changed; the rest as in jobs.ts."""

    initial: bool
    keep_tables: frozenset = frozenset()
    keep_options: frozenset = frozenset()
    clone_options: Tuple[str, ...] = ()
    leave_out_tables: Tuple[str, ...] = ()
    leave_out_files: Tuple[str, ...] = ()
    masks: Tuple[dict, ...] = ()

    @staticmethod
    def of(params: dict) -> "Scope":
        """From a module's parameters."""
        lists = ("clone_options", "leave_out_tables", "leave_out_files", "masks")
        return Scope(params["initial"], frozenset(params["keep_tables"]), frozenset(params["keep_options"]), *(tuple(params[name]) for name in lists))

    def is_left_out(self, rules: Rules, table: str) -> bool:
        """Whether the copy gets this table empty. Raises BelayError LEFT_OUT_PROMOTABLE: promoted back, it would be empty there too."""
        if table in _NEEDED or not any(matches(pattern, table) for pattern in self.leave_out_tables):
            return False
        if rules.table(table).name == "config":
            raise BelayError(
                "LEFT_OUT_PROMOTABLE",
                f"Table {table} is promotable: a copy that got it empty would empty it in production at the next promotion.",
                "Name only tables of protected data under `refresh.leave_out.tables` in .github/belay.yml.",
            )
        return True

    def is_cloned(self, rules: Rules, option: str, prefix: str) -> bool:
        """Whether a first clone gets this option row."""
        if rules.option(option, prefix) in TAKEN:
            return True
        return any(matches(pattern.replace("{prefix}", prefix), option) for pattern in self.clone_options)

    def files(self, rules: Rules) -> Rules:
        """The rules by which protected files are listed: what is left out is neither copied nor removed."""
        return replace(rules, volatile_paths=(*rules.volatile_paths, *self.leave_out_files))
