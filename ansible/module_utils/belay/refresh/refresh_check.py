"""Nothing of anybody's is overwritten unseen: the source must still be what it was when the refresh was judged.

`expected` is `expected_source` of the job's input: of the tables, option rows and protected files that may be overwritten the
digests that the comment on the pull request spoke of. Noise, derived and kept data are not in it, and do not count.
"""
from __future__ import annotations

from typing import Dict, Iterable, List, Optional

from ..errors import BelayError
from ..fingerprint.fingerprint import options_fingerprint, protected_files
from ..tables.table_fingerprint import table_fingerprint

#: Classes whose rows somebody would miss (overwritten.ts says the same). Other classes of option rows are the source's own.
_MISSED = frozenset(("editorial", "live", "secret", "config", "unclassified"))
_MISSED_OPTIONS = _MISSED - {"secret"}
_SHOWN = 5
_AGAIN = "Comment `/refresh` again: it lists what it overwrites before it begins."


class Expectation:
    """What is compared with what; without an `expected` (a first clone) everything is as it should be."""

    def __init__(self, site, rules, expected: Optional[dict]):
        self._site, self._rules, self._expected = site, rules, expected

    def tables(self, session, places: Dict[str, str]) -> None:
        """`places`: table without prefix -> where its rows of before the refresh are now. Raises REFRESH_OVERTAKEN."""
        if self._expected is None:
            return
        changed = [table for table, full in sorted(places.items()) if self._parts(session, full, table) != self._expected["tables"].get(table, {})]
        _refuse([f"table {table}" for table in changed])

    def options(self, session, full_name: str, names: Iterable[str]) -> None:
        """The rows of these names, which the refresh writes or removes, in the options table `full_name`."""
        if self._expected is None:
            return
        wanted, expected = set(names), self._expected["options"]
        found = options_fingerprint(session, self._site, self._rules, full_name, wanted) if wanted else {}
        now = {name: entry["hash"] for name, entry in found.items() if entry["class"] in _MISSED_OPTIONS}
        changed = [name for name in sorted(wanted) if now.get(name) != expected.get(name)]
        _refuse([f"option {name}" for name in changed])

    def files(self) -> None:
        """The protected paths."""
        if self._expected is None:
            return
        found = {path: protected_files(self._site, self._rules, path)["digest"] for path in self._expected["files"]}
        _refuse([f"files of {path}" for path, digest in sorted(self._expected["files"].items()) if found[path] != digest])

    def _parts(self, session, full: str, table: str) -> Dict[str, str]:
        found = table_fingerprint(session, self._site, self._rules, full, table) or {"parts": {}}
        expected = self._expected["tables"].get(table, {})
        # A part without rows is written down or not, as it comes.
        return {name: part["digest"] for name, part in found["parts"].items() if name in _MISSED and (part["rows"] or name in expected)}


def files_kept(paths: Iterable[str]) -> BelayError:
    """Files that somebody touched while the refresh was at work: everything else is done."""
    return BelayError(
        "REFRESH_FILES_KEPT",
        f"These files of the source were changed while the refresh was at work, and stay as they are: {_shown(list(paths))}. Everything else is refreshed.",
        _AGAIN,
    )


def _refuse(changed: List[str]) -> None:
    if changed:
        raise BelayError(
            "REFRESH_OVERTAKEN",
            f"The source was changed after the refresh had looked at it: {_shown(changed)}. Nothing of the source was overwritten.",
            _AGAIN,
        )


def _shown(named: List[str]) -> str:
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more
