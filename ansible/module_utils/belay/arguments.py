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
}
