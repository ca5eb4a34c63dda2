"""What drivers say when a query fails: what may pass, what stays, and nothing of what the rows hold."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import (
    SourceError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.loading.sources.sql.errors import no_connection, no_rows
from tests.support.sqlite_file import File


class OperationalError(Exception):
    """Named as every driver names it."""


class ProgrammingError(Exception):
    """Named as every driver names it."""


class InternalError(Exception):
    """Named as every driver names it."""


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
    def test_what_may_pass(self, error: Exception) -> None:
        told = no_rows("shop", error, sql=SQL, secrets=(), rows_read=0)
        assert isinstance(told, StorageUnavailableError)
        assert isinstance(no_connection("shop", error), StorageUnavailableError)

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
    def test_what_stays(self, error: Exception) -> None:
        assert isinstance(no_rows("shop", error, sql=SQL, secrets=(), rows_read=0), SourceError)

    @pytest.mark.parametrize(
        ("message", "told"),
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
    def test_values_are_not_repeated(self, message: str, told: str) -> None:
        error = error_of(ProgrammingError, message)
        text = str(no_rows("shop", error, sql=SQL, secrets=["p4rameter", "7"], rows_read=0))
        assert f"(ProgrammingError: {told})" in text

    def test_passwords_are_not_repeated(self) -> None:
        error = error_of(OperationalError, "cannot log in with s3cr%2Ft / s3cr/t")
        assert "s3cr" not in str(no_connection("shop", error, ["s3cr/t", "s3cr%2Ft"]))

    def test_parameters_are_not_repeated(self, file: File) -> None:
        file.fill()
        with pytest.raises(SourceError) as caught:
            file.rows("SELECT json_extract(:value, '$')", {"value": "private-value", "more": [["deep-value"]]})
        assert "value" not in str(caught.value)
