"""Paths that a measurement leaves out, with everything below them; `*` and `?` stand for text within one name."""
from __future__ import annotations

import os
import re
from typing import Dict, Iterable, List, Optional

_PARTS = {"*": "[^/]*", "?": "[^/]"}


class Excluded:
    def __init__(self, paths: Iterable[str]):
        found = [path.strip("/") for path in paths]
        expressions = [_expression(path) for path in found if path]
        self._whole = re.compile(f"(?:{'|'.join(expressions)})(?:/.*)?", re.S) if expressions else None
        #: Depth -> (folder, name) of the paths that stand this deep: of most folders it says at once that nothing is left out.
        self._by_depth: Dict[int, List[tuple]] = {}
        for path in filter(None, found):
            folder, _, name = path.rpartition("/")
            pair = re.compile(_expression(folder), re.S), _expression(name)
            self._by_depth.setdefault(path.count("/"), []).append(pair)

    def __contains__(self, path: str) -> bool:
        return self._whole is not None and self._whole.fullmatch(path) is not None

    def kept(self, folder: str, names: List[bytes]) -> List[bytes]:
        """Those of a folder's names that are not left out; the folder itself is not."""
        pattern = self._names_in(folder)
        return names if pattern is None else [name for name in names if not pattern.fullmatch(os.fsdecode(name))]

    def _names_in(self, folder: str) -> Optional[re.Pattern]:
        depth = folder.count("/") + 1 if folder else 0
        names = [name for place, name in self._by_depth.get(depth, ()) if place.fullmatch(folder)]
        return re.compile("|".join(names), re.S) if names else None


def _expression(path: str) -> str:
    return "".join(_PARTS.get(letter) or re.escape(letter) for letter in path)
