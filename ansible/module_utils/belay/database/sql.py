"""Words of SQL, and what may come instead of an answer."""
from __future__ import annotations

import re
from typing import Union

from ..errors import BelayError

_NUMBER = re.compile(rb"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


#: Columns (of information_schema) that a statement writes. MySQL says DEFAULT_GENERATED of one that is computed only where
#: nothing is written.
WRITTEN = "extra NOT LIKE '% GENERATED%'"


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
