"""Validate the cells that a converter leaves undecided: each distinct cell once, without the rest of its row."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, array_from_texts, numpy_from_array
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, blank_out, decoded, none_if_clear
from airflow_provider_clevertap.records.cell_validation import CellValidator, IssueKey

#: Stands for the number of an issue where the validity of a cell depends on the rest of its row.
_DEPENDS_ON_ROW: Final = -1

#: The values of a column recur when its distinct cells are fewer than this share of all.
_RECURRING: Final = 0.75
_MAX_CACHED: Final = 50_000
_MAX_CACHED_LENGTH: Final = 64

#: A cell's JSON text and the number of its issue, 0 for none, by its column and the cell.
CachedResults: TypeAlias = dict[tuple[object, str], tuple[str | None, int]]


class UndecidedCells:
    """Decides the undecided cells of one column.

    :param validator: validates them.
    :param cache: results kept for later blocks, of all columns together.
    """

    def __init__(self, validator: CellValidator, cache: CachedResults) -> None:
        self._validator = validator
        self._cache = cache
        #: A number for each kind of issue met so far. A column has few of them.
        self._issue_numbers: dict[IssueKey, int] = {}

    def decide(self, column: Any, converted: ConvertedColumn) -> ConvertedColumn:
        """Fill in the undecided cells that are valid, and number the issues of the others.

        :param column: the cells of the source: an Arrow array, or Python values.
        :param converted: the result of the column's converter.
        :returns: the same column. Only cells whose validity depends on the rest of their row are still undecided.
        """
        if converted.undecided is None:
            return converted
        cells, positions = _distinct(column, converted.undecided)
        validate = self._validate_cached if len(cells) < _RECURRING * len(positions) else self._validate
        results = [validate(cell, converted) for cell in cells]
        issue_numbers = np.zeros(len(column), np.int32)
        issue_numbers[converted.undecided] = np.array([number for _, number in results], np.int32)[positions]
        still_undecided = none_if_clear(issue_numbers == _DEPENDS_ON_ROW)
        if still_undecided is not None:
            issue_numbers[still_undecided] = 0
        texts, text = array_from_texts([text for text, _ in results]), decoded(converted.text)
        if texts.null_count == len(texts):
            text = blank_out(text, converted.undecided)
        else:
            text = pc.replace_with_mask(
                text, array_from_numpy(converted.undecided), texts.take(array_from_numpy(positions))
            )
        return converted._replace(
            text=text, undecided=still_undecided, issue_numbers=issue_numbers if issue_numbers.any() else None
        )

    def _validate_cached(self, cell: Any, converted: ConvertedColumn) -> tuple[str | None, int]:
        """Validate a cell that is likely to recur in later blocks."""
        if not isinstance(cell, str) or len(cell) > _MAX_CACHED_LENGTH:
            return self._validate(cell, converted)
        if len(self._cache) > _MAX_CACHED:
            self._cache.clear()
        key = (self, cell)
        result = self._cache.get(key)
        if result is None:
            result = self._cache[key] = self._validate(cell, converted)
        return result

    def _validate(self, cell: Any, converted: ConvertedColumn) -> tuple[str | None, int]:
        """Return a cell's JSON text, and the number of its issue."""
        result = self._validator.validate(cell)
        if result is None:
            return None, _DEPENDS_ON_ROW
        if result.issue_key is not None:
            return None, self._issue_numbers.setdefault(result.issue_key, len(self._issue_numbers) + 1)
        if result.value is None:
            return None, 0
        value = msgspec.json.encode(result.value).decode()
        text = value.removeprefix(converted.before).removesuffix(converted.after)
        # The text is put between ``before`` and ``after`` again, so the value must begin and end with these.
        fits = f"{converted.before}{text}{converted.after}" == value
        return (text, 0) if fits else (None, _DEPENDS_ON_ROW)


def _distinct(column: Any, undecided: Mask) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the distinct cells among the undecided ones, and for each undecided cell its position among these."""
    if isinstance(column, list):
        cells = [column[row] for row in np.flatnonzero(undecided)]
        return cells, np.arange(len(cells))
    selected = column.filter(array_from_numpy(undecided))
    if pa.types.is_dictionary(selected.type):
        selected = selected.dictionary_decode()
    if not pa.types.is_nested(selected.type):
        encoded = selected.dictionary_encode(null_encoding="encode")
        return encoded.dictionary.to_pylist(), numpy_from_array(encoded.indices)
    cells = selected.to_pylist()
    if not pa.types.is_list(selected.type) or pa.types.is_nested(selected.type.value_type):
        return cells, np.arange(len(cells))
    position_of: dict[tuple[Any, ...], int] = {}
    positions = [position_of.setdefault(tuple(cell), len(position_of)) for cell in cells]
    return list(position_of), np.array(positions, np.int64)
