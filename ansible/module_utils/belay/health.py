"""Is the site healthy? Pages as a visitor gets them, WordPress as its own PHP sees it, and the database."""
from __future__ import annotations

import html
import secrets
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Callable, List, Tuple

from . import wordpress
from .errors import BelayError
from .mysql import Session, ident

DEFAULT_WITHIN_S = 10.0
TRIES = 2
BODY_LIMIT = 8 * 1024 * 1024
_HOME = {"path": "/", "status": 200, "within_s": DEFAULT_WITHIN_S}


def check_health(site, checks: List[dict]) -> List[dict]:
    """Every check with its result (HealthResult of facts.ts); the front page is asked for even if nobody configured it."""
    pages = checks if any(check["path"] == "/" for check in checks) else [_HOME, *checks]
    questions: List[Tuple[str, Callable[[], str]]] = [
        *((f"page {page['path']}", lambda page=page: _page(site.url, page)) for page in pages),
        ("WordPress is installed", lambda: wordpress.require_installed(site, DEFAULT_WITHIN_S)),
        ("database answers", lambda: _database(site)),
    ]
    return [_tried(name, ask) for name, ask in questions]


def is_healthy(results: List[dict]) -> bool:
    return all(result["ok"] for result in results)


class Unhealthy(Exception):
    """A check's answer is no, with the reason."""


def _tried(name: str, ask: Callable[[], str]) -> dict:
    started = time.monotonic()
    ok, detail = False, ""
    for _ in range(TRIES):
        started = time.monotonic()
        try:
            ok, detail = True, ask()
            break
        except (Unhealthy, BelayError) as error:
            detail = str(error)
    return {"check": name, "ok": ok, "detail": detail, "seconds": round(time.monotonic() - started, 3)}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _page(url: str, check: dict) -> str:
    """A page as a visitor without any cache gets it: a query of its own, and headers that ask caches to stand aside."""
    address = f"{url.rstrip('/')}/{check['path'].lstrip('/')}"
    address += f"{'&' if '?' in address else '?'}belay_health={secrets.token_hex(8)}"
    headers = {"User-Agent": "Belay health check", "Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
    within = float(check.get("within_s") or DEFAULT_WITHIN_S)
    status, body, location = _get(urllib.request.Request(address, headers=headers), within)
    wanted = check.get("status") or 200
    if status != wanted:
        raise Unhealthy(f"answered {status}{' to ' + location if location else ''} instead of {wanted}")
    if not body.strip() and wanted == 200:
        raise Unhealthy("answered with an empty body")
    text = check.get("contains")
    if text and text not in (page := body.decode("utf-8", "replace")) and text not in html.unescape(page):
        raise Unhealthy(f"the expected text {text!r} is missing")
    return f"answered {status} with {len(body)} bytes"


def _get(request: urllib.request.Request, within: float) -> Tuple[int, bytes, str]:
    deadline = time.monotonic() + within
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        try:
            response = opener.open(request, timeout=within)
        except urllib.error.HTTPError as answered:
            response = answered
        with response:
            body = b""
            while part := response.read1(65536):
                body += part
                if time.monotonic() > deadline:
                    raise Unhealthy(f"did not answer whole within {within:g} s")
                if len(body) > BODY_LIMIT:
                    break
            return response.status, body, response.headers.get("Location", "")
    except TimeoutError:
        raise Unhealthy(f"did not answer within {within:g} s") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unhealthy(f"could not be fetched: {getattr(error, 'reason', error) or type(error).__name__}") from None


def _database(site) -> str:
    with Session(site) as session:
        rows = session.query(f"SELECT option_value FROM {ident(site.prefix + 'options')} WHERE option_name = 'siteurl'")
    if not rows or not rows[0][0]:
        raise Unhealthy("the database answers, but the option `siteurl` is missing")
    return "a query succeeded"
