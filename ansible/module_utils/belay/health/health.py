"""Is the site healthy? Pages as a visitor gets them, WordPress as its own PHP sees it, the database, and what the site asks for beside."""
from __future__ import annotations

import time
from typing import Callable, List, Optional, Tuple

from ..wordpress import wordpress
from . import health_wordpress, php_log
from ..errors import BelayError
from .health_page import Unhealthy, fetch, judge
from ..database.mysql import Session, ident
from ..hold.probe import told_log

DEFAULT_WITHIN_S = 10.0
TRIES = 2
PAGE, PHP_ERRORS = "page", "php_errors"
_HOME = {"kind": PAGE, "path": "/", "status": 200, "within_s": DEFAULT_WITHIN_S}
_ASKED = {"rest": ("REST API", health_wordpress.rest), "login": ("login page", health_wordpress.login), "cron": ("planned events", health_wordpress.cron)}


def check_health(site, checks: List[dict], since: Optional[List[dict]] = None) -> List[dict]:
    """Every check with its result (HealthResult of facts.ts); the front page is asked for even if nobody configured it.

    `since`: how far PHP's logs went at the switch (`marks`); what they say from there on counts. None: before one.
    """
    questions: List[Tuple[str, Callable[[], str]]] = [
        *((f"page {page['path']}", lambda page=page: _page(site.url, page)) for page in page_checks(checks)),
        ("WordPress is installed", lambda: wordpress.require_installed(site, DEFAULT_WITHIN_S)),
        ("database answers", lambda: _database(site)),
        *((_ASKED[_kind(one)][0], lambda one=one: _ASKED[_kind(one)][1](site, one)) for one in checks if _kind(one) in _ASKED),
        # Last: it hears of the errors that the questions before it have caused.
        *(("no fatal PHP error", lambda one=one: _no_fatal(site, one, since)) for one in checks if _kind(one) == PHP_ERRORS),
    ]
    return [_tried(name, ask) for name, ask in questions]


def marks(site, checks: List[dict]) -> List[dict]:
    """How far PHP's logs go now; to be taken before a switch, for `check_health` after it."""
    return [mark for one in checks if _kind(one) == PHP_ERRORS for mark in php_log.marks(_logs(site, one))]


def page_checks(checks: List[dict]) -> List[dict]:
    """The pages that are asked for; the front page always."""
    pages = [check for check in checks if _kind(check) == PAGE]
    return pages if any(page["path"] == "/" for page in pages) else [_HOME, *pages]


def is_healthy(results: List[dict]) -> bool:
    return all(result["ok"] for result in results)


def _kind(check: dict) -> str:
    return check.get("kind", PAGE)


def _logs(site, check: dict) -> List[str]:
    return php_log.logs_of(site, check.get("log"), None if check.get("log") else told_log(site))


def _no_fatal(site, check: dict, since: Optional[List[dict]]) -> str:
    paths = _logs(site, check)
    if check.get("log") and not php_log.marks(paths):
        raise Unhealthy(f"the log {paths[0]} cannot be read")
    return php_log.complaints(site, paths, since)


def _tried(name: str, ask: Callable[[], str]) -> dict:
    started = time.monotonic()
    ok, detail = False, ""
    for _ in range(TRIES):
        started = time.monotonic()
        try:
            ok, detail = True, ask()
            break
        except (Unhealthy, BelayError) as error:
            ok, detail = False, str(error)
    return {"check": name, "ok": ok, "detail": detail, "seconds": round(time.monotonic() - started, 3)}


def _page(url: str, check: dict) -> str:
    return judge(fetch(url, check["path"], float(check.get("within_s") or DEFAULT_WITHIN_S)), check)


def _database(site) -> str:
    with Session(site) as session:
        rows = session.query(f"SELECT option_value FROM {ident(site.prefix + 'options')} WHERE option_name = 'siteurl'")
    if not rows or not rows[0][0]:
        raise Unhealthy("the database answers, but the option `siteurl` is missing")
    return "a query succeeded"
