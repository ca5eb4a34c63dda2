"""Convert each distinct cell of a column once, where cells recur."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn, Converter
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, numpy_from_array
from airflow_provider_clevertap.loading.rows.text_arrays import as_mask, blank_to_null, decoded, none_if_clear

#: A column with few distinct values among its first cells is converted by its distinct values.
_SAMPLE: Final = 2048
_MAX_DISTINCT: Final = 500
#: Distinct cells that are remembered for later blocks.
_MAX_REMEMBERED: Final = 1000

#: Counts cells that were converted: of each so many, or one where there is no number.
Count: TypeAlias = Callable[[NDArray[np.int64] | None], None]
#: Converts cells that are not blank; returns also what counts them, ``None`` when nothing does.
CountingConverter: TypeAlias = Callable[[Any], tuple[ConvertedColumn, Count | None]]


class DistinctCells:
    """Converts a column, each distinct cell once where cells recur; some cells may be blank.

    The texts of recurring cells are encoded as a dictionary.

    :param convert: converts cells.
    """

    def __init__(self, convert: CountingConverter) -> None:
        self._convert_cells = convert
        self._cells: Any = None
        self._texts: Any = None
        #: Where each cell's text is in the dictionary, -1 for none; ``None`` when every cell has a text.
        self._places: NDArray[np.int32] | None = None
        self._converted: ConvertedColumn
        self._count: Count | None = None

    def convert(self, column: Any) -> ConvertedColumn:
        """Convert a column."""
        indices = self._find(column)
        if indices is None:
            converted, count = self._convert_cells(_without_blanks(column))
            if count is not None:
                count(None)
            return converted
        if self._count is not None:
            self._count(np.bincount(numpy_from_array(indices.drop_null()), minlength=len(self._cells)))
        undecided = self._converted.undecided
        if undecided is not None:
            undecided = none_if_clear(as_mask(array_from_numpy(undecided).take(indices)))
        if self._places is not None:
            places = self._places.take(numpy_from_array(indices), mode="clip")
            missing = places < 0
            if indices.null_count:
                missing |= as_mask(indices.is_null())
            indices = array_from_numpy(places, missing)
        text = pa.DictionaryArray.from_arrays(indices, self._texts, safe=False)
        return self._converted._replace(text=text, undecided=undecided)

    def _find(self, column: Any) -> Any:
        """Return for each cell its index among the remembered ones, to which new cells are added.

        :returns: the indices; ``None`` where cells do not recur.
        """
        indices = None if self._cells is None else pc.index_in(column, value_set=self._cells)
        if indices is not None and indices.null_count == column.null_count:
            return indices
        if pc.count_distinct(column[:_SAMPLE]).as_py() > _MAX_DISTINCT:
            return None
        if indices is not None:
            new = column.filter(pc.and_(indices.is_null(), column.is_valid())).unique()
            if len(self._cells) + len(new) <= _MAX_REMEMBERED:
                self._remember(pa.concat_arrays([self._cells, new]))
                return pc.index_in(column, value_set=self._cells)
        encoded = column.dictionary_encode()
        self._remember(encoded.dictionary)
        return encoded.indices

    def _remember(self, cells: Any) -> None:
        self._cells = cells
        self._converted, self._count = self._convert_cells(_without_blanks(cells))
        self._texts, self._places = decoded(self._converted.text), None
        if self._texts.null_count:
            # The dictionary of an array holds no null, so that the array shows how many it has.
            filled = as_mask(self._texts.is_valid())
            self._places = np.where(filled, np.cumsum(filled) - 1, -1).astype(np.int32)
            self._texts = self._texts.drop_null()


def by_distinct_cells(converter: Converter) -> Converter:
    """Return a converter of cells of which some may be blank; it converts recurring cells once.

    :param converter: converts cells that are not blank.
    """
    return DistinctCells(lambda cells: (converter(cells), None)).convert


def by_cells(converter: Converter) -> Converter:
    """Return a converter of cells of which some may be blank.

    :param converter: converts cells that are not blank.
    """
    return lambda column: converter(_without_blanks(column))


def _without_blanks(column: Any) -> Any:
    return blank_to_null(column) if pa.types.is_string(column.type) else column
