"""PHP processes of a release that is not live: pages through PHP's own web server, upgrades through its command line.

A private process, not the site's pool: what the candidate does there can harm no visitor, and no memory is shared with theirs.
"""
from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Dict, Iterator, List, NamedTuple, Optional
from urllib.parse import urlsplit

from ..errors import BelayError
from ..hold.hold import Hold
from ..hold.prepare import read_probe
from ..hold.probe import ask
from ..wordpress.wordpress import server_of
from .asked_php import ASKED
from .database_php import DATABASE
from .sandbox import confined, database_port, version
from .settings import environment, settings
from .stage_php import STAGE
from .stage_process import answer, end, run_stage
from .trial_php import ROUTER, TRIAL
from .without_php import WITHOUT

FOLDER = "candidate"
PROGRAMS = {"trial.php": TRIAL, "database.php": DATABASE, "router.php": ROUTER, "stage.php": STAGE, "asked.php": ASKED, "without.php": WITHOUT}
STARTS_WITHIN_S = 30.0
POLL_S = 0.02
_STARTED = re.compile(rb"\(http://127\.0\.0\.1:(\d+)\) started")


@dataclass(frozen=True)
class View:
    """Where the candidate's tables are, and what it may do with them."""

    #: What the scratch names begin with; WordPress's table prefix there.
    scratch: str
    #: False: it may change the tables whose names begin with `scratch`, and no other.
    read_only: bool
    #: Whole names of tables that it must not change.
    live: tuple = ()


class Server(NamedTuple):
    url: str
    headers: Dict[str, str]


class Trial:
    """A folder with the programs, for one release and one view."""

    def __init__(self, site, tree: str, view: View):
        self.site, self.tree, self.view = site, tree, view
        self.folder = folder_of(site)
        self.php = php_of(site)
        self.secret = secrets.token_hex(24)
        self.environment: Dict[str, str] = {}

    def __enter__(self) -> "Trial":
        remove(self.site)
        os.makedirs(os.path.join(self.folder, "tmp"), mode=0o700)
        self.environment = environment(self.php, self.folder)
        told = {
            "tree": self.tree, "scratch": self.view.scratch, "prefix": self.site.prefix, "read_only": self.view.read_only,
            "live": list(self.view.live), "secret": self.secret, "folder": self.folder, "enforced": version() > 0, "base": urlsplit(self.site.url).path.rstrip("/"),
            "server": {**server_of(self.site.url), "REMOTE_ADDR": "127.0.0.1"},
            "database": {name: getattr(self.site.credentials, name) for name in ("user", "password", "schema")},
        }
        for request in ("REQUEST_URI", "REQUEST_METHOD"):
            del told["server"][request]
        for name, text in {"trial.json": json.dumps(told), **PROGRAMS}.items():
            with open(os.open(os.path.join(self.folder, name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
        return self

    def __exit__(self, *_) -> None:
        remove(self.site)

    def command(self, *arguments: str) -> List[str]:
        """PHP as the site's pool has it, as near as the command line comes."""
        return [self.php, *(part for name, value in settings(self.folder).items() for part in ("-d", f"{name}={value}")), *arguments]

    def _confined(self):
        port = database_port(self.site.credentials)
        return confined(self.folder, [] if port is None else [port])

    @contextlib.contextmanager
    def server(self) -> Iterator[Server]:
        """The candidate's pages, for whoever knows the secret."""
        said = os.path.join(self.folder, "server.log")
        with open(said, "wb") as log:
            process = subprocess.Popen(
                self.command("-S", "127.0.0.1:0", "-t", self.tree, os.path.join(self.folder, "router.php")),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, env=self.environment, start_new_session=True,
                preexec_fn=self._confined(),
            )
        try:
            port = _port(process, said)
            host = server_of(self.site.url)["HTTP_HOST"]
            yield Server(f"http://127.0.0.1:{port}{urlsplit(self.site.url).path}", {"Host": host, "X-Belay-Trial": self.secret})
        finally:
            end(process)

    def stage(self, stage: str, timeout_s: float) -> Optional[str]:
        """Runs one stage of the upgrade on the view; what went wrong, or None."""
        question = {"stage": stage, "trial": True, "tree": self.tree}
        return run_stage(self.command(os.path.join(self.folder, "stage.php")), question, timeout_s, {"preexec_fn": self._confined(), "env": self.environment})

    def ask(self, updates: List[dict], timeout_s: float) -> dict:
        """Which updates of rows wait, as asked.php tells them: `{updates, fatal}`; `fatal`: why nobody could be asked, or None."""
        question = {"tree": self.tree, "updates": updates}
        how = {"preexec_fn": self._confined(), "env": self.environment}
        told = answer(self.command(os.path.join(self.folder, "asked.php")), question, timeout_s, how)
        return {"updates": [], "fatal": told} if isinstance(told, str) else told

    def fatal_errors(self) -> List[str]:
        """Fatal errors that PHP has written down since the trial began."""
        return [line for line in self._lines("php.log") if re.search(r"PHP (?:Fatal|Parse|Compile|Core) error|Allowed memory size", line)]

    def refused(self) -> List[str]:
        """What the candidate tried to do with the database, and was not let."""
        return sorted(set(self._lines("refused")))

    def _lines(self, name: str) -> List[str]:
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as file:
                return [line.strip()[:300] for line in file.read(1 << 20).splitlines() if line.strip()]
        except FileNotFoundError:
            return []


def folder_of(site) -> str:
    return os.path.join(site.belay, FOLDER)


def remove(site) -> bool:
    """Whether there was something to remove."""
    there = os.path.lexists(folder_of(site))
    shutil.rmtree(folder_of(site), ignore_errors=True)
    return there


def php_of(site) -> str:
    """The command line of the PHP version that the site's pool runs, as far as the host has it under its usual name."""
    secret = read_probe(Hold(os.path.join(site.belay, "hold")))
    told = str(ask(site.url, secret).get("php", "")) if secret else ""
    number = re.match(r"\d+\.\d+", told)
    found = (number and shutil.which(f"php{number.group(0)}")) or shutil.which("php")
    if not found:
        raise BelayError("TOOL_MISSING", "PHP's command line is not installed on this host.", "Install php-cli and php-mysql.")
    return found


def _port(process: subprocess.Popen, said: str) -> int:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        with open(said, "rb") as log:
            found = _STARTED.search(log.read(1 << 16))
        if found:
            return int(found.group(1))
        time.sleep(POLL_S)
    with open(said, "rb") as log:
        words = log.read(1 << 16).decode(errors="replace").strip()[-300:]
    raise BelayError(
        "CANDIDATE_UNSEEN",
        f"PHP's own web server did not start on this host: {words or 'it says nothing'}.",
        "Run `php -S 127.0.0.1:0` on the host as the site's owner and mend what it reports.",
    )
