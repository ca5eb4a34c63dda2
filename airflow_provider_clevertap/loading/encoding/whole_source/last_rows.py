"""Send only the last row of each key, such as the last status of an address: batches have no order at CleverTap."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.block_encoder import BlockEncoder
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.whole_source.stored_blocks import (
    MAX_IN_MEMORY,
    StoredBlocks,
    disk_errors,
)
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, Reason, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.conversion import array_from_texts
from airflow_provider_clevertap.loading.rows.text_hashes import hash_texts

#: Rows named in the log: enough to find the mistake in the source.
_MAX_NAMED: Final = 10
#: A record's key in the temporary file: its hash, and its row within its block.
_KEY: Final = np.dtype([("hash", np.uint64), ("row", np.int32)])
READ_AT_ONCE: Final = 1 << 16
#: Keys sorted at a time, in some 50 MB.
MAX_SORTED: Final = 1 << 20


class LastRowEncoder:
    """Encodes a source of which only the last valid row of each key is sent; the earlier ones are skipped.

    Every block is encoded and kept before the first is returned. Neither the rows nor their keys stay in memory: both
    go into temporary files. A row that is skipped takes 24 bytes.

    :param encoder: encodes the blocks; each row makes its own record.
    :param key: the text fields of a record that together are its key.
    :param many_files: the source has several files, so a row is named with its file.
    """

    def __init__(self, encoder: BlockEncoder, key: Sequence[str], *, many_files: bool) -> None:
        self._encoder = encoder
        self._key = tuple(key)
        self._many_files = many_files
        self._notes: list[str] = []
        self._share_returned: float | None = None

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode all blocks of the source, in their order.

        :raises MappingError: when a block's columns cannot become records as asked.
        :raises StorageUnavailableError: when the temporary file fails.
        """
        with StoredBlocks() as stored, _Keys(self._key) as keys:
            for encoded in self._encoder.encode_all(blocks):
                keys.add(encoded)
                stored.append(encoded)
            skipped = keys.replaced()
            self._note(keys, skipped)
            first = 0
            for number, encoded in enumerate(stored.read(), 1):
                stop = first + len(encoded.rows)
                in_block = slice(*np.searchsorted(skipped.records, (first, stop)).tolist())
                self._share_returned = number / len(stored)
                sent = zip(skipped.sent[in_block].tolist(), skipped.sent_rows[in_block].tolist(), strict=True)
                names = [keys.name_of(record, row, with_file=self._many_files) for record, row in sent]
                yield self._skip(encoded, skipped.records[in_block] - first, names)
                first = stop

    def unused_columns(self) -> list[str]:
        """Return the columns the user named that no block had so far."""
        return self._encoder.unused_columns()

    def new_notes(self) -> list[str]:
        """Return what the user should know about the mapping and the skipped rows, each note once."""
        notes, self._notes = self._notes, []
        return [*self._encoder.new_notes(), *notes]

    def closing_notes(self) -> list[str]:
        """Return what the user should know at the end of the source."""
        return self._encoder.closing_notes()

    def share_returned(self) -> float | None:
        """Return the share of the blocks returned so far, 0 to 1; ``None`` before the first."""
        return self._share_returned

    def _skip(self, encoded: EncodedBlock, records: NDArray[np.int64], names: Sequence[str]) -> EncodedBlock:
        """Return a block without some of its records, whose rows are skipped.

        :param records: their positions among the records.
        :param names: for each of them, the row that is sent instead.
        """
        if not len(records):
            return encoded
        same = f"has the same {' and '.join(self._key)}, and the last such row is sent"
        reasons = (Reason("", None, f"a later row {same}"),)
        skipped = {
            row: RowOutcome(Outcome.SKIPPED, reason=f"row {name} {same}", reasons=reasons)
            for row, name in zip(encoded.rows[records].tolist(), names, strict=True)
        }
        sent = np.ones(len(encoded.rows), np.bool_)
        sent[records] = False
        return replace(
            encoded.filter(sent),
            unsent={**encoded.unsent, **skipped},
            dropped={row: outcome for row, outcome in encoded.dropped.items() if row not in skipped},
        )

    def _note(self, keys: _Keys, skipped: _Skipped) -> None:
        count = len(skipped.records)
        if not count:
            return
        named = [
            " by ".join(f"row {keys.name_of(*record, with_file=self._many_files)}" for record in (pair[:2], pair[2:]))
            for pair in zip(*(values[:_MAX_NAMED].tolist() for values in skipped), strict=True)
        ]
        more = f", and {count - len(named):,} more" if count > len(named) else ""
        self._notes.append(
            f"Rows that a later row with the same {' and '.join(self._key)} replaces: {count:,} "
            f"({', '.join(named)}{more}). They are skipped, and count as such in the summary"
        )


class _Skipped(NamedTuple):
    """The records that a later one replaces, ascending; records are numbered over all blocks."""

    records: NDArray[np.int64]
    #: their rows within their blocks
    rows: NDArray[np.int32]
    #: for each of them, the record that is sent instead
    sent: NDArray[np.int64]
    sent_rows: NDArray[np.int32]


class _Keys:
    """The keys of all records of a source, as 64-bit hashes in a temporary file, and the rows that have them.

    Two different keys among ten million share a hash with a probability of three in a million.
    """

    def __init__(self, key: Sequence[str]) -> None:
        # msgspec reads nothing but these fields.
        record: Any = msgspec.defstruct("KeyOfRecord", [(field, str) for field in key])
        self._decoder = msgspec.json.Decoder(list[record])
        self._file: Any = tempfile.SpooledTemporaryFile(max_size=MAX_IN_MEMORY)  # noqa: SIM115 (closed by __exit__)
        self._blocks: list[tuple[str, int]] = []
        self._first_records = [0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, encoded: EncodedBlock) -> None:
        """Write the keys of a block's records.

        :raises StorageUnavailableError: when that is impossible, as on a full disk.
        """
        texts = "".join(encoded.records.to_pylist())
        records = self._decoder.decode(f"[{texts.removesuffix(',')}]")
        keys = [msgspec.json.encode(msgspec.structs.astuple(record)).decode() for record in records]
        written = np.empty(len(keys), _KEY)
        if keys:
            written["hash"] = hash_texts(array_from_texts(keys))
            written["row"] = encoded.rows
        with disk_errors():
            self._file.write(written.tobytes())
        self._blocks.append((encoded.block.file, encoded.block.first_row))
        self._first_records.append(self._first_records[-1] + len(keys))

    def replaced(self) -> _Skipped:
        """Return the records whose key a later one has, and the last one with this key.

        Equal keys are found by sorting, a part of all hashes at a time, so that memory does not grow with the source.

        :raises StorageUnavailableError: when the temporary file fails.
        """
        parts = max(1, -(-self._first_records[-1] // MAX_SORTED))
        found = [_replaced(*self._part(number, parts)) for number in range(parts)]
        columns = [np.concatenate(arrays) for arrays in zip(*found, strict=True)]
        ascending = np.argsort(columns[0])
        return _Skipped(*(column[ascending] for column in columns))

    def name_of(self, record: int, row: int, *, with_file: bool) -> str:
        """Return the number of a record's row, as the user knows it.

        :param row: the row within its block.
        :param with_file: name its file as well.
        """
        number = int(np.searchsorted(self._first_records, record, side="right")) - 1
        file, first_row = self._blocks[number]
        name = f"{first_row + row:,}"
        return f"{name} of {file}" if with_file else name

    def _part(self, number: int, parts: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Return the records of one part of the hashes, ascending, and their keys."""
        records, keys, first = [np.empty(0, np.int64)], [np.empty(0, _KEY)], 0
        with disk_errors():
            self._file.seek(0)
            while text := self._file.read(READ_AT_ONCE * _KEY.itemsize):
                read = np.frombuffer(text, _KEY)
                chosen = np.flatnonzero((read["hash"] >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32) == number)
                records.append(chosen + first)
                keys.append(read[chosen])
                first += len(read)
        return np.concatenate(records), np.concatenate(keys)


def _replaced(records: NDArray[np.int64], keys: NDArray[Any]) -> _Skipped:
    """Return those of some records that a later one of them replaces, in any order."""
    order = np.argsort(keys["hash"], kind="stable")
    hashes = keys["hash"][order]
    is_last = np.ones(len(hashes), np.bool_)
    is_last[:-1] = hashes[1:] != hashes[:-1]
    positions, last_positions = np.flatnonzero(~is_last), np.flatnonzero(is_last)
    earlier = order[positions]
    last = order[last_positions[np.searchsorted(last_positions, positions)]]
    return _Skipped(records[earlier], keys["row"][earlier], records[last], keys["row"][last])
