"""Whole columns of dates turned into seconds since 1970, where they are certainly dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.text_arrays import (
    Mask,
    TextArray,
    as_mask,
    blank_out,
    either,
    marks_of_false,
)
from airflow_provider_clevertap.records.dates import EPOCH, EPOCH_MILLISECONDS, DateReader
from airflow_provider_clevertap.records.limits import TS_MILLISECONDS_FROM

#: Gives whole seconds for each cell (null where it is empty or doubtful), and the doubtful cells.
SecondsConverter: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]

_YEAR = "(?:19|20)[0-9]{2}"
_LEAP_YEAR = "(?:19(?:0[48]|[2468][048]|[13579][26])|20(?:[02468][048]|[13579][26]))"
_HOUR, _SIXTIETH = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_ZONE = "(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
#: Years a date may be in with each of its days and months.
_DATES = (
    (_YEAR, "(?:0[1-9]|1[0-2])", "(?:0[1-9]|1[0-9]|2[0-8])"),
    (_YEAR, "(?:0[13-9]|1[0-2])", "(?:29|30)"),
    (_YEAR, "(?:0[13578]|1[02])", "31"),
    (_LEAP_YEAR, "02", "29"),
)
_READABLE = re.compile(
    "(?:%Y(?P<a>[-/. ])%m(?P=a)%d|%d(?P<b>[-/. ])%m(?P=b)%Y|%m(?P<c>[-/. ])%d(?P=c)%Y)(?:[ T]%H:%M(?::%S)?)?"
)


def _pattern(form: str) -> str | None:
    """Give a pattern of which every match is a real date in a format; ``None`` when there is none."""
    if not _READABLE.fullmatch(form):
        return None
    day, hour, rest = re.escape(form).partition("%H")
    days = "|".join(
        day.replace("%Y", year).replace("%m", month).replace("%d", number) for year, month, number in _DATES
    )
    clock = f"{hour}{rest}".replace("%H", _HOUR).replace("%M", _SIXTIETH).replace("%S", _SIXTIETH)
    return f"(?:{days}){clock}"


#: ISO 8601 as Arrow and the law both read it.
_ISO = f"{_pattern('%Y-%m-%d')}(?:[ T]{_HOUR}:{_SIXTIETH}(?::{_SIXTIETH}(?:[.][0-9]{{1,6}})?)?{_ZONE}?)?"
#: Bytes of a day, of a day with a time to the second, and of nothing.
_PLAIN_LENGTHS = (10, 19, 0)
#: Seconds from 1970 to the start of 1900 and of 2100.
_ISO_FROM, _ISO_TO = -2_208_988_800, 4_102_444_800

#: Arrow does not follow a zone's rules past the last change its database lists (2037), nor local mean times.
_ZONES_SURE_FROM = -631_152_000  # 1950
_ZONES_SURE_TO = 2_114_380_800  # 2037

_SECONDS_PATTERN = "(0|[1-9][0-9]{0,9})"
_MILLISECONDS_PATTERN = "[1-9][0-9]{3,12}"


def select_date_converter(dates: DateReader, column_type: Any) -> SecondsConverter | None:
    """Find how a column of dates is read at once.

    :param dates: the law's reader of the column.
    :param column_type: the Arrow type of its cells.
    :returns: the screen; ``None`` when every cell must go to the law.
    """
    if pa.types.is_string(column_type):
        return _text_screen(dates)
    if pa.types.is_integer(column_type) and dates.formats in ((EPOCH,), (EPOCH_MILLISECONDS,)):
        unit = 1 if dates.formats == (EPOCH,) else 1000
        return lambda column: _counted(column.cast(pa.int64(), safe=False), unit)
    if pa.types.is_date(column_type):
        return lambda column: _in_zone(column.cast(pa.timestamp("s")), dates)
    if pa.types.is_timestamp(column_type):
        return lambda column: _timestamps(column, dates)
    return None


def _text_screen(dates: DateReader) -> SecondsConverter | None:
    if not dates.formats:
        return lambda column: _iso(column, dates)
    if dates.formats == (EPOCH,):
        return lambda column: _numbers(column, _SECONDS_PATTERN, 1)
    if dates.formats == (EPOCH_MILLISECONDS,):
        return lambda column: _numbers(column, _MILLISECONDS_PATTERN, 1000)
    # With several formats the first that fits wins, so only the first can be screened.
    form = dates.formats[0]
    pattern = _pattern(form)
    return None if pattern is None else lambda column: _written(column, pattern, form, dates)


def _iso(column: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    """Read ISO 8601, of which a column is mostly written in one way."""
    moments = _plain_iso(column)
    if moments is not None:
        return _in_zone(moments, dates)
    column, doubtful = _only_matching(column, _ISO)
    zoned = as_mask(pc.match_substring_regex(column, f"{_ZONE}$"))
    if not zoned.any():
        seconds, ambiguous = _in_zone(_whole(column.cast(pa.timestamp("us"))), dates)
        return seconds, either(doubtful, ambiguous)
    bare = ~zoned & as_mask(column.is_valid())
    doubtful = either(doubtful, bare if bare.any() else None)
    return _whole_seconds(blank_out(column, bare).cast(pa.timestamp("us", "UTC"))), doubtful


def _plain_iso(column: Any) -> Any:
    """Read a column of nothing but days, or days with a time to the second, at a fifth of the price of a pattern.

    Arrow's reader of these two forms takes nothing that the law refuses, within the years that the law is sure of.

    :returns: the moments; ``None`` when there is anything else in the column.
    """
    if not np.isin(TextArray(column).lengths, _PLAIN_LENGTHS, kind="table").all():
        return None
    try:
        moments = column.cast(pa.timestamp("s"))
    except pa.ArrowInvalid:
        return None
    first, last = pc.min_max(moments.cast(pa.int64())).as_py().values()
    return moments if first is None or (first >= _ISO_FROM and last < _ISO_TO) else None


def _written(column: Any, pattern: str, form: str, dates: DateReader) -> tuple[Any, Mask | None]:
    column, doubtful = _only_matching(column, pattern)
    seconds, ambiguous = _in_zone(pc.strptime(column, format=form, unit="s"), dates)
    return seconds, either(doubtful, ambiguous)


def _numbers(column: Any, pattern: str, unit: int) -> tuple[Any, Mask | None]:
    column, doubtful = _only_matching(column, pattern)
    return pc.divide(column.cast(pa.int64()), unit), doubtful


def _counted(column: Any, unit: int) -> tuple[Any, Mask | None]:
    # Before 1970 the law rounds down and Arrow towards zero.
    sure = pc.and_(pc.greater_equal(column, 0), pc.less(column, TS_MILLISECONDS_FROM * unit))
    doubtful = ~as_mask(sure) & as_mask(column.is_valid())
    return pc.divide(column, unit), doubtful if doubtful.any() else None


def _only_matching(column: Any, pattern: str) -> tuple[Any, Mask | None]:
    doubtful = marks_of_false(pc.match_substring_regex(column, f"^(?:{pattern})$"))
    return blank_out(column, doubtful), doubtful


def _timestamps(column: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    if column.type.tz is not None:
        return _whole_seconds(column), None
    return _in_zone(_whole(column), dates)


def _whole(moments: Any) -> Any:
    return pc.floor_temporal(moments, unit="second").cast(pa.timestamp("s", moments.type.tz))


def _in_zone(moments: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    """Place wall-clock times in the column's zone; hours a clock change skips or repeats are doubtful."""
    if dates.timezone is UTC:
        return _whole_seconds(moments), None
    zone = str(dates.timezone)
    try:
        early = pc.assume_timezone(moments, zone, ambiguous="earliest", nonexistent="earliest").cast(pa.int64())
        late = pc.assume_timezone(moments, zone, ambiguous="latest", nonexistent="latest").cast(pa.int64())
    except pa.ArrowInvalid:  # no zone database on this machine that Arrow can read: the law brings its own
        return moments.cast(pa.int64()), as_mask(moments.is_valid())
    sure = pc.and_(pc.greater(early, _ZONES_SURE_FROM), pc.less(early, _ZONES_SURE_TO))
    doubtful = as_mask(pc.or_(pc.not_equal(early, late), pc.invert(sure)))
    return early, doubtful if doubtful.any() else None


def _whole_seconds(moments: Any) -> Any:
    return _whole(moments).cast(pa.int64())
