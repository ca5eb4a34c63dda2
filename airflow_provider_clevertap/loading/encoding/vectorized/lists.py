"""Whole columns of separated text turned into JSON lists, where every item is certainly fine."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.text_arrays import Mask, TextArray, as_mask, blank_out, either
from airflow_provider_clevertap.records.limits import MULTI_VALUE_ITEMS, VALUE_BYTES

#: Gives each cell's items as they stand between ``["`` and ``"]`` (null where there are none or it is doubtful), and
#: the doubtful cells.
ItemsConverter: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]

_SEPARATORS = frozenset(string.punctuation) - {'"', "\\"}


def select_items_converter(separator: str) -> ItemsConverter | None:
    """Find how a column of lists is read at once.

    :param separator: what separates the items.
    :returns: the screen; ``None`` when every cell must go to the law.
    """
    if separator not in _SEPARATORS:
        return None
    mark = f"\\x{ord(separator):02x}"
    # What JSON must escape, and items the law would trim or leave out.
    uneven = rf'["\\\x00-\x1f]|(?:^|{mark})(?: |{mark}|$)| (?:{mark}|$)'

    def screen(column: Any) -> tuple[Any, Mask | None]:
        doubtful = either(as_mask(pc.match_substring_regex(column, uneven)), TextArray(column).longer_than(VALUE_BYTES))
        column = blank_out(column, doubtful)
        too_many = as_mask(pc.greater_equal(pc.count_substring(column, separator), MULTI_VALUE_ITEMS))
        doubtful = either(either(doubtful, too_many), _with_repeats(column, separator))
        items = pc.replace_substring(blank_out(column, doubtful), separator, '","')
        return items, doubtful if doubtful is not None and doubtful.any() else None

    return screen


def _with_repeats(column: Any, separator: str) -> Mask | None:
    """Mark the cells in which an item stands more than once; ``None`` when there are none."""
    lists = pc.split_pattern(column, separator)
    items = lists.flatten().dictionary_encode()
    rows = pc.list_parent_indices(lists).to_numpy()
    pairs = np.sort(rows.astype(np.int64) * len(items.dictionary) + items.indices.to_numpy())
    repeated = pairs[1:][pairs[1:] == pairs[:-1]]
    if not len(repeated):
        return None
    marks = np.zeros(len(column), np.bool_)
    marks[repeated // len(items.dictionary)] = True
    return marks
