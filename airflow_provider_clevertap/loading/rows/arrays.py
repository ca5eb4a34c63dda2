"""Columns in the form the encoder needs: Arrow arrays where they hold the values exactly, else Python values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.block import RowBlock, conversion_errors, rows_of
from airflow_provider_clevertap.loading.rows.conversion import array_from_numbers, array_from_texts
from airflow_provider_clevertap.loading.rows.plain.values import composite, plain_values

#: One column of a row block: it belongs in ``RowBlock.columns`` when it is an array, else in ``RowBlock.objects``.
Column: TypeAlias = "pa.Array | list[Any]"

_ARROW_TYPES = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64(), date: pa.date32()}

#: Python's datetime has only the years 1 to 9999, in every time zone.
_FIRST_MOMENT = datetime(1, 1, 2)
_LAST_MOMENT = datetime(9999, 12, 30)
#: One precision for all, so that columns of the same scale have the same type.
_DECIMAL_DIGITS = 38


def from_objects(values: list[Any]) -> Column:
    """Return Python values of any class as an Arrow array if they share one type, else in plain form.

    :param values: the values, ``None`` for missing.
    """
    return from_values(plain_values(values))


def from_values(values: list[Any]) -> Column:
    """Return values that share one type as an Arrow array, and other values unchanged.

    Integers and floats in one column stay Python values: an array would turn the integers into floats.

    :param values: Python values in plain form, ``None`` for missing.
    """
    array = array_of(values, set(map(type, values)))
    return values if array is None else array


def from_database_values(values: list[Any]) -> Column:
    """Return values that share one type of databases as an Arrow array, and other values unchanged.

    Datetimes with a time zone become the same moments in UTC, and decimals get the most decimal places any of them has.
    Neither changes what CleverTap gets. Drivers return arrays as lists, and records as tuples.

    :param values: Python values, ``None`` for missing.
    """
    kinds = set(map(type, values)) - {NoneType}
    if any(issubclass(kind, tuple) for kind in kinds):
        values = [composite(value) if isinstance(value, tuple) else value for value in values]
    array_maker = _DATABASE_ARRAYS.get(next(iter(kinds))) if len(kinds) == 1 else None
    try:
        array = array_of(values, kinds) if array_maker is None else array_maker(values)
    except MemoryError:
        raise
    except Exception:  # decimals that are not numbers or too long for Arrow, zones that only their driver knows
        array = None
    return from_objects(values) if array is None else array


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


def make_block(
    names: Sequence[str], column: Callable[[str], Column], *, rows: int, first_row: int, file: str = ""
) -> RowBlock:
    """Make a block, column by column, so that an error names the column.

    :param names: the columns in their order.
    :param column: returns the column of a name.
    :param rows: the number of rows.
    :param first_row: the number of the first row in its file.
    :param file: the name of the file; empty when there is none.
    :raises SourceError: when a column cannot be converted.
    """
    columns = {}
    for name in names:
        with conversion_errors(rows_of(file, first_row, rows), name):
            columns[name] = column(name)
    arrays, objects = split_columns(columns)
    return RowBlock(file, first_row, tuple(names), arrays, objects, row_count=rows)


def split_columns(columns: Mapping[str, Column]) -> tuple[dict[str, pa.Array], dict[str, list[Any]]]:
    """Separate the columns of a block into Arrow arrays and Python values."""
    arrays = {name: column for name, column in columns.items() if not isinstance(column, list)}
    objects = {name: column for name, column in columns.items() if isinstance(column, list)}
    return arrays, objects
