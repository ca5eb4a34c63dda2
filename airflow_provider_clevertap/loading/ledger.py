"""The outcome of every row: recorded as answers come, written in the order of the rows, and kept durably.

The ledger owns the counts, the rejects file's rows and the checkpoint of a load. It is used by one thread.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint, ResumedBlock
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch, Lane, RecordSlice
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.outcomes.outcome import HELD_BACK, Outcome, RowOutcome
from airflow_provider_clevertap.loading.outcomes.summary import Counts
from airflow_provider_clevertap.loading.rows.text_arrays import Mask


@dataclass(slots=True, eq=False)
class _OpenBlock:
    """A block some of whose records have no outcome yet.

    :param encoded: the block.
    :param open_records: main records without an outcome.
    :param open_profile_updates: profile updates without an outcome.
    :param settled: the rows that have an outcome.
    :param outcomes: of the rows that were not accepted.
    :param row_counts: for each row how many rows its record is made of, 0 for a row that is not the first of its
        record; ``None`` until it is needed.
    """

    encoded: EncodedBlock
    open_records: int
    open_profile_updates: int
    settled: Mask
    outcomes: dict[int, RowOutcome] = field(default_factory=dict)
    row_counts: NDArray[np.int64] | None = None

    def settle(self, records: RecordSlice, lane: Lane) -> None:
        """Record that records have an outcome."""
        if lane == "main":
            self.open_records -= len(records.rows)
            self.settled[records.rows] = True
        else:
            self.open_profile_updates -= len(records.rows)

    def rows_of(self, records: NDArray[np.int64]) -> int:
        """Return how many rows some records are made of."""
        first_rows = self.encoded.record_first_rows
        if first_rows is None:
            return len(records)
        if self.row_counts is None:
            self.row_counts = np.bincount(first_rows)
        return int(self.row_counts[records].sum())

    def reject(self, encoded: EncodedBlock, lane: Lane, row: int, outcome: RowOutcome) -> RowOutcome:
        """Record that a record was not accepted, and return the outcome of its row.

        A record that its profile update precedes is then not sent.
        """
        outcome = outcome._replace(field=encoded.columns_by_code.get(outcome.code or 0, ""))
        if lane == "profile":
            outcome = outcome._replace(reason=outcome.reason + HELD_BACK)
            self.open_records -= 1
            self.settled[row] = True
        self.outcomes[row] = outcome
        return outcome


class Ledger:
    """Keeps account of the rows of a load.

    :param counts: counts the rows.
    :param rejects: takes the rows that failed.
    :param checkpoint: what earlier attempts have settled, and what this one does; ``None`` for none.
    """

    def __init__(self, counts: Counts, rejects: RejectsFile, checkpoint: Checkpoint | None = None) -> None:
        self.counts = counts
        self.rows_read = 0
        self._rejects = rejects
        self._checkpoint = checkpoint
        self._registered = 0
        self._open: dict[int, _OpenBlock] = {}
        self._in_order: deque[_OpenBlock] = deque()
        self._open_rows = 0
        self._unsaved_since = 0.0
        #: batches settled since the checkpoint was last saved
        self.unsaved = 0

    @property
    def open_rows(self) -> int:
        """Rows held in memory because their block, or one before it, is not settled."""
        return self._open_rows

    @property
    def unsaved_seconds(self) -> float:
        """How long the oldest outcome has not been saved."""
        return time.monotonic() - self._unsaved_since if self.unsaved else 0.0

    # Before records are sent

    def register(self, encoded: EncodedBlock, duplicates: int = 0) -> EncodedBlock:
        """Register a block, and return it without the records that are not to be sent.

        :param encoded: the next block of the source.
        :param duplicates: rows of it whose key an earlier row had.
        """
        encoded = encoded.numbered(self._registered, self.rows_read)
        self._registered += 1
        self.rows_read += len(encoded.block)
        self.counts.repeated += duplicates
        resumed = ResumedBlock(encoded) if self._checkpoint is None else self._checkpoint.resume_block(encoded)
        encoded = resumed.encoded
        updates = 0 if encoded.profile_updates is None else len(encoded.profile_updates.rows)
        opened = _OpenBlock(encoded, len(encoded.rows), updates, np.zeros(len(encoded.block), np.bool_))
        opened.settled[list(encoded.unsent)] = True
        self.counts.settled_rows += len(encoded.unsent)
        opened.settled[list(resumed.settled)] = True
        opened.outcomes.update(resumed.outcomes)
        self._open[encoded.number] = opened
        self._in_order.append(opened)
        self._open_rows += len(opened.settled)
        self._write_settled_blocks()
        return encoded

    def claim(self, batches: Sequence[Batch]) -> None:
        """Make durable that batches may have been sent from now on, and every outcome so far.

        :raises StorageUnavailableError: when that is impossible; the batches must not be sent.
        """
        if self._checkpoint is not None:
            self.counts.resent += self._checkpoint.claim(batches)
            self._save()

    def record_resend(self, records: int, *, duplicates: bool) -> None:
        """Count records that are sent again though they may have been processed.

        :param duplicates: CleverTap may then have them twice, so that it is made durable first.
        :raises StorageUnavailableError: when that is impossible; they must not be sent.
        """
        self.counts.resent += records
        if duplicates:
            self._save()

    def withdraw_resend(self, records: int) -> None:
        """Count records no longer as resent: that request has certainly had no effect."""
        self.counts.resent -= records

    # After they have been answered

    def settle(self, result: BatchResult) -> None:
        """Record the result of a batch; it is durable with the next claim or save."""
        self.counts.requests += result.requests
        self.counts.retries += result.retries
        lane = result.batch.lane
        for record, outcome in result.outcomes.items():
            encoded, row = result.batch.locate(record)
            opened = self._open[encoded.number]
            final = opened.reject(encoded, lane, row, outcome)
            if lane == "profile":
                self.counts.settled_rows += opened.rows_of(np.array([row]))
            if self._checkpoint is not None:
                self._checkpoint.record(encoded.start + row, final)
        for records in result.settled().slices:
            opened = self._open[records.encoded.number]
            opened.settle(records, lane)
            if lane == "main":
                self.counts.settled_rows += opened.rows_of(records.rows)
        if self._checkpoint is not None:
            self.counts.resent -= self._checkpoint.settle(result)
            if not self.unsaved:
                self._unsaved_since = time.monotonic()
            self.unsaved += 1
        self._write_settled_blocks()

    def profile_updates_settled(self, encoded: EncodedBlock) -> bool:
        """Return whether all profile updates of a block have an outcome."""
        opened = self._open.get(encoded.number)
        return opened is None or not opened.open_profile_updates

    def records_to_send(self, encoded: EncodedBlock) -> RecordSlice | None:
        """Return a block's main records without those whose row has an outcome already, ``None`` for none."""
        opened = self._open.get(encoded.number)
        if opened is None:
            return None
        records = RecordSlice(encoded, encoded.records, encoded.rows)
        remaining = np.flatnonzero(~opened.settled[encoded.rows])
        return records if len(remaining) == len(encoded.rows) else records.take(remaining)

    def accept_unsent(self, encoded: EncodedBlock) -> None:
        """Record a block's records as accepted without sending them, as a local dry run does."""
        opened = self._open.get(encoded.number)
        if opened is not None:
            self.counts.settled_rows += opened.rows_of(encoded.rows)
            opened.open_records = 0
            opened.settled[:] = True
            self._write_settled_blocks()

    # The checkpoint

    def save(self) -> None:
        """Make every outcome so far durable.

        :raises StorageUnavailableError: when that is impossible.
        """
        self._save()

    def finish(self) -> None:
        """Record that every row of the source is settled, durably.

        :raises StorageUnavailableError: when that is impossible.
        :raises SupersededError: when a later attempt has taken the load over.
        """
        if self._checkpoint is not None:
            self._checkpoint.settle_all(self.rows_read)
            self._checkpoint.save_or_interrupt(self.counts)

    def save_interrupted(self) -> None:
        """Save how far a load came before it ended early."""
        if self._checkpoint is not None:
            self._checkpoint.save_interrupted(self.counts)

    def close(self) -> None:
        """Write the settled rows of the blocks that a load leaves unfinished."""
        while self._in_order:
            self._write_block(self._in_order.popleft())
        self._open.clear()

    def _save(self) -> None:
        if self._checkpoint is not None:
            self._checkpoint.save(self.counts)
            self.unsaved = 0

    def _write_settled_blocks(self) -> None:
        while self._in_order and not self._in_order[0].open_records:
            opened = self._in_order.popleft()
            del self._open[opened.encoded.number]
            self._write_block(opened)

    def _write_block(self, opened: _OpenBlock) -> None:
        encoded, settled, failed = opened.encoded, opened.settled, opened.outcomes
        self._open_rows -= len(settled)
        if encoded.record_first_rows is not None:
            settled = settled | settled[encoded.record_first_rows]
            failed = _for_each_row(failed, encoded.record_first_rows)
        outcomes = {**encoded.dropped, **failed, **encoded.unsent}
        outcomes = {row: outcomes[row] for row in sorted(outcomes) if settled[row]}
        dropped = {row: encoded.dropped[row] for row in outcomes if row in encoded.dropped}
        self.counts.count(encoded.block.file, encoded.block.first_row, outcomes, dropped)
        self.counts.accepted += int(settled.sum()) - len(outcomes)
        written = {row: outcome for row, outcome in outcomes.items() if outcome.outcome is not Outcome.SKIPPED}
        self.counts.rejects_rows += len(written)
        self._rejects.write(encoded.block, written)


def _for_each_row(outcomes: Mapping[int, RowOutcome], first_rows: NDArray[np.int64]) -> dict[int, RowOutcome]:
    """Return the outcomes of records for all the rows they are made of."""
    return {
        row: outcome
        for first_row, outcome in outcomes.items()
        for row in range(*np.searchsorted(first_rows, [first_row, first_row + 1]).tolist())
    }
