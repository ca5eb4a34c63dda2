"""Every row's outcome, written down in the order of the rows as soon as all rows before it have one."""

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
    """A block some of whose records are still under way.

    :param encoded: the block.
    :param under_way: rows without an outcome.
    :param profile_updates_under_way: profile updates of the block that have no outcome.
    :param settled: the rows that have an outcome.
    :param refused: the verdicts on those that were not accepted.
    """

    encoded: EncodedBlock
    under_way: int
    profile_updates_under_way: int
    settled: Mask
    refused: dict[int, RowOutcome] = field(default_factory=dict)

    def note(self, piece: RecordSlice) -> None:
        """Note that records have an outcome."""
        if piece.encoded is self.encoded:
            self.under_way -= len(piece.rows)
            self.settled[piece.rows] = True
        else:
            self.profile_updates_under_way -= len(piece.rows)

    def refuse(self, encoded: EncodedBlock, row: int, verdict: RowOutcome) -> RowOutcome:
        """Note that a record was not accepted; a record that waited for it will not be sent. Give the row's verdict."""
        verdict = verdict._replace(field=encoded.columns_by_code.get(verdict.code or 0, ""))
        if encoded is not self.encoded:
            verdict = verdict._replace(reason=verdict.reason + HELD_BACK)
            self.under_way -= 1
            self.settled[row] = True
        self.refused[row] = verdict
        return verdict


class Ledger:
    """Keeps account of the rows under way.

    :param summary: where rows are counted.
    :param rejects: where the rows that failed are written.
    :param checkpoint: knows what earlier tries have settled, and is told what this one does; ``None`` for none.
    """

    def __init__(self, summary: Summary, rejects: RejectsFile, checkpoint: Checkpoint | None = None) -> None:
        self._checkpoint = checkpoint
        self._summary = summary
        self._rejects = rejects
        self._open: deque[_OpenBlock] = deque()
        self._by_block: dict[int, _OpenBlock] = {}

    @property
    def open_rows(self) -> int:
        """Rows held in memory because their block, or one before it, is still under way."""
        return sum(len(opened.settled) for opened in self._open)

    def enter(self, encoded: EncodedBlock) -> EncodedBlock:
        """Take up a block before any of its records is sent; give it without the records that are not to be sent."""
        recalled = ResumedBlock(encoded) if self._checkpoint is None else self._checkpoint.recall(encoded)
        encoded = recalled.encoded
        updates = 0 if encoded.profile_updates is None else len(encoded.profile_updates.rows)
        opened = _OpenBlock(encoded, len(encoded.rows), updates, np.zeros(len(encoded.block), np.bool_))
        opened.settled[list(encoded.unsent)] = True
        opened.settled[list(recalled.settled)] = True
        opened.refused.update(recalled.verdicts)
        self._open.append(opened)
        self._by_block.update((id(part), opened) for part in _parts(encoded))
        self._write_down()
        return encoded

    def settle(self, result: BatchResult) -> None:
        """Note the outcome of a batch."""
        self._summary.requests += result.requests
        self._summary.retries += result.retries
        for record, verdict in result.outcomes.items():
            encoded, row = result.batch.locate(record)
            told = self._by_block[id(encoded)].refuse(encoded, row, verdict)
            if self._checkpoint is not None:
                self._checkpoint.refuse(encoded.start + row, told)
        for piece in result.settled().pieces:
            self._by_block[id(piece.encoded)].note(piece)
        if self._checkpoint is not None:
            self._checkpoint.settle(result)
        self._write_down()

    def settle_all(self, results: Iterable[BatchResult]) -> None:
        """Note the outcomes of several batches."""
        for result in results:
            self.settle(result)

    def profile_updates_settled(self, encoded: EncodedBlock) -> bool:
        """Return whether all profile updates of a block have an outcome."""
        opened = self._by_block.get(id(encoded))
        return opened is None or not opened.profile_updates_under_way

    def still_to_send(self, encoded: EncodedBlock) -> RecordSlice | None:
        """Give a block's own records without those whose row has an outcome already."""
        opened = self._by_block.get(id(encoded))
        if opened is None:
            return None
        piece = RecordSlice(encoded, encoded.records, encoded.rows)
        places = np.flatnonzero(~opened.settled[encoded.rows])
        return piece if len(places) == len(encoded.rows) else piece.take(places)

    def waive(self, encoded: EncodedBlock) -> None:
        """Take a block's records for accepted without sending them, as a local dry run does."""
        if id(encoded) in self._by_block:
            self._by_block[id(encoded)].under_way = 0
            self._by_block[id(encoded)].settled[:] = True
            self._write_down()

    def close(self) -> None:
        """Write down what is settled of the blocks a load that ends early leaves unfinished."""
        while self._open:
            self._write_block(self._open.popleft())
        self._by_block.clear()

    def _write_down(self) -> None:
        while self._open and not self._open[0].under_way:
            opened = self._open.popleft()
            for part in _parts(opened.encoded):
                del self._by_block[id(part)]
            self._write_block(opened)

    def _write_block(self, opened: _OpenBlock) -> None:
        encoded = opened.encoded
        settled, refused = opened.settled, opened.refused
        if encoded.record_first_rows is not None:
            settled = settled | settled[encoded.record_first_rows]
            refused = _spread(refused, encoded.record_first_rows)
        verdicts = {**encoded.dropped, **refused, **encoded.unsent}
        noted = [row for row in sorted(verdicts) if settled[row]]
        for row in noted:
            self._summary.count(verdicts[row])
            if row in encoded.dropped:
                self._summary.values_dropped += encoded.dropped[row].values_dropped
        self._summary.accepted += int(settled.sum()) - len(noted)
        written = {row: verdicts[row] for row in noted if verdicts[row].outcome is not Outcome.SKIPPED}
        self._summary.rejects_rows += len(written)
        self._rejects.write(encoded.block, written)


def _spread(verdicts: Mapping[int, RowOutcome], record_first_rows: NDArray[np.int64]) -> dict[int, RowOutcome]:
    """Give the verdict on a record to all the rows it is made of."""
    return {
        row: verdict
        for first_row, verdict in verdicts.items()
        for row in range(*np.searchsorted(record_first_rows, [first_row, first_row + 1]).tolist())
    }


def _parts(encoded: EncodedBlock) -> tuple[EncodedBlock, ...]:
    """Give the blocks of records that were made of the same rows."""
    return (encoded,) if encoded.profile_updates is None else (encoded, encoded.profile_updates)
