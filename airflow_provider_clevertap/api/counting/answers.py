"""Read the answers to questions: numbers, and rows of trends and of the most frequent values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, Literal, TypeAlias

from airflow_provider_clevertap.api.counting.questions import Question
from airflow_provider_clevertap.exceptions import ExportError

#: Which week a number such as ``202644`` is: weeks that begin on Sunday, as the numbers of CleverTap's sample seem to
#: be, or those of ISO 8601. No page says which.
Weeks: TypeAlias = Literal["sunday", "iso"]

_DAY_DIGITS: Final = 8
_MONTH_DIGITS: Final = 6
_SUNDAY: Final = 6


def count_of(fields: Mapping[str, Any], path: str) -> int:
    """Return the number of an answer.

    :raises ExportError: when it has none.
    """
    count = fields.get("count")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ExportError(f"CleverTap's answer to {path} has no count.")
    return count


def trend_rows(fields: Mapping[str, Any], question: Question, weeks: Weeks | None = None) -> list[dict[str, Any]]:
    """Return a row for each group and period of a trend, in their order.

    A period in which nothing happened may be missing. ``start`` is the first day of a period; that of a week is known
    only if it is known which weeks CleverTap counts.

    :param fields: the fields of the answer. The groups are fields next to ``status``.
    :param question: the question.
    :param weeks: which weeks they are; ``None`` when it is not known.
    :raises ExportError: when a group is missing, or a value is not a number.
    """
    rows = []
    for group, asked in question.body["groups"].items():
        periods = _group(fields, group, question.path)
        for period, count in sorted(periods.items()):
            if isinstance(count, bool) or not isinstance(count, int | float):
                raise ExportError(f"CleverTap's answer to {question.path} has no number for {period} ({group!r}).")
            start = _start(period, asked["trend_type"], weeks)
            rows.append({"group": group, "period": period, "start": start, "count": count})
    return rows


def top_rows(fields: Mapping[str, Any], question: Question) -> list[dict[str, Any]]:
    """Return a row for each of the most frequent values, in the order of the answer.

    ``kind`` is ``STR`` for text and ``NUMBER`` for numbers, which CleverTap counts in ranges such as ``0-100``.

    :param fields: the fields of the answer. The groups are fields next to ``status``.
    :param question: the question.
    :raises ExportError: when a group is missing, or has another form.
    """
    rows = []
    for group in question.body["groups"]:
        for kind, values in _group(fields, group, question.path).items():
            if not isinstance(values, Mapping):
                raise ExportError(f"CleverTap's answer to {question.path} has another form in the group {group!r}.")
            rows += [{"group": group, "kind": kind, "value": value, "count": n} for value, n in values.items()]
    return rows


def _group(fields: Mapping[str, Any], group: str, path: str) -> Mapping[str, Any]:
    found = fields.get(group)
    if not isinstance(found, Mapping):
        raise ExportError(f"CleverTap's answer to {path} has no group {group!r}.")
    return found


def _start(period: str, trend_type: str, weeks: Weeks | None) -> str | None:
    """Return the first day of a period as ISO text."""
    try:
        if trend_type == "daily" and len(period) == _DAY_DIGITS:
            return date(int(period[:4]), int(period[4:6]), int(period[6:])).isoformat()
        if len(period) != _MONTH_DIGITS:
            return None
        year, number = int(period[:4]), int(period[4:])
        if trend_type == "monthly":
            return date(year, number, 1).isoformat()
        if trend_type == "weekly" and weeks == "iso":
            return date.fromisocalendar(year, number, 1).isoformat()
        if trend_type == "weekly" and weeks == "sunday":
            first = date(year, 1, 1)
            # Week 0 are the days before the first Sunday of a year.
            sunday = first + timedelta(days=(_SUNDAY - first.weekday()) % 7)
            return (sunday + timedelta(weeks=number - 1) if number else first).isoformat()
    except ValueError:
        return None
    return None
