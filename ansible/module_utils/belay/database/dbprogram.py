"""The database's own programs, for backups: `mariadb-dump` and `mariadb` (or MySQL's), with their credentials in memory."""
from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import BinaryIO, Iterator, List

from ..errors import BelayError
from ..host.memfile import memory_file

_CONSISTENT = ["--single-transaction", "--quick", "--hex-blob", "--no-tablespaces", "--default-character-set=utf8mb4"]


def dump(site, arguments: List[str], out: BinaryIO) -> None:
    """Appends what the dump program says to a file. Raises BelayError DUMP_FAILED."""
    program = _program("mariadb-dump", "mysqldump")
    with memory_file(_options(site.credentials)) as (config, handle):
        command = [program, "--defaults-file=" + config, *_CONSISTENT, *arguments]
        done = subprocess.run(command, pass_fds=(handle,), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise BelayError("DUMP_FAILED", "The database could not be dumped: %s" % _text(done.stderr), "Give the site's database user the rights that are missing, then try again.")


@contextmanager
def loader(site, schema: str) -> Iterator[BinaryIO]:
    """A stream for SQL that runs in another schema. Raises BelayError RESTORE_FAILED when the server refuses it."""
    program = _program("mariadb", "mysql")
    with memory_file(_options(site.credentials)) as (config, handle):
        command = [program, "--defaults-file=" + config, "--batch", "--binary-mode", "--default-character-set=utf8mb4", schema]
        with subprocess.Popen(command, pass_fds=(handle,), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                yield process.stdin
                process.stdin.close()
            except BrokenPipeError:
                pass
            except BaseException:
                process.kill()
                raise
            message = process.stderr.read()
    if process.returncode != 0:
        raise BelayError("BACKUP_NOT_PROVEN", "The dump cannot be loaded again: %s" % _text(message), "Look at the statement that the server refused.")


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise BelayError("TOOL_MISSING", "%s is not installed on this host." % names[0], "Install the package mariadb-client.")
    return found


def _options(access) -> str:
    """The [client] section of an option file. Backslash and quote are the only marks that need one inside quotes."""
    # mysqli wants an IPv6 address in brackets, these programs want it without.
    values = {"user": access.user, "password": access.password, "host": access.host.strip("[]"), "port": access.port, "socket": access.socket}
    lines = ['%s="%s"' % (name, str(value).replace("\\", "\\\\").replace('"', '\\"')) for name, value in values.items() if value]
    return "[client]\n" + "\n".join(lines) + "\n"


def _text(message: bytes) -> str:
    return message.decode(errors="replace").strip().replace("\n", " ")[-600:]
