"""Open cursors of database drivers, so that rows stay on the server and one value without a Python form fails no query.

Drivers raise errors for dates and texts that Python cannot hold, or return other values in their place: psycopg2 turns
an infinite date into 31 December 9999, and 24:00 into midnight. Here such a value becomes an ``UnreadableValue``. Ways
to read values that the connection has already set are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from airflow_provider_clevertap.loading.rows.plain.values import NO_TIME_OF_DAY, NOT_UTF_8, OUT_OF_RANGE
from airflow_provider_clevertap.records.unreadable import UnreadableValue

_CURSOR_NAME: Final = "clevertap"
#: Object ids of PostgreSQL's types (``pg_type.dat`` of its source), and of arrays of them, with the reason why Python
#: may have no such value.
_POSTGRES_TYPES: Final = {
    "date": (1082, 1182, OUT_OF_RANGE),
    "timestamp": (1114, 1115, OUT_OF_RANGE),
    "timestamptz": (1184, 1185, OUT_OF_RANGE),
    "time": (1083, 1183, NO_TIME_OF_DAY),
    "timetz": (1266, 1270, NO_TIME_OF_DAY),
}
#: What psycopg2 turns into other values.
_CHANGED: Final = ("infinity", "-infinity", "24:00:00")


def open_cursor(connection: Any, rows: int) -> Any:
    """Open a cursor that returns tuples, and that leaves rows on the server until they are fetched.

    :param connection: a DB-API connection.
    :param rows: how many rows are fetched at a time.
    """
    drivers = {kind.__module__.partition(".")[0] for kind in type(connection).__mro__}
    for driver, opened in _CURSORS.items():
        if driver in drivers:
            return opened(connection)
    if "sqlite3" in drivers and connection.text_factory is str:
        connection.text_factory = _read_text
    cursor = connection.cursor()
    with suppress(Exception):  # the fetch size of Oracle and similar drivers; others do not allow setting it
        cursor.arraysize = rows
    return cursor


def _psycopg(connection: Any) -> Any:
    from psycopg.pq import Format
    from psycopg.rows import tuple_row

    connection.autocommit = False  # a server-side cursor exists only within its transaction
    cursor = connection.cursor(_CURSOR_NAME, row_factory=tuple_row)
    for oid, _, reason in _POSTGRES_TYPES.values():
        loader = cursor.adapters.get_loader(oid, Format.TEXT)
        cursor.adapters.register_loader(oid, _tolerant_loader(loader, reason))
    return cursor


def _tolerant_loader(loader: Any, reason: str) -> Any:
    from psycopg import DataError
    from psycopg.adapt import Loader

    class TolerantLoader(Loader):
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._load = loader(oid, context).load

        def load(self, data: Any) -> Any:
            try:
                return self._load(data)
            except (DataError, ValueError, OverflowError):
                return _unreadable(bytes(data), reason)

    return TolerantLoader


def _psycopg2(connection: Any) -> Any:
    from psycopg2 import extensions

    connection.autocommit = False
    cursor = connection.cursor(_CURSOR_NAME, cursor_factory=extensions.cursor)
    for name, (oid, array_oid, reason) in _POSTGRES_TYPES.items():
        default = extensions.string_types[oid]
        cast = _tolerant_cast(connection.string_types.get(oid, default), default, reason)
        value_type = extensions.new_type((oid,), name, cast)
        extensions.register_type(value_type, cursor)
        extensions.register_type(extensions.new_array_type((array_oid,), f"{name}[]", value_type), cursor)
    return cursor


def _tolerant_cast(cast: Any, default: Any, reason: str) -> Callable[[str | None, Any], Any]:
    from psycopg2 import DataError

    is_default = cast is default

    def tolerant(text: str | None, cursor: Any) -> Any:
        if is_default and text is not None and text.startswith(_CHANGED):
            return UnreadableValue(text, reason)
        try:
            return cast(text, cursor)
        except (DataError, ValueError, OverflowError):
            return UnreadableValue(str(text), reason)

    return tolerant


def _read_text(encoded: bytes) -> str | UnreadableValue:
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return _unreadable(encoded, NOT_UTF_8)


def _mysqlclient(connection: Any) -> Any:
    from MySQLdb.cursors import SSCursor

    return connection.cursor(SSCursor)


def _unreadable(encoded: bytes, reason: str) -> UnreadableValue:
    return UnreadableValue(encoded.decode("utf-8", "backslashreplace"), reason)


#: How to open a cursor, by the module of the driver.
_CURSORS: Final[dict[str, Callable[[Any], Any]]] = {
    "psycopg": _psycopg,
    "psycopg2": _psycopg2,
    "MySQLdb": _mysqlclient,
}
