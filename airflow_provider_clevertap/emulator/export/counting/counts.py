"""Counts of events and people, trends, and the most frequent values of properties."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from airflow_provider_clevertap.emulator.export.conditions import Condition, event_conditions, joined
from airflow_provider_clevertap.emulator.export.project_time import ProjectTime, read_day
from airflow_provider_clevertap.emulator.export.query import EventQuery, QueryReader
from airflow_provider_clevertap.emulator.export.rejections import invalid, wrong_dates
from airflow_provider_clevertap.emulator.settings import Settings

MAX_GROUPS = 5
MAX_TREND_DAYS = 366
"""Days of a trend; the documentation says one year."""

MAX_VALUES = 100
DEFAULT_VALUES = 10

RANGE_WIDTH = 100
"""Numbers are counted in ranges of this width, as in the documentation's sample."""

_OWN_FIELDS = frozenset({"status", "req_id"})
"""Names of groups that would hide a field of the answer."""

_PERIODS = {
    "daily": "strftime('%Y%m%d', {0}, 'unixepoch')",
    "monthly": "strftime('%Y%m', {0}, 'unixepoch')",
}
_SUNDAY_WEEK = (
    "strftime('%Y', {0}, 'unixepoch') || printf('%02d',"
    " (strftime('%j', {0}, 'unixepoch') + 6 - strftime('%w', {0}, 'unixepoch')) / 7)"
)
_ISO_WEEK = (
    "strftime('%Y', {0}, 'unixepoch', '-3 days', 'weekday 4')"
    " || printf('%02d', (strftime('%j', {0}, 'unixepoch', '-3 days', 'weekday 4') - 1) / 7 + 1)"
)

_DOCUMENTS = {"event_properties": "e.data", "profile_fields": "p.data"}
_UNKNOWN_TYPES = frozenset(
    {"session_properties", "app_fields", "demographics", "technographics", "reachability", "geo_fields"}
)
"""Documented types of properties of which an emulator never learns one."""


class Counts:
    """Counts what is stored.

    :param connection: the database.
    :param now: UNIX seconds.
    """

    def __init__(self, connection: sqlite3.Connection, settings: Settings, now: float) -> None:
        self._connection = connection
        self._settings = settings
        self._reader = QueryReader(connection, settings, now)

    def events(self, query: dict[str, Any]) -> dict[str, Any]:
        """Answer a count of events, or of the people who have one.

        :raises QueryRejected: as :meth:`QueryReader.read`.
        """
        return self._count(self._reader.read(query), is_unique=query.get("unique") is True)

    def profiles(self, query: dict[str, Any]) -> dict[str, Any]:
        """Answer a count of people with such an event.

        :raises QueryRejected: as :meth:`QueryReader.read_for_profiles`.
        """
        return self._count(self._reader.read_for_profiles(query), is_unique=True)

    def _count(self, query: EventQuery, *, is_unique: bool) -> dict[str, Any]:
        counted = "count(DISTINCT e.profile_id)" if is_unique else "count(*)"
        sql = f"SELECT {counted} {query.source} WHERE {query.condition.sql}"
        (count,) = self._connection.execute(sql, query.condition.values).fetchone()
        return {"status": "success", "count": count}

    def trends(self, query: dict[str, Any]) -> dict[str, Any]:
        """Answer a count for each day, week or month; a period without events is left out.

        :raises QueryRejected: the query, its range or a group is rejected.
        """
        selected = self._reader.read(query)
        first, last = read_day(query.get("from")), read_day(query.get("to"))
        if first is None or last is None or (last - first).days >= MAX_TREND_DAYS:
            raise wrong_dates("Invalid date range: more than one year")
        return {"status": "success", **{name: self._trend(query, selected, g) for name, g in _groups(query)}}

    def _trend(self, query: dict[str, Any], selected: EventQuery, group: dict[str, Any]) -> dict[str, Any]:
        weeks = _ISO_WEEK if self._settings.trend_weeks == "iso" else _SUNDAY_WEEK
        periods = {**_PERIODS, "weekly": weeks}
        period = periods.get(str(group.get("trend_type")))
        if period is None:
            raise invalid("Invalid group")
        time = ProjectTime(self._settings.project_timezone)
        local = time.local_seconds("e.ts", selected.range)
        condition = joined([selected.condition, *event_conditions(group)])
        counted, values = self._counted(query)
        rows = self._connection.execute(
            f"SELECT {period.format(local)} AS period, {counted} {selected.source} WHERE {condition.sql}"
            " GROUP BY period ORDER BY period",
            (*values, *condition.values),
        )
        return dict(rows.fetchall())

    def _counted(self, query: dict[str, Any]) -> Condition:
        summed = query.get("sum_event_prop")
        if isinstance(summed, str):
            number = "(SELECT j.value FROM json_each(e.data) j WHERE j.key = ? AND j.type IN ('integer', 'real'))"
            return Condition(f"coalesce(sum({number}), 0)", (summed,))
        return Condition("count(DISTINCT e.profile_id)" if query.get("unique") is True else "count(*)")

    def top(self, query: dict[str, Any]) -> dict[str, Any]:
        """Answer the most frequent values of properties: text one by one, numbers in ranges.

        :raises QueryRejected: the query or a group is rejected.
        """
        selected = self._reader.read(query)
        return {"status": "success", **{name: self._values(selected, group) for name, group in _groups(query)}}

    def _values(self, selected: EventQuery, group: dict[str, Any]) -> dict[str, Any]:
        type_, name = group.get("property_type"), group.get("name")
        limit, order = group.get("top_n", DEFAULT_VALUES), group.get("order", "desc")
        is_valid = isinstance(name, str) and type(limit) is int and 1 <= limit <= MAX_VALUES
        if not is_valid or order not in ("asc", "desc"):
            raise invalid("Invalid group")
        if type_ in _UNKNOWN_TYPES:
            return {"STR": {}}
        document = _DOCUMENTS.get(str(type_))
        if document is None:
            raise invalid("Invalid group")
        rows = self._connection.execute(
            "SELECT j.type IN ('integer', 'real') AS is_number,"
            f" CASE WHEN j.type IN ('integer', 'real') THEN {_range_of('j.value')} ELSE {_text_of('j')} END AS shown,"
            f" count(*) FROM events e JOIN profiles p ON p.id = e.profile_id, json_each({document}) j"
            f" WHERE {selected.condition.sql} AND j.key = ? AND j.type NOT IN ('array', 'object', 'null')"
            f" GROUP BY is_number, shown ORDER BY count(*) {order}, shown",
            (*selected.condition.values, name),
        ).fetchall()
        if not rows:
            raise invalid("Invalid group")
        found: dict[str, dict[str, int]] = {}
        for is_number, shown, count in rows:
            values = found.setdefault("NUMBER" if is_number else "STR", {})
            if len(values) < limit:
                values[shown] = count
        return found


def _range_of(value: str) -> str:
    """Return the SQL for the range of a number, such as ``0-100``."""
    ranges = f"{value} / {RANGE_WIDTH}.0"
    low = f"(CAST({ranges} AS INTEGER) - ({ranges} < CAST({ranges} AS INTEGER))) * {RANGE_WIDTH}"
    return f"({low}) || '-' || ({low} + {RANGE_WIDTH})"


def _text_of(column: str) -> str:
    """Return the SQL for a value as text; booleans as queries name them."""
    return f"CASE {column}.type WHEN 'true' THEN 'True' WHEN 'false' THEN 'False' ELSE {column}.value END"


def _groups(query: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Return the groups of a query.

    :raises QueryRejected: there is none, or too many, or one is no group.
    """
    groups = query.get("groups")
    if not isinstance(groups, dict) or not 1 <= len(groups) <= MAX_GROUPS:
        raise invalid("Invalid group")
    if not _OWN_FIELDS.isdisjoint(groups) or not all(isinstance(group, dict) for group in groups.values()):
        raise invalid("Invalid group")
    return groups.items()
