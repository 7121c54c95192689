"""Questions about a site's health that only a WordPress can be asked: its REST API, its login page, its planned events."""
from __future__ import annotations

import json
import os
import time

from ..host import php
from .health_page import Answer, Unhealthy, fetch
from ..errors import BelayError
from ..wordpress.wordpress import BOOT, server_of

LOGIN_FORM = 'id="loginform"'
#: Planned events that nobody has run for so long: WordPress's cron does not work at all.
STUCK_S = 7 * 24 * 3600
SHOWN = 3

_CRON = BOOT + r"""
$cron = _get_cron_array();
$times = is_array($cron) ? array_keys($cron) : [];
while (ob_get_level()) ob_end_clean();
echo "\n", json_encode(['readable' => is_array($cron), 'events' => count($times), 'oldest' => $times ? min($times) : null]), "\n";
"""


def rest(site, check: dict) -> str:
    """WordPress's index of its REST API, asked for in the way that needs no rewrite rules."""
    return judge_rest(fetch(site.url, "/index.php?rest_route=/", float(check["within_s"])))


def judge_rest(answer: Answer) -> str:
    try:
        told = json.loads(answer.body)
    except ValueError:
        raise Unhealthy(f"answered {answer.status}, but not with JSON") from None
    if not isinstance(told, dict):
        raise Unhealthy(f"answered {answer.status} with JSON that is no object")
    code = str(told.get("code", ""))
    # Some sites let nobody in who is not signed in: WordPress itself says so.
    if answer.status != 200 and not (answer.status in (401, 403) and code.startswith("rest_")):
        raise Unhealthy(f"answered {answer.status} ({code or 'no code'})")
    return f"answered {answer.status} with JSON"


def login(site, check: dict) -> str:
    """The login page with its form."""
    return judge_login(fetch(site.url, "/wp-login.php", float(check["within_s"])))


def judge_login(answer: Answer) -> str:
    if answer.status != 200:
        raise Unhealthy(f"answered {answer.status}{' to ' + answer.location if answer.location else ''} instead of 200")
    if LOGIN_FORM not in answer.body.decode("utf-8", "replace"):
        raise Unhealthy("shows no login form")
    return f"shows its form ({len(answer.body)} bytes)"


def cron(site, check: dict) -> str:
    """Planned events can be read, there are some, and they are being run. Runs none."""
    question = {"tree": os.path.realpath(site.current), "server": server_of(site.url)}
    try:
        told = php.ask(_CRON, question, float(check["within_s"]))
    except BelayError as error:
        raise Unhealthy(error.message) from None
    if not told["readable"] or not told["events"]:
        raise Unhealthy("WordPress has no planned events, not even its own")
    late = time.time() - told["oldest"]
    if late > STUCK_S:
        raise Unhealthy(f"an event has been waiting for {late / 86400:.0f} days: nothing runs wp-cron.php")
    return f"{told['events']} times planned"
