"""Whole columns of dates turned into seconds since 1970, where they are certainly dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.text_columns import Mask, as_mask, blank_out, either
from airflow_provider_clevertap.records.dates import EPOCH, EPOCH_MILLISECONDS, DateReader

#: Gives whole seconds for each cell (null where it is empty or doubtful), and the doubtful cells.
SecondsScreen: TypeAlias = Callable[[Any], tuple[Any, Mask | None]]


class DateForm(NamedTuple):
    """A way to write dates of which every match is a real date.

    :param pattern: matches the whole cell.
    :param format: how to read it.
    """

    pattern: str
    format: str


def _month_day(separator: str) -> str:
    """Match every day of the year but 29 February, which the law decides."""
    return (
        f"((0[1-9]|1[0-2]){separator}(0[1-9]|1[0-9]|2[0-8])"
        f"|(0[13-9]|1[0-2]){separator}(29|30)|(0[13578]|1[02]){separator}31)"
    )


def _day_month(separator: str) -> str:
    return (
        f"((0[1-9]|1[0-9]|2[0-8]){separator}(0[1-9]|1[0-2])"
        f"|(29|30){separator}(0[13-9]|1[0-2])|31{separator}(0[13578]|1[02]))"
    )


_YEAR = "(19|20)[0-9]{2}"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

_DAYS = (
    DateForm(f"{_YEAR}-{_month_day('-')}", "%Y-%m-%d"),
    DateForm(f"{_YEAR}/{_month_day('/')}", "%Y/%m/%d"),
    DateForm(f"{_day_month('/')}/{_YEAR}", "%d/%m/%Y"),
    DateForm(f"{_month_day('/')}/{_YEAR}", "%m/%d/%Y"),
    DateForm(f"{_day_month('-')}-{_YEAR}", "%d-%m-%Y"),
)
_MOMENTS = tuple(
    DateForm(f"{day.pattern}{gap}{_CLOCK}", f"{day.format}{gap}%H:%M:%S") for day in _DAYS for gap in (" ", "T")
)
_FORMS = {form.format: form for form in (*_DAYS, *_MOMENTS)}
_ISO = (_FORMS["%Y-%m-%d"], _FORMS["%Y-%m-%d %H:%M:%S"], _FORMS["%Y-%m-%dT%H:%M:%S"])

#: Arrow does not follow a zone's rules past the last change its database lists (2037), nor local mean times.
_ZONES_SURE_FROM = -631_152_000  # 1950
_ZONES_SURE_TO = 2_114_380_800  # 2037

_SECONDS_PATTERN = "^(0|[1-9][0-9]{0,9})$"
_MILLISECONDS_PATTERN = "^[1-9][0-9]{3,12}$"


def choose_date_screen(dates: DateReader, column_type: Any) -> SecondsScreen | None:
    """Find how a column of dates is read at once.

    :param dates: the law's reader of the column.
    :param column_type: the Arrow type of its cells.
    :returns: the screen; ``None`` when every cell must go to the law.
    """
    if pa.types.is_string(column_type):
        return _text_screen(dates)
    if pa.types.is_date(column_type):
        return lambda column: _in_zone(column.cast(pa.timestamp("s")), dates)
    if pa.types.is_timestamp(column_type):
        return lambda column: _timestamps(column, dates)
    return None


def _text_screen(dates: DateReader) -> SecondsScreen | None:
    if not dates.formats:
        return lambda column: _written(column, _iso_form(column), dates)
    if dates.formats == (EPOCH,):
        return lambda column: _numbers(column, _SECONDS_PATTERN, 1)
    if dates.formats == (EPOCH_MILLISECONDS,):
        return lambda column: _numbers(column, _MILLISECONDS_PATTERN, 1000)
    # With several formats the first that fits wins, so only the first can be screened.
    form = _FORMS.get(dates.formats[0])
    return None if form is None else lambda column: _written(column, form, dates)


def _iso_form(column: Any) -> DateForm:
    """Guess which ISO form the column is in by its first cell; a wrong guess only makes cells doubtful."""
    first = next((cell for cell in column[:1000].drop_null()[:1].to_pylist()), "")
    return next((form for form in _ISO if re.fullmatch(form.pattern, first)), _ISO[0])


def _written(column: Any, form: DateForm, dates: DateReader) -> tuple[Any, Mask | None]:
    column, doubtful = _only_matching(column, f"^{form.pattern}$")
    seconds, ambiguous = _in_zone(pc.strptime(column, format=form.format, unit="s"), dates)
    return seconds, either(doubtful, ambiguous)


def _numbers(column: Any, pattern: str, unit: int) -> tuple[Any, Mask | None]:
    column, doubtful = _only_matching(column, pattern)
    return pc.divide(column.cast(pa.int64()), unit), doubtful


def _only_matching(column: Any, pattern: str) -> tuple[Any, Mask | None]:
    fits = as_mask(pc.match_substring_regex(column, pattern))
    if column.null_count:
        fits = fits | as_mask(column.is_null())
    doubtful = None if fits.all() else ~fits
    return blank_out(column, doubtful), doubtful


def _timestamps(column: Any, dates: DateReader) -> tuple[Any, Mask | None]:
    if column.type.tz is not None:
        return _whole_seconds(column), None
    return _in_zone(pc.floor_temporal(column, unit="second").cast(pa.timestamp("s")), dates)


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
    return pc.floor_temporal(moments, unit="second").cast(pa.timestamp("s", moments.type.tz)).cast(pa.int64())
