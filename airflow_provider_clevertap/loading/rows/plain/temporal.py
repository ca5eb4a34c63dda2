"""Dates, times and spans of time in Arrow, whose range and precision exceed those of Python.

Databases write infinity as the largest number, and Arrow converts some times that are out of range into others. Here
such values become :class:`UnreadableValue`, and columns that have them lists of Python values.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.conversion import array_from_numbers, array_from_numpy, numpy_from_array
from airflow_provider_clevertap.loading.rows.plain.values import NO_TIME_OF_DAY, OUT_OF_RANGE, SPAN_OF_TIME
from airflow_provider_clevertap.records.unreadable import UnreadableValue

_TICKS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = ((day - date(1970, 1, 1)).days for day in (date.min, date.max))
_INT64: Final = np.iinfo(np.int64)
#: Precision in ticks of a second beyond which Python's times have no place.
_PYTHON_TICKS: Final = 10**6


def readable_dates(array: Any) -> Any:
    """Return a column of dates as an array of ``date32``, or as Python values where some are out of range."""
    if pa.types.is_date64(array.type):
        milliseconds = array.view(pa.int64())
        days = _divided(milliseconds, _DAY * 1000)
        if days is None or not _within(days, _FIRST_DAY, _LAST_DAY):
            return readable_timestamps(array.view(pa.timestamp("ms")))
        return days.cast(pa.int32()).view(pa.date32())
    days = array.view(pa.int32())
    if _within(days, _FIRST_DAY, _LAST_DAY):
        return array
    return [None if day is None else _day(day) for day in days.to_pylist()]


def readable_timestamps(array: Any) -> Any:
    """Return a column of moments as an array, or as Python values where some are out of the range of Python.

    A zone that is not known becomes UTC: the moments are stored in UTC, whatever the zone.
    """
    unit, zone = array.type.unit, array.type.tz
    if zone is not None and not _is_known(zone):
        zone = "UTC"
        array = array.cast(pa.timestamp(unit, zone))
    ticks = array.view(pa.int64())
    if unit == "ns" and (microseconds := _divided(ticks, 1000)) is not None:
        # Python has no nanoseconds. pandas does, but takes long to import.
        unit, ticks = "us", microseconds
        array = microseconds.view(pa.timestamp(unit, zone))
    if unit == "ns":
        first, last = _INT64.min // _TICKS[unit] + _DAY, _INT64.max // _TICKS[unit] - _DAY
    else:
        # One day away from the ends, the local time of every zone is still within the range.
        first, last = (_FIRST_DAY + 1) * _DAY, _LAST_DAY * _DAY
    if _within(ticks, first * _TICKS[unit], last * _TICKS[unit]):
        return array
    return [None if number is None else _moment(number, unit, zone) for number in ticks.to_pylist()]


def readable_times(array: Any) -> Any:
    """Return a column of times of day as an array, or as Python values where Python cannot represent some."""
    unit = array.type.unit
    numbers = array.view(pa.int32() if pa.types.is_time32(array.type) else pa.int64()).cast(pa.int64())
    if _within(numbers, 0, _DAY * _TICKS[unit] - 1):
        if unit != "ns":
            return array
        microseconds = _divided(numbers, 1000)
        if microseconds is not None:
            return microseconds.view(pa.time64("us"))
    return [None if number is None else _time_of_day(number, unit) for number in numbers.to_pylist()]


def spans(array: Any) -> list[UnreadableValue | None]:
    """Return a column of durations or intervals: no field can hold them."""
    if pa.types.is_duration(array.type):
        unit = array.type.unit
        texts = [None if number is None else _span_text(number, unit) for number in array.view(pa.int64()).to_pylist()]
    else:
        texts = [
            None if value is None else f"{value.months} months, {value.days} days, {value.nanoseconds} nanoseconds"
            for value in array.to_pylist()
        ]
    return [None if text is None else UnreadableValue(text, SPAN_OF_TIME) for text in texts]


def _within(numbers: Any, first: int, last: int) -> bool:
    """Return whether all numbers that are not null are within a range, both ends included."""
    bounds = pc.min_max(numbers).as_py()
    return bounds["min"] is None or (bounds["min"] >= first and bounds["max"] <= last)


def _divided(numbers: Any, divisor: int) -> Any:
    """Return 64-bit integers divided by a number; ``None`` when a division has a remainder."""
    values = numpy_from_array(numbers)
    missing = ~numpy_from_array(numbers.is_valid()) if numbers.null_count else None
    if missing is not None:
        values = np.where(missing, 0, values)
    quotients, remainders = np.divmod(values, divisor)
    return None if remainders.any() else array_from_numpy(quotients, missing)


@lru_cache(maxsize=256)
def _is_known(zone: str) -> bool:
    """Return whether Arrow can return Python values with a zone."""
    try:
        array_from_numbers([0], int).cast(pa.timestamp("s", zone))[0].as_py()
    except Exception:  # whatever reading the machine's zone database raises
        return False
    return True


def _day(days: int) -> date | UnreadableValue:
    if _FIRST_DAY <= days <= _LAST_DAY:
        return date.fromordinal(days - _FIRST_DAY + 1)
    return UnreadableValue(_far_text(days, "D"), OUT_OF_RANGE)


def _moment(ticks: int, unit: str, zone: str | None) -> datetime | UnreadableValue:
    try:
        moment = _EPOCH + timedelta(microseconds=ticks * _PYTHON_TICKS // _TICKS[unit])
    except OverflowError:
        return UnreadableValue(_far_text(ticks, unit) + ("" if zone is None else "Z"), OUT_OF_RANGE)
    if zone is None:
        return moment.replace(tzinfo=None)
    in_zone: datetime = array_from_numbers([0], int).cast(pa.timestamp("s", zone))[0].as_py()
    try:
        return moment.astimezone(in_zone.tzinfo)
    except OverflowError:  # the local time is in another year than the first or the last
        return moment


def _time_of_day(ticks: int, unit: str) -> time | str | UnreadableValue:
    seconds, rest = divmod(ticks, _TICKS[unit])
    if not 0 <= seconds < _DAY:
        return UnreadableValue(f"{ticks} {unit}", NO_TIME_OF_DAY)
    microseconds, nanoseconds = divmod(rest * (_TICKS["ns"] // _TICKS[unit]), 1000)
    moment = time(seconds // 3600, seconds // 60 % 60, seconds % 60, microseconds)
    # A property has the text of a time, and text has room for nanoseconds.
    return f"{moment.isoformat('microseconds')}{nanoseconds:03}" if nanoseconds else moment


def _span_text(ticks: int, unit: str) -> str:
    microseconds, rest = divmod(ticks * _PYTHON_TICKS, _TICKS[unit])
    try:
        return f"{ticks} {unit}" if rest else str(timedelta(microseconds=microseconds))
    except OverflowError:
        return f"{ticks} {unit}"


def _far_text(number: int, unit: str) -> str:
    far: Any = np.array([number], f"datetime64[{unit}]")[0]
    return f"{number} {unit}" if np.isnat(far) else str(far)
