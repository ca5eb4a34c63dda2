"""Set the days of a query: those it names, or those of an interval that consists of whole days of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from airflow_provider_clevertap.exceptions import ConfigurationError

_ENDS: Final = ("from", "to")
#: Filters that select people without an event.
_OF_PEOPLE: Final = frozenset({"common_profile_properties", "advanced_query"})
_DAY_DIGITS: Final = 8


def with_days(
    query: Mapping[str, Any],
    interval: tuple[Any, Any],
    context: Mapping[str, Any] | None,
    zone: Callable[[], ZoneInfo],
) -> dict[str, Any]:
    """Return a query with its days.

    CleverTap counts whole days of the project. An interval that begins or ends within one has no number of its own.

    :param query: the query. Its days may be written as ``20261101``, ``"2026-11-01"`` or a date.
    :param interval: start and end as the user has set them; ``None`` where not.
    :param context: the running task's context, whose data interval is the default.
    :param zone: returns the project's time zone. Called only if the query names no days.
    :raises ConfigurationError: when there are no days, or they are not whole days.
    """
    given = dict(query)
    if any(name in given for name in _ENDS):
        if any(bound is not None for bound in interval):
            raise ConfigurationError("query has days of its own (from, to): set these, or start and end, not both.")
        missing = [name for name in _ENDS if given.get(name) is None]
        if missing:
            raise ConfigurationError(f"query has no {missing[0]!r}: CleverTap needs both, and includes both days.")
        given.update({name: _day(name, given[name]) for name in _ENDS})
        if given["from"] > given["to"]:
            raise ConfigurationError(f"The days from {given['from']} to {given['to']} end before they start.")
        return given
    if not given.get("event_name"):
        if _OF_PEOPLE & given.keys():
            return given
        raise ConfigurationError("query must have an event_name.")
    start, end = _whole_days(interval, context, zone)
    return {**given, "from": start, "to": end}


def _whole_days(
    interval: tuple[Any, Any], context: Mapping[str, Any] | None, zone: Callable[[], ZoneInfo]
) -> tuple[int, int]:
    from airflow_provider_clevertap.exported.project_time import query_day, start_of_day, touched_days
    from airflow_provider_clevertap.exporting.options import read_instant

    names = ("start", "end")
    of_run = [None if context is None else context.get(f"data_interval_{name}") for name in names]
    bounds = [own if own is not None else default for own, default in zip(interval, of_run, strict=True)]
    missing = [name for name, bound in zip(names, bounds, strict=True) if bound is None]
    if missing:
        raise ConfigurationError(
            f"{' and '.join(missing)} must be set, or the days from and to in query: this run has no data interval."
        )
    project = zone()
    start, end = (read_instant(name, bound, project) for name, bound in zip(names, bounds, strict=True))
    if start >= end:
        raise ConfigurationError(
            f"The interval from {start.isoformat()} to {end.isoformat()} is empty or ends before it starts. A manual "
            "run has such a data interval: set start and end, or the days from and to in query."
        )
    days = touched_days(start, end, project)
    last = end.astimezone(project)
    if start_of_day(days[0], project) != start or start_of_day(last.date(), project) != end:
        raise ConfigurationError(
            f"The interval from {start.astimezone(project).isoformat()} to {last.isoformat()} does not consist of "
            f"whole days of the project ({project.key}), and CleverTap counts whole days only. Schedule the DAG in "
            'this time zone, for example CronDataIntervalTimetable("@daily", timezone="..."), or set start and end to '
            "days such as 2026-11-01."
        )
    return query_day(days[0]), query_day(days[-1])


def _day(name: str, value: Any) -> int:
    """Read a day of a query: the number ``20261101``, its text, ISO text, or a date."""
    try:
        if isinstance(value, datetime):
            raise ValueError
        if isinstance(value, date):
            return int(f"{value:%Y%m%d}")
        text = str(value).strip()
        if isinstance(value, bool) or len(text.replace("-", "")) != _DAY_DIGITS:
            raise ValueError
        return int(f"{date.fromisoformat(text):%Y%m%d}")
    except ValueError:
        raise ConfigurationError(
            f"query: {name!r} must be a day of the project, such as 20261101 or 2026-11-01, not {value!r}."
        ) from None
