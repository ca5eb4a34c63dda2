"""The project's time zone: which days an interval touches, when a day begins, and the instants of record times.

CleverTap files events under days of the project's time zone, and writes times in it without an offset. A day there may
have 23 or 25 hours. A time in the hour that occurs twice is counted as the first of both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.exceptions import ConfigurationError

Seconds = NDArray[np.int64]

#: Stands for a time that is missing or not readable, in arrays of seconds.
NO_TIME: Final = np.iinfo(np.int64).min
DAY_SECONDS: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)
#: Digits of a time such as 20261101140416.
_DIGITS: Final = 14
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Years that have a next and a previous day in every time zone.
_FIRST_YEAR, _LAST_YEAR = 2, 9998


def read_time(name: str, value: Any) -> date | datetime:
    """Read a time that a user has set: an instant with a time zone, or a day of the project, also as text.

    :param name: the name of the option, for messages.
    :param value: what the user has set.
    :raises ConfigurationError: when it is anything else.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if _DATE.fullmatch(text) else datetime.fromisoformat(text)
        except ValueError:
            raise ConfigurationError(f"{name}={value!r} is not a time such as 2026-11-01T00:00:00+05:30.") from None
    if not isinstance(value, date):
        raise ConfigurationError(f"{name} must be a time or a day, not {type(value).__name__}.")
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ConfigurationError(
            f"{name}={value.isoformat()!r} has no time zone. Add an offset, such as +05:30, or write a day without "
            "a time, which means the day of the project."
        )
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ConfigurationError(f"{name}={value.isoformat()!r} must be in the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return _plain(value)


def _plain(time: date | datetime) -> date | datetime:
    """Return a time of another library, such as those of Airflow's data intervals, as Python's own.

    A time of pendulum with Python's UTC loses its zone as soon as something is subtracted from it, and then counts as a
    time of the machine's zone.
    """
    if isinstance(time, datetime):
        return datetime.combine(date(time.year, time.month, time.day), time.timetz())
    return date(time.year, time.month, time.day)


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return (day - _EPOCH).days


def day_of_number(number: int) -> date:
    """Return the day that is so many days after 1970-01-01."""
    return _EPOCH + timedelta(days=number)


def query_day(day: date) -> int:
    """Return a day as queries name it, such as ``20261101``."""
    return day.year * 10_000 + day.month * 100 + day.day


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the instant at which a day of the project begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def touched_days(start: datetime, end: datetime, zone: tzinfo) -> list[date]:
    """Return the days of the project that ``start <= time < end`` touches."""
    first = start.astimezone(zone).date()
    last = (end.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def local_seconds(values: Sequence[Any]) -> Seconds:
    """Return the times of records as seconds since 1970-01-01 00:00 of their own clock.

    Where there is no time, the result is ``NO_TIME``.

    :param values: numbers such as ``20261101140416``, the same as text, or anything else, which counts as no time.
    """
    try:
        numbers = np.array(values)
    except ValueError:  # lists of different lengths
        numbers = np.empty(0)
    if numbers.dtype != np.int64 or numbers.ndim != 1:
        numbers = np.array([_number(value) for value in values], np.int64)
    moment, second = np.divmod(numbers, 100)
    moment, minute = np.divmod(moment, 100)
    moment, hour = np.divmod(moment, 100)
    moment, day = np.divmod(moment, 100)
    year, month = np.divmod(moment, 100)
    known = (year >= 1000) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)  # noqa: PLR2004
    known &= (hour < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004
    months = np.where(known, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(known, day - 1, 0)
    known &= days.astype("datetime64[M]") == months  # no 31st of November
    seconds = days.astype(np.int64) * DAY_SECONDS + hour * 3600 + minute * 60 + second
    return np.where(known, seconds, NO_TIME)


def to_utc(local: Seconds, zone: tzinfo) -> Seconds:
    """Return the instants of local times as seconds since 1970-01-01 00:00 UTC.

    :param local: as :func:`local_seconds` returns them.
    """
    days = local // DAY_SECONDS
    result = local.copy()
    for number in np.unique(days[local != NO_TIME]).tolist():
        offsets = _offsets(number, zone)
        chosen = days == number
        if isinstance(offsets, int):
            result[chosen] -= offsets
        else:
            result[chosen] -= offsets[(local[chosen] % DAY_SECONDS) // 60]
    return result


def _number(value: Any) -> int:
    if isinstance(value, str) and len(value) == _DIGITS and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_DIGITS:
        return value
    return 0


@lru_cache(maxsize=4096)
def _offsets(number: int, zone: tzinfo) -> int | Seconds:
    """Return the seconds that a day's local times are later than UTC: one number, or one for each minute."""
    midnight = datetime.combine(day_of_number(number), datetime.min.time())
    if len({_offset(midnight + timedelta(hours=hour), zone) for hour in range(25)}) == 1:
        return _offset(midnight, zone)
    return np.array([_offset(midnight + timedelta(minutes=minute), zone) for minute in range(24 * 60)], np.int64)


def _offset(local: datetime, zone: tzinfo) -> int:
    offset = local.replace(tzinfo=zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
