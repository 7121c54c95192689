"""What the site's own WordPress says about itself."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from urllib.parse import urlsplit

from ..host import php
from ..errors import BelayError

#: Starts the site's WordPress as a request for its front page would, without running anything that is planned.
BOOT = r"""
$ask = json_decode(stream_get_contents(STDIN), true);
$_SERVER = array_merge($_SERVER, $ask['server']);
define('WP_USE_THEMES', false);
if (!defined('DISABLE_WP_CRON')) define('DISABLE_WP_CRON', true);
chdir($ask['tree']);
ob_start();
(function ($file) { require $file; })($ask['tree'] . '/wp-load.php');
"""
_IS_INSTALLED = BOOT + r"""
$installed = is_blog_installed();
while (ob_get_level()) ob_end_clean();
echo "\n", json_encode(['installed' => $installed]), "\n";
"""


def require_installed(site, timeout_s: float) -> str:
    """Boots the site's WordPress and returns a sentence; raises BelayError WORDPRESS_BROKEN when it does not start, or says
    that it is not installed. Asks WP-CLI where the host has it."""
    if shutil.which("wp"):
        _ask_wp_cli(site, timeout_s)
        return "WP-CLI says so"
    try:
        installed = php.ask(_IS_INSTALLED, {"tree": os.path.realpath(site.current), "server": server_of(site.url)}, timeout_s)["installed"]
    except BelayError as error:
        raise _broken(error.message) from None
    if not installed:
        raise _broken("WordPress started, but its tables are not there.")
    return "WordPress started and says so"


def version(tree: str) -> str:
    """`$wp_version` of a code tree. Raises BelayError SITE_LAYOUT where there is no WordPress."""
    found = _said_by(tree, r"wp_version\s*=\s*['\"]([^'\"]+)['\"]")
    if found is None:
        raise BelayError(
            "SITE_LAYOUT",
            f"{tree} holds no WordPress: wp-includes/version.php says no version.",
            "A release holds the whole code tree, with WordPress at its top; see docs/hosts.md.",
        )
    return found


def wanted_db_version(tree: str):
    """`$wp_db_version` of a code tree: the version that it brings its database to; None where it says none."""
    return _said_by(tree, r"wp_db_version\s*=\s*['\"]?(\d+)")


def _said_by(tree: str, assignment: str):
    try:
        with open(os.path.join(tree, "wp-includes", "version.php"), encoding="utf-8", errors="replace") as file:
            found = re.search(r"(?:^|[;\s])\$" + assignment, file.read())
    except OSError:
        return None
    return found.group(1) if found else None


def _ask_wp_cli(site, timeout_s: float) -> None:
    command = ["wp", "core", "is-installed", f"--path={os.path.realpath(site.current)}", f"--url={site.url}", "--no-color"]
    environment = {**os.environ, "WP_CLI_PHP_ARGS": "-d auto_prepend_file="}
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout_s, env=environment, check=False)
    except subprocess.TimeoutExpired:
        raise _broken(f"WP-CLI did not answer within {timeout_s:g} s.") from None
    if done.returncode != 0:
        raise _broken(f"WP-CLI says that WordPress is not installed. {done.stdout.decode(errors='replace').strip()[-300:]}")


def server_of(url: str) -> dict:
    """What a request for the front page would look like to plugins that read it."""
    parts = urlsplit(url)
    https = {"HTTPS": "on"} if parts.scheme == "https" else {}
    return {"HTTP_HOST": parts.netloc, "SERVER_NAME": parts.hostname or "", "REQUEST_URI": "/", "REQUEST_METHOD": "GET", **https}


def _broken(why: str) -> BelayError:
    return BelayError("WORDPRESS_BROKEN", f"The site's WordPress does not start: {why}", "Look into PHP's error log on the host.")
