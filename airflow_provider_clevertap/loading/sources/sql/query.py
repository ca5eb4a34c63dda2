"""The result of a query as row blocks, fetched part by part from any DB-API connection (PEP 249)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.rows.arrays import from_database_values, split_columns
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.stable_text import stable_text
from airflow_provider_clevertap.loading.sources.column_names import check_names, usable_names
from airflow_provider_clevertap.loading.sources.sql.errors import no_connection, no_rows

#: Drivers that know UUIDs give them as such, others as text; psycopg2 gives bytes as memory.
_PLAINER: Mapping[type, Callable[[Any], Any]] = {UUID: str, memoryview: bytes}
_REMEDY = "Name each column of the result in the query: SELECT count(*) AS orders."


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and how to connect to it.

    :param connect: makes a new DB-API connection.
    :param secrets: texts that no message may repeat, such as the password.
    """

    connect: Callable[[], Any] = field(repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)


class QuerySource:
    """The rows of one query.

    Nothing is sent before the rows are asked for. They are fetched part by part, with a cursor on the server where the
    driver has one, so that the result is nowhere whole in this process. Nothing is committed.

    :param database: what to ask.
    :param conn_id: the name its users know it by.
    :param sql: one query.
    :param parameters: for its placeholders, in the driver's style.
    :param chunk_rows: rows fetched at a time, which make a block.
    :param resumable: the user states that the query returns the same rows in the same order each time it runs.
    :raises ConfigurationError: when one of these cannot be used.
    """

    fixed_columns = True
    # No driver tells beforehand which columns will hold JSON or arrays. As JSON Lines, rejects keep them, and numbers
    # and truth values stay what they are.
    nested = True
    many_files = False

    def __init__(
        self,
        database: Database,
        *,
        conn_id: str,
        sql: Any,
        parameters: Any,
        chunk_rows: Any,
        resumable: Any = False,
    ) -> None:
        self.name = f"the query on connection {conn_id!r}"
        if not isinstance(sql, str) or not sql.strip():
            raise ConfigurationError(f"{self.name}: sql must be the text of a query, or a path that ends in .sql.")
        if not isinstance(parameters, Mapping | list | tuple | None):
            raise ConfigurationError(
                f"{self.name}: parameters must be a mapping or a list, not {type(parameters).__name__}."
            )
        if not isinstance(chunk_rows, int) or chunk_rows < 1:
            raise ConfigurationError(f"{self.name}: chunk_rows={chunk_rows!r} must be a whole number of at least 1.")
        self._database = database
        # some databases take it for a part of the query
        self._sql = sql.strip().rstrip(";")
        self._parameters = parameters or None
        self._chunk_rows = chunk_rows
        self._conn_id = conn_id
        if not isinstance(resumable, bool):
            raise ConfigurationError(f"{self.name}: resumable={resumable!r} must be True or False.")
        self._resumable = resumable

    def blocks(self) -> Iterator[RowBlock]:
        """Run the query and give its rows. Run again, it gives what the database then holds.

        :raises SourceError: when the database refuses the query, or columns have no names of their own.
        :raises StorageUnavailableError: when the database cannot be reached, or fails on the way.
        :raises ConfigurationError: when no connection can be made as asked.
        """
        try:
            connection = self._database.connect()
        except Exception as error:
            raise no_connection(self.name, error, self._database.secrets) from None
        cursor = None
        try:
            cursor = self._attempt(lambda: _open_cursor(connection, self._chunk_rows), 0)
            yield from self._read(cursor)
        finally:
            _close(connection, cursor)

    def fingerprint(self) -> str | None:
        """Give a short text that is another one when the query is; ``None`` when its rows may change meanwhile."""
        if not self._resumable:
            return None
        asked = stable_text((self._conn_id, self._sql, self._parameters))
        return hashlib.sha256(asked.encode("utf-8", "backslashreplace")).hexdigest()[:20]

    def progress(self) -> float | None:
        """Give ``None``: how many rows there will be is known only once all have come."""
        return None

    def _read(self, cursor: Any) -> Iterator[RowBlock]:
        arguments = (self._sql,) if self._parameters is None else (self._sql, self._parameters)
        self._attempt(lambda: cursor.execute(*arguments), 0)
        rows = self._attempt(lambda: cursor.fetchmany(self._chunk_rows), 0)
        # psycopg2 describes the result of a named cursor only once rows were asked for
        if cursor.description is None:
            raise SourceError(f"{self.name}: the SQL gives no rows at all. It must be one query, such as a SELECT.")
        names = [column[0] for column in cursor.description]
        check_names(names, self.name, header="the result", remedy=_REMEDY)
        done = 0
        while True:
            if rows or not done:
                yield _block(names, rows, done + 1)
            if not rows:
                return
            done += len(rows)
            rows = self._attempt(lambda: cursor.fetchmany(self._chunk_rows), done)

    def _attempt(self, ask: Callable[[], Any], rows_read: int) -> Any:
        try:
            return ask()
        except Exception as error:
            secrets = [*self._database.secrets, *_texts(self._parameters)]
            raise no_rows(self.name, error, sql=self._sql, secrets=secrets, rows_read=rows_read) from None


def _open_cursor(connection: Any, rows: int) -> Any:
    """Open a cursor that gives plain rows, and leaves those not yet asked for on the server."""
    drivers = {kind.__module__.partition(".")[0] for kind in type(connection).__mro__}
    if "psycopg" in drivers:
        from psycopg.rows import tuple_row

        connection.autocommit = False  # the cursor lives as long as its transaction
        return connection.cursor("clevertap", row_factory=tuple_row)
    if "psycopg2" in drivers:
        from psycopg2.extensions import cursor

        connection.autocommit = False
        return connection.cursor("clevertap", cursor_factory=cursor)
    if "MySQLdb" in drivers:
        from MySQLdb.cursors import SSCursor

        return connection.cursor(SSCursor)
    opened = connection.cursor()
    with suppress(Exception):  # how much Oracle and its like fetch at once; not every driver lets it be set
        opened.arraysize = rows
    return opened


def _close(connection: Any, cursor: Any) -> None:
    # The connection first: MySQL's cursor would otherwise read all that is left. Nothing is committed. Errors do not
    # matter any more: the rows are here, or the reason why not.
    for each in (connection, cursor):
        with suppress(Exception):
            each.close()


def _block(names: Sequence[str], rows: Sequence[Any], first_row: int) -> RowBlock:
    if rows and isinstance(rows[0], Mapping):
        rows = [tuple(row.values()) for row in rows]
    wanted = usable_names(names)
    values = zip(*rows, strict=True) if rows else ((),) * len(names)
    columns, objects = split_columns(
        {
            name: from_database_values(_plain(column))
            for name, column in zip(names, values, strict=True)
            if name in wanted
        }
    )
    return RowBlock("", first_row, wanted, columns, objects, row_count=len(rows))


def _plain(values: Sequence[Any]) -> list[Any]:
    if _PLAINER.keys().isdisjoint(map(type, values)):
        return list(values)
    return [_PLAINER[type(value)](value) if type(value) in _PLAINER else value for value in values]


def _texts(parameters: Any) -> Iterator[str]:
    if isinstance(parameters, Mapping | list | tuple):
        for value in parameters.values() if isinstance(parameters, Mapping) else parameters:
            yield from _texts(value)
    elif parameters is not None:
        yield str(parameters)
