"""Errors of database drivers: transient or permanent, and without the values of rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import (
    SourceError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.loading.sources.sql.errors import (
    connection_error,
    is_unreadable,
    query_error,
    unreadable_error,
)
from tests.support.sqlite_file import File, outcomes


class OperationalError(Exception):
    """An error class with the name from PEP 249."""


class ProgrammingError(Exception):
    """An error class with the name from PEP 249."""


class InternalError(Exception):
    """An error class with the name from PEP 249."""


def error_of(kind: type[Exception], *arguments: Any, module: str = "driver", **attributes: Any) -> Exception:
    base = type("DatabaseError", (Exception,), {})
    error = type(kind.__name__, (kind, base), {"__module__": module})(*arguments)
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


class DataError(Exception):
    """An error class with the name from PEP 249."""


SQL = "SELECT id, \"Full Name\" FROM shop.people WHERE name = 'Asha'"


class TestWhatDriversSay:
    @pytest.mark.parametrize(
        "error",
        [
            ConnectionResetError(104, "reset"),
            TimeoutError("timed out"),
            error_of(OperationalError, "server closed the connection unexpectedly"),
            error_of(OperationalError, "canceling statement", sqlstate="57014"),
            error_of(OperationalError, "deadlock detected", pgcode="40P01"),
            error_of(InternalError, "idle-in-transaction timeout", sqlstate="25P03"),
            error_of(OperationalError, "08S01", "[08S01] Communication link failure"),
            error_of(OperationalError, "HYT00", "[HYT00] Login timeout expired"),
            error_of(OperationalError, 2013, "Lost connection to server", module="MySQLdb"),
            error_of(OperationalError, 20009, b"Unable to connect"),
        ],
    )
    def test_transient_errors(self, error: Exception) -> None:
        translated = query_error("shop", error, sql=SQL, secrets=(), rows_read=0)
        assert isinstance(translated, StorageUnavailableError)
        assert isinstance(connection_error("shop", error), StorageUnavailableError)

    @pytest.mark.parametrize(
        "error",
        [
            error_of(ProgrammingError, 'relation "people" does not exist', sqlstate="42P01"),
            error_of(OperationalError, "no such table", sqlite_errorcode=1),
            error_of(OperationalError, 1054, "Unknown column", module="MySQLdb"),
            error_of(ProgrammingError, "42S02", "[42S02] Invalid object name"),
            error_of(InternalError, "current transaction is aborted", sqlstate="25P02"),
            TypeError("not all arguments converted during string formatting"),
            KeyError("start"),
        ],
    )
    def test_permanent_errors(self, error: Exception) -> None:
        assert isinstance(query_error("shop", error, sql=SQL, secrets=(), rows_read=0), SourceError)

    @pytest.mark.parametrize(
        ("message", "shown"),
        [
            ('invalid input syntax for type integer: "a@b.co"', 'invalid input syntax for type integer: "…"'),
            ('column "full name" does not exist', 'column "full name" does not exist'),
            ("Table 'shop.people' doesn't exist, it's 'Ravi'", "Table 'shop.people' doesn't exist, it's '…'"),
            ("Unknown column `id` near 'Asha'", "Unknown column `id` near '…'"),
            ("Bad value: somebody@private.example, +919812345678", "Bad value: …, …"),
            ("failed at postgres://user:pw@host/db", "failed at postgres://host/db"),
            ("value p4rameter too long\nLINE 1: SELECT 'Asha'", "value … too long"),
            ("x" * 1000, "x" * 300),
            ("no integer: '" + "y" * 1000 + "'", "no integer: '…'"),
            ("no integer: 'Asha\nRao'", "no integer: '…'"),
            ("no integer: 'O'Neill Asha'", "no integer: …"),
            ('no integer: "5" of "Rao "Asha" R"', "no integer: …"),
        ],
    )
    def test_values_are_not_in_the_message(self, message: str, shown: str) -> None:
        error = error_of(ProgrammingError, message)
        text = str(query_error("shop", error, sql=SQL, secrets=["p4rameter", "7"], rows_read=0))
        assert f"(ProgrammingError: {shown})" in text

    def test_passwords_are_not_in_the_message(self) -> None:
        error = error_of(OperationalError, "cannot log in with s3cr%2Ft / s3cr/t")
        assert "s3cr" not in str(connection_error("shop", error, ["s3cr/t", "s3cr%2Ft"]))

    def test_parameters_are_not_in_the_message(self, file: File) -> None:
        file.fill()
        with pytest.raises(SourceError) as caught:
            file.rows("SELECT json_extract(:value, '$')", {"value": "private-value", "more": [["deep-value"]]})
        assert "value" not in str(caught.value)


class TestValuesPythonCannotHold:
    @pytest.mark.parametrize(
        "error",
        [
            error_of(DataError, "date too large (after year 10K): 'infinity'"),
            error_of(OperationalError, "Could not decode to UTF-8 column 'x'", module="sqlite3"),
            UnicodeDecodeError("utf-8", b"caf\xe9", 3, 4, "invalid"),
            ValueError("year -44 is out of range"),
            OverflowError("date value out of range"),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_the_message_says_so_and_shows_no_value(self, error: Exception) -> None:
        assert is_unreadable(error, fetching=True)
        text = str(unreadable_error("shop", error, rows_read=1_000))
        assert "Python cannot hold a value of the result after 1,000 rows" in text
        assert "NULLIF" in text
        assert str(error) not in text

    @pytest.mark.parametrize(
        "error",
        [
            error_of(DataError, "division by zero", sqlstate="22012"),
            error_of(DataError, "out of range", pgcode="22003"),
            error_of(DataError, 1264, "Out of range value", module="MySQLdb"),
            error_of(DataError, "string or blob too big", sqlite_errorcode=18, module="sqlite3"),
            error_of(OperationalError, "server closed the connection unexpectedly"),
        ],
        ids=str,
    )
    def test_errors_of_the_database_are_none_of_these(self, error: Exception) -> None:
        assert not is_unreadable(error, fetching=True)

    def test_wrong_parameters_are_an_error_of_the_query(self) -> None:
        assert not is_unreadable(TypeError("not all arguments converted"), fetching=False)


def test_text_of_sqlite_that_is_not_utf_8_makes_its_row_invalid(file: File) -> None:
    file.fill(("a", "x", None), ("b", "y", None))
    with closing(file.connect()) as connection, connection:
        connection.execute("UPDATE people SET name = CAST(x'636166e9' AS TEXT) WHERE id = 'b'")
    first, last = outcomes(file.open("SELECT * FROM people ORDER BY id"), {"id": "identity", "score": None})
    assert first["profileData"] == {"Name": "x"}
    assert "not valid UTF-8" in last["reason"]

    # A hook may have its own way to read text.
    class Bytes(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.text_factory = bytes

    file.factory = Bytes
    assert file.rows("SELECT name FROM people WHERE id = 'b'") == [{"name": b"caf\xe9"}]


def test_errors_of_memory_are_not_errors_of_the_query(file: File) -> None:
    file.fill(("a", "x", None))

    class Cursor(sqlite3.Cursor):
        def fetchmany(self, size: int | None = 1) -> Any:
            raise MemoryError

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> Any:
            return Cursor(self)

    file.factory = Connection
    with pytest.raises(MemoryError):
        file.rows("SELECT * FROM people")
