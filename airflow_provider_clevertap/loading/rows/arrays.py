"""Columns in the form the encoder needs: Arrow arrays where they hold the values exactly, else Python values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.conversion import array_from_numbers, array_from_texts, null_scalar

#: One column of a row block: it belongs in ``RowBlock.columns`` when it is an array, else in ``RowBlock.objects``.
Column: TypeAlias = "pa.Array | list[Any]"

_ARROW_TYPES = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64(), date: pa.date32()}
_SIMPLER_TYPES = {
    pa.null(): pa.string(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.float16(): pa.float32(),
}

#: Python's datetime has only the years 1 to 9999, in every time zone.
_FIRST_MOMENT = datetime(1, 1, 2)
_LAST_MOMENT = datetime(9999, 12, 30)
#: One precision for all, so that columns of the same scale have the same type.
_DECIMAL_DIGITS = 38


def from_values(values: list[Any]) -> Column:
    """Return values that share one type as an Arrow array, and other values unchanged.

    Integers and floats in one column stay Python values: an array would turn the integers into floats.

    :param values: Python values, ``None`` for missing.
    """
    array = array_of(values, set(map(type, values)))
    return values if array is None else array


def from_database_values(values: list[Any]) -> Column:
    """Return values that share one type of databases as an Arrow array, and other values unchanged.

    Datetimes with a time zone become the same moments in UTC, and decimals get the most decimal places any of them has.
    Neither changes what CleverTap gets.

    :param values: Python values, ``None`` for missing.
    """
    kinds = set(map(type, values)) - {NoneType}
    array_maker = _DATABASE_ARRAYS.get(next(iter(kinds))) if len(kinds) == 1 else None
    if array_maker is None:
        return from_values(values)
    try:
        array = array_maker(values)
    except (OverflowError, TypeError, pa.ArrowInvalid):
        # decimals that are no numbers, or have more digits than Arrow holds
        return values
    return values if array is None else array


def array_of(values: Any, kinds: set[type], missing: Any = None) -> pa.Array | None:
    """Return values that share one type as an Arrow array; ``None`` when no array can hold them exactly.

    :param values: a list, or a NumPy array of objects.
    :param kinds: the types of the values that are not missing.
    :param missing: a mask of the missing ones; when not given, these are ``None``.
    """
    kinds = kinds - {NoneType}
    if not kinds:
        return pa.nulls(len(values), pa.string())
    kind = next(iter(kinds))
    if len(kinds) > 1 or kind not in _ARROW_TYPES:
        return None
    try:
        if missing is not None or kind is date:
            return pa.array(values, type=_ARROW_TYPES[kind], mask=missing)
        return array_from_texts(values) if kind is str else array_from_numbers(values, kind)
    except (OverflowError, UnicodeEncodeError, pa.ArrowInvalid):
        # an integer beyond 64 bits, or text that is not valid Unicode: only Python holds these
        return None


def _moments(values: list[datetime | None]) -> pa.Array | None:
    zones = {None if value.tzinfo is None else "UTC" for value in values if value is not None}
    if len(zones) > 1:
        return None
    zone = zones.pop()
    array = pa.array(values, pa.timestamp("us", zone))
    bounds = pc.min_max(array.cast(pa.timestamp("us")))
    first, last = (pa.scalar(bound, pa.timestamp("us")) for bound in (_FIRST_MOMENT, _LAST_MOMENT))
    within = pc.and_(pc.greater(bounds["min"], first), pc.less(bounds["max"], last))
    return array if within.as_py() else None


def _decimals(values: list[Decimal | None]) -> pa.Array | None:
    array = pa.array(values)
    if not pa.types.is_decimal128(array.type):
        return None
    return array.cast(pa.decimal128(_DECIMAL_DIGITS, array.type.scale))


_DATABASE_ARRAYS: Mapping[type, Callable[[list[Any]], pa.Array | None]] = {
    datetime: _moments,
    Decimal: _decimals,
}


def simplify(array: pa.Array | pa.ChunkedArray) -> Column:
    """Convert an Arrow column to one of the few types that the encoder handles.

    Dictionaries and runs are decoded, the large and view types of text become ``string``, NaN becomes null. Nested
    columns, dates, decimals and the widths of numbers do not change.
    """
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    if isinstance(array.type, pa.BaseExtensionType):
        return list(array.to_pylist())
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    elif pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    array = array.cast(_SIMPLER_TYPES.get(array.type, array.type))
    if pa.types.is_floating(array.type):
        missing = pc.is_nan(array)
        if pc.any(missing).as_py():
            array = pc.if_else(missing, null_scalar(array.type), array)
    return array


def split_columns(columns: Mapping[str, Column]) -> tuple[dict[str, pa.Array], dict[str, list[Any]]]:
    """Separate the columns of a block into Arrow arrays and Python values."""
    arrays = {name: column for name, column in columns.items() if not isinstance(column, list)}
    objects = {name: column for name, column in columns.items() if isinstance(column, list)}
    return arrays, objects
