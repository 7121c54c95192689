"""Does the new code answer, on what it would find after the switch? Asked before any visitor can meet it."""
from __future__ import annotations

import json
from typing import Dict, List, NamedTuple

from ..database import names
from ..errors import BelayError
from ..health.health import TRIES, page_checks
from ..health.health_page import Unhealthy, fetch, judge
from ..health.health_wordpress import judge_login, judge_rest
from . import scratch
from .sandbox import version
from ..tables.schema_snapshot import Table
from .trial import Server, Trial, View, remove

#: A page of a candidate is compiled first; how quick it is says nothing yet.
PATIENCE_S = 60.0
#: It would open connections of its own, so it is left out.
DROP_IN = "wp-content/db.php"
REST_PATH, LOGIN_PATH = "/index.php?rest_route=/", "/wp-login.php"


class Asked(NamedTuple):
    """What the candidate is asked: the release's folder, the promoted tables, the job's health checks."""

    tree: str
    promoted: List[str]
    checks: List[dict]


def answers(site, session, asked: Asked, predicted: Dict[str, Table]) -> dict:
    """The facts `candidate`; BelayError CANDIDATE_UNHEALTHY with what was seen. Leaves no view and no process.

    `predicted`: structures after an upgrade that was tried on copies, which are still there; empty where there was none.
    """
    found = scratch.scene(site, session, asked.promoted)
    try:
        scratch.show(site, session, found, predicted)
        with Trial(site, asked.tree, View(names.view_prefix(site), True)) as trial:
            with trial.server() as server:
                about, results = _about(server), _ask(server, asked.checks)
            facts = {
                "php": about.get("php", ""), "sandbox": "kernel" if version() else "php", "theme": about.get("theme", ""),
                "left_out": [DROP_IN] if about.get("drop_in") else [], "hidden_tables": found.hidden,
                "missing_plugins": about.get("missing_plugins", []), "health": [_whole(about, names.view_prefix(site)), *results],
            }
            _require(site, facts["health"], trial.fatal_errors())
            return facts
    finally:
        scratch.drop(site, session, views_only=True)


def _about(server: Server) -> dict:
    """What the candidate says of itself; `{error}` where it says nothing that can be read."""
    try:
        answer = fetch(server.url, "/", PATIENCE_S, {**server.headers, "X-Belay-Ask": "about"})
        told = json.loads(answer.body)
        return told if isinstance(told, dict) else {"error": "it answered no object"}
    except (Unhealthy, ValueError) as error:
        return {"error": str(error) if isinstance(error, Unhealthy) else f"it answered {answer.status}: {_start(answer.body)}"}


def _start(body: bytes) -> str:
    return " ".join(body.decode("utf-8", "replace").split())[:200] or "an empty body"


def _whole(about: dict, prefix: str) -> dict:
    """WordPress starts on the view, and its theme is there; its connection can only read."""
    complaint = about.get("error") or "; ".join(about["theme_errors"])
    if not complaint and not (about["read_only"] and about["prefix"] == prefix):
        complaint = "something in it opens the database by itself, past the view that it is to be looked at in"
    return _result("candidate starts", not complaint, complaint or f"with the theme {about['theme']}, PHP {about['php']}")


def _ask(server: Server, checks: List[dict]) -> List[dict]:
    questions = [(f"page {check['path']}", check["path"], lambda answer, check=check: judge(answer, check)) for check in page_checks(checks)]
    kinds = {check.get("kind") for check in checks}
    questions += [("REST API", REST_PATH, judge_rest)] * ("rest" in kinds) + [("login page", LOGIN_PATH, judge_login)] * ("login" in kinds)
    return [_one(server, *question) for question in questions]


def _one(server: Server, name: str, path: str, decide) -> dict:
    result = _result(name, False, "")
    for _ in range(TRIES):
        try:
            return _result(name, True, decide(fetch(server.url, path, PATIENCE_S, server.headers)))
        except Unhealthy as error:
            result = _result(name, False, str(error))
    return result


def _result(check: str, ok: bool, detail: str) -> dict:
    return {"check": check, "ok": ok, "detail": detail[:500]}


def _require(site, results: List[dict], fatal: List[str]) -> None:
    bad = [f"{result['check']}: {result['detail']}" for result in results if not result["ok"]]
    bad += [f"PHP says: {line}" for line in fatal[:2]]
    if bad:
        raise BelayError(
            "CANDIDATE_UNHEALTHY",
            f"The new code does not answer on the data of {site.url}: {'; '.join(bad)}. No visitor has met it, and nothing was changed.",
            "Mend the source, then comment `/promote` again.",
        )


def clean(site, session) -> None:
    """Whatever a trial that was killed has left."""
    scratch.drop(site, session)
    remove(site)
