"""Sessions with the site's database, through one long-lived PHP process each (decision 0001)."""
from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import tempfile
from typing import Iterator, List, Optional, Tuple, Union

from . import php
from .errors import BelayError
from .mysql_php import PROGRAM

Row = Tuple[Optional[bytes], ...]

_LENGTH = struct.Struct(">I")
_NULL = 0xFFFFFFFF
#: The connection is gone: went away, lost, killed, server shutting down, closed by the server for idling.
_LOST = {2006, 2013, 2055, 1927, 1053, 1077, 1079, 1080, 4031}
_NUMBER = re.compile(rb"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
#: Strict, so that nothing is cut silently; zero dates and the id 0 are what WordPress and its plugins store.
_SETTINGS = (
    "time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', "
    "sql_quote_show_create = 1, sql_select_limit = DEFAULT, lock_wait_timeout = 30, innodb_lock_wait_timeout = 30, "
    "wait_timeout = 28800, net_write_timeout = 3600, net_read_timeout = 3600"
)


class SqlError(BelayError):
    """The server refused a statement; `errno` is its number, `message` its words."""

    def __init__(self, errno: int, message: str):
        super().__init__("SQL_ERROR", message, f"The database answered with error {errno}; mend its cause and try again.")
        self.errno = errno


class LostConnection(BelayError):
    """The connection or its PHP process ended. Whether the last statement was carried out is not known."""

    def __init__(self, message: str):
        super().__init__("DATABASE_LOST", f"The connection to the database was lost: {message}.", "See that the database server runs, then try again.")


def ident(name: str) -> str:
    """A name for use in a statement, in backquotes."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: Union[bytes, str, None]) -> str:
    """A value for use in a statement: NULL, a plain number in quotes, or X'...'.

    X'...' is a binary string: it compares byte by byte, and goes into a text column as the bytes it is; write
    `_utf8mb4 X'...'` where the column may have another character set. A number in quotes, because MySQL reads X'31' as 49
    where it expects a number.
    """
    if value is None:
        return "NULL"
    data = value.encode() if isinstance(value, str) else value
    return f"'{data.decode()}'" if _NUMBER.fullmatch(data) else f"X'{data.hex()}'"


class Session:
    """One connection. Values come as the bytes of the server's text protocol, text in UTF-8, NULL as None.

    A BIT column comes as its decimal number: select `HEX(column)` where the bytes matter. `schema` replaces the site's
    own. Raises BelayError DATABASE_UNREACHABLE, PHP_MYSQLI_MISSING, SERVER_TOO_OLD; every method SqlError, LostConnection.
    """

    def __init__(self, site, schema: Optional[str] = None):
        self._unread = False
        self._snapshot = False
        self.columns: List[str] = []
        self._stderr = tempfile.TemporaryFile()
        self._php = php.start(PROGRAM, self._stderr)
        try:
            self._connect(site.credentials, schema)
            self.execute(f"SET SESSION {_SETTINGS}")
            self.server_version = self.query("SELECT VERSION()")[0][0].decode()
            self.is_mariadb = "mariadb" in self.server_version.lower()
            _require_supported(self.server_version, self.is_mariadb)
            self.execute("SET SESSION max_statement_time = 0" if self.is_mariadb else "SET SESSION max_execution_time = 0")
        except BaseException:
            self.close()
            raise

    def query(self, sql: Union[str, bytes]) -> List[Row]:
        """All rows of a statement."""
        return list(self.stream(sql))

    def stream(self, sql: Union[str, bytes]) -> Iterator[Row]:
        """The rows of a statement as they arrive; what is not read is thrown away by the next statement."""
        self._ask(sql)
        letter, body = self._receive()
        width = 0
        if letter == b"C":
            self.columns = [base64.b64decode(name).decode() for name in json.loads(body)]
            width = len(self.columns)
        return self._rows(letter, width)

    def bodies(self, sql: Union[str, bytes]) -> Iterator[bytes]:
        """The rows of a statement in the frames as they arrive: per value four bytes of length and its bytes."""
        self._ask(sql)
        letter = b""
        while letter != b"E":
            letter, body = self._receive()
            if letter == b"R":
                yield body

    def execute(self, sql: Union[str, bytes]) -> int:
        """Carries a statement out and returns the number of rows it changed."""
        self._ask(sql)
        while True:
            letter, body = self._receive()
            if letter == b"E":
                return int(json.loads(body)["affected"])

    def snapshot(self) -> "Snapshot":
        """From now on every read sees the database as it is now, and no writer waits; ends with the `with` block.
        Within a snapshot another one is the same."""
        if self._snapshot:
            return Snapshot(self, outermost=False)
        self.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        self._snapshot = True
        return Snapshot(self, outermost=True)

    def end_snapshot(self, lost: bool) -> None:
        """`lost`: the connection, and with it the snapshot, is gone already."""
        self._snapshot = False
        if not lost:
            self.execute("ROLLBACK")

    def close(self) -> None:
        """Ends PHP, and with it the connection, its locks and its transaction."""
        for stream in (self._php.stdin, self._php.stdout):
            try:
                stream.close()
            except OSError:
                pass
        try:
            self._php.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._php.kill()
            self._php.wait()
        self._stderr.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _connect(self, credentials, schema: Optional[str]) -> None:
        wire = {**credentials.wire(), **({} if schema is None else {"schema": schema})}
        texts = {key: base64.b64encode(str(value).encode("utf-8", "surrogateescape")).decode() for key, value in wire.items()}
        self._send(json.dumps(texts).encode())
        try:
            self._unread = True
            self._receive()
        except SqlError as error:
            raise _refused(error, credentials) from None
        except LostConnection as error:
            raise BelayError("DATABASE_UNREACHABLE", error.message, error.remedy) from None

    def _ask(self, sql: Union[str, bytes]) -> None:
        while self._unread:
            try:
                self._receive()
            except SqlError:
                break
        self._send(sql.encode() if isinstance(sql, str) else sql)
        self._unread = True

    def _rows(self, letter: bytes, width: int) -> Iterator[Row]:
        while letter != b"E":
            letter, body = self._receive()
            if letter == b"R":
                yield from _split(body, width)

    def _send(self, body: bytes) -> None:
        try:
            self._php.stdin.write(_LENGTH.pack(len(body)) + body)
            self._php.stdin.flush()
        except (OSError, ValueError):
            raise self._lost() from None

    def _receive(self) -> Tuple[bytes, bytes]:
        head = self._read(5)
        letter, body = head[:1], self._read(_LENGTH.unpack(head[1:])[0])
        if letter in (b"E", b"X"):
            self._unread = False
        if letter != b"X":
            return letter, body
        error = json.loads(body)
        if error["errno"] in _LOST:
            raise LostConnection(error["message"])
        raise SqlError(error["errno"], error["message"])

    def _read(self, size: int) -> bytes:
        try:
            data = self._php.stdout.read(size)
        except (OSError, ValueError):
            data = b""
        if len(data) != size:
            raise self._lost()
        return data

    def _lost(self) -> LostConnection:
        self._unread = False
        if self._stderr.closed:
            return LostConnection("the session was closed")
        self._stderr.seek(0)
        words = self._stderr.read().decode("utf-8", "replace").strip()[-300:]
        return LostConnection(words or "PHP ended without a word")


class Snapshot:
    """The end of a snapshot, as a context manager."""

    def __init__(self, session: Session, outermost: bool):
        self._session, self._outermost = session, outermost

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, kind, *_) -> None:
        if self._outermost:
            self._session.end_snapshot(lost=kind is not None and issubclass(kind, LostConnection))


def _split(body: bytes, width: int) -> Iterator[Row]:
    """The rows of one frame."""
    at, end, unpack = 0, len(body), _LENGTH.unpack_from
    while at < end:
        row = []
        for _ in range(width):
            size = unpack(body, at)[0]
            at += 4
            if size == _NULL:
                row.append(None)
            else:
                row.append(body[at:at + size])
                at += size
        yield tuple(row)


def _require_supported(version: str, is_mariadb: bool) -> None:
    """One RENAME TABLE of many tables is all or nothing from these versions on."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if numbers < ((10, 6, 1) if is_mariadb else (8, 0, 0)):
        raise BelayError(
            "SERVER_TOO_OLD",
            f"The database server is {version}; Belay needs MariaDB 10.6.1 or MySQL 8, because older ones do not rename several tables in one step.",
            "Upgrade the database server.",
        )


def _refused(error: SqlError, credentials) -> BelayError:
    if error.errno == -1:
        return BelayError("PHP_MYSQLI_MISSING", "PHP's command line has no mysqli on this host.", "Install php-mysql for the CLI.")
    where = credentials.socket or f"{credentials.host}:{credentials.port}"
    return BelayError(
        "DATABASE_UNREACHABLE",
        f"No connection to the database at {where} as {credentials.user}: {error.message} (error {error.errno}).",
        "Check DB_HOST, DB_NAME, DB_USER and DB_PASSWORD in shared/wp-config.php, and that the server runs.",
    )
