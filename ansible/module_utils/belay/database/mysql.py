"""Sessions with the site's database, through one long-lived PHP process each (decision 0001)."""
from __future__ import annotations

import base64
import json
import re
from typing import Iterator, List, Optional, Sequence, Tuple, Union

from ..errors import BelayError
from .mysql_pipe import COLUMNS, END, LENGTH, ROWS, Pipe
from .sql import LostConnection, SqlError, ident, literal

__all__ = ["LostConnection", "Row", "Session", "Snapshot", "SqlError", "ident", "literal"]

Row = Tuple[Optional[bytes], ...]
Sql = Union[str, bytes]

_NULL = 0xFFFFFFFF
#: Strict, so that nothing is cut silently; zero dates and the id 0 are what WordPress and its plugins store.
_SETTINGS = (
    "time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', "
    "autocommit = 1, sql_quote_show_create = 1, sql_select_limit = DEFAULT, lock_wait_timeout = 30, innodb_lock_wait_timeout = 30, "
    "group_concat_max_len = 8388608, "
    "wait_timeout = 28800, net_write_timeout = 3600, net_read_timeout = 3600"
)


class Session:
    """One connection. Values come as the bytes of the server's text protocol, text in UTF-8, NULL as None.

    A BIT column comes as its decimal number: select `HEX(column)` where the bytes matter. `schema` replaces the site's
    own; `packet` is max_allowed_packet, in bytes. Raises BelayError DATABASE_UNREACHABLE, PHP_MYSQLI_MISSING, SERVER_TOO_OLD;
    every method SqlError, LostConnection.
    """

    def __init__(self, site, schema: Optional[str] = None):
        self.columns: List[str] = []
        #: So many answers are still to come.
        self._unread = 0
        self._statements = 0
        self._snapshot = False
        self._pipe = Pipe(site.credentials, schema)
        try:
            self.execute(f"SET SESSION {_SETTINGS}")
            version, packet = self.query("SELECT VERSION(), @@max_allowed_packet")[0]
            self.server_version, self.packet = version.decode(), int(packet)
            self.is_mariadb = "mariadb" in self.server_version.lower()
            _require_supported(self.server_version, self.is_mariadb)
            self.execute("SET SESSION max_statement_time = 0" if self.is_mariadb else "SET SESSION max_execution_time = 0")
        except BaseException:
            self.close()
            raise

    def query(self, sql: Sql) -> List[Row]:
        """All rows of a statement."""
        return list(self.stream(sql))

    def stream(self, sql: Sql) -> Iterator[Row]:
        """The rows of a statement as they arrive. What is not read is thrown away by the next statement; reading on after
        that is an error of the caller (RuntimeError)."""
        width, bodies = self._start(sql)
        return (row for body in bodies for row in _split(body, width))

    def bodies(self, sql: Sql) -> Iterator[bytes]:
        """The rows of a statement in the frames as they arrive: per value four bytes of length and its bytes."""
        return self._start(sql)[1]

    def execute(self, sql: Sql) -> int:
        """Carries a statement out and returns the number of rows it changed."""
        self._ask(sql)
        return self._end()

    def several(self, statements: Sequence[str]) -> Iterator[List[Row]]:
        """The rows of each statement as soon as it was carried out. All are sent at once, and the server stops for nobody between
        two of them, not even should this process; an error ends all."""
        self._ask("\0" + "; ".join(statements), len(statements))
        asked = self._statements
        for _ in statements:
            if asked != self._statements:
                raise RuntimeError("the rest of these answers was thrown away by another statement")
            letter, body = self._receive()
            width = len(json.loads(body)) if letter == COLUMNS else 0
            yield [row for body in self._frames(letter, asked) for row in _split(body, width)]

    def snapshot(self) -> "Snapshot":
        """From now on every read sees the database as it is now, and no writer waits; ends with the `with` block.
        Within a snapshot another one is the same."""
        if self._snapshot:
            return Snapshot(self, outermost=False)
        self.announce_snapshot()
        self.ask_snapshot()
        self.await_snapshot()
        return self.enter_snapshot()

    def announce_snapshot(self) -> None:
        """The first of the four steps of `snapshot`, for whoever opens several at one instant: no statement may come between."""
        self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def ask_snapshot(self) -> None:
        """Asks for it, and waits for nothing."""
        self._ask("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def await_snapshot(self) -> None:
        """From its return on the snapshot is there."""
        self._end()
        self._snapshot = True

    def enter_snapshot(self) -> "Snapshot":
        self.execute("SAVEPOINT belay")
        return Snapshot(self, outermost=True)

    @property
    def in_snapshot(self) -> bool:
        return self._snapshot

    def release(self) -> None:
        """Lets go of the tables that a snapshot has read so far, as mysqldump does: an ALTER need not wait for its end."""
        if self._snapshot:
            self.execute("ROLLBACK TO SAVEPOINT belay")

    def end_snapshot(self, lost: bool) -> None:
        """`lost`: the connection, and with it the snapshot, is gone already."""
        self._snapshot = False
        if not lost:
            self.execute("ROLLBACK")

    def close(self) -> None:
        """Ends PHP, and with it the connection, its locks and its transaction."""
        self._pipe.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _end(self) -> int:
        """Waits for the end of what was asked; the number of rows it changed."""
        while True:
            letter, body = self._receive()
            if letter == END:
                return int(json.loads(body)["affected"])

    def _start(self, sql: Sql) -> Tuple[int, Iterator[bytes]]:
        """Sends a statement; how many columns its rows have, and their frames."""
        self._ask(sql)
        letter, body = self._receive()
        self.columns = [base64.b64decode(name).decode() for name in json.loads(body)] if letter == COLUMNS else []
        return len(self.columns), self._frames(letter, self._statements)

    def _frames(self, letter: bytes, statement: int) -> Iterator[bytes]:
        while letter != END:
            if statement != self._statements:
                raise RuntimeError("the rest of these rows was thrown away by another statement")
            letter, body = self._receive()
            if letter == ROWS:
                yield body

    def _ask(self, sql: Sql, answers: int = 1) -> None:
        while self._unread:
            try:
                self._receive()
            except SqlError:
                break
        self._statements += 1
        self._unread = answers
        self._pipe.send(sql.encode() if isinstance(sql, str) else sql)

    def _receive(self) -> Tuple[bytes, bytes]:
        try:
            letter, body = self._pipe.receive()
        except BelayError:
            self._unread = 0
            raise
        if letter == END:
            self._unread -= 1
        return letter, body


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
    at, end, unpack = 0, len(body), LENGTH.unpack_from
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
