"""An environment on its host: the layout of its folders, its owner, and the credentials of its database."""
from __future__ import annotations

import os
import pwd
import re
from dataclasses import dataclass, field

from ..errors import BelayError
from .wp_config import Credentials, check_config, credentials_of, multisite, read_config, split_host

__all__ = ["Credentials", "Site", "multisite", "split_host"]


ROOT_UID = 0


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
        owner = become_owner(root)
        _check_layout(root, initial)
        config = read_config(root, url)
        check_config(config, database, prefix)
        return Site(root, url, database, prefix, owner.st_uid, owner.st_gid, credentials_of(config))

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


def become_owner(root: str) -> os.stat_result:
    try:
        owner = os.stat(root)
    except OSError as error:
        raise _layout(root, f"it cannot be read: {error.strerror}") from error
    if owner.st_uid == ROOT_UID:
        raise BelayError(
            "SITE_OWNER",
            f"{root} belongs to root: the site's own PHP, plugins included, would run as root here.",
            f"Give it to the user that runs PHP for this site: chown -R <user>: {root}",
        )
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


def _check_prefix(prefix: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_]+", prefix) or prefix.startswith("belay_"):
        raise BelayError(
            "PREFIX_INVALID",
            f"The table prefix {prefix!r} cannot be used.",
            "A prefix has letters, digits and _ only, and does not begin with `belay_`, which is Belay's own.",
        )
