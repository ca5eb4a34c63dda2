"""Convert whole columns of separated text into JSON lists, where every item is known to be valid."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.conversion import numpy_from_array, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, TextArray, as_mask, blank_out, either
from airflow_provider_clevertap.records.limits import MULTI_VALUE_ITEMS, VALUE_BYTES
from airflow_provider_clevertap.records.texts.characters import BLANK, TEXT_BLANK
from airflow_provider_clevertap.records.written.lists import OPENING

#: Returns each cell's items as text between ``["`` and ``"]`` (null where the cell is empty or undecided), and the
#: undecided cells.
ItemsConverter: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]

_BLANKS = re.escape(BLANK)
_OTHER_FORM = f"^[{re.escape(TEXT_BLANK)}]*[{re.escape(OPENING)}]"
_SEPARATORS = frozenset(string.punctuation) - {'"', "\\"}


def in_other_form(column: Any) -> Mask:
    """Mark the cells that may be lists in another form than items with a separator between them."""
    return as_mask(pc.match_substring_regex(column, _OTHER_FORM))


def select_items_converter(separator: str) -> ItemsConverter | None:
    """Return the converter of a column of lists.

    :param separator: what separates the items.
    :returns: the converter; ``None`` when the models must decide every cell.
    """
    if separator not in _SEPARATORS:
        return None
    mark = f"\\x{ord(separator):02x}"
    # Lists in another form, characters that JSON must escape, and items that the models would trim or leave out.
    undecidable = rf'{_OTHER_FORM}|["\\\x00-\x1f]|(?:^|{mark})(?:[{_BLANKS}]|{mark}|$)|[{_BLANKS}](?:{mark}|$)'

    def convert(column: Any) -> tuple[Any, Mask | None]:
        undecided = either(
            as_mask(pc.match_substring_regex(column, undecidable)), TextArray(column).longer_than(VALUE_BYTES)
        )
        column = blank_out(column, undecided)
        too_many = as_mask(pc.greater_equal(pc.count_substring(column, separator), scalar(MULTI_VALUE_ITEMS)))
        undecided = either(either(undecided, too_many), _with_duplicates(column, separator))
        items = pc.replace_substring(blank_out(column, undecided), separator, '","')
        return items, undecided if undecided is not None and undecided.any() else None

    return convert


def _with_duplicates(column: Any, separator: str) -> Mask | None:
    """Mark the cells that contain an item more than once; ``None`` when there are none."""
    lists = pc.split_pattern(column, separator)
    items = lists.flatten().dictionary_encode()
    rows = numpy_from_array(pc.list_parent_indices(lists))
    pairs = np.sort(rows.astype(np.int64) * len(items.dictionary) + numpy_from_array(items.indices))
    duplicates = pairs[1:][pairs[1:] == pairs[:-1]]
    if not len(duplicates):
        return None
    marks = np.zeros(len(column), np.bool_)
    marks[duplicates // len(items.dictionary)] = True
    return marks
