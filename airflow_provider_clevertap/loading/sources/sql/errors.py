"""What a database says when something goes wrong, told in our words and without values.

Drivers share the names of their errors (PEP 249) but not what they mean by them: SQLite and MySQL call a missing table
an operational error, PostgreSQL a lost connection. So the codes behind the names decide where there are any.
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

#: Classes of SQLSTATE that may pass: connection, transaction rolled back, resources, operator intervention, system
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html), and ODBC's own timeouts.
_PASSING_CLASSES = ("08", "40", "53", "57", "58", "HYT")
#: The server ended a session that had waited too long for its client.
_PASSING_STATES = ("25P03", "25P04")
#: https://www.sqlite.org/rescode.html: busy, locked, input or output failed.
_PASSING_SQLITE = (5, 6, 10)
#: Server shut down, lock timeout, deadlock, cannot connect, connection lost
#: (https://dev.mysql.com/doc/mysql-errors/en/).
_PASSING_MYSQL = (1040, 1053, 1205, 1213, 2002, 2003, 2005, 2006, 2013, 2055)

_STATE = re.compile(r"[0-9A-Z]{5}")
# An apostrophe within a word (doesn't) opens no quotation, and none ends right before a word.
_QUOTED = re.compile(r"(?<!\w)('[^']*'|\"[^\"]*\"|`[^`]*`)(?!\w)")
_QUOTE = re.compile(r"(?<!\w)'|[\"`]")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
#: Addresses and long numbers, which drivers do not always quote.
_PERSONAL = re.compile(r"[^\s'\"(),;]*@[^\s'\"(),;]*|\+?\d{6,}")
_LONGEST = 300
#: Shorter parameters are parts of ordinary words.
_SHORTEST_SECRET = 3


def no_connection(where: str, error: Exception, secrets: Iterable[str] = ()) -> CleverTapError:
    """Say why there is no connection: the weather, or a connection that cannot work as it is written.

    :param where: the connection, for the message.
    :param error: what the driver or Airflow's hook raised.
    :param secrets: texts that must not be in the message.
    """
    if isinstance(error, CleverTapError):
        return error
    said = _without(_message(error), secrets).partition("\n")[0]
    if _may_pass(error):
        return StorageUnavailableError(
            f"{where}: the database gives no connection ({_named(error, said)}). A later try may succeed."
        )
    return ConfigurationError(f"{where}: no connection can be made with what it says ({_named(error, said)}).")


def no_rows(where: str, error: Exception, *, sql: str, secrets: Iterable[str], rows_read: int) -> CleverTapError:
    """Say why the query gave no rows, or no more of them.

    What the message quotes is kept only where the query has it too, as names of tables and columns: anything else
    may be a value.

    :param where: the connection, for the message.
    :param error: what the driver raised.
    :param sql: the query.
    :param secrets: texts that must not be in the message, such as parameters.
    :param rows_read: how many rows had come before.
    """
    if isinstance(error, CleverTapError):
        return error
    said = _without_values(_without(_message(error), secrets), sql)
    after = f" after {rows_read:,} rows" if rows_read else ""
    if _may_pass(error):
        return StorageUnavailableError(
            f"{where}: the database failed{after} ({_named(error, said)}). A later try may succeed."
        )
    return SourceError(
        f"{where}: the database refused the query{after} ({_named(error, said)}). Try it in the database's own client."
    )


def _without_values(message: str, sql: str) -> str:
    if _QUOTE.search(_QUOTED.sub("", message)):
        # a value with quotes in it, so that nobody can tell where it ends
        return _QUOTE.split(message)[0] + "…"
    names = _LITERAL.sub("''", sql)
    return _PERSONAL.sub("…", _QUOTED.sub(lambda quoted: _quoted(quoted[0], names), message)).partition("\n")[0]


def _quoted(text: str, names: str) -> str:
    named = re.search(rf"(?<!\w){re.escape(text[1:-1])}(?!\w)", names, re.IGNORECASE)
    return text if named else f"{text[0]}…{text[-1]}"


def _may_pass(error: Exception) -> bool:
    if isinstance(error, OSError):
        return True
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if not kinds & {"OperationalError", "InternalError", "InterfaceError"}:
        return False
    code = error.args[0] if error.args else None
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or code
    if isinstance(state, str) and _STATE.fullmatch(state):
        return state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES
    if isinstance(result := getattr(error, "sqlite_errorcode", None), int):
        return result & 0xFF in _PASSING_SQLITE
    if "mysql" in type(error).__module__.lower():
        return code in _PASSING_MYSQL
    return "OperationalError" in kinds


def _message(error: Exception) -> str:
    """Give what the driver says; of PostgreSQL's the first part, as its details are the values of rows."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    texts = [_decoded(part) for part in error.args if isinstance(part, str | bytes)]
    return str(primary or (texts[-1] if texts else error)).strip()


def _decoded(part: Any) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else part


def _without(said: str, secrets: Iterable[str]) -> str:
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            said = said.replace(secret, "…")
    return without_credentials(said)


def _named(error: Exception, said: str) -> str:
    kind, said = type(error).__name__, " ".join(said.split())[:_LONGEST]
    return f"{kind}: {said}" if said else kind
