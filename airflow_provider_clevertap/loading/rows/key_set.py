"""The set of keys a load has read so far: order ids, device tokens. Each takes eight bytes, whatever its length."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa

from airflow_provider_clevertap.loading.rows.conversion import array_from_texts, numpy_from_array
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, blank_to_null
from airflow_provider_clevertap.loading.rows.text_hashes import Hashes, hash_texts
from airflow_provider_clevertap.records.values import is_empty

#: No real key is a number this large, and Python writes the longest numbers in hexadecimal only.
_MAX_DECIMAL_KEY: Final = 10**27


class KeySet:
    """A set of keys, stored as 64-bit hashes that are the same in every process.

    Two different keys among ten million share a hash with a probability of three in a million.
    """

    def __init__(self) -> None:
        #: Sorted arrays without duplicates, each much shorter than the one before it: few to search, few to merge.
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add_and_mark_known(self, column: Any) -> Mask:
        """Add all keys of a column, and mark the cells whose key the set or an earlier cell of the column holds.

        :param column: keys as :func:`key_texts` returns them; an empty cell is never marked.
        """
        marks = np.zeros(len(column), np.bool_)
        filled = np.flatnonzero(numpy_from_array(column.is_valid()))
        distinct, first_cells = np.unique(hash_texts(column.drop_null()), return_index=True)
        known = np.ones(len(filled), np.bool_)
        known[first_cells] = self._holds(distinct)
        marks[filled] = known
        self._add(distinct[~known[first_cells]])
        return marks

    def _holds(self, hashes: Hashes) -> Mask:
        held = np.zeros(len(hashes), np.bool_)
        for run in self._runs:
            positions = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            held |= run[positions] == hashes
        return held

    def _add(self, hashes: Hashes) -> None:
        while self._runs and len(self._runs[-1]) < 2 * len(hashes):
            hashes = np.concatenate([self._runs.pop(), hashes])
            # A stable sort merges two sorted halves, ten times as fast as another sort.
            hashes.sort(kind="stable")
        if len(hashes):
            self._runs.append(hashes)


def key_texts(column: Any) -> Any:
    """Return a column of keys as text: the same text for the same key whatever its type, null where there is none.

    :param column: an Arrow array, or Python values.
    """
    if isinstance(column, list):
        return array_from_texts([_key_text(value) for value in column])
    if pa.types.is_string(column.type):
        return blank_to_null(column)
    if pa.types.is_integer(column.type):
        return column.cast(pa.string())
    return array_from_texts([_key_text(value) for value in column.to_pylist()])


def _key_text(value: Any) -> str | None:
    if is_empty(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    elif isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = value.quantize(1) if abs(value) < _MAX_DECIMAL_KEY else value.normalize()
    elif isinstance(value, int) and abs(value) >= _MAX_DECIMAL_KEY:
        return hex(value)
    # Text that is not valid Unicode is a key like any other.
    return str(value).encode("utf-8", "backslashreplace").decode()
