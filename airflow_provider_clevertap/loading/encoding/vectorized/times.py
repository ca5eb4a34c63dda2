"""Select the converters of columns that hold moments: dates of properties, and the times of records."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.vectorized import converters as columns
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn, Converter
from airflow_provider_clevertap.loading.encoding.vectorized.dates import SecondsConverter, select_date_converter
from airflow_provider_clevertap.loading.rows.conversion import scalar
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, as_mask, blank_out, either, none_if_clear
from airflow_provider_clevertap.records.column_rules import CellRule, DeclaredType
from airflow_provider_clevertap.records.limits import TS_MILLISECONDS_FROM

#: How many cells show whether a column holds dates; one of them may be a mistake.
_FIRST_CELLS = 9
_PLAIN_TIME = r"^[1-9][0-9]{0,13}$"


def select_days_converter(rule: CellRule, column_type: Any) -> Converter | None:
    """Return the converter of a property that holds dates; ``None`` when the models must decide every cell."""
    seconds_of, latest = select_date_converter(rule.dates, column_type), rule.dates.latest
    if seconds_of is None:
        return None

    def convert(column: Any) -> ConvertedColumn:
        seconds, undecided = seconds_of(column)
        if latest is not None:
            undecided = either(undecided, none_if_clear(as_mask(pc.greater(seconds, scalar(latest)))))
        return ConvertedColumn(seconds.cast(pa.string()), undecided, '"$D_', '"')

    return convert


def select_times_converter(rule: CellRule, column_type: Any, latest: int | None) -> Converter | None:
    """Return the converter of the times of records: seconds, milliseconds or dates.

    :param rule: how the column is read.
    :param column_type: the Arrow type of its cells.
    :param latest: the latest time allowed, ``None`` for no limit.
    :returns: the converter; ``None`` when the models must decide every cell.
    """
    dates = select_date_converter(rule.dates, column_type)
    if rule.type is DeclaredType.DATE or pa.types.is_timestamp(column_type) or pa.types.is_date(column_type):
        seconds_of = dates if rule.type in (None, DeclaredType.TEXT, DeclaredType.DATE) else None
    elif rule.type not in (None, DeclaredType.TEXT, DeclaredType.INTEGER):
        seconds_of = None
    elif pa.types.is_string(column_type):
        seconds_of = _text_times(dates if rule.type is not DeclaredType.INTEGER else None)
    else:
        seconds_of = (lambda column: (_as_seconds(column), None)) if _fits_int64(column_type) else None
    if seconds_of is None:
        return None
    in_range = columns.numbers_between(1, TS_MILLISECONDS_FROM - 1 if latest is None else latest)

    def convert(column: Any) -> ConvertedColumn:
        seconds, undecided = seconds_of(column)
        times = in_range(seconds)
        return times._replace(undecided=either(undecided, times.undecided))

    return convert


def _text_times(dates: SecondsConverter | None) -> SecondsConverter:
    """Return a converter that reads text as numbers or as dates, depending on most of its first cells."""

    def convert(column: Any) -> tuple[Any, Mask | None]:
        first = column[:1000].drop_null()[:_FIRST_CELLS].to_pylist()
        if dates is not None and sum("-" in cell for cell in first) * 2 > len(first):
            return dates(column)
        unmatched = ~as_mask(pc.match_substring_regex(column, _PLAIN_TIME)) & as_mask(column.is_valid())
        undecided = unmatched if unmatched.any() else None
        return _as_seconds(blank_out(column, undecided).cast(pa.int64())), undecided

    return convert


def _fits_int64(column_type: Any) -> bool:
    """Return whether every number of an integer column fits a signed 64-bit integer."""
    return pa.types.is_integer(column_type) and not pa.types.is_uint64(column_type)


def _as_seconds(numbers: Any) -> Any:
    milliseconds = pc.greater_equal(numbers, scalar(TS_MILLISECONDS_FROM))
    return pc.if_else(milliseconds, pc.divide(numbers, scalar(1000)), numbers)
