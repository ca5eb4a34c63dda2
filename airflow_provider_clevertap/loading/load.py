"""Runs one load: reads the source, encodes and sends its records, and returns the summary."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.deadline import STOP_SECONDS, Deadline
from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    ConfigurationError,
    LoadStoppedError,
)
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.artifacts.run_artifacts import Artifacts
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint
from airflow_provider_clevertap.loading.checkpoint.fingerprint import hashed, settings_hash
from airflow_provider_clevertap.loading.checkpoint.resume import resume_or_start
from airflow_provider_clevertap.loading.checkpoint.state import LoadState
from airflow_provider_clevertap.loading.checkpoint.store import CheckpointStore
from airflow_provider_clevertap.loading.delivery.batch_delivery import BatchDelivery
from airflow_provider_clevertap.loading.delivery.concurrency import AdaptiveConcurrencyLimit
from airflow_provider_clevertap.loading.delivery.sender import Sender
from airflow_provider_clevertap.loading.dispatch import Dispatch
from airflow_provider_clevertap.loading.encoding.block_encoder import BlockEncoder, RowEncoder
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.duplicates import DuplicateKeys
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.encoding.orders.encoder import OrderEncoder
from airflow_provider_clevertap.loading.encoding.profile_updates import EventWithProfileEncoder, parse_profile_columns
from airflow_provider_clevertap.loading.ledger import Ledger
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.outcomes.reject_limit import check_reject_limit
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.progress import Progress
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS, Source

__all__ = ["Load", "LoadOptions"]

#: Rows held in memory while a batch is delayed. Above it no further block is read.
_MAX_OPEN_ROWS = 8 * BLOCK_ROWS


class Load:
    """A load of one source into CleverTap as one kind of record. It can run once.

    :param kind: the kind of record.
    :param source: the source of the rows.
    :param client: the API; may be ``None`` in a local dry run.
    :param options: everything else.
    :param log: the log for progress and notes; row data is never logged.
    :param store: the storage of the checkpoint, ``None`` for none. A dry run has none.
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
    ) -> None:
        if client is None and options.dry_run != "local":
            raise ConfigurationError("only a local dry run can run without a client")
        self.kind = kind
        self.source = source
        self.options = options
        self.summary = Summary(kind.name, dry_run=options.dry_run)
        self._client = client
        self._store = store
        self._log = log or logging.getLogger(__name__)
        self._stopping = threading.Event()
        self._deadline = Deadline()
        self._rows_read = 0
        self._resent_lock = threading.Lock()
        self._choices = parse_columns(options.columns)
        self._profile_choices = parse_profile_columns(kind, options.profile_columns)

    def stop(self) -> None:
        """Ask the load to end. Requests in flight get their answers, then :meth:`run` raises ``LoadStoppedError``.

        The result of a request is unknown if it has no answer after ``STOP_SECONDS``, or at the end of its own time.
        """
        self._stopping.set()
        self._deadline.shorten_to(STOP_SECONDS)

    def run(self) -> Summary:
        """Load all rows.

        :returns: the summary. After a failure ``self.summary`` counts the rows that were settled.
        :raises TooManyRejectsError: when more rows failed than ``max_rejects`` allows; all others were loaded.
        :raises FinalError: when the source, the mapping or the credentials are wrong.
        :raises CleverTapUnavailableError: when CleverTap could not be reached, or the load was stopped.
        """
        checkpoint: Checkpoint | None = None
        failure: BaseException | None = None
        artifacts = Artifacts(self.source, self.options, self.summary, self._log, self._stopping)
        try:
            checkpoint = self._open_checkpoint()
            self._load_rows(artifacts.open_rejects(), checkpoint)
            artifacts.publish_rejects()
            if checkpoint is not None:  # last: the files of a complete load must be published
                checkpoint.save_complete()
            check_reject_limit(self.summary, self.options)
        except BaseException as error:
            failure = error
            raise
        finally:
            self.summary.end()
            artifacts.close(
                self.kind.lines,
                {"columns": self._choices, "profile_columns": self._profile_choices},
                failure,
                owned=checkpoint is None or checkpoint.saved,
            )
        return self.summary

    def _open_checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint, from which the load resumes or starts; ``None`` for a load without one.

        The start time of the first attempt stays that of the load: it may be in its events.
        """
        store, client = self._store, self._client
        if store is None or client is None or self.options.dry_run is not None:
            return None
        fingerprint = {
            "source": self.source.fingerprint(),
            "settings": settings_hash(self.kind, self.options, self._choices, self._profile_choices),
            "account": hashed(client.account_id),
        }
        checkpoint = resume_or_start(
            store,
            LoadState(fingerprint, started=self.kind.started_at or int(time.time()), series=store.series),
            self.summary,
            resume=self.options.resume,
            on_unconfirmed=self.options.on_unconfirmed,
            log=self._log,
            stopping=self._stopping,
        )
        self.kind = self.kind.with_start_time(checkpoint.state.started)
        return checkpoint

    def _load_rows(self, rejects: RejectsFile, checkpoint: Checkpoint | None) -> None:
        """Read every row of the source and get its outcome."""
        encoder = self._make_encoder()
        ledger = Ledger(self.summary, rejects, checkpoint)
        progress = Progress(self._log, self.summary, self.source.progress)
        encoded = self._encode_blocks(encoder, ledger, progress)
        try:
            if self._client is None or self.options.dry_run == "local":
                for block in encoded:
                    ledger.accept_unsent(block)
            else:
                self._send_blocks(self._client, encoded, ledger, progress, checkpoint)
                if checkpoint is not None:
                    checkpoint.save_all_settled(self._rows_read)
        finally:
            # A load that ends early must not leave the source open: a database may still run its query.
            encoded.close()
            self._close(ledger)
        for name in encoder.unused_columns():
            self._log.warning("Column %r is mapped, but no row of the source has it", name)

    def _close(self, ledger: Ledger) -> None:
        try:
            ledger.close()
        except CleverTapError as error:  # rows are open only after a failure, which is the one to report
            self._log.warning("%s", error)
            ledger.close()

    def _make_encoder(self) -> BlockEncoder:
        options: dict[str, Any] = {
            "unmapped": self.options.unmapped,
            "fixed": self.source.fixed_columns,
            "default_country": self.options.default_country,
            "on_bad_value": self.options.on_bad_value,
        }
        if self.kind.profile_update_kind is None or self._profile_choices is None:
            encoder: RowEncoder = Encoder(self.kind, self._choices, **options)
        else:
            encoder = EventWithProfileEncoder(
                self.kind, self.kind.profile_update_kind, self._choices, self._profile_choices, **options
            )
        if self.kind.lines is None:
            return encoder
        order_choices = {**self._choices, **(self._profile_choices or {})}
        return OrderEncoder(encoder, self.kind.lines, order_choices, fixed=self.source.fixed_columns)

    def _encode_blocks(
        self, encoder: BlockEncoder, ledger: Ledger, progress: Progress
    ) -> Generator[EncodedBlock, None, None]:
        duplicates = None
        if self.kind.distinct is not None and isinstance(encoder, Encoder):
            duplicates = DuplicateKeys(encoder, self.kind.distinct, many_files=self.source.many_files)
        for encoded in encoder.encode_all(self.source.blocks()):
            if self._stopping.is_set():
                raise LoadStoppedError("The load was stopped.")
            for note in encoder.new_notes():
                self._log.info(note)
            if duplicates is not None:
                self.summary.repeated += duplicates.count_in(encoded)
            registered = ledger.register(encoded.with_start(self._rows_read))
            self._rows_read += len(encoded.block)
            progress.tick()
            yield registered
        if duplicates is not None and self.summary.repeated:
            self._log.warning(duplicates.message(self.summary.repeated))

    def _send_blocks(
        self,
        client: CleverTapClient,
        encoded: Iterator[EncodedBlock],
        ledger: Ledger,
        progress: Progress,
        checkpoint: Checkpoint | None,
    ) -> None:
        in_flight = self.options.max_in_flight
        delivery = BatchDelivery(
            client=client,
            concurrency=AdaptiveConcurrencyLimit(in_flight),
            policy=self.options.retries,
            dry_run=self.options.dry_run == "server",
            on_unconfirmed=self.options.on_unconfirmed,
            record_resend=self._record_resend if checkpoint is None else checkpoint.record_resend,
            report_wait=progress.report_wait,
            stopping=self._stopping,
            deadline=self._deadline,
        )
        with Sender(delivery, in_flight) as sender:
            dispatch = Dispatch(
                self.kind,
                self.options.bytes_per_batch,
                sender,
                ledger,
                max_open_rows=_MAX_OPEN_ROWS,
                checkpoint=checkpoint,
                claim_size=in_flight,
            )
            try:
                for block in encoded:
                    dispatch.add(block)
                dispatch.finish()
            except BaseException:
                try:
                    ledger.settle_all(sender.stop())
                finally:
                    if checkpoint is not None:
                        checkpoint.save_interrupted()
                raise

    def _record_resend(self, records: int, duplicates: bool) -> None:  # noqa: ARG002 - only a checkpoint needs it
        with self._resent_lock:
            self.summary.resent += records
