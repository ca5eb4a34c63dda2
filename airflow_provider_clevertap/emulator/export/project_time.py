"""The days and times of a project: queries name days in its time zone, and records have local times without offset."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)

LAST_YEAR = 9998
"""The last year whose days can be counted on from."""


class TimeRange(NamedTuple):
    """UNIX seconds from ``start``, included, to ``end``, excluded."""

    start: int
    end: int


def read_day(value: object) -> date | None:
    """Return the day of a number such as ``20261101``, which may be text; ``None`` when it is not a day."""
    text = str(value) if type(value) in (int, str) else ""
    if len(text) != len("YYYYMMDD") or not (text.isascii() and text.isdigit()):
        return None
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day if day.year <= LAST_YEAR else None


class ProjectTime:
    """The time zone of a project.

    :param zone: its IANA name.
    """

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def today(self, now: float) -> date:
        """Return the day it is in the project.

        :param now: UNIX seconds.
        """
        return datetime.fromtimestamp(now, self._zone).date()

    def range_of(self, first: date, last: date) -> TimeRange:
        """Return the time from the beginning of a day to the end of another."""
        return TimeRange(self._midnight(first), self._midnight(last + DAY))

    def _midnight(self, day: date) -> int:
        """Return when a day begins; no event is older than 1970."""
        return max(0, int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()))

    def local_seconds(self, column: str, range_: TimeRange) -> str:
        """Return the SQL for a column of UNIX seconds plus the offset of the zone at that time.

        :param column: the column. Its values are in the range.
        """
        cases = [f"WHEN {column} < {until} THEN {offset}" for until, offset in self._offsets(range_)]
        last = self._offset(range_.end)
        return f"({column} + CASE {' '.join(cases)} ELSE {last} END)" if cases else f"({column} + {last})"

    def _offsets(self, range_: TimeRange) -> list[tuple[int, int]]:
        """Return each offset of a range but the last, and the time it ends."""
        found = []
        step = int(DAY.total_seconds())
        for start in range(range_.start, range_.end, step):
            end = min(start + step, range_.end)
            if self._offset(start) != self._offset(end):
                found.append((self._change_between(start, end), self._offset(start)))
        return found

    def _change_between(self, start: int, end: int) -> int:
        """Return when the offset changes; it does so once between two times a day apart."""
        before = self._offset(start)
        while end - start > 1:
            middle = (start + end) // 2
            (start, end) = (middle, end) if self._offset(middle) == before else (start, middle)
        return end

    def _offset(self, seconds: int) -> int:
        offset = datetime.fromtimestamp(seconds, UTC).astimezone(self._zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0
