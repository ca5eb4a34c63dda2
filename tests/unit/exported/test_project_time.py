"""Days of the project, and the instants of times that have no offset."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.exported.project_time import (
    NO_TIME,
    day_number,
    day_of_number,
    local_seconds,
    query_day,
    read_time,
    start_of_day,
    to_utc,
    touched_days,
)

KOLKATA, NEW_YORK, LORD_HOWE = (ZoneInfo(name) for name in ("Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"))
#: its midnight does not exist on the day on which summer begins
CAIRO = ZoneInfo("Africa/Cairo")
ZONES = (KOLKATA, NEW_YORK, LORD_HOWE, CAIRO, ZoneInfo("Asia/Kathmandu"), ZoneInfo("UTC"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "end", "zone", "days"),
    [
        ("2026-11-01T00:00+05:30", "2026-11-02T00:00+05:30", KOLKATA, ["2026-11-01"]),
        ("2026-11-01T00:00Z", "2026-11-02T00:00Z", KOLKATA, ["2026-11-01", "2026-11-02"]),
        ("2026-11-01T18:30Z", "2026-11-01T18:31Z", KOLKATA, ["2026-11-02"]),
        ("2026-11-01T18:29:59.999999Z", "2026-11-01T18:30Z", KOLKATA, ["2026-11-01"]),
        ("2026-11-01T04:00Z", "2026-11-02T05:00Z", NEW_YORK, ["2026-11-01"]),  # 25 hours
        ("2026-03-08T05:00Z", "2026-03-09T04:00Z", NEW_YORK, ["2026-03-08"]),  # 23 hours
        ("2026-02-27T20:00Z", "2026-03-01T20:00Z", KOLKATA, ["2026-02-28", "2026-03-01", "2026-03-02"]),
    ],
)
def test_an_interval_touches_days_of_the_project(start: str, end: str, zone: ZoneInfo, days: list[str]) -> None:
    assert [day.isoformat() for day in touched_days(at(start), at(end), zone)] == days


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-11-01", NEW_YORK, 25),
        ("2026-03-08", NEW_YORK, 23),
        ("2026-10-04", LORD_HOWE, 23.5),
        ("2026-04-24", CAIRO, 23),
        ("2026-11-01", KOLKATA, 24),
    ],
)
def test_a_day_may_have_more_or_fewer_hours(day: str, zone: ZoneInfo, hours: float) -> None:
    first = date.fromisoformat(day)
    start, end = start_of_day(first, zone), start_of_day(first + timedelta(days=1), zone)
    assert (end - start) == timedelta(hours=hours)
    assert touched_days(start, end, zone) == [first]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1)), st.sampled_from(ZONES))
def test_instants_agree_with_the_standard_library(local: datetime, zone: ZoneInfo) -> None:
    local = local.replace(microsecond=0)
    seconds = local_seconds([int(local.strftime("%Y%m%d%H%M%S"))])
    assert day_of_number(int(seconds[0]) // 86_400) == local.date()
    expected = local.replace(tzinfo=zone).astimezone(UTC)
    assert int(to_utc(seconds, zone)[0]) == int(expected.timestamp())


@given(st.datetimes(datetime(2000, 1, 1), datetime(2036, 1, 1), timezones=st.sampled_from(ZONES)))
def test_every_instant_is_in_exactly_one_day(instant: datetime) -> None:
    zone = instant.tzinfo
    assert zone is not None
    day = instant.date()
    assert start_of_day(day, zone) <= instant.astimezone(UTC) < start_of_day(day + timedelta(days=1), zone)


@pytest.mark.parametrize(
    "value",
    [
        None, "", 0, -20261101140416, 20261301140416, 20260229000000, 20261131000000, 20261101240000, 20261101006000,
        20261101000060, 1762005856, 1762005856000, "2026-11-01", "2026110114041", True, [], 10**30, "2026_101140416",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none_beside_others(value: Any) -> None:
    seconds = local_seconds([20261101140416, value, "20261101140416"])
    assert seconds.tolist() == [1793541856, NO_TIME, 1793541856]
    assert local_seconds([value]).tolist() == [NO_TIME]
    assert to_utc(seconds, KOLKATA).tolist() == [1793522056, NO_TIME, 1793522056]


def test_times_of_many_days_at_once() -> None:
    values = [20261031235959, 20261101013000, 20261101030000, 20261102000000]
    assert [
        datetime.fromtimestamp(second, UTC).isoformat()[:19]
        for second in to_utc(local_seconds(values), NEW_YORK).tolist()
    ] == ["2026-11-01T03:59:59", "2026-11-01T05:30:00", "2026-11-01T08:00:00", "2026-11-02T05:00:00"]


def test_days_as_queries_name_them() -> None:
    assert query_day(date(2026, 1, 9)) == 20260109
    assert day_of_number(day_number(date(2026, 1, 9))) == date(2026, 1, 9)


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Tokyo"])
def zone_of_the_machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_data_intervals_are_the_same_whatever_the_zone_of_the_machine(zone_of_the_machine: str) -> None:
    for start, end, days in (
        ("2025-10-31T18:30", "2025-11-01T18:30", [date(2025, 11, 1)]),
        ("2025-10-31T18:30", "2025-10-31T19:30", [date(2025, 11, 1)]),
        ("2025-10-30T18:30", "2025-11-01T18:30", [date(2025, 10, 31), date(2025, 11, 1)]),
    ):
        # Airflow's data intervals are times of pendulum.
        interval = [read_time("start", pendulum.parse(text, tz="UTC")) for text in (start, end)]
        first, last = (each.astimezone(UTC) for each in interval if isinstance(each, datetime))
        assert touched_days(first - timedelta(0), last, KOLKATA) == days
        assert touched_days(first - timedelta(days=1), last, KOLKATA) == [days[0] - timedelta(days=1), *days]
    day = read_time("start", pendulum.date(2025, 11, 1))
    assert (type(day), day) == (date, date(2025, 11, 1))
