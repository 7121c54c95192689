"""Upgrades of the site's tables by the new code: predicted on empty copies before the switch, done and compared after it.

What an upgrade does to structures is seen on copies without rows; what it does to rows only afterwards. Consent is for tables.
"""
from __future__ import annotations

import os
import time
from typing import Dict, List, NamedTuple, Optional

from ..database import names
from ..errors import BelayError
from ..fingerprint.fingerprint import db_version
from ..database.mysql import ident
from ..host import php
from ..scope.rules import matches
from ..tables.schema_snapshot import DESTRUCTIVE, Change, Table, changes, snapshot
from ..wordpress.components import installed_plugins
from ..wordpress.wordpress import server_of, wanted_db_version
from . import scratch
from .sandbox import dies_with_parent
from .stage_php import STAGE, STAGES
from .stage_process import run_stage
from .trial import Trial, View, php_of

#: Of one stage, on copies and for real.
STAGE_S = 120.0
SHOWN = 10


class Prediction(NamedTuple):
    """What the upgrade did to the copies. `trouble`: why it cannot be relied on, in sentences."""

    after: Dict[str, Table]
    changes: List[Change]
    trouble: List[str]

    def facts(self) -> dict:
        return {"changes": [change._asdict() for change in self.changes], "trouble": self.trouble}


class Consent(NamedTuple):
    """What the site's configuration allows: patterns of tables that may be changed destructively; upgrades that cannot be predicted."""

    destructive: List[str]
    unpredicted: bool


def needed(site, session, tree: str) -> Optional[dict]:
    """Why the release may upgrade tables: `{wordpress, plugins}` with versions from and to; None where there is no reason."""
    found, wanted = db_version(session, site), wanted_db_version(tree)
    live, brought = installed_plugins(site.tree), installed_plugins(tree)
    other = [{"plugin": name, "from": live.get(name), "to": to} for name, to in sorted(brought.items()) if live.get(name) != to]
    core = {"from": found, "to": wanted} if wanted is not None and wanted != found else None
    return {"wordpress": core, "plugins": other} if core or other else None


def predict(site, session, tree: str, promoted: List[str]) -> Prediction:
    """Runs the upgrade on empty copies, which stay until `scratch.drop`; nothing else can be changed by it."""
    found = scratch.scene(site, session, promoted)
    scratch.copy(site, session, found)
    prefix = names.copy_prefix(site)
    before = snapshot(session, prefix)
    live = tuple(name for name in scratch.live_names(session) if not name.startswith(prefix))
    with Trial(site, tree, View(prefix, False, live)) as trial:
        trouble = [f"stage {stage}: {said}" for stage in STAGES for said in [trial.stage(stage, STAGE_S)] if said]
        trouble += [f"it wanted more than its tables: {what}" for what in trial.refused()]
    trouble += [f"the name of table {table} is too long for a copy" for table in found.hidden]
    after = snapshot(session, prefix)
    return Prediction(after, changes(before, after), [line[:300] for line in trouble[:SHOWN]])


def require_consent(site, prediction: Prediction, consent: Consent) -> None:
    """Raises BelayError MIGRATION_UNPREDICTED, MIGRATION_DESTRUCTIVE."""
    if prediction.trouble and not consent.unpredicted:
        raise BelayError(
            "MIGRATION_UNPREDICTED",
            f"The new code upgrades tables of {site.url}, and what it does cannot be told beforehand: {'; '.join(prediction.trouble[:3])}. Nothing was changed.",
            "Update the target by hand first, or write `promotion: {migrations: {unpredicted: true}}` into .github/belay.yml and comment `/promote`.",
        )
    lost = [change for change in prediction.changes if change.effect == DESTRUCTIVE and not _matches(change.table, consent.destructive)]
    if lost:
        tables = sorted({change.table for change in lost})
        raise BelayError(
            "MIGRATION_DESTRUCTIVE",
            f"The new code changes tables of {site.url} in a way that a rollback does not undo, and nobody has agreed to it: {told(lost)}. Nothing was changed.",
            f"Write `promotion: {{migrations: {{destructive: [{', '.join(tables)}]}}}}` into .github/belay.yml if that is meant, then comment `/promote`.",
        )


def _matches(table: str, patterns: List[str]) -> bool:
    return any(matches(pattern, table) for pattern in patterns)


def told(found: List[Change]) -> str:
    """Changes in words, the first ten."""
    words = [f"{change.table}: {change.what.replace('_', ' ')} {change.name} {change.detail and f'({change.detail})'}".strip() for change in found[:SHOWN]]
    return "; ".join(words) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")


def run(site, version: str, limit_s: float, alive) -> List[str]:
    """Runs every stage of the upgrade on the live site, `alive` before each; what went wrong."""
    tree = site.tree
    is_copy = os.path.exists(os.path.join(site.belay, "hold", "copy"))
    server = {**server_of(site.url), "REMOTE_ADDR": "127.0.0.1"}
    question = {"trial": False, "tree": tree, "server": server, "switch": version, "copy": is_copy}
    command = [php_of(site), *php.OPTIONS, "-r", STAGE[len("<?php"):]]
    trouble = []
    for stage in STAGES:
        alive()
        said = run_stage(command, {**question, "stage": stage}, min(STAGE_S, limit_s), {"preexec_fn": dies_with_parent})
        trouble += [f"stage {stage}: {said}"] if said else []
    return trouble


def counts(site, session, tables) -> Dict[str, int]:
    """Rows of tables (named without prefix) that exist."""
    there = set(scratch.live_names(session))
    return {table: int(session.query(f"SELECT COUNT(*) FROM {ident(site.prefix + table)}")[0][0]) for table in sorted(tables) if site.prefix + table in there}


def upgrade(site, session, version: str, predicted: Dict[str, Table], limits) -> dict:
    """The upgrade for real -> `{changes, rows, surprises, trouble, seconds}`; `limits`: (seconds of one stage, what to call before each)."""
    started, before = time.monotonic(), snapshot(session, site.prefix)
    rows = counts(site, session, before)
    trouble = run(site, version, *limits)
    after = snapshot(session, site.prefix)
    now = counts(site, session, after)
    shown = {*(change.table for change in changes(before, after)), *(table for table in now if rows.get(table) != now[table])}
    surprises = changes({**before, **predicted}, after)
    return {
        "changes": [change._asdict() for change in changes(before, after)],
        "rows": {table: {"before": rows.get(table), "after": now.get(table)} for table in sorted(shown)},
        "surprises": [change._asdict() for change in surprises], "trouble": trouble, "seconds": round(time.monotonic() - started, 2),
    }
