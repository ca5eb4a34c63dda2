"""Puts records into batches by count and by bytes. The same records always make the same batches.

A batch also has a span, the rows of the source that it covers: from the end of the span of the batch before to the last
row of its last record. So the spans have no gaps, even where rows have no record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.api.endpoints import ENVELOPE, UPLOAD, Endpoint
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy

#: Two sequences of batches are sent side by side: the rows' main records, and the profile updates that precede them.
Lane: TypeAlias = Literal["main", "profile"]


@dataclass(frozen=True, slots=True)
class RecordSlice:
    """Consecutive records of one block.

    :param encoded: the block.
    :param records: the records' JSON text, each followed by a comma.
    :param rows: for each record, the position of its row in the block.
    """

    encoded: EncodedBlock
    records: Any
    rows: NDArray[np.int64]

    def text(self) -> memoryview:
        """Return the bytes of all records, without a copy."""
        return memoryview(self.records.buffers()[2])[_byte_range(self.records)]

    def slice(self, start: int, stop: int) -> RecordSlice:
        """Return the records from ``start`` up to, but not including, ``stop``, without a copy."""
        return RecordSlice(self.encoded, self.records.slice(start, stop - start), self.rows[start:stop])

    def take(self, positions: NDArray[np.int64]) -> RecordSlice:
        """Return some of the records."""
        return RecordSlice(self.encoded, self.records.take(array_from_numpy(positions)), self.rows[positions])


class Batch:
    """The records of one call.

    :param number: the number of the batch in its lane, from 1.
    :param slices: its records, in order.
    :param lane: see :class:`Batcher`.
    :param span: the rows that it covers: the ordinal of the first, and the one after the last.
    :param endpoint: where to send it.
    :param envelope: what stands before and after the records in the request's body.
    """

    def __init__(
        self,
        number: int,
        slices: tuple[RecordSlice, ...],
        lane: Lane = "main",
        span: tuple[int, int] = (0, 0),
        *,
        endpoint: Endpoint = UPLOAD,
        envelope: tuple[bytes, bytes] = ENVELOPE,
    ) -> None:
        self.number = number
        self.slices = slices
        self.lane = lane
        self.span = span
        self.endpoint = endpoint
        self.envelope = envelope
        #: sending the batch twice has the same effect as sending it once
        self.repeatable = all(part.encoded.repeatable for part in slices)
        self._starts = [0]
        for part in slices:
            self._starts.append(self._starts[-1] + len(part.rows))

    def __len__(self) -> int:
        return self._starts[-1]

    def body(self) -> bytes:
        """Return the request body."""
        *texts, last = (part.text() for part in self.slices)
        head, tail = self.envelope
        return b"".join((head, *texts, last[:-1], tail))

    def locate(self, record: int) -> tuple[EncodedBlock, int]:
        """Return the block of a record's row, and the position of the row in it."""
        number = int(np.searchsorted(self._starts, record, side="right")) - 1
        part = self.slices[number]
        return part.encoded, int(part.rows[record - self._starts[number]])

    def ordinals(self) -> NDArray[np.int64]:
        """Return the ordinal of each record's first row."""
        return np.concatenate([part.encoded.start + part.rows for part in self.slices])

    def runs(self, records: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Return the rows of some of the records, as ranges of ordinals; one range for consecutive records.

        :param records: their positions in this batch, ascending.
        """
        for run in np.split(records, np.flatnonzero(np.diff(records) > 1) + 1):
            if len(run):
                first, row = self.locate(int(run[0]))
                yield first.start + row, _after(*self.locate(int(run[-1])))

    def select(self, records: NDArray[np.int64]) -> Batch:
        """Return a batch of some of the records, in the same order.

        :param records: their positions in this batch, ascending.
        """
        slices = []
        for part, start, stop in zip(self.slices, self._starts, self._starts[1:], strict=False):
            positions = records[(records >= start) & (records < stop)] - start
            if len(positions):
                slices.append(part.take(positions))
        return Batch(self.number, tuple(slices), self.lane, self.span, endpoint=self.endpoint, envelope=self.envelope)


class Batcher:
    """Puts records into batches.

    :param records_per_batch: the maximum number of records of a batch.
    :param bytes_per_batch: the maximum size of a batch's body; a single record may be larger.
    :param lane: which records these are: the rows' main records, or the profile updates that precede them.
    :param endpoint: where the batches are sent.
    :param envelope: what stands before and after the records in a request's body.
    """

    def __init__(
        self,
        records_per_batch: int,
        bytes_per_batch: int,
        lane: Lane = "main",
        *,
        endpoint: Endpoint = UPLOAD,
        envelope: tuple[bytes, bytes] = ENVELOPE,
    ) -> None:
        self._lane = lane
        self._endpoint = endpoint
        self._envelope = envelope
        self._covered = 0
        self._max_records = records_per_batch
        self._max_bytes = bytes_per_batch - sum(map(len, envelope))
        self._slices: list[RecordSlice] = []
        self._records = 0
        self._bytes = 0
        self._batches = 0

    def add(self, encoded: EncodedBlock) -> Iterator[Batch]:
        """Add a block's records, and return the batches that are full."""
        return self.add_slice(RecordSlice(encoded, encoded.records, encoded.rows))

    def add_slice(self, records: RecordSlice) -> Iterator[Batch]:
        """Add some of a block's records, and return the batches that are full."""
        offsets = _offsets(records.records)
        start, count = 0, len(records.rows)
        while start < count:
            stop = self._fill(offsets, start, count)
            if stop == start:
                yield from self.finish()
                continue
            self._slices.append(records.slice(start, stop))
            self._records += stop - start
            self._bytes += int(offsets[stop] - offsets[start])
            start = stop
            if self._records == self._max_records:
                yield from self.finish()

    def finish(self) -> Iterator[Batch]:
        """Return the remaining records as a last batch."""
        if self._slices:
            self._batches += 1
            last = self._slices[-1]
            span = (self._covered, _after(last.encoded, int(last.rows[-1])))
            self._covered = span[1]
            yield Batch(
                self._batches,
                tuple(self._slices),
                self._lane,
                span,
                endpoint=self._endpoint,
                envelope=self._envelope,
            )
        self._slices, self._records, self._bytes = [], 0, 0

    def _fill(self, offsets: NDArray[np.int32], start: int, count: int) -> int:
        """Return the end of the records from ``start`` on that fit into the current batch."""
        stop = min(count, start + self._max_records - self._records)
        room = self._max_bytes - self._bytes
        if offsets[stop] - offsets[start] <= room:
            return stop
        fitting = int(np.searchsorted(offsets, offsets[start] + room, side="right")) - 1
        if fitting > start:
            return fitting
        return start if self._slices else start + 1


def _after(encoded: EncodedBlock, row: int) -> int:
    """Return the ordinal after the last row of a record.

    :param row: the position in the block of its first row.
    """
    if encoded.record_first_rows is None:
        return encoded.start + row + 1
    return encoded.start + int(np.searchsorted(encoded.record_first_rows, row, side="right"))


def _offsets(records: Any) -> NDArray[np.int32]:
    return np.frombuffer(records.buffers()[1], np.int32, len(records) + 1, records.offset * 4)


def _byte_range(records: Any) -> slice:
    offsets = _offsets(records)
    return slice(int(offsets[0]), int(offsets[-1]))
