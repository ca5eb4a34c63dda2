"""Send only the last row of each key, such as the last status of an address: batches have no order at CleverTap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.block_encoder import BlockEncoder
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.stored_blocks import StoredBlocks
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, Reason, RowOutcome
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.conversion import array_from_texts
from airflow_provider_clevertap.loading.rows.text_hashes import Hashes, hash_texts

#: Rows named in the log: enough to find the mistake in the source.
_MAX_NAMED: Final = 10


class LastRowEncoder:
    """Encodes a source of which only the last valid row of each key is sent; the earlier ones are skipped.

    Every block is encoded and kept before the first is returned. The rows are not in memory meanwhile: each takes
    twelve bytes.

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
        with StoredBlocks() as stored:
            keys = _Keys(self._key)
            for encoded in self._encoder.encode_all(blocks):
                keys.add(encoded)
                stored.append(encoded)
            earlier, last = keys.replaced()
            self._note(keys, earlier, last)
            first = 0
            for number, encoded in enumerate(stored.read(), 1):
                stop = first + len(encoded.rows)
                in_block = slice(*np.searchsorted(earlier, (first, stop)).tolist())
                self._share_returned = number / len(stored)
                names = [keys.name_of(record, with_file=self._many_files) for record in last[in_block].tolist()]
                yield self._skip(encoded, earlier[in_block] - first, names)
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

    def _note(self, keys: _Keys, earlier: NDArray[np.int64], last: NDArray[np.int64]) -> None:
        if not len(earlier):
            return
        named = [
            " by ".join(f"row {keys.name_of(record, with_file=self._many_files)}" for record in pair)
            for pair in zip(earlier[:_MAX_NAMED].tolist(), last[:_MAX_NAMED].tolist(), strict=True)
        ]
        more = f", and {len(earlier) - len(named):,} more" if len(earlier) > len(named) else ""
        self._notes.append(
            f"Rows that a later row with the same {' and '.join(self._key)} replaces: {len(earlier):,} "
            f"({', '.join(named)}{more}). They are skipped, and count as such in the summary"
        )


class _Keys:
    """The keys of all records of a source, as 64-bit hashes, and the rows that have them.

    Two different keys among ten million share a hash with a probability of three in a million.
    """

    def __init__(self, key: Sequence[str]) -> None:
        # msgspec reads nothing but these fields.
        record: Any = msgspec.defstruct("KeyOfRecord", [(field, str) for field in key])
        self._decoder = msgspec.json.Decoder(list[record])
        self._hashes: list[Hashes] = []
        self._rows: list[NDArray[np.int32]] = []
        self._blocks: list[tuple[str, int]] = []
        self._first_records = [0]

    def add(self, encoded: EncodedBlock) -> None:
        """Add the keys of a block's records."""
        texts = "".join(encoded.records.to_pylist())
        records = self._decoder.decode(f"[{texts.removesuffix(',')}]")
        keys = [msgspec.json.encode(msgspec.structs.astuple(record)).decode() for record in records]
        self._hashes.append(hash_texts(array_from_texts(keys)) if keys else np.empty(0, np.uint64))
        self._rows.append(encoded.rows.astype(np.int32))
        self._blocks.append((encoded.block.file, encoded.block.first_row))
        self._first_records.append(self._first_records[-1] + len(keys))

    def replaced(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the records whose key a later one has, ascending, and for each the last one with this key.

        Records are numbered over all blocks. The keys are forgotten.
        """
        hashes = np.concatenate([*self._hashes, np.empty(0, np.uint64)])
        self._hashes.clear()
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        is_last = np.ones(len(hashes), np.bool_)
        is_last[:-1] = hashes[1:] != hashes[:-1]
        positions, last_positions = np.flatnonzero(~is_last), np.flatnonzero(is_last)
        earlier = order[positions]
        last = order[last_positions[np.searchsorted(last_positions, positions)]]
        ascending = np.argsort(earlier)
        return earlier[ascending], last[ascending]

    def name_of(self, record: int, *, with_file: bool) -> str:
        """Return the number of a record's row, as the user knows it.

        :param with_file: name its file as well.
        """
        number = int(np.searchsorted(self._first_records, record, side="right")) - 1
        file, first_row = self._blocks[number]
        row = f"{first_row + int(self._rows[number][record - self._first_records[number]]):,}"
        return f"{row} of {file}" if with_file else row
