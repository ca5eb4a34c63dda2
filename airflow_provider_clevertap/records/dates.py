"""Dates as CleverTap stores them: ``$D_<seconds since 1970>``.

Any other text is stored as plain text and cannot be used as a date in segments
(https://developer.clevertap.com/docs/upload-user-profiles-api).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any, Final
from zoneinfo import ZoneInfo

from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import TS_MILLISECONDS_FROM
from airflow_provider_clevertap.records.texts.characters import BLANK
from airflow_provider_clevertap.records.written.months import with_english_months

#: Formats that are numbers since 1970, not patterns, and how many of them are one second.
EPOCH_UNITS: Final = {"epoch": 1, "epoch_ms": 1000, "epoch_us": 1_000_000}
#: A time in these first weeks of 1970, until 17 February, is one of the years from 2000 on in too small a unit.
WRONG_UNIT_BEFORE: Final = 4_102_445

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]([01]\d|2[0-3]):\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?",
    re.ASCII | re.IGNORECASE,
)
_STORED = re.compile(r"\$D_-?\d{1,12}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{0,9})?", re.ASCII)

#: The parts of CleverTap's date patterns (https://docs.clevertap.com/docs/csv-upload), and the ``T`` of ISO 8601.
_PATTERN_PARTS: Final = (
    ("yyyy", "%Y"), ("MMMM", "%B"), ("MMM", "%b"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"),
    ("T", "T"),
)  # fmt: skip

#: The directives of Python that can be read without guessing. ``%Z`` is left out: Python reads the name of a zone and
#: then ignores it.
_DIRECTIVES: Final = frozenset("aAbBdfHIjmMpSyYz")
_DIRECTIVE = re.compile("%(.?)", re.DOTALL)
#: Numbers without a separator are ambiguous: Python reads ``1112026`` with ``%d%m%Y`` as 11 January 2026, although it
#: could be 1 November.
_ADJACENT_NUMBERS = re.compile("%[dHIjmMSyY]%[dHIjmMSyY]")
#: Parts that can be written in more than one way, so that writing the date again may give another text.
_VARIABLE_PARTS = re.compile("%[fz]")

#: No date is written with more digits.
_MAX_DIGITS: Final = 10**18
#: A year of two digits, without the century written before it as in ``20%y``.
_SHORT_YEAR = re.compile("(?<![0-9%])(?:%%)*%y")
#: Dates that differ in what formats may confuse: day and month, century and year.
_SAMPLES: Final = (
    datetime(1995, 11, 25, 10, 11, 12), datetime(2003, 3, 3, 3, 3, 3), datetime(2026, 12, 31, 23, 59, 58),
)  # fmt: skip
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def strptime_format(pattern: str) -> str:
    """Return Python's form of a pattern such as ``dd/MM/yyyy``; patterns with ``%`` and epoch names are returned as is.

    :raises ValueError: when the pattern has unknown letters, or lacks a part of the date.
    """
    if pattern in EPOCH_UNITS:
        return pattern
    result = pattern if "%" in pattern else _from_letters(pattern)
    directives = [directive.group(1) for directive in _DIRECTIVE.finditer(result) if directive.group(1) != "%"]
    found = set(directives)
    unknown = sorted(found - _DIRECTIVES)
    if unknown:
        raise ValueError(f"date format {pattern!r}: %{unknown[0]} cannot be used here")
    if len(directives) > len(found):
        raise ValueError(f"date format {pattern!r}: a part of the date appears twice")
    # Python would silently fill a missing part from 1 January 1900, 00:00.
    month, day, hour, minute = (bool(found & set(letters)) for letters in ("bBmj", "dj", "HI", "M"))
    if not found & {"y", "Y"} or (day and not month) or (minute and not hour):
        raise ValueError(f"date format {pattern!r} is not a whole date: MM is the month, mm the minute, yyyy the year")
    return result


def _from_letters(pattern: str) -> str:
    result, rest = "", pattern
    while rest:
        for part, directive in _PATTERN_PARTS:
            if rest.startswith(part):
                result, rest = result + directive, rest[len(part) :]
                break
        else:
            if rest[0].isalnum():
                raise ValueError(
                    f"date format {pattern!r}: write it with yyyy MM MMM dd HH mm ss, with Python's % directives, "
                    f"or as {', '.join(map(repr, EPOCH_UNITS))}"
                )
            result, rest = result + rest[0], rest[1:]
    return result


class DateReader:
    """Reads cells as moments in time.

    A local time that occurs twice because of a clock change is read as the first of the two. One that is skipped by a
    clock change is read with the offset from before the change.

    :param formats: the patterns in which dates are written; none means ISO 8601 (``2026-11-22``,
        ``2026-11-22 18:30:00+05:30``). Text that fits several of them must mean the same with each.
    :param timezone: IANA name of the zone for dates and times without one.
    :param of_birth: the dates are of births, and not of what happens after 1970.
    :param latest: the latest date that is possible, in seconds since 1970; ``None`` for no limit. A two-digit year that
        would be later is of the century before.
    :raises ValueError: when a format or the zone is not known, or two formats are the same.
    """

    def __init__(
        self,
        formats: tuple[str, ...] = (),
        timezone: str = "UTC",
        *,
        of_birth: bool = False,
        latest: int | None = None,
    ) -> None:
        self.of_birth = of_birth
        self.latest = latest
        self.formats = tuple(strptime_format(pattern) for pattern in formats)
        _check_formats_differ(formats, self.formats)
        self._expected = " or ".join(formats) or "yyyy-mm-dd (with or without a time)"
        try:
            self.timezone = UTC if timezone == "UTC" else ZoneInfo(timezone)
        except Exception as error:
            raise ValueError(f"time zone {timezone!r} is not known: use an IANA name such as Asia/Kolkata") from error
        self._check_formats_can_agree(formats)

    def read(self, value: Any) -> str:
        """Return the date in CleverTap's format."""
        if isinstance(value, str) and _STORED.fullmatch(value.strip(BLANK)):
            stored = value.strip(BLANK)
            self._check_possible(int(stored.removeprefix("$D_")))
            return stored
        return f"$D_{self.seconds(value)}"

    def seconds(self, value: Any) -> int:
        """Return the moment as whole seconds since 1970, UTC; fractions are rounded down."""
        try:
            found = self._moments(value)
        except (ValueError, ArithmeticError):
            found = set()
        if len(found) > 1:
            raise issue(f"ambiguous: as {self._expected} it means different dates")
        if not found:
            raise issue(self._why_not_a_date(value))
        seconds = found.pop()
        self._check_possible(seconds)
        return seconds

    def _check_possible(self, seconds: int) -> None:
        if self.latest is not None and seconds > self.latest:
            raise issue("a date of birth cannot be in the future: check the year and the format")

    def _why_not_a_date(self, value: Any) -> str:
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if not EPOCH_UNITS.keys().isdisjoint(self.formats):
            in_text = isinstance(value, str) and _NUMBER.fullmatch(value.strip(BLANK))
            return f"not a date written as {self._expected}{': check the unit' if is_number or in_text else ''}"
        if is_number and not self.formats:
            return f"a number, and not a date: set a format such as 'yyyyMMdd', or one of {', '.join(EPOCH_UNITS)}"
        if is_number:
            return f"a number whose digits are not a date written as {self._expected}: numbers have no leading zeros"
        return f"not a date written as {self._expected}"

    def _check_formats_can_agree(self, written: tuple[str, ...]) -> None:
        """Check that some dates in each format have one meaning only, by writing a few."""
        for one, other in permutations(range(len(self.formats)), 2):
            texts = [date.strftime(self.formats[one]) for date in _SAMPLES]
            read = [
                (self._read_as(self.formats[one], text), self._read_as(self.formats[other], text)) for text in texts
            ]
            if all(None not in pair and pair[0] != pair[1] for pair in read):
                raise ValueError(
                    f"date formats {written[one]!r} and {written[other]!r} can never agree: all that is written in the "
                    "first is another date in the second"
                )

    def _moments(self, value: Any) -> set[int]:
        """Return every moment that the value can mean."""
        if isinstance(value, datetime):
            return {self._from_moment(value)}
        if isinstance(value, date):
            return {self._from_moment(datetime(value.year, value.month, value.day))}
        if isinstance(value, str):
            value = value.strip(BLANK)
            if not self.formats:
                return {self._from_iso(value)}
        elif not isinstance(value, int | float | Decimal) or isinstance(value, bool):
            return set()
        moments = (self._read_as(pattern, value) for pattern in self.formats)
        return {moment for moment in moments if moment is not None}

    def _from_moment(self, value: datetime) -> int:
        moment = value.replace(tzinfo=self.timezone) if value.utcoffset() is None else value
        return int((moment - _EPOCH_START) // _SECOND)

    def _from_iso(self, text: str) -> int:
        if not _ISO.fullmatch(text):
            raise ValueError
        return self._from_moment(datetime.fromisoformat(text.upper()))

    def _read_as(self, pattern: str, value: str | float | Decimal) -> int | None:
        """Read a value in one format; ``None`` when it does not fit."""
        try:
            if pattern in EPOCH_UNITS:
                if isinstance(value, str):
                    return self._from_number(Decimal(value), pattern) if _NUMBER.fullmatch(value) else None
                return self._from_number(value, pattern)
            # A number such as 19900101 has the digits of a date; as seconds it counts only if the mapping says so.
            text = value if isinstance(value, str) else _digits(value)
            moment = _parse(with_english_months(text, pattern), pattern)
            seconds = self._from_moment(moment)
            if self.latest is not None and seconds > self.latest and _SHORT_YEAR.search(pattern):
                seconds = self._from_moment(moment.replace(year=moment.year - 100))
            return seconds
        except (ValueError, ArithmeticError):
            return None

    def _from_number(self, number: float | Decimal, unit: str) -> int:
        """Read a number as seconds; one that can only be in another unit is not a date."""
        factor = EPOCH_UNITS[unit]
        seconds = number // factor if isinstance(number, int) else math.floor(number / factor)
        if not -TS_MILLISECONDS_FROM < seconds < TS_MILLISECONDS_FROM:
            raise ValueError
        if factor > 1 and 0 < seconds < WRONG_UNIT_BEFORE and not self.of_birth:
            raise ValueError
        return seconds


def _check_formats_differ(written: tuple[str, ...], formats: tuple[str, ...]) -> None:
    for number, pattern in enumerate(formats):
        first = formats.index(pattern)
        if first < number:
            raise ValueError(f"date formats {written[first]!r} and {written[number]!r} are the same: leave one out")


def _parse(text: str, pattern: str) -> datetime:
    moment = datetime.strptime(text, pattern)
    if _ADJACENT_NUMBERS.search(pattern):
        # Compare with the parsed date, up to the first part that can be written in more than one way.
        written = moment.strftime(_VARIABLE_PARTS.split(pattern)[0])
        if not text.lower().startswith(written.lower()):
            raise ValueError
    return moment


def _digits(number: float | Decimal) -> str:
    """Return the digits of a whole number."""
    if not -_MAX_DIGITS < number < _MAX_DIGITS or number != int(number):
        raise ValueError
    return str(int(number))
