"""wp-config.php, read by the site's own PHP without starting WordPress: where the database is, and what must agree with us."""
from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from typing import Tuple
from urllib.parse import urlsplit

from . import php
from ..errors import BelayError

#: Reads wp-config.php as WordPress would, without the line that starts WordPress, and with `__DIR__` being its folder.
_READ_CONFIG = r"""
$ask = json_decode(stream_get_contents(STDIN), true);
define('ABSPATH', $ask['abspath']);
$_SERVER['HTTP_HOST'] = $_SERVER['SERVER_NAME'] = $ask['host'];
$_SERVER['REQUEST_URI'] = '/';
chdir($ask['abspath']);
$code = ''; $statement = '';
foreach (token_get_all(file_get_contents($ask['config'])) as $token) {
    $text = is_array($token) ? $token[1] : $token;
    if (is_array($token) && $token[0] === T_DIR) $text = var_export(dirname($ask['config']), true);
    if (is_array($token) && $token[0] === T_FILE) $text = var_export($ask['config'], true);
    $including = $statement !== '' || (is_array($token) && in_array($token[0], [T_REQUIRE, T_REQUIRE_ONCE, T_INCLUDE, T_INCLUDE_ONCE]));
    if (!$including) { $code .= $text; continue; }
    $statement .= $text;
    $closing = is_array($token) && $token[0] === T_CLOSE_TAG ? $text : '';
    if ($text !== ';' && $closing === '') continue;
    $code .= strpos($statement, 'wp-settings.php') === false ? $statement : ';' . $closing;
    $statement = '';
}
if (strpos($statement, 'wp-settings.php') !== false) $statement = ';';
ob_start();
(function () use ($code) { global $table_prefix; eval('?>' . $code . $GLOBALS['statement']); })();
ob_end_clean();
$answer = ['table_prefix' => base64_encode((string) ($table_prefix ?? ''))];
foreach (['DB_NAME', 'DB_USER', 'DB_PASSWORD', 'DB_HOST', 'MYSQL_CLIENT_FLAGS', 'MULTISITE', 'SUBDOMAIN_INSTALL', 'VHOST'] as $name) {
    if (defined($name)) $answer[$name] = base64_encode((string) constant($name));
}
echo "\n", json_encode($answer), "\n";
"""


@dataclass(frozen=True)
class Credentials:
    """How to reach the site's database; read from wp-config.php, and never shown."""

    host: str
    port: int
    socket: str
    user: str
    schema: str
    password: str = field(repr=False)
    flags: int = 0

    def wire(self) -> dict:
        return dict(vars(self))


def read_config(root: str, url: str) -> dict:
    """What wp-config.php defines: names of constants, and `table_prefix`. Raises BelayError SITE_CONFIG."""
    release = os.path.join(root, "current")
    question = {
        "config": os.path.join(os.path.realpath(root), "shared", "wp-config.php"),
        "abspath": (os.path.realpath(release) if os.path.isdir(release) else root) + "/",
        "host": urlsplit(url).netloc,
    }
    try:
        answer = php.ask(_READ_CONFIG, question)
    except BelayError as error:
        raise BelayError("SITE_CONFIG", f"shared/wp-config.php could not be read through PHP: {error.message}", error.remedy) from error
    return {name: base64.b64decode(value).decode("utf-8", "surrogateescape") for name, value in answer.items()}


def check_config(config: dict, database: str, prefix: str) -> None:
    """Raises BelayError SITE_CONFIG, SITE_MISMATCH, MULTISITE_UNSUPPORTED."""
    missing = [name for name in ("DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST") if name not in config]
    if missing:
        raise BelayError(
            "SITE_CONFIG",
            f"shared/wp-config.php does not define {', '.join(missing)} when PHP's command line reads it.",
            "Define them there with constants that do not depend on the web server's environment.",
        )
    for what, told, found in (("database", database, config["DB_NAME"]), ("prefix", prefix, config["table_prefix"])):
        if told != found:
            raise BelayError(
                "SITE_MISMATCH",
                f"The configured {what} is `{told}`, but shared/wp-config.php says `{found}`.",
                f"Correct database.{'name' if what == 'database' else what} of this environment in .github/belay.yml, or its root.",
            )
    if any(config.get(name) not in (None, "", "0", "no") for name in ("MULTISITE", "SUBDOMAIN_INSTALL", "VHOST")):
        raise multisite()


def multisite() -> BelayError:
    return BelayError(
        "MULTISITE_UNSUPPORTED",
        "This is a WordPress multisite network; Belay promotes single sites only.",
        "Remove this environment from .github/belay.yml.",
    )


def credentials_of(config: dict) -> Credentials:
    host, port, socket = split_host(config["DB_HOST"])
    flags = config.get("MYSQL_CLIENT_FLAGS", "")
    return Credentials(
        host, port, socket, config["DB_USER"], config["DB_NAME"], config["DB_PASSWORD"], int(flags) if flags.isdigit() else 0
    )


def split_host(text: str) -> Tuple[str, int, str]:
    """Host, port and socket of a DB_HOST, as WordPress reads it: `host`, `host:port`, `host:/socket`, `[::1]:port`."""
    host, colon, rest = text.partition(":/")
    socket = "/" + rest if colon else ""
    pattern = r"\[?([0-9a-fA-F:]+)(?:\]:(\d+))?" if host.count(":") > 1 else r"([^:/]*)(?::(\d+))?"
    match = re.match(pattern, host)
    name = match.group(1) if match else host
    if ":" in name:
        name = f"[{name}]"
    return name or "localhost", int(match.group(2) or 3306) if match else 3306, socket
