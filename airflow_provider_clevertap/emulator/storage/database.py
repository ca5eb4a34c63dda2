"""The emulator's SQLite database: one connection, used by one thread, with one transaction per request."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.storage.batch_writer import BatchWriter
from airflow_provider_clevertap.emulator.storage.sequences import Sequences
from airflow_provider_clevertap.emulator.validation.batch import AcceptedRecord, BatchResult, RejectedRecord
from airflow_provider_clevertap.emulator.validation.common import StreamError

IN_MEMORY = ":memory:"

T = TypeVar("T")


class RequestEntry(msgspec.Struct, kw_only=True):
    """One line of the request log; the columns are explained in ``schema.sql``."""

    id: int
    received_at: float
    method: str
    path: str
    status: int | None = None
    result: str = ""
    fault: str = ""
    dry_run: bool = False
    stored: bool = False
    body_bytes: int = 0
    records: int = 0
    accepted: int = 0
    refused: int = 0
    in_flight: int = 0
    seconds: float = 0.0


@contextmanager
def _errors_of(database: str) -> Iterator[None]:
    """Name the file in the errors of SQLite, which do not."""
    try:
        yield
    except sqlite3.Error as error:
        raise type(error)(f"{database}: {error}") from error


class Database:
    """The profiles, events, device tokens, subscriptions, requests and errors of an emulator.

    :param database: a file, which is created when it is missing, or ``:memory:``.
    :raises sqlite3.Error: when the file cannot be used; the error names it.
    """

    def __init__(self, database: str = IN_MEMORY) -> None:
        with _errors_of(database):
            self.connection = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        try:
            with _errors_of(database):
                self.connection.execute("PRAGMA journal_mode = WAL")
                self.connection.execute("PRAGMA synchronous = NORMAL")
                self.connection.executescript(Path(__file__).with_name("schema.sql").read_text())
            self._sequences = Sequences(self.connection)
        except BaseException:
            self.connection.close()
            raise

    def last_request_id(self) -> int:
        """Return the number of the last request logged; 0 for none."""
        (last,) = self.connection.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()
        return int(last)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def reset(self) -> None:
        """Delete all rows of all tables."""
        tables = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        with self._transaction():
            for (table,) in tables:
                self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names
        self._sequences.reread()

    def log(self, entry: RequestEntry) -> None:
        """Add a request to the log."""
        self.connection.execute(
            "INSERT OR REPLACE INTO requests VALUES (" + "?," * 14 + "?)", msgspec.structs.astuple(entry)
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            self._sequences.reread()
            raise
        self.connection.execute("COMMIT")

    def change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Change what is stored, all or nothing, and return the result.

        :param work: changes it. New rows may take the next numbers.
        """
        with self._transaction():
            result = work(self.connection)
        self._sequences.reread()
        return result

    def store(self, request_id: int, result: BatchResult, now: float, settings: Settings) -> None:
        """Write the accepted and the rejected records of a batch, all or nothing.

        :param request_id: the request it came with.
        :param now: UNIX seconds.
        """
        with self._transaction():
            findings = self._write_accepted(request_id, now, result.accepted, settings)
            self._write_rejected(request_id, now, result.rejected)
            self._write_findings(request_id, now, [*result.findings, *findings])
            self._write_totals(result)

    def _write_accepted(
        self, request_id: int, now: float, accepted: list[AcceptedRecord], settings: Settings
    ) -> list[StreamError]:
        keys = {key for record in accepted for key in record.content.profile_keys}
        batch = BatchWriter(self.connection, self._sequences, request_id, now, settings)
        batch.profiles.load(keys)
        for kind, content in accepted:
            kind.write(batch, content)
        return batch.finish()

    def _write_rejected(self, request_id: int, now: float, rejected: list[RejectedRecord]) -> None:
        self.connection.executemany(
            "INSERT INTO refused VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    request_id,
                    now,
                    record.number,
                    record.kind,
                    record.key,
                    record.code,
                    record.text.strip(),
                    msgspec.json.encode(record.record).decode(),
                )
                for record in rejected
            ],
        )

    def _write_findings(self, request_id: int, now: float, findings: list[StreamError]) -> None:
        self.connection.executemany(
            "INSERT INTO error_stream VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            [(request_id, now, *finding) for finding in findings],
        )

    def _write_totals(self, result: BatchResult) -> None:
        rejected = Counter(record.kind for record in result.rejected)
        self.connection.executemany(
            "INSERT INTO totals VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind) DO UPDATE SET"
            " received = received + ?2, accepted = accepted + ?3, refused = refused + ?4",
            [
                (kind, received, received - rejected[kind], rejected[kind])
                for kind, received in Counter(result.kinds).items()
            ],
        )
