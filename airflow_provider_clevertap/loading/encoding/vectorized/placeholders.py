"""Mark the cells of a column that stand for no value, or for one that has lost digits."""

from __future__ import annotations

from typing import Any, Final

from airflow_provider_clevertap.loading.rows.text_arrays import Mask, TextArray, either, first_bytes, matching_cells
from airflow_provider_clevertap.records.texts.placeholders import (
    LONG_PLACEHOLDER,
    LONG_PLACEHOLDER_ENDS,
    LONG_PLACEHOLDER_STARTS,
    PLACEHOLDER,
    SHORT_PLACEHOLDER_CHARACTERS,
    SHORT_PLACEHOLDER_STARTS,
)

_LONG_STARTS: Final = first_bytes(LONG_PLACEHOLDER_STARTS)
_LONG_ENDS: Final = first_bytes(LONG_PLACEHOLDER_ENDS)
_SHORT_STARTS: Final = first_bytes(SHORT_PLACEHOLDER_STARTS)
#: A character has at most four bytes.
_SHORT_BYTES: Final = 4 * SHORT_PLACEHOLDER_CHARACTERS


def mark_placeholders(column: Any) -> Mask | None:
    """Mark the cells that stand for nothing, or for a number that has lost digits; ``None`` when there are none."""
    view = TextArray(column)
    long = view.begins_with(_LONG_STARTS)
    if long is not None:
        ends = view.ends_with(_LONG_ENDS)
        long = None if ends is None else long & ends
    short = view.begins_with(_SHORT_STARTS, _SHORT_BYTES)
    return either(matching_cells(column, long, LONG_PLACEHOLDER), matching_cells(column, short, PLACEHOLDER))
