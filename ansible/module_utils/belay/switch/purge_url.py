"""Asks a cache over HTTP to forget, from the target's host."""
from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Dict

#: nginx and Varnish answer so where there was nothing to forget.
NOTHING_CACHED = (404, 412)


def ask_cache(step: dict, keys: Dict[str, str]) -> str:
    """Sends the request; returns a sentence. Raises ValueError with the reason: no answer, a no, or a key that nobody gave."""
    missing = sorted({name for name in step["secret_headers"].values() if name not in keys})
    if missing:
        raise ValueError(f"not asked: the key {', '.join(missing)} is only known to a runner whose secret BELAY_PURGE_KEYS has it")
    headers = {**step["headers"], **{header: keys[name] for header, name in step["secret_headers"].items()}}
    body = step["body"].encode() if step["body"] is not None else None
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(step["url"], data=body, headers={"User-Agent": "Belay", **headers}, method=step["method"])
    # Redirects are not followed: a key goes where the configuration says, and nowhere else.
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=float(step["within_s"])) as response:
            status = response.status
    except urllib.error.HTTPError as answered:
        status = answered.code
        answered.close()
    except (OSError, HTTPException, ValueError) as error:
        # The words of some of these errors quote the request's headers.
        raise ValueError(f"could not be asked: {type(getattr(error, 'reason', error)).__name__}") from None
    if 200 <= status < 300:
        return f"answered {status}"
    if status in NOTHING_CACHED and step["method"] in ("PURGE", "BAN"):
        return f"answered {status}: nothing was cached"
    raise ValueError(f"answered {status}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
