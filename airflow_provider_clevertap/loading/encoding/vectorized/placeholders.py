"""Mark the cells of a column that stand for no value, or for one that has lost digits."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, array_from_texts
from airflow_provider_clevertap.loading.rows.text_arrays import (
    Mask,
    TextArray,
    as_mask,
    either,
    first_bytes,
    matching_cells,
    none_if_clear,
)
from airflow_provider_clevertap.records.texts.placeholders import (
    PLACEHOLDER_ENDS,
    PLACEHOLDER_PATTERN,
    PLACEHOLDER_STARTS,
    PLACEHOLDER_WORDS,
)

_STARTS: Final = first_bytes(PLACEHOLDER_STARTS)
_ENDS: Final = first_bytes(PLACEHOLDER_ENDS)
_WORD_STARTS: Final = first_bytes({start for word in PLACEHOLDER_WORDS for start in (word[0], word[0].upper())})
#: The Kelvin sign is the only character of more than one byte that becomes an ASCII letter, k, in lower case.
_MAX_WORD_BYTES: Final = max(len(word) + 2 * word.count("k") for word in PLACEHOLDER_WORDS)


def mark_placeholders(column: Any) -> Mask | None:
    """Mark the cells that stand for nothing, or for a number that has lost digits; ``None`` when there are none."""
    view = TextArray(column)
    candidates = view.begins_with(_STARTS)
    if candidates is not None:
        ends = view.ends_with(_ENDS)
        candidates = None if ends is None else candidates & ends
    words = _words(column, view.begins_with(_WORD_STARTS, _MAX_WORD_BYTES))
    return either(matching_cells(column, candidates, PLACEHOLDER_PATTERN), words)


def _words(column: Any, candidates: Mask | None) -> Mask | None:
    if candidates is None:
        return None
    rows = np.flatnonzero(candidates)
    found = np.zeros(len(column), np.bool_)
    lower = pc.utf8_lower(column.take(array_from_numpy(rows)))
    found[rows] = as_mask(pc.is_in(lower, value_set=_word_array()))
    return none_if_clear(found)


@cache
def _word_array() -> Any:
    return array_from_texts(sorted(PLACEHOLDER_WORDS))
