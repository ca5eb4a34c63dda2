"""One load from its first row to its summary."""

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

#: Rows kept in memory while one batch is held up; reading waits beyond it.
_MOST_OPEN_ROWS = 8 * BLOCK_ROWS


class Load:
    """Loads one source into CleverTap as one kind of record. To be run once.

    :param kind: the kind of record.
    :param source: where the rows come from.
    :param client: the API; may be ``None`` in a local dry run.
    :param options: everything else.
    :param log: the log for progress and notes; it never gets row data.
    :param store: where the checkpoint is kept, ``None`` for none. A dry run has none.
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
            raise ConfigurationError("only a local dry run can do without a client")
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
        self._counting = threading.Lock()
        self._choices = parse_columns(options.columns)
        self._profile_choices = parse_profile_columns(kind, options.profile_columns)

    def stop(self) -> None:
        """Ask the load to end: what is in flight is settled, then :meth:`run` raises ``LoadStoppedError``.

        What has no answer after ``STOP_SECONDS``, or at the end of its request's own time, is in doubt.
        """
        self._stopping.set()
        self._deadline.shorten_to(STOP_SECONDS)

    def run(self) -> Summary:
        """Load everything.

        :returns: the summary. After a failure ``self.summary`` holds what was settled.
        :raises TooManyRejectsError: when more rows failed than ``max_rejects`` allows; everything else was loaded.
        :raises FinalError: when the source, the mapping or the credentials are wrong.
        :raises CleverTapUnavailableError: when CleverTap could not be reached, or the load was stopped.
        """
        checkpoint: Checkpoint | None = None
        failure: BaseException | None = None
        artifacts = Artifacts(self.source, self.options, self.summary, self._log, self._stopping)
        try:
            checkpoint = self._begin()
            self._carry(artifacts.open_rejects(), checkpoint)
            artifacts.keep_rejects()
            if checkpoint is not None:  # only now: whoever finds the load complete trusts that its files are there
                checkpoint.complete()
            check_reject_limit(self.summary, self.options)
        except BaseException as error:
            failure = error
            raise
        finally:
            self.summary.end()
            artifacts.leave(
                self.kind.lines,
                {"columns": self._choices, "profile_columns": self._profile_choices},
                failure,
                ours=checkpoint is None or checkpoint.kept,
            )
        return self.summary

    def _begin(self) -> Checkpoint | None:
        """Find out which try this is. An earlier one's moment stays that of the load."""
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

    def _carry(self, rejects: RejectsFile, checkpoint: Checkpoint | None) -> None:
        """Take every row from the source to its outcome."""
        encoder = self._make_encoder()
        ledger = Ledger(self.summary, rejects, checkpoint)
        progress = Progress(self._log, self.summary, self.source.progress)
        encoded = self._encoded(encoder, ledger, progress)
        try:
            if self._client is None or self.options.dry_run == "local":
                for block in encoded:
                    ledger.waive(block)
            else:
                self._send(self._client, encoded, ledger, progress, checkpoint)
                if checkpoint is not None:
                    checkpoint.settle_rest(self._rows_read)
        finally:
            # A load that breaks off must not leave the source open: a database may still be working on its query.
            encoded.close()
            self._leave(ledger)
        for name in encoder.unused_columns():
            self._log.warning("Column %r is mapped, but no row of the source has it", name)

    def _leave(self, ledger: Ledger) -> None:
        try:
            ledger.close()
        except CleverTapError as error:  # only a load that has failed leaves rows open, and what it failed of counts
            self._log.warning("%s", error)
            ledger.close()

    def _make_encoder(self) -> BlockEncoder:
        said = self.options
        options: dict[str, Any] = {
            "unmapped": said.unmapped,
            "fixed": self.source.fixed_columns,
            "default_country": said.default_country,
            "on_bad_value": said.on_bad_value,
        }
        if self.kind.profile_update_kind is None or self._profile_choices is None:
            encoder: RowEncoder = Encoder(self.kind, self._choices, **options)
        else:
            encoder = EventWithProfileEncoder(
                self.kind, self.kind.profile_update_kind, self._choices, self._profile_choices, **options
            )
        if self.kind.lines is None:
            return encoder
        of_order = {**self._choices, **(self._profile_choices or {})}
        return OrderEncoder(encoder, self.kind.lines, of_order, fixed=self.source.fixed_columns)

    def _encoded(
        self, encoder: BlockEncoder, ledger: Ledger, progress: Progress
    ) -> Generator[EncodedBlock, None, None]:
        repeats = None
        if self.kind.distinct is not None and isinstance(encoder, Encoder):
            repeats = DuplicateKeys(encoder, self.kind.distinct, many_files=self.source.many_files)
        for encoded in encoder.encode_all(self.source.blocks()):
            if self._stopping.is_set():
                raise LoadStoppedError("The load was stopped.")
            for note in encoder.new_notes():
                self._log.info(note)
            if repeats is not None:
                self.summary.repeated += repeats.count_in(encoded)
            entered = ledger.enter(encoded.with_start(self._rows_read))
            self._rows_read += len(encoded.block)
            progress.tick()
            yield entered
        if repeats is not None and self.summary.repeated:
            self._log.warning(repeats.message(self.summary.repeated))

    def _send(
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
            record_resend=self._count_resent if checkpoint is None else checkpoint.count_resent,
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
                most_open_rows=_MOST_OPEN_ROWS,
                checkpoint=checkpoint,
                stride=in_flight,
            )
            try:
                for block in encoded:
                    dispatch.take(block)
                dispatch.finish()
            except BaseException:
                try:
                    ledger.settle_all(sender.stop())
                finally:
                    if checkpoint is not None:
                        checkpoint.break_off()
                raise

    def _count_resent(self, records: int, harmful: bool) -> None:  # noqa: ARG002 - for a checkpoint
        with self._counting:
            self.summary.resent += records
