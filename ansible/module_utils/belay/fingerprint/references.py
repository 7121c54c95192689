"""What options refer to by id. An id means something in its own environment only; `type:slug` means the same in both."""
from __future__ import annotations

import re
from typing import Dict, Iterable, List, Optional, Tuple

from ..database.mysql import ident, literal
from ..scope.rules import Rules

NONE = "none"
_SCALAR = re.compile(rb"i:(-?\d+);|b:([01]);|d:([^;]+);|N;")
_SIZED = re.compile(rb'(s):(\d+):"|a:(\d+):\{')


def references(session, site, rules: Rules) -> Dict[str, Optional[str]]:
    """{option: what it refers to}; `option:member` for ids inside a row. `none` refers to nothing, None dangles.

    `theme_mods_*` and the menu widget hold ids by WordPress's own definition; the other options are those of the rules.
    """
    found: Dict[str, Optional[str]] = {}
    for name, value in _options(session, site, rules.reference_options):
        for key, kind, ids in _ids(name, value, rules):
            found[key] = _resolved(session, site, kind, ids)
    return found


def _options(session, site, wanted: Iterable[str]) -> List[Tuple[str, bytes]]:
    names = ", ".join(literal(name) for name in [*wanted, "widget_nav_menu"])
    rows = session.query(
        f"SELECT option_name, option_value FROM {ident(site.prefix + 'options')} "
        f"WHERE option_name IN ({names}) OR option_name LIKE 'theme\\_mods\\_%' ORDER BY option_name"
    )
    return [(name.decode("utf-8", "replace"), value or b"") for name, value in rows]


def _ids(option: str, value: bytes, rules: Rules):
    """(key, kind, ids) of every reference in a row."""
    if option in rules.reference_options:
        kind = rules.reference_options[option]
        yield option, kind, _numbers(value)
    elif option.startswith("theme_mods_"):
        mods = unserialize(value)
        mods = mods if isinstance(mods, dict) else {}
        if _number(mods.get("custom_logo")):
            yield f"{option}:custom_logo", "post", [_number(mods["custom_logo"])]
        locations = mods.get("nav_menu_locations")
        for place, menu in sorted((locations if isinstance(locations, dict) else {}).items(), key=str):
            yield f"{option}:nav_menu_locations.{place}", "terms", [_number(menu)] if _number(menu) else []
    else:
        widgets = unserialize(value)
        for number, widget in (widgets if isinstance(widgets, dict) else {}).items():
            if isinstance(widget, dict) and _number(widget.get("nav_menu")):
                yield f"{option}:{number}.nav_menu", "terms", [_number(widget["nav_menu"])]


def _resolved(session, site, kind: str, ids: List[int]) -> Optional[str]:
    found = [_term(session, site, one) if kind == "terms" else _post(session, site, one) for one in ids]
    return None if None in found else ",".join(sorted(found)) or NONE


def _post(session, site, number: int) -> Optional[str]:
    table = ident(site.prefix + "posts")
    return _pair(session.query(
        f"SELECT post_type, post_name FROM {table} WHERE ID = {number} AND post_status NOT IN ('trash', 'auto-draft')"
    ))


def _term(session, site, number: int) -> Optional[str]:
    terms, taxonomy = ident(site.prefix + "terms"), ident(site.prefix + "term_taxonomy")
    return _pair(session.query(f"SELECT x.taxonomy, t.slug FROM {terms} t JOIN {taxonomy} x USING (term_id) WHERE t.term_id = {number} LIMIT 1"))


def _pair(rows) -> Optional[str]:
    return ":".join(value.decode("utf-8", "replace") for value in rows[0]) if rows else None


def _numbers(value: bytes) -> List[int]:
    """The ids in a row that is one id or a serialised list of them; zero means no reference."""
    parsed = unserialize(value) if value.startswith(b"a:") else value.decode("utf-8", "replace")
    found = [_number(one) for one in (parsed.values() if isinstance(parsed, dict) else [parsed])]
    return [number for number in found if number]


def _number(value) -> int:
    text = str(value).strip()
    return int(text) if re.fullmatch(r"\d{1,18}", text) else 0


def unserialize(data: bytes):
    """A serialised value of arrays and scalars: arrays become dicts. None for anything else, objects and deep nests included."""
    try:
        value, end = _value(data.strip(), 0)
    except (ValueError, IndexError, TypeError, RecursionError):
        return None
    return value if end == len(data.strip()) else None


def _value(data: bytes, at: int):
    scalar = _SCALAR.match(data, at)
    if scalar:
        whole, truth, fraction = scalar.groups()
        value = int(whole) if whole else truth == b"1" if truth else float(fraction) if fraction else None
        return value, scalar.end()
    sized = _SIZED.match(data, at)
    if not sized:
        raise ValueError("neither scalar, string nor array")
    if sized.group(1):
        end = sized.end() + int(sized.group(2))
        if data[end:end + 2] != b'";':
            raise ValueError("a string of another length")
        return data[sized.end():end].decode("utf-8", "replace"), end + 2
    at, members = sized.end(), {}
    for _ in range(int(sized.group(3))):
        key, at = _value(data, at)
        members[key], at = _value(data, at)
    if data[at:at + 1] != b"}":
        raise ValueError("an array of another length")
    return members, at + 1
