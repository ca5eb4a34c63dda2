"""Keeps what has arrived, in SQLite: one connection, used by one thread, one transaction per upload."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.storage.batch_writer import BatchWriter, as_json
from airflow_provider_clevertap.emulator.storage.sequences import Sequences
from airflow_provider_clevertap.emulator.validation.batch import BatchResult, RefusedRecord
from airflow_provider_clevertap.emulator.validation.common import StreamError

IN_MEMORY = ":memory:"

TABLES = [
    "profiles",
    "profile_keys",
    "event_types",
    "events",
    "tokens",
    "refused",
    "error_stream",
    "requests",
    "totals",
]


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


class Database:
    """What the emulator knows.

    :param database: a file, made when missing, or ``:memory:``.
    """

    def __init__(self, database: str = IN_MEMORY) -> None:
        self.connection = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.executescript(Path(__file__).with_name("schema.sql").read_text())
        self.sequences = Sequences(self.connection)

    def last_request_id(self) -> int:
        """Return the number of the last request logged; 0 for none."""
        (last,) = self.connection.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()
        return int(last)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def reset(self) -> None:
        """Forget everything that has arrived."""
        with self._transaction():
            for table in TABLES:
                self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names
        self.sequences.reread()

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
            self.sequences.reread()
            raise
        self.connection.execute("COMMIT")

    def apply(self, request_id: int, verdicts: BatchResult, now: float, settings: Settings) -> None:
        """Database what passed and what was refused, all or nothing.

        :param request_id: the request it came with.
        :param now: UNIX seconds.
        """
        with self._transaction():
            findings = BatchWriter(self.connection, self.sequences, request_id, now, settings).write(verdicts.passed)
            self._write_refused(request_id, now, verdicts.refused)
            self._write_findings(request_id, now, [*verdicts.findings, *findings])
            self._write_totals(verdicts)

    def _write_refused(self, request_id: int, now: float, refused: list[RefusedRecord]) -> None:
        self.connection.executemany(
            "INSERT INTO refused VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (request_id, now, one.number, one.kind, one.key, one.code, one.text.strip(), as_json(one.record))
                for one in refused
            ],
        )

    def _write_findings(self, request_id: int, now: float, findings: list[StreamError]) -> None:
        self.connection.executemany(
            "INSERT INTO error_stream VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            [(request_id, now, *finding) for finding in findings],
        )

    def _write_totals(self, verdicts: BatchResult) -> None:
        refused = Counter(one.kind for one in verdicts.refused)
        self.connection.executemany(
            "INSERT INTO totals VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind) DO UPDATE SET"
            " received = received + ?2, accepted = accepted + ?3, refused = refused + ?4",
            [
                (kind, received, received - refused[kind], refused[kind])
                for kind, received in Counter(verdicts.kinds).items()
            ],
        )
