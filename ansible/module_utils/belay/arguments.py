"""Parts of modules' argument specifications that several modules share; the names are those of jobs.ts."""
from __future__ import annotations

_TEXT = {"type": "str", "required": True}
_DICTS = {"type": "list", "elements": "dict", "required": True}
_TEXTS = {"type": "list", "elements": "str", "required": True}

#: Which environment, and for which operation.
SITE = {"root": {"type": "path", "required": True}, "url": _TEXT, "database": _TEXT, "prefix": _TEXT, "operation_id": _TEXT}
#: How to look at it.
RULES = {
    "table_rules": _DICTS,
    "option_rules": _DICTS,
    "protected_paths": _TEXTS,
    "volatile_paths": _TEXTS,
    "shared_paths": _TEXTS,
    "reference_options": {"type": "dict", "required": True},
    "row_limit": {"type": "int", "required": True},
    "workers": {"type": "int", "required": True},
}
#: What belongs to every switch, forth and back. Only a runner has the keys.
SWITCHING = {
    "drain_ms": {"type": "int", "required": True},
    "purge": _DICTS,
    "purge_keys": {"type": "str", "no_log": True},
    "hold_without": {"type": "str", "required": True, "choices": ["refuse", "brief_mixture"]},
    "keep_failed_s": {"type": "int", "required": True},
}
#: What it is compared with while it is measured.
COMPARISON = {
    "full": {"type": "bool", "required": True},
    "baseline_index": {"type": "dict", "required": True},
    "baseline_options": {"type": "dict", "required": True},
}


def optional(specification: dict) -> dict:
    """The same arguments for a module that does without them."""
    empty = {"bool": False, "dict": {}, "list": []}
    return {name: {**{key: value for key, value in one.items() if key != "required"}, "default": empty[one["type"]]} for name, one in specification.items()}
