"""Which keys a load has met before: order ids, device tokens. Eight bytes for each, whatever its length."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pandas.util import hash_array

from airflow_provider_clevertap.loading.rows.text_arrays import Mask, blank_to_null
from airflow_provider_clevertap.records.values import is_empty

_Hashes: TypeAlias = NDArray[np.uint64]

#: Beyond it a number is no key that anybody has, and Python writes the longest of them in hexadecimal only.
_LONGEST: Final = 10**27


class KeySet:
    """Remembers keys as 64-bit hashes, the same in every process.

    Two different keys among ten million share a hash with a probability of three in a million.
    """

    def __init__(self) -> None:
        #: Sorted, without repeats, each much shorter than the one before it, so that few are searched and few merged.
        self._runs: list[_Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add_and_mark_known(self, column: Any) -> Mask:
        """Mark the cells whose key came before, in this column or an earlier one, and remember them all.

        :param column: keys as :func:`key_texts` gives them; an empty cell is never marked.
        """
        marks = np.zeros(len(column), np.bool_)
        filled = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        hashes = hash_array(column.drop_null().to_numpy(zero_copy_only=False), categorize=False)
        fresh, firsts = np.unique(hashes, return_index=True)
        again = np.ones(len(hashes), np.bool_)
        again[firsts] = self._known(fresh)
        marks[filled] = again
        self._add(fresh[~again[firsts]])
        return marks

    def _known(self, hashes: _Hashes) -> Mask:
        known = np.zeros(len(hashes), np.bool_)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            known |= run[places] == hashes
        return known

    def _add(self, hashes: _Hashes) -> None:
        while self._runs and len(self._runs[-1]) < 2 * len(hashes):
            hashes = np.concatenate([self._runs.pop(), hashes])
            hashes.sort(kind="stable")  # which merges what is sorted already, ten times as fast
        if len(hashes):
            self._runs.append(hashes)


def key_texts(column: Any) -> Any:
    """Give a column of keys as text, the same for the same key whatever its type; null where there is none.

    :param column: an Arrow array, or Python values.
    """
    if isinstance(column, list):
        return pa.array(map(_key_text, column), pa.string())
    if pa.types.is_string(column.type):
        return blank_to_null(column)
    if pa.types.is_integer(column.type):
        return column.cast(pa.string())
    return pa.array(map(_key_text, column.to_pylist()), pa.string())


def _key_text(value: Any) -> str | None:
    if is_empty(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    elif isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = value.quantize(1) if abs(value) < _LONGEST else value.normalize()
    elif isinstance(value, int) and abs(value) >= _LONGEST:
        return hex(value)
    # Text that is not valid Unicode is a key like any other.
    return str(value).encode("utf-8", "backslashreplace").decode()
