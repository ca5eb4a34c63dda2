"""Writes the records of one batch: they change profiles in memory and collect rows, which are then written at once."""

from __future__ import annotations

import sqlite3
from typing import Any

from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.storage.sequences import Sequences
from airflow_provider_clevertap.emulator.storage.touched_profiles import TouchedProfiles
from airflow_provider_clevertap.emulator.validation.common import Key, StreamError


class BatchWriter:
    """One batch on its way into the database, inside a transaction of the caller.

    The functions of :mod:`~airflow_provider_clevertap.emulator.storage.record_writers` write one record each with it.

    :param connection: the database.
    :param sequences: the next numbers for new rows.
    :param request_id: the request the batch came with.
    :param now: UNIX seconds.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        sequences: Sequences,
        request_id: int,
        now: float,
        settings: Settings,
    ) -> None:
        self.sequences = sequences
        self.request_id = request_id
        self.now = now
        self.settings = settings
        self.profiles = TouchedProfiles(connection, sequences, now)
        self.findings: list[StreamError] = []
        self._connection = connection
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    def add_row(self, statement: str, row: tuple[Any, ...]) -> None:
        """Have a row written at the end, with those of the same statement."""
        self._rows.setdefault(statement, []).append(row)

    def report(self, number: int, kind: str, key: Key, field: str, note: str) -> None:
        """Add a line to the error stream, for something that could not be done."""
        self.findings.append(StreamError(number, kind, key.value, field, note))

    def finish(self) -> list[StreamError]:
        """Write the profiles and rows; return the lines for the error stream."""
        self.profiles.write()
        for statement, rows in self._rows.items():
            self._connection.executemany(statement, rows)
        return self.findings
