"""Convert whole columns of Python values: numbers of both kinds, and lists of objects as the items of purchases are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn, join_objects
from airflow_provider_clevertap.loading.encoding.vectorized import converters
from airflow_provider_clevertap.loading.encoding.vectorized.converters import (
    ConvertedColumn,
    Converter,
    undecided_values,
)
from airflow_provider_clevertap.loading.rows.arrays import from_values
from airflow_provider_clevertap.loading.rows.conversion import (
    array_from_numbers,
    array_from_numpy,
    null_scalar,
    numpy_from_array,
    scalar,
)
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, either, none_if_clear
from airflow_provider_clevertap.records.column_rules import CellRule, DeclaredType
from airflow_provider_clevertap.records.limits import CHARGED_ITEMS
from airflow_provider_clevertap.records.values import is_empty

#: Items with more names than this in a block are left to the models.
_MAX_NAMES: Final = 200
_NUMBERS: Final = frozenset({int, float})


def convert_items(values: Sequence[Any], read_name: Callable[[Any], str]) -> ConvertedColumn:
    """Convert the items of purchases: lists of objects without nested values.

    :param values: the cells.
    :param read_name: the function with which the models read the name of an item's property.
    """
    decided = np.fromiter((_is_list_of_objects(value) for value in values), np.bool_, len(values))
    lists: list[list[dict[str, Any]]] = [value for value, known in zip(values, decided.tolist(), strict=True) if known]
    sizes = np.fromiter(map(len, lists), np.int64, len(lists))
    items = list(chain.from_iterable(lists))
    orders = dict.fromkeys(map(tuple, items))
    names = list(dict.fromkeys(chain.from_iterable(orders)))
    if not items or len(names) > _MAX_NAMES:
        return undecided_values(values)
    undecided = np.fromiter(
        (not known and not is_empty(value) for value, known in zip(values, decided.tolist(), strict=True)),
        np.bool_,
        len(values),
    )
    columns, unknown = _columns(items, names, read_name)
    texts = join_objects(columns, len(items), unknown)
    # An item of which nothing is left is sent as an empty object, which the models write.
    unknown = either(unknown, none_if_clear(numpy_from_array(texts.is_null())))
    joined, of_lists = _join(texts, sizes, unknown)
    undecided[np.flatnonzero(decided)[of_lists]] = True
    text = _spread(joined, decided)
    return ConvertedColumn(text, none_if_clear(undecided), "[", "]")


def _is_list_of_objects(value: Any) -> bool:
    return (
        type(value) is list and 0 < len(value) <= CHARGED_ITEMS and all(type(item) is dict and item for item in value)
    )


def _columns(
    items: Sequence[dict[str, Any]], names: Sequence[Any], read_name: Callable[[Any], str]
) -> tuple[list[EncodedColumn], Mask | None]:
    """Return the properties of the items, and mark the items that the models must decide."""
    columns: list[EncodedColumn] = []
    unknown: Mask | None = None
    for name in names:
        if _is_name(name, read_name):
            converted = _convert([item.get(name) for item in items])
            columns.append(EncodedColumn(CellRule(name), converted, name))
            unknown = either(unknown, converted.undecided)
        else:
            unknown = either(unknown, np.fromiter((name in item for item in items), np.bool_, len(items)))
    return columns, unknown


def _is_name(name: Any, read_name: Callable[[Any], str]) -> bool:
    try:
        read_name(name)
    except PydanticCustomError:
        return False
    return True


def _convert(values: list[Any]) -> ConvertedColumn:
    """Convert the values of one property. They are sent as they are, except missing values and empty text."""
    column = from_values(values)
    if isinstance(column, list):
        converted = _convert_numbers(column) or ConvertedColumn(pa.nulls(len(values), pa.string()))
        given = np.fromiter((value is not None and value != "" for value in values), np.bool_, len(values))
    elif pa.types.is_string(column.type):
        column = pc.if_else(pc.equal(column, scalar("")), null_scalar(column.type), column)
        return converters.text(column)
    else:
        converted = _OF_TYPES[column.type](column)
        given = numpy_from_array(column.is_valid())
    lost = none_if_clear(given & numpy_from_array(converted.text.is_null()))
    return converted._replace(undecided=either(converted.undecided, lost))


_OF_TYPES: Final[Mapping[Any, Converter]] = {
    pa.int64(): converters.whole_numbers,
    pa.float64(): converters.floats,
    pa.bool_(): converters.flags,
    pa.date32(): lambda column: ConvertedColumn(pa.nulls(len(column), pa.string())),
}


def _convert_numbers(values: Sequence[Any]) -> ConvertedColumn | None:
    """Convert whole numbers and others, as JSON has prices; ``None`` for other columns."""
    if not set(map(type, values)) - {type(None)} <= _NUMBERS:
        return None
    try:
        whole = array_from_numbers([value if type(value) is int else None for value in values], int)
    except OverflowError:
        return None
    others = converters.floats(array_from_numbers([value if type(value) is float else None for value in values], float))
    return others._replace(text=pc.coalesce(whole.cast(pa.string()), others.text))


def convert_numbers(values: Sequence[Any]) -> ConvertedColumn:
    """Convert whole numbers and others; in a column with other values, every cell that is not empty is undecided."""
    return _convert_numbers(values) or undecided_values(values)


def _join(texts: Any, sizes: NDArray[np.int64], unknown: Mask | None) -> tuple[Any, NDArray[np.int64]]:
    """Join the items of each list with commas, and return the positions of the lists with an undecided item."""
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    joined = pc.binary_join(pa.ListArray.from_arrays(array_from_numpy(bounds), texts), scalar(","))
    if unknown is None:
        return joined, np.empty(0, np.int64)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    return joined, np.array(sorted({*owners[unknown].tolist()}), np.int64)


def _spread(joined: Any, decided: Mask) -> Any:
    """Return a column with the texts where they belong, and null elsewhere."""
    if decided.all():
        return joined
    positions = np.cumsum(decided) - 1
    indices = array_from_numpy(positions, ~decided)
    return joined.take(indices)


def select_values_converter(rule: CellRule, read_name: Callable[[Any], str] | None) -> Converter | None:
    """Return the converter of a column of Python values; ``None`` when the models must decide every cell.

    :param rule: how the column is read.
    :param read_name: the function with which the models read the name of an item's property; ``None`` where items are
        sent as they are.
    """
    if rule.problem is not None or rule.values is not None or rule.operator is not None:
        return None
    if rule.custom and rule.type in (None, DeclaredType.FLOAT):
        return convert_numbers
    if rule.key == "Items" and not rule.custom and rule.type is None and read_name is not None:
        return functools.partial(convert_items, read_name=read_name)
    return None
