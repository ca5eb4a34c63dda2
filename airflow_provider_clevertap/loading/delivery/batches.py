"""Records become batches: by count and by bytes, always in the same way for the same records.

A batch also knows the rows of the source it stands for: its span goes from where the batch before it ended to the last
row of its last record. So spans leave no gap, whatever lies between the rows that have a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock

#: Two sequences of batches are sent side by side: the rows' main records, and the profile updates that precede them.
Lane: TypeAlias = Literal["main", "profile"]

_HEAD, _TAIL = b'{"d":[', b"]}"


@dataclass(frozen=True, slots=True)
class RecordSlice:
    """A run of one block's records.

    :param encoded: the block.
    :param records: the records' JSON text, each followed by a comma.
    :param rows: for each record, the place of its row in the block.
    """

    encoded: EncodedBlock
    records: Any
    rows: NDArray[np.int64]

    def text(self) -> memoryview:
        """Give the bytes of all records, as they lie in memory."""
        return memoryview(self.records.buffers()[2])[_byte_range(self.records)]

    def slice(self, start: int, stop: int) -> RecordSlice:
        """Give the records from ``start`` up to ``stop``; nothing is copied."""
        return RecordSlice(self.encoded, self.records.slice(start, stop - start), self.rows[start:stop])

    def take(self, places: NDArray[np.int64]) -> RecordSlice:
        """Give some of the records."""
        return RecordSlice(self.encoded, self.records.take(pa.array(places)), self.rows[places])


class Batch:
    """The records of one call.

    :param number: the batch's place in the load, from 1.
    :param pieces: where its records come from, in order.
    :param lane: see :class:`Batcher`.
    :param span: the rows it stands for: the ordinal of the first, and the one after the last.
    """

    def __init__(
        self, number: int, pieces: tuple[RecordSlice, ...], lane: Lane = "main", span: tuple[int, int] = (0, 0)
    ) -> None:
        self.number = number
        self.pieces = pieces
        self.lane = lane
        self.span = span

    def __len__(self) -> int:
        return self._starts[-1]

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for piece in self.pieces:
            starts.append(starts[-1] + len(piece.rows))
        return starts

    @property
    def repeatable(self) -> bool:
        """Tell whether sending the batch twice has the effect of sending it once."""
        return all(piece.encoded.repeatable for piece in self.pieces)

    def body(self) -> bytes:
        """Give the request body."""
        *texts, last = (piece.text() for piece in self.pieces)
        return b"".join((_HEAD, *texts, last[:-1], _TAIL))

    def locate(self, record: int) -> tuple[EncodedBlock, int]:
        """Give the block a record's row is in, and its place there."""
        number = int(np.searchsorted(self._starts, record, side="right")) - 1
        piece = self.pieces[number]
        return piece.encoded, int(piece.rows[record - self._starts[number]])

    def ordinals(self) -> NDArray[np.int64]:
        """Give the ordinal of each record's first row."""
        return np.concatenate([piece.encoded.start + piece.rows for piece in self.pieces])

    def runs(self, records: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Give the rows of some of the records, as ranges of ordinals; neighbours among them share a range.

        :param records: their places in this batch, ascending.
        """
        for run in np.split(records, np.flatnonzero(np.diff(records) > 1) + 1):
            if len(run):
                first, row = self.locate(int(run[0]))
                yield first.start + row, _after(*self.locate(int(run[-1])))

    def select(self, records: NDArray[np.int64]) -> Batch:
        """Give a batch of some of the records, in the same order.

        :param records: their places in this batch, ascending.
        """
        pieces = []
        for piece, start, stop in zip(self.pieces, self._starts, self._starts[1:], strict=False):
            places = records[(records >= start) & (records < stop)] - start
            if len(places):
                pieces.append(piece.take(places))
        return Batch(self.number, tuple(pieces), self.lane, self.span)


class Batcher:
    """Packs records into batches.

    :param records_per_batch: the most records of a batch.
    :param bytes_per_batch: the most bytes of a batch's body; a single record may be larger.
    :param lane: which records these are: the rows' main records, or the profile updates that precede them.
    """

    def __init__(self, records_per_batch: int, bytes_per_batch: int, lane: Lane = "main") -> None:
        self._lane = lane
        self._reached = 0
        self._most_records = records_per_batch
        self._most_bytes = bytes_per_batch - len(_HEAD) - len(_TAIL)
        self._pieces: list[RecordSlice] = []
        self._records = 0
        self._bytes = 0
        self._batches = 0

    def add(self, encoded: EncodedBlock) -> Iterator[Batch]:
        """Take a block's records, and give the batches that are full."""
        return self.add_piece(RecordSlice(encoded, encoded.records, encoded.rows))

    def add_piece(self, whole: RecordSlice) -> Iterator[Batch]:
        """Take some of a block's records, and give the batches that are full."""
        offsets = _offsets(whole.records)
        start, count = 0, len(whole.rows)
        while start < count:
            stop = self._fill(offsets, start, count)
            if stop == start:
                yield from self.finish()
                continue
            self._pieces.append(whole.slice(start, stop))
            self._records += stop - start
            self._bytes += int(offsets[stop] - offsets[start])
            start = stop
            if self._records == self._most_records:
                yield from self.finish()

    def finish(self) -> Iterator[Batch]:
        """Give what is left as a last batch."""
        if self._pieces:
            self._batches += 1
            last = self._pieces[-1]
            span = (self._reached, _after(last.encoded, int(last.rows[-1])))
            self._reached = span[1]
            yield Batch(self._batches, tuple(self._pieces), self._lane, span)
        self._pieces, self._records, self._bytes = [], 0, 0

    def _fill(self, offsets: NDArray[np.int32], start: int, count: int) -> int:
        """Find how far the records from ``start`` still fit the batch at hand."""
        stop = min(count, start + self._most_records - self._records)
        room = self._most_bytes - self._bytes
        if offsets[stop] - offsets[start] <= room:
            return stop
        fitting = int(np.searchsorted(offsets, offsets[start] + room, side="right")) - 1
        if fitting > start:
            return fitting
        return start if self._pieces else start + 1


def _after(encoded: EncodedBlock, row: int) -> int:
    """Give the ordinal after the last row of a record.

    :param row: the place in the block of its first row.
    """
    if encoded.record_first_rows is None:
        return encoded.start + row + 1
    return encoded.start + int(np.searchsorted(encoded.record_first_rows, row, side="right"))


def _offsets(records: Any) -> NDArray[np.int32]:
    return np.frombuffer(records.buffers()[1], np.int32, len(records) + 1, records.offset * 4)


def _byte_range(records: Any) -> slice:
    offsets = _offsets(records)
    return slice(int(offsets[0]), int(offsets[-1]))
