"""Convert whole columns of dates into seconds since 1970, where they are known to be valid."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.vectorized.converters import whole_floats
from airflow_provider_clevertap.loading.encoding.vectorized.fixed_dates import FixedDates, fixed_dates
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import (
    Mask,
    TextArray,
    as_mask,
    blank_out,
    either,
    marks_of_false,
    none_if_clear,
)
from airflow_provider_clevertap.records.dates import EPOCH_UNITS, WRONG_UNIT_BEFORE, DateReader
from airflow_provider_clevertap.records.limits import TS_MILLISECONDS_FROM

#: Returns whole seconds for each cell (null where it is empty or undecided), and the undecided cells.
SecondsConverter: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]

_YEAR = "(?:19|20)[0-9]{2}"
_LEAP_YEAR = "(?:19(?:0[48]|[2468][048]|[13579][26])|20(?:[02468][048]|[13579][26]))"
_HOUR, _SIXTIETH = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_ZONE = "(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
#: Pairs of month and day, with the years that have such a date.
_DATES = (
    (_YEAR, "(?:0[1-9]|1[0-2])", "(?:0[1-9]|1[0-9]|2[0-8])"),
    (_YEAR, "(?:0[13-9]|1[0-2])", "(?:29|30)"),
    (_YEAR, "(?:0[13578]|1[02])", "31"),
    (_LEAP_YEAR, "02", "29"),
)
_DAY = "(?:" + "|".join("-".join(parts) for parts in _DATES) + ")"

#: ISO 8601 as Arrow and the models both read it.
_ISO = f"{_DAY}(?:[ T]{_HOUR}:{_SIXTIETH}(?::{_SIXTIETH}(?:[.][0-9]{{1,6}})?)?{_ZONE}?)?"
#: Bytes of a date, of a date with a time to the second, and of an empty cell.
_PLAIN_LENGTHS = (10, 19, 0)
#: Seconds from 1970 to the start of 1900 and of 2100.
_ISO_FROM, _ISO_TO = -2_208_988_800, 4_102_444_800

#: Arrow does not follow a zone's rules past the last change its database lists (2037), nor local mean times.
_ZONES_KNOWN_FROM = -631_152_000  # 1950
_ZONES_KNOWN_TO = 2_114_380_800  # 2037

#: Directives that need letters.
_WITH_WORDS = re.compile("%[aAbBp]")

_EPOCH_PATTERN = "(?:0|[1-9][0-9]{0,16})"


def select_date_converter(dates: DateReader, column_type: Any) -> SecondsConverter | None:
    """Return the converter of a column of dates.

    :param dates: the models' reader of the column.
    :param column_type: the Arrow type of its cells.
    :returns: the converter; ``None`` when the models must decide every cell.
    """
    if pa.types.is_string(column_type):
        return _select_text_converter(dates)
    if pa.types.is_integer(column_type) and _unit(dates) is not None:
        return lambda column: _epoch_numbers(column, dates)
    if dates.formats and _is_number(column_type):
        return _select_digits_converter(dates, column_type)
    if pa.types.is_date(column_type):
        return lambda column: _in_zone(column.cast(pa.timestamp("s")), dates)
    if pa.types.is_timestamp(column_type):
        return lambda column: _timestamps(column, dates)
    return None


def _select_text_converter(dates: DateReader) -> SecondsConverter | None:
    if not dates.formats:
        return lambda column: _iso(column, dates)
    if _unit(dates) is not None:
        return lambda column: _epoch_text(column, dates)
    groups = _groups(dates.formats)
    return (lambda column: _with_formats(column, groups, dates)) if groups else None


def _is_number(column_type: Any) -> bool:
    return any(is_kind(column_type) for is_kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def _select_digits_converter(dates: DateReader, column_type: Any) -> SecondsConverter | None:
    """Return the converter of dates whose digits are a number, such as 20261122."""
    of_text = _select_text_converter(dates)
    if of_text is None or (pa.types.is_decimal(column_type) and column_type.scale):
        return None

    def convert(column: Any) -> tuple[Any, Mask | None]:
        if not pa.types.is_floating(column.type):
            return of_text(column.cast(pa.string()))
        digits = whole_floats(column)
        seconds, undecided = of_text(digits.text)
        return seconds, either(digits.undecided, undecided)

    return convert


def _groups(formats: Sequence[str]) -> list[list[FixedDates]]:
    """Return the formats that can be converted here; text fits formats of one group only, and no other format."""
    fixed = [form for date_format in formats if (form := fixed_dates(date_format)) is not None]
    others = [date_format for date_format in formats if fixed_dates(date_format) is None]
    groups: dict[str, list[FixedDates]] = {}
    for form in fixed:
        if not any(_may_fit(form, other) for other in others):
            groups.setdefault(form.separators, []).append(form)
    return list(groups.values())


def _may_fit(form: FixedDates, other: str) -> bool:
    """Return whether text in a format of fixed width may also fit another format, as far as the formats show it."""
    if other in EPOCH_UNITS:
        return form.separators in ("", ".", "-")
    if _WITH_WORDS.search(other):
        return False
    separators = re.sub(r"%.|\s|[0-9]", "", other)
    return set(separators.lower()) == set(form.separators.replace(" ", "").lower()) or "%z" in other


def _iso(column: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    """Convert ISO 8601: a column mostly has a single form of it."""
    timestamps = _plain_iso(column)
    if timestamps is not None:
        return _in_zone(timestamps, dates)
    column, undecided = _only_matching(column, _ISO)
    zoned = as_mask(pc.match_substring_regex(column, f"{_ZONE}$"))
    if not zoned.any():
        seconds, ambiguous = _in_zone(_floor_to_seconds(column.cast(pa.timestamp("us"))), dates)
        return seconds, either(undecided, ambiguous)
    without_zone = ~zoned & as_mask(column.is_valid())
    undecided = either(undecided, without_zone if without_zone.any() else None)
    return _epoch_seconds(blank_out(column, without_zone).cast(pa.timestamp("us", "UTC"))), undecided


def _plain_iso(column: Any) -> Any:
    """Convert a column that has only dates, or dates with a time to the second, at a fifth of the cost of a pattern.

    Of these two forms, Arrow accepts nothing that the models reject, within the years from 1900 to 2099.

    :returns: the timestamps; ``None`` when the column has anything else.
    """
    if not np.isin(TextArray(column).lengths, _PLAIN_LENGTHS, kind="table").all():
        return None
    try:
        timestamps = column.cast(pa.timestamp("s"))
    except pa.ArrowInvalid:
        return None
    first, last = pc.min_max(timestamps.cast(pa.int64())).as_py().values()
    return timestamps if first is None or (first >= _ISO_FROM and last < _ISO_TO) else None


def _with_formats(column: Any, groups: Sequence[Sequence[FixedDates]], dates: DateReader) -> tuple[Any, Mask | None]:
    """Convert dates in one or several formats."""
    filled = as_mask(column.is_valid())
    times, missing = np.zeros(len(column), np.int64), filled.copy()
    for group in groups:
        read = [form.read(column) for form in group]
        fits = functools.reduce(np.logical_or, [fit for _, fit in read])
        for moments, fit in read:
            times[fit] = moments[fit]
        for moments, fit in read[:-1]:
            # Day and month in one order mean another date than in the other: only the models can say so.
            fits &= ~fit | (times == moments)
        missing &= ~fits
    undecided = none_if_clear(missing)
    times = array_from_numpy(times, none_if_clear(missing | ~filled)).view(pa.timestamp("s"))
    seconds, ambiguous = _in_zone(times, dates)
    return seconds, either(undecided, ambiguous)


def _unit(dates: DateReader) -> int | None:
    """Return how many of the column's numbers are one second; ``None`` where its dates are not only such numbers."""
    return EPOCH_UNITS.get(dates.formats[0]) if len(dates.formats) == 1 else None


def _epoch_text(column: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    column, undecided = _only_matching(column, _EPOCH_PATTERN)
    seconds, outside = _epoch_numbers(column.cast(pa.int64()), dates)
    return seconds, either(undecided, outside)


def _epoch_numbers(column: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    unit = EPOCH_UNITS[dates.formats[0]]
    # Before 1970 the models round down and Arrow towards zero.
    first = 0 if unit == 1 or dates.of_birth else WRONG_UNIT_BEFORE
    numbers = column.cast(pa.int64(), safe=False)
    within = pc.and_(
        pc.greater_equal(numbers, scalar(first * unit)), pc.less(numbers, scalar(TS_MILLISECONDS_FROM * unit))
    )
    undecided = ~as_mask(within) & as_mask(column.is_valid())
    return pc.divide(numbers, scalar(unit)), undecided if undecided.any() else None


def _only_matching(column: Any, pattern: str) -> tuple[Any, Mask | None]:
    undecided = marks_of_false(pc.match_substring_regex(column, f"^(?:{pattern})$"))
    return blank_out(column, undecided), undecided


def _timestamps(column: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    if column.type.tz is not None:
        return _epoch_seconds(column), None
    return _in_zone(_floor_to_seconds(column), dates)


def _floor_to_seconds(timestamps: Any) -> Any:
    # Without the zone: Arrow would look for the local time, which some hours have twice, and some zones do not exist.
    moments = timestamps.view(pa.timestamp(timestamps.type.unit))
    return pc.floor_temporal(moments, unit="second").cast(pa.timestamp("s"))


def _in_zone(timestamps: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    """Convert local times of the column's zone; hours that a clock change skips or repeats are undecided."""
    if dates.timezone is UTC:
        return _epoch_seconds(timestamps), None
    zone = str(dates.timezone)
    try:
        early = pc.assume_timezone(timestamps, zone, ambiguous="earliest", nonexistent="earliest").cast(pa.int64())
        late = pc.assume_timezone(timestamps, zone, ambiguous="latest", nonexistent="latest").cast(pa.int64())
    except pa.ArrowInvalid:  # Arrow finds no zone database on this machine; the models have their own
        return timestamps.cast(pa.int64()), as_mask(timestamps.is_valid())
    known = pc.and_(pc.greater(early, scalar(_ZONES_KNOWN_FROM)), pc.less(early, scalar(_ZONES_KNOWN_TO)))
    undecided = as_mask(pc.or_(pc.not_equal(early, late), pc.invert(known)))
    return early, undecided if undecided.any() else None


def _epoch_seconds(timestamps: Any) -> Any:
    return (timestamps if timestamps.type.unit == "s" else _floor_to_seconds(timestamps)).cast(pa.int64())
