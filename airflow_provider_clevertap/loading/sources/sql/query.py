"""Read the result of a query as row blocks, fetched in chunks from any DB-API connection (PEP 249)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.loading.rows.arrays import Column, from_database_values, make_block
from airflow_provider_clevertap.loading.rows.block import RowBlock, conversion_errors, rows_of
from airflow_provider_clevertap.loading.rows.stable_text import stable_text
from airflow_provider_clevertap.loading.sources.column_names import check_names, usable_names
from airflow_provider_clevertap.loading.sources.sql.drivers import open_cursor
from airflow_provider_clevertap.loading.sources.sql.errors import (
    connection_error,
    is_unreadable,
    query_error,
    unreadable_error,
)
from airflow_provider_clevertap.records.texts.names import visible_name

_QUOTES: Final = "\"'`[]"
_TABLE: Final = re.compile(r"""\b(?:from|join)\s+([\w."'`\[\]$-]+)""", re.IGNORECASE)
_REMEDY = "Name each column of the result in the query: SELECT count(*) AS orders."


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and how to connect to it.

    :param connect: opens a new DB-API connection.
    :param secrets: texts that no message may contain, such as the password.
    """

    connect: Callable[[], Any] = field(repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)


class QuerySource:
    """The rows of one query.

    The query is sent when the first rows are read. Rows are fetched in chunks, with a cursor on the server if the
    driver has one, so that this process never holds the whole result. Nothing is committed.

    :param database: the database to query.
    :param conn_id: id of its Airflow connection.
    :param sql: one query.
    :param parameters: values for its placeholders, in the driver's style.
    :param chunk_rows: rows fetched at a time; they form a block.
    :param resumable: the user states that the query returns the same rows in the same order each time it runs.
    :raises ConfigurationError: when one of these cannot be used.
    """

    fixed_columns = True
    # No driver reports in advance which columns hold JSON or arrays. A rejects file in JSON Lines can store these, and
    # it keeps the types of numbers and booleans.
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
        # Some databases treat the semicolon as a part of the query.
        self._sql = sql.strip().rstrip(";")
        self._parameters = parameters or None
        self._chunk_rows = chunk_rows
        self._conn_id = conn_id
        if not isinstance(resumable, bool):
            raise ConfigurationError(f"{self.name}: resumable={resumable!r} must be True or False.")
        self._resumable = resumable

    @property
    def tables(self) -> list[str]:
        """The names of the tables that the query names, in lower case and without their schemas."""
        return [name.rpartition(".")[2].strip(_QUOTES).lower() for name in _TABLE.findall(self._sql)]

    def blocks(self) -> Iterator[RowBlock]:
        """Run the query and read its rows. Each call runs the query again.

        :raises SourceError: when the database rejects the query, or the result has unnamed or repeated columns.
        :raises StorageUnavailableError: when the database cannot be reached, or fails while rows are read.
        :raises ConfigurationError: when the connection is configured wrongly.
        """
        try:
            connection = self._database.connect()
        except MemoryError:
            raise
        except Exception as error:
            raise connection_error(self.name, error, self._database.secrets) from None
        cursor = None
        try:
            cursor = self._attempt(lambda: open_cursor(connection, self._chunk_rows))
            yield from self._read(cursor)
        finally:
            _close(connection, cursor)

    def fingerprint(self) -> str | None:
        """Return a short text that changes with the query; ``None`` when its rows may change between attempts."""
        if not self._resumable:
            return None
        text = stable_text((self._conn_id, self._sql, self._parameters))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:20]

    def is_large(self) -> bool:
        """Return ``False``: the number of rows is known only when all have been read."""
        return False

    def progress(self) -> float | None:
        """Return ``None``: the number of rows is known only when all have been read."""
        return None

    def _read(self, cursor: Any) -> Iterator[RowBlock]:
        arguments = (self._sql,) if self._parameters is None else (self._sql, self._parameters)
        self._attempt(lambda: cursor.execute(*arguments))
        rows = self._fetch(cursor, 0)
        # psycopg2 describes the result of a named cursor only after rows were fetched.
        if cursor.description is None:
            raise SourceError(
                f"{self.name}: the SQL statement returns no result. It must be one query, such as a SELECT."
            )
        names = [column[0] for column in cursor.description]
        check_names(names, self.name, header="the result", remedy=_REMEDY)
        names = list(map(visible_name, names))
        rows_read = 0
        while True:
            if rows or not rows_read:
                yield _block(names, rows, rows_read + 1)
            if not rows:
                return
            rows_read += len(rows)
            rows = self._fetch(cursor, rows_read)

    def _fetch(self, cursor: Any, rows_read: int) -> Any:
        return self._attempt(lambda: cursor.fetchmany(self._chunk_rows), rows_read, fetching=True)

    def _attempt(self, action: Callable[[], Any], rows_read: int = 0, *, fetching: bool = False) -> Any:
        try:
            return action()
        except MemoryError:
            raise
        except Exception as error:
            secrets = [*self._database.secrets, *_parameter_texts(self._parameters)]
            if is_unreadable(error, fetching=fetching):
                raise unreadable_error(self.name, error, rows_read=rows_read) from None
            raise query_error(self.name, error, sql=self._sql, secrets=secrets, rows_read=rows_read) from None


def _close(connection: Any, cursor: Any) -> None:
    # The connection is closed first: MySQL's cursor would otherwise read all remaining rows. Errors no longer matter:
    # either all rows have been read, or another error is on its way.
    for resource in (connection, cursor):
        with suppress(Exception):
            resource.close()


def _block(names: Sequence[str], rows: Sequence[Any], first_row: int) -> RowBlock:
    with conversion_errors(rows_of("", first_row, len(rows))):
        if rows and isinstance(rows[0], Mapping):
            rows = [tuple(row.values()) for row in rows]
        values = dict(zip(names, zip(*rows, strict=True) if rows else ((),) * len(names), strict=True))

    def column(name: str) -> Column:
        return from_database_values(list(values[name]))

    return make_block(usable_names(names), column, rows=len(rows), first_row=first_row)


def _parameter_texts(parameters: Any) -> Iterator[str]:
    if isinstance(parameters, Mapping | list | tuple):
        for value in parameters.values() if isinstance(parameters, Mapping) else parameters:
            yield from _parameter_texts(value)
    elif parameters is not None:
        yield str(parameters)
