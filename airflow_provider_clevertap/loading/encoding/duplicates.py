"""Rows that repeat the key of an earlier row, such as a device token that an export has twice."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.rows.key_set import KeySet, key_texts
from airflow_provider_clevertap.loading.rows.slicing import column_of
from airflow_provider_clevertap.records.values import BLANK

#: Rows named in the log; it is the source that must be looked at, not the log.
_MOST_NAMED: Final = 10


class DuplicateKeys:
    """Counts the rows that are sent although an earlier one had their key already.

    They are no faults: sending a token again is harmless. But a token at two devices is a mistake of the source, and
    which of them CleverTap keeps is documented nowhere.

    :param encoder: knows which column fills the field.
    :param field: the field that should be another one in each row.
    :param many_files: a row's number alone does not name it.
    """

    def __init__(self, encoder: Encoder, field: str, *, many_files: bool) -> None:
        self._encoder = encoder
        self._field = field
        self._many_files = many_files
        self._seen = KeySet()
        self._columns: dict[tuple[str, ...], str | None] = {}
        self._first: list[str] = []

    def count_in(self, encoded: EncodedBlock) -> int:
        """Give how many rows of a block are repeats. Blocks come in the order of the source."""
        block = encoded.block
        column = self._column(block.names)
        if column is None:
            return 0
        # Blanks around a token are none of it: the law takes them off.
        keys = pc.utf8_trim(key_texts(column_of(block, column)).take(encoded.rows), BLANK)
        repeated = encoded.rows[np.flatnonzero(self._seen.add_and_mark_known(keys))]
        for row in repeated[: _MOST_NAMED - len(self._first)].tolist():
            number = f"{block.first_row + row:,}"
            self._first.append(f"{number} of {block.file}" if self._many_files else number)
        return len(repeated)

    def message(self, count: int) -> str:
        """Say it; the rows are named, what is in them is not.

        :param count: how many there were in all.
        """
        more = f", and {count - len(self._first):,} more" if count > len(self._first) else ""
        return (
            f"Rows that repeat the {self._field} of an earlier row: {count:,} (row {', '.join(self._first)}{more}). "
            f"They were loaded like any other; see that no {self._field} belongs to two devices."
        )

    def _column(self, names: tuple[str, ...]) -> str | None:
        if names not in self._columns:
            planned = self._encoder.plan_columns(names)
            self._columns[names] = next((one.source for one in planned if one.rule.key == self._field), None)
        return self._columns[names]
