"""Every row's outcome, written down in the order of the rows as soon as all rows before it have one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from airflow_provider_clevertap.loading.delivery import BatchResult
from airflow_provider_clevertap.loading.encoded_blocks import EncodedBlock
from airflow_provider_clevertap.loading.outcomes import Outcome, RowVerdict
from airflow_provider_clevertap.loading.rejects import RejectsFile
from airflow_provider_clevertap.loading.summary import Summary
from airflow_provider_clevertap.loading.text_columns import Mask

_ACCEPTED = RowVerdict(Outcome.ACCEPTED)


@dataclass(slots=True, eq=False)
class _OpenBlock:
    """A block some of whose records are still under way.

    :param encoded: the block.
    :param under_way: records without an outcome.
    :param settled: the rows whose record has one.
    :param refused: the verdicts on those that were not accepted.
    """

    encoded: EncodedBlock
    under_way: int
    settled: Mask
    refused: dict[int, RowVerdict] = field(default_factory=dict)


class Ledger:
    """Keeps account of the rows under way.

    :param summary: where rows are counted.
    :param rejects: where the rows that failed are written.
    """

    def __init__(self, summary: Summary, rejects: RejectsFile) -> None:
        self._summary = summary
        self._rejects = rejects
        self._open: deque[_OpenBlock] = deque()
        self._by_block: dict[int, _OpenBlock] = {}

    @property
    def open_rows(self) -> int:
        """Rows held in memory because their block, or one before it, is still under way."""
        return sum(len(opened.settled) for opened in self._open)

    def enter(self, encoded: EncodedBlock) -> None:
        """Take up a block before any of its records is sent."""
        opened = _OpenBlock(encoded, len(encoded.rows), np.zeros(len(encoded.block), np.bool_))
        opened.settled[list(encoded.unsent)] = True
        self._open.append(opened)
        self._by_block[id(encoded)] = opened
        self._write_down()

    def settle(self, result: BatchResult) -> None:
        """Note the outcome of a batch."""
        self._summary.requests += result.requests
        self._summary.retries += result.retries
        self._summary.resent += result.resent
        for record, verdict in result.verdicts.items():
            encoded, row = result.batch.locate(record)
            column = encoded.columns_by_code.get(verdict.code or 0, "")
            self._by_block[id(encoded)].refused[row] = verdict._replace(field=column)
        for piece in result.batch.pieces:
            opened = self._by_block[id(piece.encoded)]
            opened.under_way -= len(piece.rows)
            opened.settled[piece.rows] = True
        self._write_down()

    def settle_all(self, results: Iterable[BatchResult]) -> None:
        """Note the outcomes of several batches."""
        for result in results:
            self.settle(result)

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
            del self._by_block[id(opened.encoded)]
            self._write_block(opened)

    def _write_block(self, opened: _OpenBlock) -> None:
        encoded = opened.encoded
        verdicts = {**encoded.unsent, **encoded.dropped, **opened.refused}
        noted = [row for row in sorted(verdicts) if opened.settled[row]]
        for row in noted:
            self._summary.count(verdicts[row])
            if row in encoded.dropped:
                self._summary.values_dropped += encoded.dropped[row].values_dropped
        written = {row: verdicts[row] for row in noted if verdicts[row].outcome is not Outcome.SKIPPED}
        self._rejects.write(encoded.block, written)
        self._summary.accepted += int(opened.settled.sum()) - len(noted)
