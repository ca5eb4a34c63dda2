"""Dates as CleverTap stores them: ``$D_<seconds since 1970>``.

Any other text is stored as plain text and cannot be used as a date in segments
(https://developer.clevertap.com/docs/upload-user-profiles-api).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from airflow_provider_clevertap.records.faults import fault
from airflow_provider_clevertap.records.limits import TS_MILLISECONDS_FROM

#: Formats that are numbers, not patterns.
EPOCH: Final = "epoch"
EPOCH_MILLISECONDS: Final = "epoch_ms"

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_STORED = re.compile(r"\$D_-?\d{1,12}", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,15}(\.0+)?", re.ASCII)

#: CleverTap's own date patterns (https://docs.clevertap.com/docs/csv-upload) are built of these.
_PATTERN_PARTS: Final = (
    ("yyyy", "%Y"), ("MMM", "%b"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"),
)  # fmt: skip


def strptime_format(pattern: str) -> str:
    """Turn ``dd/MM/yyyy`` and its like into Python's form; a pattern with ``%``, or a name, stays as it is.

    :raises ValueError: when the pattern has letters it should not have.
    """
    if "%" in pattern or pattern in (EPOCH, EPOCH_MILLISECONDS):
        return pattern
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
                    f"or as {EPOCH!r} or {EPOCH_MILLISECONDS!r}"
                )
            result, rest = result + rest[0], rest[1:]
    return result


class DateReader:
    """Reads one cell as a moment in time.

    :param formats: patterns to try in turn; none means ISO 8601 (``2026-11-22``, ``2026-11-22 18:30:00+05:30``).
    :param timezone: IANA name of the zone that dates and times without one are in.
    :raises ValueError: when a format or the zone is not known.
    """

    def __init__(self, formats: tuple[str, ...] = (), timezone: str = "UTC") -> None:
        self.formats = tuple(strptime_format(pattern) for pattern in formats)
        try:
            self.timezone = UTC if timezone == "UTC" else ZoneInfo(timezone)
        except Exception as error:
            raise ValueError(f"time zone {timezone!r} is not known: use an IANA name such as Asia/Kolkata") from error

    def read(self, value: Any) -> str:
        """Give the date as CleverTap stores it."""
        if isinstance(value, str) and _STORED.fullmatch(value):
            return value
        return f"$D_{self.seconds(value)}"

    def seconds(self, value: Any) -> int:
        """Give the moment as whole seconds since 1970, UTC."""
        try:
            return self._seconds(value)
        except (ValueError, OverflowError):
            raise fault(f"not a date written as {self._expected()}") from None

    def _seconds(self, value: Any) -> int:
        if isinstance(value, str):
            value = self._parse(value.strip())
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return self._from_number(value)
        if isinstance(value, datetime):
            moment = value if value.tzinfo else value.replace(tzinfo=self.timezone)
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day, tzinfo=self.timezone)
        else:
            raise ValueError
        # Floor, so that moments before 1970 with a fraction do not move forward.
        return int(moment.timestamp() // 1)

    def _parse(self, text: str) -> datetime | int:
        if not self.formats:
            if not _ISO.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text.upper())
        for pattern in self.formats:
            try:
                if pattern in (EPOCH, EPOCH_MILLISECONDS):
                    if not _WHOLE.fullmatch(text):
                        continue
                    number = int(text.partition(".")[0])
                    return number // 1000 if pattern == EPOCH_MILLISECONDS else _plausible_seconds(number)
                return datetime.strptime(text, pattern)
            except ValueError:
                continue
        raise ValueError

    def _from_number(self, value: float | Decimal) -> int:
        if EPOCH_MILLISECONDS in self.formats:
            return int(value) // 1000
        # A bare number such as 19900101 must not pass for seconds unless the mapping says so.
        if EPOCH in self.formats:
            return _plausible_seconds(int(value))
        raise ValueError

    def _expected(self) -> str:
        return " or ".join(self.formats) if self.formats else "yyyy-mm-dd (with or without a time)"


def _plausible_seconds(number: int) -> int:
    if abs(number) >= TS_MILLISECONDS_FROM:
        raise ValueError("milliseconds")
    return number
