"""Rows with the key of an earlier row, such as a device token that an export contains twice."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy
from airflow_provider_clevertap.loading.rows.key_set import KeySet, key_texts
from airflow_provider_clevertap.loading.rows.slicing import column_of
from airflow_provider_clevertap.records.texts.characters import BLANK

#: Rows named in the log: enough to find the mistake in the source.
_MAX_NAMED: Final = 10


class DuplicateKeys:
    """Counts the rows that are sent although an earlier row had the same key.

    A duplicate is not an issue of its row: sending a token twice is harmless. But a token of two devices is a mistake
    in the source, and CleverTap does not document which of the two it keeps.

    :param encoder: knows which column fills the field.
    :param field: the field that should differ in each row.
    :param many_files: the source has several files, so a row is named with its file.
    """

    def __init__(self, encoder: Encoder, field: str, *, many_files: bool) -> None:
        self._encoder = encoder
        self._field = field
        self._many_files = many_files
        self._known_keys = KeySet()
        self._columns: dict[tuple[str, ...], str | None] = {}
        self._first_duplicates: list[str] = []

    def count_in(self, encoded: EncodedBlock) -> int:
        """Return how many rows of a block are duplicates. Blocks must come in the order of the source."""
        block = self._encoder.join_spellings(encoded.block)
        column = self._column(block.names)
        if column is None:
            return 0
        # Blanks around a token do not belong to it: the models remove them too.
        keys = pc.utf8_trim(key_texts(column_of(block, column)).take(array_from_numpy(encoded.rows)), BLANK)
        duplicates = encoded.rows[np.flatnonzero(self._known_keys.add_and_mark_known(keys))]
        for row in duplicates[: _MAX_NAMED - len(self._first_duplicates)].tolist():
            number = f"{block.first_row + row:,}"
            self._first_duplicates.append(f"{number} of {block.file}" if self._many_files else number)
        return len(duplicates)

    def message(self, count: int) -> str:
        """Return a message that names the first duplicate rows, but none of their values.

        :param count: how many duplicates there were in all.
        """
        named = self._first_duplicates
        more = f", and {count - len(named):,} more" if count > len(named) else ""
        return (
            f"Rows that repeat the {self._field} of an earlier row: {count:,} (row {', '.join(named)}{more}). "
            f"They were loaded like any other; check that no {self._field} belongs to two devices."
        )

    def _column(self, names: tuple[str, ...]) -> str | None:
        if names not in self._columns:
            planned = self._encoder.plan_columns(names)
            self._columns[names] = next((column.source for column in planned if column.rule.key == self._field), None)
        return self._columns[names]
