"""The restic program with its password and repository in memory files: neither is ever an argument or in the environment."""
from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Iterator, List

from ..errors import BelayError
from ..host.memfile import memory_file

_NO_REPOSITORY = 10
_INCOMPLETE = 3


class Restic:
    """One repository. `cache` is a folder of the site's owner."""

    def __init__(self, repository: str, password: str, cache: str):
        if not repository or not password:
            raise BelayError(
                "BACKUP_NOT_CONFIGURED",
                "The runner was given no repository or no password for backups.",
                "Set the secrets BELAY_RESTIC_REPOSITORY and BELAY_RESTIC_PASSWORD of the target's GitHub environment.",
            )
        self._repository, self._password, self._cache = repository, password, cache

    def ensure_repository(self) -> None:
        """Makes the repository when there is none. Raises BelayError BACKUP_REPOSITORY."""
        code, _, message = self._run(["cat", "config"])
        if code == 0:
            return
        if code != _NO_REPOSITORY and "Is there a repository" not in message:
            raise self._failed("cannot be opened", message)
        code, _, message = self._run(["init"])
        if code != 0:
            raise self._failed("cannot be made", message)

    def backup(self, paths: List[str], excludes: List[str], labels: dict) -> dict:
        """Takes a snapshot of absolute paths -> restic's summary (`snapshot_id`, `total_bytes_processed`, ...)."""
        arguments = ["backup", "--json", "--quiet", "--host", labels["host"]]
        for tag in labels["tags"]:
            arguments += ["--tag", tag]
        with memory_file("".join(pattern + "\n" for pattern in excludes)) as (file, handle):
            code, out, message = self._run([*arguments, "--exclude-file", file, "--", *paths], handle)
        if code not in (0, _INCOMPLETE):
            raise self._failed("took no backup", message)
        lines = [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]
        return next(line for line in reversed(lines) if line.get("message_type") == "summary")

    @contextmanager
    def tar(self, snapshot: str) -> Iterator[BinaryIO]:
        """Everything in a snapshot, read back from the repository, as a tar stream."""
        with self._start(["dump", "--archive", "tar", snapshot, "/"]) as process:
            try:
                yield process.stdout
            except BaseException:
                process.kill()
                raise
            message = process.stderr.read().decode(errors="replace")
        if process.returncode != 0:
            raise self._failed("cannot give the snapshot back", message)

    def forget(self, snapshot: str) -> None:
        """Drops a snapshot that has no worth; its data goes with the repository's next clean-up."""
        self._run(["forget", snapshot])

    def _run(self, arguments: List[str], *handles: int):
        with self._start(arguments, *handles) as process:
            out, message = process.communicate()
        return process.returncode, out, message.decode(errors="replace")

    @contextmanager
    def _start(self, arguments: List[str], *handles: int):
        with ExitStack() as stack:
            password, password_handle = stack.enter_context(memory_file(self._password))
            repository, repository_handle = stack.enter_context(memory_file(self._repository))
            environment = dict(
                os.environ, RESTIC_PASSWORD_FILE=password, RESTIC_REPOSITORY_FILE=repository, RESTIC_CACHE_DIR=self._cache, RESTIC_PROGRESS_FPS="0.01"
            )
            try:
                process = subprocess.Popen(
                    ["restic", "--cleanup-cache", *arguments],
                    env=environment,
                    pass_fds=(password_handle, repository_handle, *handles),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            except FileNotFoundError as error:
                raise BelayError("TOOL_MISSING", "restic is not installed on this host.", "Install the package restic.") from error
            with process:
                yield process

    def _failed(self, what: str, message: str) -> BelayError:
        told = message.replace(self._repository, "<repository>").replace(self._password, "<password>").strip().replace("\n", " ")
        return BelayError("BACKUP_REPOSITORY", "The backup repository %s: %s" % (what, told[-600:]), "Check the repository, its password and the host's way to it.")
