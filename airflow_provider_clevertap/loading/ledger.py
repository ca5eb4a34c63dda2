"""Every row's outcome, written down in the order of the rows as soon as all rows before it have one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from airflow_provider_clevertap.loading.delivery import BatchResult
from airflow_provider_clevertap.loading.encoding import EncodedBlock
from airflow_provider_clevertap.loading.outcomes import Outcome, RowVerdict
from airflow_provider_clevertap.loading.rejects import RejectsFile
from airflow_provider_clevertap.loading.summary import Summary

_ACCEPTED = RowVerdict(Outcome.ACCEPTED)


@dataclass(slots=True, eq=False)
class _OpenBlock:
    """A block some of whose records are still under way.

    :param encoded: the block.
    :param under_way: records without an outcome.
    :param refused: the rows of those that were not accepted.
    """

    encoded: EncodedBlock
    under_way: int
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
    def open_blocks(self) -> int:
        """Blocks held in memory because they, or a block before them, are still under way."""
        return len(self._open)

    def enter(self, encoded: EncodedBlock) -> None:
        """Take up a block before any of its records is sent."""
        opened = _OpenBlock(encoded, len(encoded.rows))
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
            self._by_block[id(piece.encoded)].under_way -= len(piece.rows)
        self._write_down()

    def settle_all(self, results: Iterable[BatchResult]) -> None:
        """Note the outcomes of several batches."""
        for result in results:
            self.settle(result)

    def waive(self, encoded: EncodedBlock) -> None:
        """Take a block's records for accepted without sending them, as a local dry run does."""
        if id(encoded) in self._by_block:
            self._by_block[id(encoded)].under_way = 0
            self._write_down()

    def _write_down(self) -> None:
        while self._open and not self._open[0].under_way:
            opened = self._open.popleft()
            del self._by_block[id(opened.encoded)]
            self._write_block(opened)

    def _write_block(self, opened: _OpenBlock) -> None:
        encoded = opened.encoded
        noted = {**encoded.unsent, **encoded.dropped, **opened.refused}
        for row in sorted(noted):
            verdict = noted[row]
            self._summary.count(verdict)
            if verdict.outcome is not Outcome.SKIPPED:
                self._rejects.write(encoded.block, row, verdict)
        self._summary.values_dropped += sum(verdict.values_dropped for verdict in encoded.dropped.values())
        self._summary.accepted += len(encoded.block) - len(noted)
