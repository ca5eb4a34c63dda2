"""The days of a query: those it names, or whole days of the project, and never a guess."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.task_runtime.questions.days import with_days
from tests.support.exports import KOLKATA, at

VIEWED = {"event_name": "Viewed"}
NO_INTERVAL = (None, None)


def no_zone() -> NoReturn:
    raise ConfigurationError("no project_timezone")


def of_run(start: datetime, end: datetime) -> dict[str, Any]:
    return {"data_interval_start": start, "data_interval_end": end}


@pytest.mark.parametrize("day", [20261101, "20261101", "2026-11-01", " 20261101 ", date(2026, 11, 1)], ids=str)
def test_days_may_be_written_in_several_ways(day: Any) -> None:
    found = with_days({**VIEWED, "from": day, "to": 20261102}, NO_INTERVAL, None, no_zone)
    assert found == {**VIEWED, "from": 20261101, "to": 20261102}


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": 20261101},
        {"to": 20261101},
        {"from": 20261131, "to": 20261201},
        {"from": 20261102, "to": 20261101},
        {"from": "yesterday", "to": 20261101},
        {"from": True, "to": 20261101},
        {"from": 1730419200, "to": 20261101},
        {"from": datetime(2026, 11, 1, tzinfo=UTC), "to": 20261101},
    ],
    ids=str,
)
def test_days_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        with_days({**VIEWED, **wrong}, NO_INTERVAL, None, no_zone)


def test_days_are_set_once() -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        with_days({**VIEWED, "from": 20261101, "to": 20261101}, ("2026-11-01", None), None, no_zone)


def test_the_data_interval_is_a_day_of_the_project() -> None:
    run = of_run(at("2026-11-01T00:00:00").astimezone(UTC), at("2026-11-03T00:00:00").astimezone(UTC))
    found = with_days(VIEWED, NO_INTERVAL, run, lambda: KOLKATA)
    assert (found["from"], found["to"]) == (20261101, 20261102)
    found = with_days(VIEWED, ("2026-10-01", None), run, lambda: KOLKATA)
    assert (found["from"], found["to"]) == (20261001, 20261102)
    with pytest.raises(ConfigurationError, match="no project_timezone"):
        with_days(VIEWED, NO_INTERVAL, run, no_zone)


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)], ids=["23 hours", "25 hours"])
def test_a_day_may_have_another_length(day: date) -> None:
    zone = ZoneInfo("America/New_York")
    bounds = (str(day), str(day + timedelta(days=1)))
    found = with_days(VIEWED, bounds, None, lambda: zone)
    assert found["from"] == found["to"] == int(f"{day:%Y%m%d}")


@pytest.mark.parametrize(
    "bounds",
    [
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)),
        (at("2026-11-01T00:00:00"), at("2026-11-01T12:00:00")),
        (at("2026-11-01T01:00:00"), at("2026-11-02T00:00:00")),
    ],
    ids=["days in UTC", "half a day", "a day without an hour"],
)
def test_an_interval_that_is_no_whole_days_is_not_widened(bounds: tuple[datetime, datetime]) -> None:
    with pytest.raises(ConfigurationError, match="whole days of the project"):
        with_days(VIEWED, bounds, None, lambda: KOLKATA)


def test_without_an_interval_there_are_no_days() -> None:
    with pytest.raises(ConfigurationError, match="start and end must be set"):
        with_days(VIEWED, NO_INTERVAL, {}, lambda: KOLKATA)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match="empty"):
        with_days(VIEWED, NO_INTERVAL, of_run(now, now), lambda: KOLKATA)
    with pytest.raises(ConfigurationError, match="must have an event_name"):
        with_days({}, NO_INTERVAL, of_run(now, now + timedelta(days=1)), lambda: KOLKATA)


def test_people_may_be_selected_without_days() -> None:
    query = {"common_profile_properties": {"profile_fields": []}}
    assert with_days(query, NO_INTERVAL, None, no_zone) == query
