"""A page as a visitor without any cache gets it."""
from __future__ import annotations

import html
import secrets
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import NamedTuple, Optional

BODY_LIMIT = 8 * 1024 * 1024


class Unhealthy(Exception):
    """A check's answer is no, with the reason."""


class Answer(NamedTuple):
    status: int
    body: bytes
    #: Where a redirect leads; it is not followed.
    location: str


def fetch(url: str, path: str, within_s: float, headers: Optional[dict] = None) -> Answer:
    """With a query of its own, and headers (beside the given ones) that ask caches to stand aside. Raises Unhealthy without a whole answer in time."""
    address = f"{url.rstrip('/')}/{path.lstrip('/')}"
    address += f"{'&' if '?' in address else '?'}belay_health={secrets.token_hex(8)}"
    own = {"User-Agent": "Belay health check", "Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
    return _get(urllib.request.Request(address, headers={**own, **(headers or {})}), within_s)


def judge(answer: Answer, check: dict) -> str:
    """Whether a page is what its check (PageCheck of jobs.ts) wants; a sentence, or Unhealthy."""
    wanted = check.get("status") or 200
    if answer.status != wanted:
        raise Unhealthy(f"answered {answer.status}{' to ' + answer.location if answer.location else ''} instead of {wanted}")
    if not answer.body.strip() and wanted == 200:
        raise Unhealthy("answered with an empty body")
    text = check.get("contains")
    if text and text not in (page := answer.body.decode("utf-8", "replace")) and text not in html.unescape(page):
        raise Unhealthy(f"the expected text {text!r} is missing")
    return f"answered {answer.status} with {len(answer.body)} bytes"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _get(request: urllib.request.Request, within_s: float) -> Answer:
    deadline = time.monotonic() + within_s
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        try:
            response = opener.open(request, timeout=within_s)
        except urllib.error.HTTPError as answered:
            response = answered
        with response:
            body = b""
            while part := response.read1(65536):
                body += part
                if time.monotonic() > deadline:
                    raise Unhealthy(f"did not answer whole within {within_s:g} s")
                if len(body) > BODY_LIMIT:
                    break
            return Answer(response.status, body, response.headers.get("Location", ""))
    except TimeoutError:
        raise Unhealthy(f"did not answer within {within_s:g} s") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unhealthy(f"could not be fetched: {getattr(error, 'reason', error) or type(error).__name__}") from None
