"""Which values of a table's rows are masked, and what fits in their columns. Works on rows as a table's file has them."""
from __future__ import annotations

import re
from functools import lru_cache
from typing import Callable, Dict, FrozenSet, List, NamedTuple, Optional, Sequence

from .masks import Masker
from ..database.mysql import ident, literal
from .rowfile import Row

#: Those who look after the site sign in on the copy as they do on the original: column that names the person, by table.
PERSON = {"users": "ID", "usermeta": "user_id"}
_NUMBERS = frozenset(("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "bit", "year"))
_DATES = {"date": b"1970-01-01", "datetime": b"1970-01-01 00:00:00", "timestamp": b"1970-01-01 00:00:01", "time": b"00:00:00"}

Turn = Callable[[Row], Row]


class Column(NamedTuple):
    type: str
    #: Of a text in characters, of bytes in bytes; None where there is no limit that a mask could reach.
    length: Optional[int]
    nullable: bool
    #: Part of a unique key: different originals need different masks.
    unique: bool


class Masks:
    """The masks of a job's input (jobs.ts) for one export."""

    def __init__(self, masks: Sequence[dict], masker: Optional[Masker] = None):
        self._masks = masks
        self._masker = masker or Masker()

    def turn(self, session, site, header: dict) -> Optional[Turn]:
        """What makes a row of the table of this header presentable, or None where nothing of it is personal."""
        table = header["table"]
        wanted = [mask for mask in self._masks if mask["table"] == table]
        names = [column["name"] for column in header["columns"]]
        # A table of another version of the plugin may lack columns; a rule about one of those claims no row.
        wanted = [mask for mask in wanted if all(name in names for name in mask["match"])]
        if not any(name in names for mask in wanted for name in mask["columns"]):
            return None
        columns = _columns(session, site.prefix + table)
        staff = _staff(session, site) if table in PERSON else frozenset()
        person = names.index(PERSON[table]) if staff and PERSON[table] in names else None
        steps = [_step(mask, names, site.prefix) for mask in wanted]

        def turned(row: Row) -> Row:
            if person is not None and row[person] in staff:
                return row
            changed = list(row)
            # All rules look at the row as it was; where two name one column, the first decides.
            for matches, kinds in reversed(steps):
                if matches(row):
                    for at, kind in kinds:
                        changed[at] = self._fitting(kind, row[at], columns[names[at]])
            return tuple(changed)

        return turned

    def _fitting(self, kind: str, value: Optional[bytes], column: Column) -> Optional[bytes]:
        if value is None or value == b"":
            return value
        if column.type in _NUMBERS or column.type in _DATES:
            return None if column.nullable else _DATES.get(column.type, b"0")
        masked = self._masker.mask(kind, value)
        if column.unique and kind not in ("email", "login"):
            masked = self._masker.token("unique", value)
        if column.length is None or len(masked) <= column.length:
            return masked
        return masked.decode("utf-8", "ignore")[:column.length].encode() if masked.isascii() else masked[:column.length]


def matcher(match: Dict[str, dict], names: Sequence[str], prefix: str) -> Callable[[Row], bool]:
    """Whether a row matches as row rules do (rules.py): byte by byte, `like` as in SQL."""
    tests = [(names.index(name), _test(wanted, prefix)) for name, wanted in match.items()]
    return lambda row: all(row[at] is not None and test(row[at]) for at, test in tests)


def _step(mask: dict, names: List[str], prefix: str):
    kinds = [(names.index(name), kind) for name, kind in mask["columns"].items() if name in names]
    return matcher(mask["match"], names, prefix), kinds


def _test(wanted: dict, prefix: str) -> Callable[[bytes], bool]:
    exact = frozenset(text.replace("{prefix}", prefix).encode() for text in wanted.get("in") or ())
    patterns = [_like(text.replace("{prefix}", re.sub(r"([\\%_])", r"\\\1", prefix))) for text in wanted.get("like") or ()]
    return lambda value: value in exact or any(pattern.fullmatch(value) for pattern in patterns)


@lru_cache(maxsize=None)
def _like(pattern: str):
    """SQL's LIKE as an expression on bytes: `%` any text, `_` one character, a backslash before either for itself."""
    parts = {"%": ".*", "_": "."}
    found = re.findall(r"\\.|.", pattern, re.S)
    text = "".join(parts.get(piece) or re.escape(piece[-1]) for piece in found)
    return re.compile(text.encode(), re.S)


def _columns(session, full: str) -> Dict[str, Column]:
    named = "table_schema = DATABASE() AND table_name = %s" % literal(full)
    unique = {name.decode() for (name,) in session.query("SELECT DISTINCT column_name FROM information_schema.statistics WHERE %s AND non_unique = 0" % named)}
    rows = session.query("SELECT column_name, data_type, character_maximum_length, is_nullable = 'YES' FROM information_schema.columns WHERE %s" % named)
    return {
        name.decode(): Column(kind.decode().lower(), None if length is None else int(length), nullable == b"1", name.decode() in unique)
        for name, kind, length, nullable in rows
    }


def _staff(session, site) -> FrozenSet[bytes]:
    """The numbers of the administrators' accounts."""
    rows = session.query(
        "SELECT user_id FROM %s WHERE meta_key = %s AND meta_value LIKE '%%\"administrator\";b:1%%'"
        % (ident(site.prefix + "usermeta"), literal(site.prefix + "capabilities"))
    )
    return frozenset(row[0] for row in rows)
