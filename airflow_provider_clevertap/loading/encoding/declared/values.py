"""Replace the cells that a mapping names, and fill empty ones, in whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.encoding.declared.cells import DeclaredCells
from airflow_provider_clevertap.loading.encoding.declared.distinct import Count, CountingConverter, DistinctCells
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn, Converter
from airflow_provider_clevertap.loading.encoding.vectorized.lists import in_other_form
from airflow_provider_clevertap.loading.rows.conversion import (
    array_from_numbers,
    array_from_numpy,
    array_from_texts,
    numpy_from_array,
    scalar,
)
from airflow_provider_clevertap.loading.rows.text_arrays import (
    Mask,
    TextArray,
    as_mask,
    blank_out,
    decoded,
    either,
    none_if_clear,
)
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.limits import VALUE_BYTES
from airflow_provider_clevertap.records.texts.characters import BLANK
from airflow_provider_clevertap.records.written.value_map import key_text

#: Up to this many replacements are put into a column one after the other.
_FEW = 3


def select_mapping_converter(
    rule: CellRule, column_type: Any, declared: DeclaredCells, converter: Converter | None
) -> Converter | None:
    """Return a converter that replaces the cells which the mapping names.

    :param rule: how the column is read.
    :param column_type: the Arrow type of its cells.
    :param declared: what replaces them.
    :param converter: converts the other cells; ``None`` when the models must decide them.
    :returns: the converter; ``None`` when the models must decide every cell that is not empty.
    """
    if rule.holds_lists:
        if converter is None or not pa.types.is_string(column_type):
            return None
        return DistinctCells(_items_converter(rule.separator, declared, converter)).convert
    keys, numbers = _typed_keys(declared.keys, column_type)
    if keys is None:
        return None

    undecided_keys = declared.undecided[numbers]
    frame: tuple[str, str] | None = None
    meanings: _Meanings | None = None

    def replace(cells: Any) -> tuple[ConvertedColumn, Count]:
        nonlocal frame, meanings
        places, found = _find(cells, keys)
        converted = _convert(converter, blank_out(cells, found))
        if meanings is None or frame != (converted.before, converted.after):
            frame = converted.before, converted.after
            meanings = _Meanings(declared.texts, numbers, *frame)
        if not meanings.within_frame:
            # In every block alike, as the results of single cells are kept for later blocks.
            converted = _framed(converted)
        if found is None:
            return converted, lambda _: declared.count(numbers[:0], 0)
        replaced = numpy_from_array(places)[found]
        if undecided_keys.any():
            undecided = np.zeros(len(cells), np.bool_)
            undecided[found] = undecided_keys[replaced]
            converted = converted._replace(undecided=either(converted.undecided, none_if_clear(undecided)))
        converted = converted._replace(text=meanings.put_into(converted.text, places, np.bincount(replaced)))
        return converted, lambda times: declared.count(numbers[replaced], 1 if times is None else times[found])

    return DistinctCells(replace).convert


class _Meanings:
    """What the keys stand for, as texts to be put into a converted column.

    :param texts: the JSON of each declared value.
    :param numbers: the numbers of those that the column's cells can equal.
    :param before: what stands before every value of the column.
    :param after: what stands after every value of the column.
    """

    def __init__(self, texts: Sequence[str | None], numbers: NDArray[np.int64], before: str, after: str) -> None:
        without = _without_frame(texts, before, after)
        self.within_frame = without is not None
        self._texts = array_from_texts(texts if without is None else without).take(array_from_numpy(numbers))
        self._filled = np.flatnonzero(as_mask(self._texts.is_valid()))

    def put_into(self, text: Any, places: Any, counts: NDArray[np.int64]) -> Any:
        """Put them into the cells that equal their keys.

        :param text: the column, null in these cells.
        :param places: the place of each cell's key; null for none.
        :param counts: how many cells each key has.
        """
        used = [place for place in self._filled.tolist() if place < len(counts) and counts[place]]
        if len(used) > _FEW:
            return pc.coalesce(self._texts.take(places), text)
        for place in used:
            text = pc.if_else(pc.equal(places, scalar(place, places.type)).fill_null(False), self._texts[place], text)
        return text


def fill_default(converted: ConvertedColumn, default: str | None) -> tuple[ConvertedColumn, Mask | None]:
    """Put the default in place of empty cells.

    :param default: its JSON; ``None`` for no default.
    :returns: the column, and the marks of the cells that were not empty; ``None`` when the column is unchanged.
    """
    if default is None or not converted.text.null_count:
        return converted, None
    empty = as_mask(converted.text.is_null())
    for mark in (converted.undecided, converted.issue_numbers):
        # A bad value that is left out is not an empty cell.
        empty = empty if mark is None else empty & (mark == 0)
    texts = _without_frame([default], converted.before, converted.after)
    if texts is None:
        converted, texts = _framed(converted), [default]
    value = array_from_texts(texts)
    if pa.types.is_dictionary(converted.text.type):
        known, indices = converted.text.dictionary, converted.text.indices
        indices = pc.if_else(array_from_numpy(empty), scalar(len(known), indices.type), indices)
        text = pa.DictionaryArray.from_arrays(indices, pa.concat_arrays([known, value]), safe=False)
    else:
        text = pc.if_else(array_from_numpy(empty), value[0], converted.text)
    return converted._replace(text=text), ~empty


def _convert(converter: Converter | None, column: Any) -> ConvertedColumn:
    if converter is not None:
        return converter(column)
    return ConvertedColumn(pa.nulls(len(column), pa.string()), none_if_clear(as_mask(column.is_valid())))


def _find(column: Any, keys: Any) -> tuple[Any, Mask | None]:
    """Return for each cell the place of its key, null for none, and the marks of the cells that have one."""
    if pa.types.is_floating(column.type):
        column = pc.add(column, scalar(0.0))  # -0.0 becomes 0.0
    elif pa.types.is_string(column.type) and TextArray(column).odd_at_an_end() is not None:
        column = pc.utf8_trim(column, BLANK)
    places = pc.index_in(column, value_set=keys)
    return places, None if places.null_count == len(places) else as_mask(places.is_valid())


def _typed_keys(keys: Sequence[str], column_type: Any) -> tuple[Any, NDArray[np.int64]]:
    """Return the keys that cells of a type can equal, as such cells, and their numbers; ``None`` for other types."""
    if pa.types.is_string(column_type):
        return array_from_texts(keys), np.arange(len(keys))
    reader: Any = None
    if pa.types.is_boolean(column_type):
        reader = {"true": True, "false": False}.get
    elif pa.types.is_integer(column_type):
        reader = _whole_number
    elif pa.types.is_float64(column_type):
        reader = float
    if reader is None:
        return None, np.arange(0)
    values, numbers = [], []
    for number, key in enumerate(keys):
        value = _value_of(key, reader)
        if value is not None and _fits(value, column_type):
            values.append(value)
            numbers.append(number)
    kind = {"bool": bool, "double": float}.get(str(column_type), int)
    return array_from_numbers(values, kind).cast(column_type), np.array(numbers, np.int64)


def _value_of(key: str, reader: Any) -> Any:
    try:
        value = reader(key)
    except (ValueError, OverflowError):
        return None
    return value if key_text(value) == key else None


def _whole_number(key: str) -> int:
    return int(key) if len(key) <= len(str(-(2**63))) else 2**64


def _fits(value: Any, column_type: Any) -> bool:
    try:
        array_from_numbers([value], type(value)).cast(column_type)
    except (OverflowError, pa.ArrowInvalid):
        return False
    return True


def _without_frame(texts: Sequence[str | None], before: str, after: str) -> list[str | None] | None:
    """Return JSON without what stands before and after every value of a column; ``None`` when it is not there."""
    if not all(
        text is None or (len(text) >= len(before) + len(after) and text.startswith(before) and text.endswith(after))
        for text in texts
    ):
        return None
    return [None if text is None else text[len(before) : len(text) - len(after)] for text in texts]


def _framed(converted: ConvertedColumn) -> ConvertedColumn:
    """Return the column with what stands before and after every value put into the values."""
    converted = converted._replace(text=decoded(converted.text))
    text = pc.binary_join_element_wise(scalar(converted.before), converted.text, scalar(converted.after), scalar(""))
    return converted._replace(text=text, before="", after="")


def _items_converter(separator: str, declared: DeclaredCells, converter: Converter) -> CountingConverter:
    """Return a converter of lists written as text, of which some items are replaced."""
    keys, texts = array_from_texts(declared.keys), array_from_texts(declared.texts)

    def convert(column: Any) -> tuple[ConvertedColumn, Count]:
        left_alone = either(TextArray(column).longer_than(VALUE_BYTES), none_if_clear(in_other_form(column)))
        lists = pc.split_pattern(blank_out(column, left_alone), separator)
        items = lists.flatten()
        places, found = _find(items, keys)
        if found is None:
            return converter(column), lambda _: declared.count(np.zeros(0, np.int64), 0)
        rows = numpy_from_array(pc.list_parent_indices(lists))
        replaced = numpy_from_array(places)[found]
        items = pc.coalesce(texts.take(places), items)
        left_out = found.copy()
        left_out[found] = as_mask(texts.is_null())[replaced]
        kept = ~left_out & (TextArray(pc.utf8_trim(items, BLANK)).lengths > 0)
        ends = np.cumsum(np.bincount(rows[kept], minlength=len(column)))
        offsets = array_from_numpy(np.append(0, ends).astype(np.int32))
        joined = pc.binary_join(
            pa.ListArray.from_arrays(offsets, items.filter(array_from_numpy(kept))), scalar(separator)
        )
        empty = np.diff(ends, prepend=0) == 0
        converted = converter(blank_out(joined, none_if_clear(empty)))
        undecided = np.zeros(len(column), np.bool_)
        undecided[rows[found][declared.undecided[replaced]]] = True
        converted = converted._replace(
            text=blank_out(converted.text, none_if_clear(undecided)),
            undecided=either(converted.undecided, either(left_alone, none_if_clear(undecided))),
        )
        return converted, lambda times: declared.count(replaced, 1 if times is None else times[rows[found]])

    return convert
