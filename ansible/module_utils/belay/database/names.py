"""Names of Belay's own tables in a site's schema. They never begin with a site's prefix; `table` is a name without it."""
from __future__ import annotations

import hashlib
import re

LIMIT = 64
_ANY = re.compile(r"belay_[0-9a-f]{6}_")


def shadow(site, table: str) -> str:
    """The table that will become `table` at the switch."""
    return _name(site, "s_" + table)


def base(site, table: str) -> str:
    """The live rows of `table` as last copied into the shadow."""
    return _name(site, "b_" + table)


def archive(site, digest12: str, table: str) -> str:
    """The table that was live before the switch to release `digest12`."""
    return _name(site, f"a_{digest12}_{table}")


def view_prefix(site) -> str:
    """What the names of a candidate's views begin with: its WordPress takes this for the prefix of its tables."""
    return _start(site) + "c_"


def copy_prefix(site) -> str:
    """What the names of the empty copies begin with on which an upgrade is tried."""
    return _start(site) + "m_"


def release_table(site) -> str:
    """The one-row table that says which release the database is on."""
    return _name(site, "release")


def is_reserved(site, full_name: str) -> bool:
    """Whether this is one of this site's tables of Belay."""
    return full_name.startswith(_start(site))


def is_any_reserved(full_name: str) -> bool:
    """Whether this is a table of Belay, of whichever site in the schema."""
    return _ANY.match(full_name) is not None


def _start(site) -> str:
    return f"belay_{hashlib.sha256(site.prefix.encode()).hexdigest()[:6]}_"


def _name(site, rest: str) -> str:
    name = _start(site) + rest
    if len(name) <= LIMIT:
        return name
    return f"{name[:LIMIT - 17]}_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
