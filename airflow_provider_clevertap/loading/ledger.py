"""The ledger of a load: counts the outcome of every row and writes rejected rows, in the order of the source."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.checkpoint.checkpoint import Checkpoint, ResumedBlock
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import RecordSlice
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.outcomes.outcome import HELD_BACK, Outcome, RowOutcome
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.rows.text_arrays import Mask


@dataclass(slots=True, eq=False)
class _OpenBlock:
    """A block with rows that have no outcome yet.

    :param encoded: the block.
    :param open_records: how many of its records have no outcome.
    :param open_profile_updates: how many of its profile updates have no outcome.
    :param settled: marks the rows that have an outcome.
    :param unaccepted: the outcomes of those that were not accepted.
    """

    encoded: EncodedBlock
    open_records: int
    open_profile_updates: int
    settled: Mask
    unaccepted: dict[int, RowOutcome] = field(default_factory=dict)

    def settle(self, records: RecordSlice) -> None:
        """Mark records as settled."""
        if records.encoded is self.encoded:
            self.open_records -= len(records.rows)
            self.settled[records.rows] = True
        else:
            self.open_profile_updates -= len(records.rows)

    def reject(self, encoded: EncodedBlock, row: int, outcome: RowOutcome) -> RowOutcome:
        """Record that a record was not accepted, and return the outcome of its row.

        After a profile update that was not accepted, the event of its row is not sent.
        """
        outcome = outcome._replace(field=encoded.columns_by_code.get(outcome.code or 0, ""))
        if encoded is not self.encoded:
            outcome = outcome._replace(reason=outcome.reason + HELD_BACK)
            self.open_records -= 1
            self.settled[row] = True
        self.unaccepted[row] = outcome
        return outcome


class Ledger:
    """Tracks the rows under way. A block is written as soon as its rows and those of all blocks before have an outcome.

    :param summary: counts the rows.
    :param rejects: the rejects file.
    :param checkpoint: applies the results of earlier attempts and saves those of this one; ``None`` for none.
    """

    def __init__(self, summary: Summary, rejects: RejectsFile, checkpoint: Checkpoint | None = None) -> None:
        self._checkpoint = checkpoint
        self._summary = summary
        self._rejects = rejects
        self._open: deque[_OpenBlock] = deque()
        self._by_block: dict[int, _OpenBlock] = {}

    @property
    def open_rows(self) -> int:
        """Rows held in memory because their block, or one before it, has rows without an outcome."""
        return sum(len(block.settled) for block in self._open)

    def register(self, encoded: EncodedBlock) -> EncodedBlock:
        """Register a block before any of its records is sent, and return it without those that need not be sent."""
        resumed = ResumedBlock(encoded) if self._checkpoint is None else self._checkpoint.resume_block(encoded)
        encoded = resumed.encoded
        updates = 0 if encoded.profile_updates is None else len(encoded.profile_updates.rows)
        block = _OpenBlock(encoded, len(encoded.rows), updates, np.zeros(len(encoded.block), np.bool_))
        block.settled[list(encoded.unsent)] = True
        block.settled[list(resumed.settled)] = True
        block.unaccepted.update(resumed.outcomes)
        self._open.append(block)
        self._by_block.update((id(part), block) for part in _parts(encoded))
        self._write_settled_blocks()
        return encoded

    def settle(self, result: BatchResult) -> None:
        """Record the result of a batch."""
        self._summary.requests += result.requests
        self._summary.retries += result.retries
        for record, outcome in result.outcomes.items():
            encoded, row = result.batch.locate(record)
            row_outcome = self._by_block[id(encoded)].reject(encoded, row, outcome)
            if self._checkpoint is not None:
                self._checkpoint.record_unaccepted(encoded.start + row, row_outcome)
        for records in result.settled().slices:
            self._by_block[id(records.encoded)].settle(records)
        if self._checkpoint is not None:
            self._checkpoint.record_result(result)
        self._write_settled_blocks()

    def settle_all(self, results: Iterable[BatchResult]) -> None:
        """Record the results of several batches."""
        for result in results:
            self.settle(result)

    def profile_updates_settled(self, encoded: EncodedBlock) -> bool:
        """Return whether all profile updates of a block have an outcome."""
        block = self._by_block.get(id(encoded))
        return block is None or not block.open_profile_updates

    def unsettled_records(self, encoded: EncodedBlock) -> RecordSlice | None:
        """Return a block's main records without those whose row has an outcome, ``None`` when the block is written."""
        block = self._by_block.get(id(encoded))
        if block is None:
            return None
        records = RecordSlice(encoded, encoded.records, encoded.rows)
        unsettled = np.flatnonzero(~block.settled[encoded.rows])
        return records if len(unsettled) == len(encoded.rows) else records.take(unsettled)

    def accept_unsent(self, encoded: EncodedBlock) -> None:
        """Count a block's records as accepted without sending them, for a local dry run."""
        if id(encoded) in self._by_block:
            self._by_block[id(encoded)].open_records = 0
            self._by_block[id(encoded)].settled[:] = True
            self._write_settled_blocks()

    def close(self) -> None:
        """Write the rows that have an outcome, of blocks that a load that ends early leaves unfinished."""
        while self._open:
            self._write_block(self._open.popleft())
        self._by_block.clear()

    def _write_settled_blocks(self) -> None:
        while self._open and not self._open[0].open_records:
            block = self._open.popleft()
            for part in _parts(block.encoded):
                del self._by_block[id(part)]
            self._write_block(block)

    def _write_block(self, block: _OpenBlock) -> None:
        encoded = block.encoded
        settled, unaccepted = block.settled, block.unaccepted
        if encoded.record_first_rows is not None:
            settled = settled | settled[encoded.record_first_rows]
            unaccepted = _spread(unaccepted, encoded.record_first_rows)
        outcomes = {**encoded.dropped, **unaccepted, **encoded.unsent}
        counted = [row for row in sorted(outcomes) if settled[row]]
        for row in counted:
            self._summary.count(outcomes[row])
            if row in encoded.dropped:
                self._summary.values_dropped += encoded.dropped[row].values_dropped
        self._summary.accepted += int(settled.sum()) - len(counted)
        written = {row: outcomes[row] for row in counted if outcomes[row].outcome is not Outcome.SKIPPED}
        self._summary.rejects_rows += len(written)
        self._rejects.write(encoded.block, written)


def _spread(outcomes: Mapping[int, RowOutcome], record_first_rows: NDArray[np.int64]) -> dict[int, RowOutcome]:
    """Return the outcome of each record for all rows that it consists of."""
    return {
        row: outcome
        for first_row, outcome in outcomes.items()
        for row in range(*np.searchsorted(record_first_rows, [first_row, first_row + 1]).tolist())
    }


def _parts(encoded: EncodedBlock) -> tuple[EncodedBlock, ...]:
    """Return the main records and the profile updates of the same rows."""
    return (encoded,) if encoded.profile_updates is None else (encoded, encoded.profile_updates)
