"""Belay's own question to the site's PHP pool, answered by hold.php to whoever knows the secret in config.php."""
from __future__ import annotations

import json
import os
import urllib.request
import uuid
from typing import Optional

from .hold import Hold
from .prepare import read_probe


def ask(url: str, secret: str, headers: Optional[dict] = None) -> dict:
    """The answer of the pool behind an address; `{error}` where there is none."""
    request = urllib.request.Request(
        f"{url.rstrip('/')}/index.php?belay-probe={uuid.uuid4().hex}",
        headers={"X-Belay-Probe": secret, "Cache-Control": "no-cache", **(headers or {})},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=20) as response:
            answer = json.loads(response.read(65536))
            return answer if isinstance(answer, dict) else {"error": "no object"}
    except (OSError, ValueError) as error:
        return {"error": str(error)}


def told_log(site) -> Optional[str]:
    """Where the site's pool writes PHP's errors, as it says itself; None where it does not say, or has no hold."""
    secret = read_probe(Hold(os.path.join(site.belay, "hold")))
    told = ask(site.url, secret).get("log") if secret else None
    return told if isinstance(told, str) and told else None
