"""A SQLite file to query, and the records or issues of its rows."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.loading.rows.block import RowBlock, Source
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.loading.sources.sql.query import Database
from airflow_provider_clevertap.sources import SqlSource
from tests.support.source_reading import read_rows

PEOPLE = "CREATE TABLE people (id, name, score)"


class Watched(sqlite3.Connection):
    """A connection that records whether it was closed, and its cursors."""

    opened: list[Watched]
    closed = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursors: list[sqlite3.Cursor] = []
        self.opened.append(self)

    def cursor(self, *arguments: Any) -> Any:
        self.cursors.append(super().cursor(*arguments))
        return self.cursors[-1]

    def close(self) -> None:
        super().close()
        self.closed = True


class File:
    """A SQLite file, and the connections made to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connections: list[Watched] = []
        self.factory: Any = type("Connection", (Watched,), {"opened": self.connections})
        self.row_factory: Any = None

    def fill(self, *rows: tuple[Any, ...], table: str = PEOPLE) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(table)
            if rows:
                placeholders = ",".join("?" * len(rows[0]))
                connection.executemany(f"INSERT INTO people VALUES ({placeholders})", rows)  # noqa: S608

    def connect(self) -> Any:
        connection = sqlite3.connect(self.path, factory=self.factory, timeout=0)
        connection.row_factory = self.row_factory
        return connection

    def find(self, conn_id: str) -> Database:
        return Database(self.connect, secrets=("HIDDEN-7731",))

    def open(self, sql: str, parameters: Any = None, **options: Any) -> Source:
        return open_source(SqlSource("shop", sql, parameters, **options), databases=self.find)

    def rows(self, sql: str, parameters: Any = None, **options: Any) -> list[dict[str, Any]]:
        return read_rows(SqlSource("shop", sql, parameters, **options), databases=self.find)

    def all_closed(self) -> bool:
        return bool(self.connections) and all(connection.closed for connection in self.connections)


def local_load(source: Source, **options: Any) -> Load:
    return Load(PROFILES, source, None, LoadOptions(**{"columns": {"id": "identity"}, "dry_run": "local", **options}))


def in_a_thread(work: Callable[[], Any]) -> BaseException | None:
    """Run a function in a separate thread, and return the error it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def outcomes(source: Source, columns: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the record of each row, or the reason why it has none."""
    return block_outcomes(list(source.blocks()), columns or {"id": Column("identity"), "name": None, "score": None})


def block_outcomes(blocks: list[RowBlock], columns: dict[str, Any]) -> list[dict[str, Any]]:
    choices = {name: Column(choice) if isinstance(choice, str) else choice for name, choice in columns.items()}
    encoder = Encoder(PROFILES, choices)
    results: dict[int, dict[str, Any]] = {}
    for block in blocks:
        encoded = encoder.encode(block)
        for index, text in zip(encoded.rows.tolist(), encoded.records.to_pylist(), strict=True):
            results[block.first_row + index] = json.loads(text[:-1])
        for index, outcome in encoded.unsent.items():
            results[block.first_row + index] = {"outcome": outcome.outcome, "reason": outcome.reason}
    return [results[row] for row in sorted(results)]
