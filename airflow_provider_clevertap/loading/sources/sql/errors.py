"""Translate errors of database drivers into messages without values, and classify them as transient or permanent.

Drivers share the names of their errors (PEP 249) but not their meaning: an operational error is a missing table in
SQLite and MySQL, and a lost connection in PostgreSQL. So error codes decide where a driver has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    ConfigurationError,
    SourceError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.locations import without_credentials

#: Transient classes of SQLSTATE: connection, transaction rolled back, resources, operator intervention, system
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html), and the timeouts of ODBC.
_TRANSIENT_CLASSES = ("08", "40", "53", "57", "58", "HYT")
#: The server ended a session that had been idle for too long.
_TRANSIENT_STATES = ("25P03", "25P04")
#: https://www.sqlite.org/rescode.html: busy, locked, input or output failed.
_TRANSIENT_SQLITE = (5, 6, 10)
#: Python's module raises this error itself, so it has no code.
_SQLITE_NOT_UTF_8 = "Could not decode to UTF-8"
#: Server shut down, lock timeout, deadlock, cannot connect, connection lost
#: (https://dev.mysql.com/doc/mysql-errors/en/).
_TRANSIENT_MYSQL = (1040, 1053, 1205, 1213, 2002, 2003, 2005, 2006, 2013, 2055)

_STATE = re.compile(r"[0-9A-Z]{5}")
# An apostrophe within a word (doesn't) does not open a quotation, and no quotation ends right before a word.
_QUOTED = re.compile(r"(?<!\w)('[^']*'|\"[^\"]*\"|`[^`]*`)(?!\w)")
_QUOTE = re.compile(r"(?<!\w)'|[\"`]")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
#: Addresses and long numbers, which drivers do not always quote.
_PERSONAL = re.compile(r"[^\s'\"(),;]*@[^\s'\"(),;]*|\+?\d{6,}")
_MAX_MESSAGE_LENGTH = 300
#: Shorter parameters also occur within ordinary words.
_MIN_SECRET_LENGTH = 3


def connection_error(where: str, error: Exception, secrets: Iterable[str] = ()) -> CleverTapError:
    """Translate an error of connecting: a transient failure, or a connection that is configured wrongly.

    :param where: the connection, for the message.
    :param error: what the driver or Airflow's hook raised.
    :param secrets: texts that must not be in the message.
    """
    if isinstance(error, CleverTapError):
        return error
    message = _redact(_message(error), secrets).partition("\n")[0]
    if _is_transient(error):
        return StorageUnavailableError(
            f"{where}: no connection to the database ({_describe(error, message)}). A later attempt may succeed."
        )
    return ConfigurationError(
        f"{where}: the connection cannot be opened with these settings ({_describe(error, message)})."
    )


def query_error(where: str, error: Exception, *, sql: str, secrets: Iterable[str], rows_read: int) -> CleverTapError:
    """Translate an error of running the query or of fetching its rows.

    Quoted parts of the driver's message stay only if the query contains them too, as the names of tables and columns:
    others may be values of rows.

    :param where: the connection, for the message.
    :param error: what the driver raised.
    :param sql: the query.
    :param secrets: texts that must not be in the message, such as parameters.
    :param rows_read: how many rows were fetched before.
    """
    if isinstance(error, CleverTapError):
        return error
    message = _redact_values(_redact(_message(error), secrets), sql)
    after = f" after {rows_read:,} rows" if rows_read else ""
    if _is_transient(error):
        return StorageUnavailableError(
            f"{where}: the database failed{after} ({_describe(error, message)}). A later attempt may succeed."
        )
    return SourceError(
        f"{where}: the database rejected the query{after} ({_describe(error, message)}). Run it in the database's own "
        "client to find the cause."
    )


def is_unreadable(error: Exception, *, fetching: bool) -> bool:
    """Return whether a driver failed to turn a value of the result into a Python value.

    :param error: what the driver raised.
    :param fetching: it was fetching rows, not sending the query.
    """
    if isinstance(error, UnicodeDecodeError):
        return True
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "Error" not in kinds and "DatabaseError" not in kinds:
        return fetching and isinstance(error, ValueError | ArithmeticError | TypeError)
    # An error of the server has a code.
    if _code(error) is not None or isinstance(getattr(error, "sqlite_errorcode", None), int):
        return False
    return "DataError" in kinds or (_is_sqlite(error) and _message(error).startswith(_SQLITE_NOT_UTF_8))


def unreadable_error(where: str, error: Exception, *, rows_read: int) -> SourceError:
    """Return the error for a value that a driver cannot turn into a Python value.

    :param where: the connection, for the message.
    :param error: what the driver raised. Its message may contain the value.
    :param rows_read: how many rows were fetched before.
    """
    after = f" after {rows_read:,} rows" if rows_read else ""
    return SourceError(
        f"{where}: Python cannot hold a value of the result{after} ({type(error).__name__}), such as an infinite date, "
        "one before the year 1 or after 9999, or text in another encoding. In the query, cast the column to text, or "
        "replace the value with NULLIF or CASE."
    )


def _redact_values(message: str, sql: str) -> str:
    if _QUOTE.search(_QUOTED.sub("", message)):
        # A value contains quotes itself, so its end is not known.
        return _QUOTE.split(message)[0] + "…"
    names = _LITERAL.sub("''", sql)
    return _PERSONAL.sub(
        "…", _QUOTED.sub(lambda quotation: _redact_unless_named(quotation[0], names), message)
    ).partition("\n")[0]


def _redact_unless_named(text: str, names: str) -> str:
    is_named = re.search(rf"(?<!\w){re.escape(text[1:-1])}(?!\w)", names, re.IGNORECASE)
    return text if is_named else f"{text[0]}…{text[-1]}"


def _is_transient(error: Exception) -> bool:
    if isinstance(error, OSError):
        return True
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if not kinds & {"OperationalError", "InternalError", "InterfaceError"}:
        return False
    code = _code(error)
    if isinstance(code, str):
        return code.startswith(_TRANSIENT_CLASSES) or code in _TRANSIENT_STATES
    if _is_sqlite(error):
        # Without a code the error is of Python's module, not of the database.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _TRANSIENT_SQLITE
    if "mysql" in type(error).__module__.lower():
        return code in _TRANSIENT_MYSQL
    return "OperationalError" in kinds


def _code(error: Exception) -> str | int | None:
    """Return the SQLSTATE of an error, or the number that the driver has instead; ``None`` when it has neither."""
    first = error.args[0] if error.args else None
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or first
    if isinstance(state, str):
        return state if _STATE.fullmatch(state) else None
    return state if isinstance(state, int) else None


def _is_sqlite(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] == "sqlite3" or hasattr(error, "sqlite_errorcode")


def _message(error: Exception) -> str:
    """Return the driver's message; of PostgreSQL only the primary part, because details contain values of rows."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    texts = [_decode(part) for part in error.args if isinstance(part, str | bytes)]
    return str(primary or (texts[-1] if texts else error)).strip()


def _decode(part: Any) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else part


def _redact(message: str, secrets: Iterable[str]) -> str:
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _MIN_SECRET_LENGTH:
            message = message.replace(secret, "…")
    return without_credentials(message)


def _describe(error: Exception, message: str) -> str:
    kind, message = type(error).__name__, " ".join(message.split())[:_MAX_MESSAGE_LENGTH]
    return f"{kind}: {message}" if message else kind
