"""One load from its first row to its summary."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.api.answers import Answer
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.deadline import STOP_SECONDS, Deadline, limit_requests
from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, LoadStoppedError
from airflow_provider_clevertap.loading.artifacts.run_artifacts import RunArtifacts
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
from airflow_provider_clevertap.loading.checkpoint.fingerprint import hashed, settings_hash
from airflow_provider_clevertap.loading.checkpoint.resume import resume_or_start
from airflow_provider_clevertap.loading.checkpoint.state import LoadState
from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
from airflow_provider_clevertap.loading.conductor import Conductor, Mailbox, conduct
from airflow_provider_clevertap.loading.delivery.deliveries import Attempt, Deliveries
from airflow_provider_clevertap.loading.delivery.endpoint_limits import allowed_in_flight, check_dry_run
from airflow_provider_clevertap.loading.delivery.transport import Transport
from airflow_provider_clevertap.loading.dispatch import BatchQueue
from airflow_provider_clevertap.loading.encoding.block_encoder import BlockEncoder, RowEncoder
from airflow_provider_clevertap.loading.encoding.duplicates import DuplicateKeys
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.encoding.orders.encoder import OrderEncoder
from airflow_provider_clevertap.loading.encoding.profile_updates import EventWithProfileEncoder, parse_profile_columns
from airflow_provider_clevertap.loading.encoding.whole_source.last_rows import LastRowEncoder
from airflow_provider_clevertap.loading.ledger import Ledger
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.memory_pool import SystemMemoryPool
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.outcomes.progress import Progress
from airflow_provider_clevertap.loading.outcomes.reject_limit import too_many_rejects
from airflow_provider_clevertap.loading.outcomes.summary import Counts, Summary
from airflow_provider_clevertap.loading.reader import BlockReading, Reader
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import Source

if TYPE_CHECKING:
    from airflow_provider_clevertap.columns import Column

__all__ = ["Load", "LoadOptions"]


class Load:
    """Loads one source into CleverTap as one kind of record. To be run once.

    :param kind: the kind of record.
    :param source: where the rows come from.
    :param client: the API; may be ``None`` in a local dry run.
    :param options: everything else.
    :param log: the log for progress and notes; it never gets row data.
    :param store: where the checkpoint is kept, ``None`` for none. A dry run has none.
    :param on_progress: called now and then while the load runs; it must not wait.
    """

    def __init__(
        self,
        kind: RecordKind,
        source: Source,
        client: CleverTapClient | None,
        options: LoadOptions,
        *,
        log: logging.Logger | None = None,
        store: CheckpointStore | None = None,
        on_progress: Callable[[], None] | None = None,
    ) -> None:
        if client is None and options.dry_run != "local":
            raise ConfigurationError("only a local dry run can do without a client")
        self._columns = parse_columns(options.columns)
        self._profile_columns = parse_profile_columns(kind, options.profile_columns)
        log = log or logging.getLogger(__name__)
        self._defaults: Mapping[str, Column | None] = {}
        if options.spec is not None:
            from airflow_provider_clevertap.loading.specs.source import open_messages

            messages, kind = open_messages(source, kind, options, self._columns, log)
            source, self._defaults = messages, messages.choices
        self.kind = kind.with_start_time(kind.started_at or int(time.time()))
        self.source = source
        self.options = options
        self._client = client
        self._store = store
        self._log = log
        self._stopping = threading.Event()
        self._deadline = Deadline()
        self._mailbox: Mailbox = queue.SimpleQueue()
        self._counts = Counts(many_files=source.many_files)
        self.progress = Progress(log, self._counts, on_progress)
        self._summary: Summary | None = None
        updates = None if self._profile_columns is None else kind.profile_update_kind
        self._endpoints = [one.endpoint for one in (kind, updates) if one is not None]
        if options.dry_run == "server":
            check_dry_run(self._endpoints)

    @property
    def summary(self) -> Summary:
        """The summary of a load that has ended; before that, of the rows settled so far."""
        return self._summary or Summary.of(self._counts, kind=self.kind.name, dry_run=self.options.dry_run)

    def stop(self) -> None:
        """Ask the load to end: what is in flight is settled, then :meth:`run` raises ``LoadStoppedError``.

        Requests without an answer after ``STOP_SECONDS``, or at the end of their own time, are in doubt.
        """
        self._stopping.set()
        self._deadline.shorten_to(STOP_SECONDS)
        self._mailbox.put(None)

    def run(self) -> Summary:
        """Load everything.

        :returns: the summary. After a failure ``self.summary`` holds what was settled.
        :raises TooManyRejectsError: when more rows failed than ``max_rejects`` allows; everything else was loaded.
        :raises FinalError: when the source, the mapping or the credentials are wrong.
        :raises CleverTapUnavailableError: when CleverTap could not be reached, or the load was stopped.
        """
        self._counts.started = time.monotonic()
        artifacts = RunArtifacts(self.source, self.options, self._log, self._stopping)
        checkpoint: Checkpoint | None = None
        failure: BaseException | None = None
        try:
            checkpoint = self._resume_or_start()
            self._load_rows(Ledger(self._counts, artifacts.open_rejects(), checkpoint))
            artifacts.publish_rejects(self._counts.rejects_rows)
            if checkpoint is not None:  # only now: whoever finds the load complete relies on its files
                checkpoint.complete(self._counts)
        except BaseException as error:
            failure = error
            raise
        finally:
            rejected = self._end(artifacts, failure, is_ours=checkpoint is None or checkpoint.saved)
        if rejected is not None:
            raise rejected
        return self.summary

    def _end(self, artifacts: RunArtifacts, failure: BaseException | None, *, is_ours: bool) -> CleverTapError | None:
        """Make the summary and the report, and return the error of a load with too many failed rows."""
        artifacts.close(is_ours=is_ours)
        summary = Summary.of(
            self._counts, kind=self.kind.name, dry_run=self.options.dry_run, rejects_path=artifacts.rejects_path
        )
        rejected = None if failure is not None else too_many_rejects(summary, self.options)
        if is_ours:
            summary = artifacts.write_report(
                summary,
                lines=self.kind.lines,
                mappings={"columns": self._columns, "profile_columns": self._profile_columns},
                failure=failure or rejected,
            )
        self._summary = summary
        return None if rejected is None else too_many_rejects(summary, self.options)

    def _resume_or_start(self) -> Checkpoint | None:
        """Return the checkpoint, as an earlier attempt has left it. The load keeps the time of its first attempt."""
        store, client = self._store, self._client
        if store is None or client is None or self.options.dry_run is not None:
            return None
        fingerprint = {
            "source": self.source.fingerprint(),
            "settings": settings_hash(self.kind, self.options, self._columns, self._profile_columns),
            "account": hashed(client.account_id),
        }
        checkpoint = resume_or_start(
            store,
            LoadState(fingerprint, started=self.kind.started_at, attempt=store.attempt),
            self._counts,
            resume=self.options.resume,
            on_unconfirmed=self.options.on_unconfirmed,
            log=self._log,
            stopping=self._stopping,
        )
        self.kind = self.kind.with_start_time(checkpoint.state.started)
        return checkpoint

    def _load_rows(self, ledger: Ledger) -> None:
        """Bring every row of the source to its outcome."""
        encoder = self._make_encoder()
        duplicates = None
        if self.kind.distinct is not None and isinstance(encoder, Encoder):
            duplicates = DuplicateKeys(encoder, self.kind.distinct, many_files=self.source.many_files)
        progress = encoder.share_returned if isinstance(encoder, LastRowEncoder) else None
        memory = SystemMemoryPool(large_source=self.source.is_large())
        reading = BlockReading(self.source, encoder, duplicates, self._stopping, memory=memory, progress=progress)
        try:
            if self._client is None or self.options.dry_run == "local":
                self._validate_only(reading, ledger)
            else:
                self._send(self._client, reading, ledger)
        finally:
            self._close(ledger)
            memory.end()
        for warning in reading.warnings(self._counts.repeated, self.kind.schema.risky):
            self._log.warning("%s", warning)
        for note in encoder.closing_notes():
            self._log.info("%s", note)

    def _validate_only(self, reading: BlockReading, ledger: Ledger) -> None:
        with reading:
            while (block := reading.next_block()) is not None:
                if self._stopping.is_set():
                    raise LoadStoppedError("The load was stopped.")
                for note in block.notes:
                    self._log.info(note)
                ledger.accept_unsent(ledger.register(block.encoded, block.duplicates))
                self.progress.read(block.share_read)
                self.progress.tick()

    def _send(self, client: CleverTapClient, reading: BlockReading, ledger: Ledger) -> None:
        options = self.options
        dry_run = options.dry_run == "server"
        max_in_flight = allowed_in_flight(options.max_in_flight, self._endpoints, self._log)

        def send(attempt: Attempt) -> Answer:
            # The body is a copy of the records, so there is one for each request in flight and none for others.
            with limit_requests(self._deadline, attempt.max_seconds):
                batch = attempt.batch
                return client.send_batch(batch.endpoint, batch.body(), len(batch), dry_run=dry_run)

        reader = Reader(reading, self._mailbox.put)
        with Transport(send, max_in_flight, self._mailbox.put) as transport:
            conductor = Conductor(
                reader,
                BatchQueue(self.kind, options.bytes_per_batch, ledger),
                Deliveries(
                    transport,
                    max_in_flight,
                    options.retries,
                    may_resend=options.on_unconfirmed == "resend",
                    dry_run=dry_run,
                ),
                ledger,
                self._mailbox,
                progress=self.progress,
                stopping=self._stopping,
                log=self._log,
            )
            conduct(conductor, reader, self.stop)
        ledger.finish()

    def _close(self, ledger: Ledger) -> None:
        try:
            ledger.close()
        except CleverTapError as error:  # only a failed load has open rows, and the reason it failed for counts
            self._log.warning("%s", error)
            ledger.close()

    def _make_encoder(self) -> BlockEncoder:
        settings: dict[str, Any] = {
            "unmapped": self.options.unmapped,
            "fixed": self.source.fixed_columns,
            "default_country": self.options.default_country,
            "phone_check": self.options.phone_check,
            "on_bad_value": self.options.on_bad_value,
        }
        kind, columns, profile_columns = self.kind, self._columns, self._profile_columns
        if kind.profile_update_kind is None or profile_columns is None:
            encoder: RowEncoder = Encoder(kind, columns, **settings, defaults=self._defaults)
        else:
            encoder = EventWithProfileEncoder(kind, kind.profile_update_kind, columns, profile_columns, **settings)
        if kind.last_wins:
            return LastRowEncoder(encoder, kind.last_wins, many_files=self.source.many_files)
        if kind.lines is None:
            return encoder
        of_order = {**columns, **(profile_columns or {})}
        return OrderEncoder(encoder, kind.lines, of_order, fixed=self.source.fixed_columns)
