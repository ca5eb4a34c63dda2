"""A query of an export or a count: which event, which days, and which conditions on events and profiles."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from airflow_provider_clevertap.emulator.export.conditions import (
    Condition,
    behaviour_conditions,
    comparison,
    event_conditions,
    is_storable,
    joined,
    profile_conditions,
)
from airflow_provider_clevertap.emulator.export.project_time import ProjectTime, TimeRange, read_day
from airflow_provider_clevertap.emulator.export.rejections import invalid, malformed, wrong_dates
from airflow_provider_clevertap.emulator.settings import Settings

YEAR = timedelta(days=365)


class EventQuery(NamedTuple):
    """The events a query selects.

    :param range: their days, as time.
    :param condition: in SQL, of an event ``e`` and its profile ``p``.
    :param has_profile: whether the condition is on the profile too.
    """

    range: TimeRange
    condition: Condition
    has_profile: bool = False

    @property
    def source(self) -> str:
        """The SQL of the tables that the condition is about, from ``FROM`` on."""
        return "FROM events e" + (" JOIN profiles p ON p.id = e.profile_id" if self.has_profile else "")


class QueryReader:
    """Reads queries against what is stored.

    :param connection: the database.
    :param settings: the time zone, the delay of exports, and the names of system events.
    :param now: UNIX seconds.
    """

    def __init__(self, connection: sqlite3.Connection, settings: Settings, now: float) -> None:
        self._connection = connection
        self._settings = settings
        self._time = ProjectTime(settings.project_timezone)
        self._today = self._time.today(now)
        self._snapshot = self._last_visible(now - settings.export_delay)

    def _last_visible(self, moment: float) -> int:
        """Return the last event that had arrived by some time."""
        row = self._connection.execute(
            "SELECT id FROM events WHERE received_at <= ? ORDER BY id DESC LIMIT 1", (moment,)
        ).fetchone()
        return int(row[0]) if row else 0

    def read(self, query: Mapping[str, Any]) -> EventQuery:
        """Return what a query selects.

        :raises QueryRejected: its event is unknown, its days are wrong, or it has an invalid filter.
        """
        fields = dict(query)
        base = self._base(fields)
        of_profile = [*profile_conditions(fields), *behaviour_conditions(fields, self._did)]
        condition = joined([base.condition, *event_conditions(fields), *of_profile])
        return EventQuery(base.range, condition, bool(of_profile))

    def read_for_profiles(self, query: Mapping[str, Any]) -> EventQuery:
        """Return what a query for profiles selects.

        A page says that its event may be left out where it has conditions on profiles, and then means all events of the
        past 365 days. No client was seen to do so, so it is a setting.

        :raises QueryRejected: as :meth:`read`.
        """
        has_others = any(query.get(name) for name in ("common_profile_properties", "advanced_query"))
        if "event_name" in query or not has_others or self._settings.profiles_without_event == "refuse":
            return self.read(query)
        fields = dict(query)
        range_ = self._time.range_of(self._today - YEAR, self._today)
        base = Condition("+e.ts >= ? AND e.ts < ? AND e.id <= ?", (*range_, self._snapshot))
        of_profile = [*profile_conditions(fields), *behaviour_conditions(fields, self._did)]
        return EventQuery(range_, joined([base, *of_profile]), has_profile=True)

    def _base(self, query: dict[str, Any], event: str = "e") -> EventQuery:
        range_ = self._range(query)
        type_id = self._type_of(query.get("event_name"))
        # The plus keeps SQLite from beginning at this time where a page begins later.
        sql = f"{event}.type_id = ? AND +{event}.ts >= ? AND {event}.ts < ? AND {event}.id <= ?"
        return EventQuery(range_, Condition(sql, (type_id, range_.start, range_.end, self._snapshot)))

    def _type_of(self, name: object) -> int:
        """Return an event type's id; 0 for a system event, of which none is stored. Names are compared exactly."""
        if type(name) is not str or not name:
            raise invalid("Event name is mandatory")
        row = self._connection.execute("SELECT id FROM event_types WHERE name = ?", (name,)).fetchone()
        if row:
            return int(row[0])
        if name in self._settings.system_events:
            return 0
        raise invalid(f"Invalid event : {name}")

    def _range(self, query: dict[str, Any]) -> TimeRange:
        first, last = read_day(query.get("from")), read_day(query.get("to"))
        if first is None or last is None:
            raise wrong_dates("Invalid date")
        if first > last:
            raise wrong_dates("Invalid date range: from greater than to")
        if last > self._today:
            raise wrong_dates("Invalid date range: to is in the future")
        return self._time.range_of(first, last)

    def _did(self, query: Any) -> Condition:
        """Return the condition that the person of ``p`` did what an inner query names, as often as it says."""
        if not isinstance(query, dict):
            raise malformed()
        condition = joined([self._base(query, "d").condition, *event_conditions(query, "d")])
        where = f"FROM events d WHERE d.profile_id = p.id AND {condition.sql}"
        compares = comparison(query.get("operator"))
        if compares is None:
            return Condition(f"EXISTS (SELECT 1 {where})", condition.values)
        count = query.get("value")
        if not is_storable(count):
            raise malformed()
        return Condition(f"((SELECT count(*) {where}) {compares} ?)", (*condition.values, count))


def read_body(body: bytes) -> dict[str, Any]:
    """Return the query in a request's body.

    :raises QueryRejected: it is not a JSON object.
    """
    try:
        query = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise malformed() from None
    if not isinstance(query, dict):
        raise malformed()
    return query
