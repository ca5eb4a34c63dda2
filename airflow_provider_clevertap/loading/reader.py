"""Read and encode the source, one block before the load needs it.

So the thread that keeps the state of a load is never busy encoding while requests could be sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Self

from airflow_provider_clevertap.exceptions import LoadStoppedError
from airflow_provider_clevertap.loading.encoding.block_encoder import BlockEncoder
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.duplicates import DuplicateKeys
from airflow_provider_clevertap.loading.memory_pool import SystemMemoryPool
from airflow_provider_clevertap.loading.rows.block import RowBlock, Source, conversion_error
from airflow_provider_clevertap.records.record_validation import RiskyWords


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """A block as it was read.

    :param encoded: its records.
    :param notes: what to log about its columns.
    :param duplicates: rows of it whose key an earlier row had.
    :param share_read: share of the source read so far, ``None`` where that is unknown.
    """

    encoded: EncodedBlock
    notes: tuple[str, ...]
    duplicates: int
    share_read: float | None


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """No more blocks come.

    :param error: why reading failed, ``None`` at the end of the source.
    """

    error: BaseException | None = None


class BlockReading:
    """Reads and encodes the blocks of a source. Used as a context: at its end the source is closed.

    :param source: the source.
    :param encoder: makes records of its rows.
    :param duplicates: counts keys that come again, where that matters.
    :param stopping: set when the load is asked to stop; some encoders read the whole source for their first block.
    :param memory: is ended when the source has more than one block.
    :param progress: returns the share of the source read so far; the source's own unless another is given.
    """

    def __init__(
        self,
        source: Source,
        encoder: BlockEncoder,
        duplicates: DuplicateKeys | None,
        stopping: threading.Event,
        *,
        memory: SystemMemoryPool,
        progress: Callable[[], float | None] | None = None,
    ) -> None:
        self._source = source
        self._stopping = stopping
        self._progress = progress or source.progress
        self._encoder = encoder
        self._duplicates = duplicates
        self._risky = 0
        self._blocks: Iterator[RowBlock] = iter(())
        self._encoded: Iterator[EncodedBlock] = iter(())
        self._memory = memory
        #: What the source raised, and the rows it returned last.
        self._source_error: BaseException | None = None
        self._place = ""

    def __enter__(self) -> Self:
        self._blocks = self._source.blocks()
        self._encoded = iter(self._encoder.encode_all(self._read()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # An encoder may have a file open, and a database may still be working on its query.
        for iterator in (self._encoded, self._blocks):
            if isinstance(iterator, Generator):
                iterator.close()

    def next_block(self) -> ReadBlock | None:
        """Return the next block, ``None`` at the end of the source.

        :raises CleverTapError: when the source cannot be read, or its columns cannot be mapped.
        """
        try:
            return self._next_block()
        except BaseException as error:
            if error is self._source_error:  # as a generator of the user raised it
                raise
            translated = conversion_error(error, self._place)
            if translated is error:
                raise
            raise translated from None

    def _next_block(self) -> ReadBlock | None:
        encoded = next(self._encoded, None)
        if encoded is None:
            return None
        self._risky += encoded.risky
        duplicates = 0 if self._duplicates is None else self._duplicates.count_in(encoded)
        return ReadBlock(encoded, tuple(self._encoder.new_notes()), duplicates, self._progress())

    def warnings(self, repeated: int, risky: RiskyWords | None) -> Iterator[str]:
        """Return what the user should check after the whole source has been read.

        :param repeated: rows whose key an earlier row had, in all attempts.
        :param risky: the values of the records that CleverTap may reject.
        """
        if self._duplicates is not None and repeated:
            yield self._duplicates.message(repeated)
        if risky is not None and self._risky:
            yield risky.note.format(count=self._risky)
        for name in self._encoder.unused_columns():
            yield f"Column {name!r} is mapped, but no row of the source has it"

    def _read(self) -> Iterator[RowBlock]:
        for number in count():
            try:
                block = next(self._blocks, None)
            except BaseException as error:
                self._source_error = error
                raise
            if block is None:
                return
            if self._stopping.is_set():
                raise LoadStoppedError("The load was stopped.")
            if number:  # no small source
                self._memory.end()
            self._place = block.place
            yield block


class Reader:
    """Reads blocks for a load whose state belongs to another thread.

    The thread that starts a load reads its source: the code that makes the rows may hold things that only the thread
    that made them may use, such as a database connection.

    :param reading: reads the blocks.
    :param deliver: takes each block, and the end; called by the reading thread.
    """

    def __init__(self, reading: BlockReading, deliver: Callable[[ReadBlock | SourceEnded], None]) -> None:
        self._reading = reading
        self._deliver = deliver
        self._wanted = threading.Semaphore(1)
        self._stopped = False

    def request_block(self) -> None:
        """Have one more block read; the first needs no request."""
        self._wanted.release()

    def stop(self) -> None:
        """End :meth:`run` before the next block."""
        self._stopped = True
        self._wanted.release()

    def run(self) -> None:
        """Read blocks as they are requested, to the end of the source. An error is delivered, not raised."""
        try:
            with self._reading:
                while self._is_wanted() and (block := self._reading.next_block()) is not None:
                    self._deliver(block)
        except BaseException as error:  # it belongs to the load
            self._deliver(SourceEnded(error))
        else:
            self._deliver(SourceEnded())

    def _is_wanted(self) -> bool:
        self._wanted.acquire()
        return not self._stopped
