"""Plugins that a promotion made active: their activation hooks run in the target, and what they should have made is looked for.

A plugin that travels with its code and its row in `active_plugins` never met `activate_plugin()` here: its events are not
planned, its roles do not exist. After the switch and before health each one's hook runs through PHP in the active release, as
WordPress would do it. Rows of the source's `cron` are never copied: they belong to the source.
"""
from __future__ import annotations

import base64
import os
import time
from typing import Dict, List

from ..bundle.unpack import stored_manifest
from ..database.mysql import Session, ident, literal
from ..errors import BelayError
from ..host import php
from ..scope.rules import Rules
from ..wordpress.runtime import runtime_of
from ..wordpress.wordpress import server_of
from . import armed as arms
from .activation_php import HOOK, PLUGINS

ACTIVE_PLUGINS = "active_plugins"
HOOK_S = 30.0
#: Classes of tables that a rollback brings back, or that mean nothing.
REPLACED = ("config", "derived", "noise")


def activate_plugins(host, point, params: dict) -> dict:
    """A module's result with the facts `activation`, and `belay_error` ACTIVATION_FAILED where a hook dies: nothing runs after it.

    What has run already, or has begun to, does not run again.
    """
    ran = [line["result"] for line in host.journal.steps() if line["step"] == "plugin_activated"]
    begun = {line["plugin"] for line in host.journal.steps() if line["step"] == "plugin_activating"}
    for plugin in newly_active(host, point):
        if plugin in {result["plugin"] for result in ran} or not all(result["ok"] for result in ran):
            continue
        arms.extend(host.site, params["operation_id"])
        host.journal.append("plugin_activating", plugin=plugin)
        result, writes = (_interrupted(plugin), {}) if plugin in begun else _run(host.site, point, plugin)
        host.journal.append("plugin_activated", result=result, writes=writes)
        ran.append(result)
    written = _protected(host.site, Rules.of(params), _written(host))
    answer = {"changed": bool(ran), "belay_facts": {"activation": {"plugins": ran, **_missing(host.site, point.version.release), "written": written}}}
    failed = next((result for result in ran if not result["ok"]), None)
    if failed:
        error = BelayError(
            "ACTIVATION_FAILED",
            f"The activation of {failed['plugin']}, which this release makes active, failed: {failed['detail']}.",
            "Correct the plugin in the source, or leave it inactive there; then comment `/promote`.",
        )
        host.journal.append("failed", during="prime", error=error.as_dict())
        answer["belay_error"] = error.as_dict()
    return answer


def _written(host) -> Dict[str, int]:
    """{whole name of a table: rows} of all hooks of this operation."""
    total: Dict[str, int] = {}
    for line in host.journal.steps():
        for table, rows in line["writes"].items() if line["step"] == "plugin_activated" else ():
            total[table] = total.get(table, 0) + rows
    return total


def newly_active(host, point) -> List[str]:
    """Plugins (main file below wp-content/plugins) that are active since this switch, in WordPress's order."""
    record = point.record
    if ACTIVE_PLUGINS not in record.options or not record.options_kept:
        return []
    with host.open_session() as session:
        before, now = (_option(session, table) for table in (record.options_kept, host.site.prefix + "options"))
    return php.ask(PLUGINS, {name: base64.b64encode(value).decode() for name, value in (("before", before), ("now", now))})["plugins"]


def _option(session: Session, table: str) -> bytes:
    rows = session.query(f"SELECT option_value FROM {ident(table)} WHERE option_name = {literal(ACTIVE_PLUGINS)}")
    return (rows[0][0] or b"") if rows else b""


def _run(site, point, plugin: str):
    """(result, {table: rows that were written}) of one plugin's hook, in a process of its own."""
    started = time.monotonic()
    question = {
        "tree": site.tree, "server": server_of(site.url), "plugin": plugin, "switch": str(point.version),
        "copy": os.path.exists(os.path.join(site.belay, "hold", "copy")),
    }
    try:
        told = php.ask(HOOK, question, HOOK_S)
        detail = _ENDINGS[told["stage"]].format(words=told["words"] or "it ended PHP without a word")
        ok, writes = told["stage"] in ("done", "absent"), dict(told["writes"])
    except BelayError as error:
        ok, detail, writes = False, error.message, {}
    return {"plugin": plugin, "ok": ok, "detail": detail, "seconds": round(time.monotonic() - started, 3)}, writes


def _interrupted(plugin: str) -> dict:
    return {"plugin": plugin, "ok": False, "detail": "its hook was interrupted, and may have run to its end or not", "seconds": 0.0}


#: How far a hook came -> what is told of it.
_ENDINGS = {
    "starting": "WordPress did not start with it: {words}",
    "absent": "its file is not there, so WordPress passes it over",
    "hook": "{words}",
    "done": "its hook ran",
}


def nothing_activated(site, release: str) -> dict:
    """The facts `activation` of a release that makes no plugin active."""
    return {"plugins": [], **_missing(site, release), "written": {}}


def _missing(site, release: str) -> dict:
    """What the source has and the target has not, although every hook ran."""
    manifest = stored_manifest(site, release) or {}
    with Session(site) as session:
        here = runtime_of(site, session)
    return {
        "missing_cron_hooks": sorted(set(manifest.get("cron_hooks", ())) - set(here.cron_hooks)),
        "missing_roles": sorted(set(manifest.get("roles", ())) - set(here.roles)),
    }


def _protected(site, rules: Rules, written: Dict[str, int]) -> Dict[str, int]:
    """{table without prefix: rows} of what a rollback leaves as the hooks wrote it."""
    own = {table[len(site.prefix):]: rows for table, rows in written.items() if table.startswith(site.prefix) and rows}
    return {table: rows for table, rows in sorted(own.items()) if table != "options" and rules.table(table).name not in REPLACED}
