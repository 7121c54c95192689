"""One PHP process with one connection: statements go in as frames, results come out as frames (mysql_php.py)."""
from __future__ import annotations

import base64
import json
import struct
import subprocess
import tempfile
from typing import Optional, Tuple

from ..host import php
from ..errors import BelayError
from .mysql_php import PROGRAM
from .sql import LostConnection, SqlError

LENGTH = struct.Struct(">I")
ROWS, COLUMNS, END, ERROR = b"R", b"C", b"E", b"X"
#: The connection is gone: went away, lost, killed, server shutting down, closed by the server for idling.
_LOST = frozenset((2006, 2013, 2055, 1927, 1053, 1077, 1079, 1080, 4031))
_NO_MYSQLI = -1


class Pipe:
    """Raises BelayError DATABASE_UNREACHABLE, PHP_MYSQLI_MISSING when made; LostConnection at any time after."""

    def __init__(self, credentials, schema: Optional[str]):
        self._stderr = tempfile.TemporaryFile()
        self.process = php.start(PROGRAM, self._stderr)
        wire = {**credentials.wire(), **({} if schema is None else {"schema": schema})}
        texts = {key: base64.b64encode(str(value).encode("utf-8", "surrogateescape")).decode() for key, value in wire.items()}
        try:
            self.send(json.dumps(texts).encode())
            self.receive()
        except BaseException as error:
            self.close()
            if isinstance(error, (SqlError, LostConnection)):
                raise _refused(error, credentials) from None
            raise

    def send(self, body: bytes) -> None:
        try:
            self.process.stdin.write(LENGTH.pack(len(body)) + body)
            self.process.stdin.flush()
        except (OSError, ValueError):
            raise self._lost() from None

    def receive(self) -> Tuple[bytes, bytes]:
        """The letter and body of the next frame; an error frame is raised: SqlError, LostConnection."""
        head = self._read(5)
        letter, body = head[:1], self._read(LENGTH.unpack(head[1:])[0])
        if letter != ERROR:
            return letter, body
        error = json.loads(body)
        raise LostConnection(error["message"]) if error["errno"] in _LOST else SqlError(error["errno"], error["message"])

    def close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except OSError:
                pass
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._stderr.close()

    def _read(self, size: int) -> bytes:
        try:
            data = self.process.stdout.read(size)
        except (OSError, ValueError):
            data = b""
        if len(data) != size:
            raise self._lost()
        return data

    def _lost(self) -> LostConnection:
        if self._stderr.closed:
            return LostConnection("the session was closed")
        self._stderr.seek(0)
        words = self._stderr.read().decode("utf-8", "replace").strip()[-300:]
        return LostConnection(words or "PHP ended without a word")


def _refused(error: BelayError, credentials) -> BelayError:
    if isinstance(error, LostConnection):
        return BelayError("DATABASE_UNREACHABLE", error.message, error.remedy)
    if error.errno == _NO_MYSQLI:
        return BelayError("PHP_MYSQLI_MISSING", "PHP's command line has no mysqli on this host.", "Install php-mysql for the CLI.")
    where = credentials.socket or f"{credentials.host}:{credentials.port}"
    return BelayError(
        "DATABASE_UNREACHABLE",
        f"No connection to the database at {where} as {credentials.user}: {error.message} (error {error.errno}).",
        "Check DB_HOST, DB_NAME, DB_USER and DB_PASSWORD in shared/wp-config.php, and that the server runs.",
    )
