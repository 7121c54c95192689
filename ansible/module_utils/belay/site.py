"""An environment on its host: the layout of its folders, its owner, and the credentials of its database."""
from __future__ import annotations

import base64
import os
import pwd
import re
from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import urlsplit

from . import php
from .errors import BelayError

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
    if ($text !== ';') continue;
    $code .= strpos($statement, 'wp-settings.php') === false ? $statement : ';';
    $statement = '';
}
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


@dataclass(frozen=True)
class Site:
    root: str
    url: str
    database: str
    prefix: str
    uid: int
    gid: int
    credentials: Credentials = field(repr=False)

    @staticmethod
    def open(root: str, url: str, database: str, prefix: str, initial: bool = False) -> "Site":
        """The environment at `root`, after becoming its owner.

        `initial`: there is no code tree yet. Raises BelayError SITE_LAYOUT, SITE_OWNER, SITE_CONFIG, SITE_MISMATCH,
        MULTISITE_UNSUPPORTED.
        """
        root = os.path.normpath(root)
        _check_prefix(prefix)
        owner = _become_owner(root)
        _check_layout(root, initial)
        config = _read_config(root, url)
        _check_config(config, database, prefix)
        return Site(root, url, database, prefix, owner.st_uid, owner.st_gid, _credentials(config))

    @property
    def current(self) -> str:
        """The link to the active release; what the web server serves."""
        return os.path.join(self.root, "current")

    @property
    def releases(self) -> str:
        return os.path.join(self.root, "releases")

    @property
    def shared(self) -> str:
        return os.path.join(self.root, "shared")

    @property
    def belay(self) -> str:
        return os.path.join(self.root, ".belay")

    @property
    def tree(self) -> str:
        """The folder of the active release."""
        return os.path.join(self.releases, self.active_release())

    def active_release(self) -> str:
        """The name (12 hexadecimal digits) of the release that `current` points to. Raises BelayError SITE_LAYOUT."""
        return _active_release(self.root)


def _become_owner(root: str) -> os.stat_result:
    try:
        owner = os.stat(root)
    except OSError as error:
        raise _layout(root, f"it cannot be read: {error.strerror}") from error
    if os.geteuid() == owner.st_uid:
        return owner
    name, home = _account(owner.st_uid)
    if os.geteuid() != 0:
        raise BelayError(
            "SITE_OWNER",
            f"{root} belongs to {name}, but Ansible works on this host as user {os.geteuid()}.",
            f"Set ansible_user to {name} in the inventory, or to root.",
        )
    os.initgroups(name, owner.st_gid) if home else os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
    os.environ.update(HOME=home or root, USER=name, LOGNAME=name)
    os.chdir("/")
    return owner


def _account(uid: int):
    try:
        entry = pwd.getpwuid(uid)
        return entry.pw_name, entry.pw_dir
    except KeyError:
        return str(uid), None


def _check_layout(root: str, initial: bool) -> None:
    for name, test, what in (
        ("shared", os.path.isdir, "folder"),
        ("shared/wp-config.php", os.path.isfile, "file"),
        *(() if initial else (("releases", os.path.isdir, "folder"), ("current", os.path.islink, "symbolic link"))),
    ):
        if not test(os.path.join(root, name)):
            raise _layout(root, f"`{name}` is not there or is no {what}")
    if not initial:
        _active_release(root)


def _active_release(root: str) -> str:
    current = os.path.join(root, "current")
    try:
        folder, name = os.path.split(os.path.realpath(os.path.join(root, os.readlink(current))))
    except OSError as error:
        raise _layout(root, f"`current` cannot be read as a symbolic link: {error.strerror}") from error
    inside = folder == os.path.realpath(os.path.join(root, "releases"))
    if not inside or not re.fullmatch(r"[0-9a-f]{12}", name) or not os.path.isdir(os.path.join(folder, name)):
        raise _layout(root, "`current` does not point to a folder `releases/<12 hexadecimal digits>`")
    return name


def _layout(root: str, why: str) -> BelayError:
    return BelayError(
        "SITE_LAYOUT",
        f"{root} is not laid out as Belay needs it: {why}.",
        "It needs releases/<12 hex digits>/, current -> releases/..., and shared/ with wp-config.php; see docs/hosts.md.",
    )


def _read_config(root: str, url: str) -> dict:
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


def _check_prefix(prefix: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_]+", prefix) or prefix.startswith("belay_"):
        raise BelayError(
            "PREFIX_INVALID",
            f"The table prefix {prefix!r} cannot be used.",
            "A prefix has letters, digits and _ only, and does not begin with `belay_`, which is Belay's own.",
        )


def _check_config(config: dict, database: str, prefix: str) -> None:
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


def _credentials(config: dict) -> Credentials:
    host, port, socket = split_host(config["DB_HOST"])
    flags = config.get("MYSQL_CLIENT_FLAGS", "")
    return Credentials(
        host, port, socket, config["DB_USER"], config["DB_NAME"], config["DB_PASSWORD"], int(flags) if flags.isdigit() else 0
    )


def split_host(text: str):
    """Host, port and socket of a DB_HOST, as WordPress reads it: `host`, `host:port`, `host:/socket`, `[::1]:port`."""
    host, colon, rest = text.partition(":/")
    socket: Optional[str] = "/" + rest if colon else ""
    pattern = r"\[?([0-9a-fA-F:]+)(?:\]:(\d+))?" if host.count(":") > 1 else r"([^:/]*)(?::(\d+))?"
    match = re.match(pattern, host)
    name = match.group(1) if match else host
    if ":" in name:
        name = f"[{name}]"
    return name or "localhost", int(match.group(2) or 3306) if match else 3306, socket
