"""Errors of database drivers: transient or permanent, and without the values of rows."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import (
    SourceError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.loading.sources.sql.errors import connection_error, query_error
from tests.support.sqlite_file import File


class OperationalError(Exception):
    """An error class with the name from PEP 249."""


class ProgrammingError(Exception):
    """An error class with the name from PEP 249."""


class InternalError(Exception):
    """An error class with the name from PEP 249."""


def error_of(kind: type[Exception], *arguments: Any, module: str = "driver", **attributes: Any) -> Exception:
    error = type(kind.__name__, (kind,), {"__module__": module})(*arguments)
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


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
