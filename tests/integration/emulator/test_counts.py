"""Counts of events and people, trends, the most frequent values, and who is active now."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import DAYS, NOVEMBER_1

DAY = 86400
PATHS = ["/1/counts/events.json", "/1/counts/profiles.json", "/1/counts/trends.json", "/1/counts/top.json"]
GROUPS = {"g": {"trend_type": "daily", "property_type": "event_properties", "name": "Price"}}


@pytest.fixture
def views(upload: Any, event: Any) -> None:
    """Upload ten events of three people, one each half day from 1 November."""
    upload(*(event(identity=f"c-{n % 3}", ts=NOVEMBER_1 + n * DAY // 2, data={"Price": n * 30}) for n in range(10)))


@pytest.fixture
def ask(api: httpx.Client) -> Any:
    """Return a function that asks for a count."""

    def post(path: str, **query: Any) -> Any:
        return api.post(path, json={**DAYS, "to": 20251130, **query}).json()

    return post


def test_counts_of_events_and_of_people(ask: Any, views: None, api: httpx.Client) -> None:
    assert ask("/1/counts/events.json") == {"status": "success", "count": 10}
    assert ask("/1/counts/events.json", unique=True) == {"status": "success", "count": 3}
    assert ask("/1/counts/profiles.json") == {"status": "success", "count": 3}
    assert ask("/1/counts/events.json", to=20251101)["count"] == 2
    cheap = [{"name": "Price", "operator": "less_than", "value": 60}]
    assert ask("/1/counts/profiles.json", event_properties=cheap)["count"] == 2
    today = int(time.strftime("%Y%m%d", time.gmtime()))
    assert ask("/1/counts/events.json", to=today)["count"] == 10


def test_events_that_cannot_be_exported_can_be_counted(ask: Any) -> None:
    assert ask("/1/counts/events.json", event_name="Notification Sent") == {"status": "success", "count": 0}
    assert ask("/1/counts/events.json", event_name="Nothing")["error"] == '["Invalid event : Nothing"]'


@pytest.mark.parametrize("path", PATHS)
def test_a_count_that_is_not_ready(
    api: httpx.Client, ask: Any, views: None, emulator: RunningEmulator, path: str
) -> None:
    result = ask(path, groups=GROUPS)
    assert result["status"] == "success"
    emulator.change_settings(counts_not_ready=2)
    pending = ask(path, groups=GROUPS)
    assert (pending.keys(), pending["status"], len(str(pending["req_id"]))) == ({"req_id", "status"}, "partial", 15)
    query = {"req_id": pending["req_id"]}
    assert [api.get(path, params=query).json() for _ in range(3)] == [pending, result, result]
    unknown = {"status": "fail", "error": "Invalid request id", "code": 400}
    other = PATHS[PATHS.index(path) - 1]
    assert api.get(other, params=query).json() == unknown
    for number in ("1", "x", "9" * 40):
        assert api.get(path, params={"req_id": number}).json() == unknown
    emulator.change_settings(request_id_life=0)
    assert api.get(path, params=query).json() == unknown
    assert api.get(path).status_code == 400


def test_trends_stand_beside_the_status(ask: Any, views: None) -> None:
    groups = {name: {"trend_type": name} for name in ("daily", "weekly", "monthly")}
    assert ask("/1/counts/trends.json", groups=groups) == {
        "status": "success",
        "daily": {"20251101": 2, "20251102": 2, "20251103": 2, "20251104": 2, "20251105": 2},
        "weekly": {"202543": 2, "202544": 8},
        "monthly": {"202511": 10},
    }
    unique = ask("/1/counts/trends.json", groups=groups, unique=True)
    assert (unique["daily"]["20251101"], unique["monthly"]) == (2, {"202511": 3})
    summed = ask("/1/counts/trends.json", groups=groups, sum_event_prop="Price")
    assert (summed["daily"]["20251102"], summed["monthly"]) == (150, {"202511": 1350})
    cheap = {"trend_type": "daily", "event_properties": [{"name": "Price", "operator": "less_than", "value": 60}]}
    assert ask("/1/counts/trends.json", groups={"g": cheap})["g"] == {"20251101": 2}


def test_weeks_of_a_trend(ask: Any, upload: Any, event: Any, emulator: RunningEmulator) -> None:
    for day in (20251227, 20251228, 20260101, 20260103, 20260104):
        noon = time.mktime(time.strptime(f"{day} 12", "%Y%m%d %H")) - time.timezone
        upload(event(ts=int(noon)))
    query = {"from": 20251220, "to": 20260131, "groups": {"g": {"trend_type": "weekly"}}}
    assert ask("/1/counts/trends.json", **query)["g"] == {"202551": 1, "202552": 1, "202600": 2, "202601": 1}
    emulator.change_settings(trend_weeks="iso")
    assert ask("/1/counts/trends.json", **query)["g"] == {"202552": 2, "202601": 3}


def test_trends_are_those_of_the_project(ask: Any, views: None, emulator: RunningEmulator) -> None:
    emulator.change_settings(project_timezone="America/New_York")
    groups = {"g": {"trend_type": "daily"}}
    assert ask("/1/counts/trends.json", groups=groups, to=20251102)["g"] == {"20251101": 2, "20251102": 2}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"groups": {}},
        {"groups": []},
        {"groups": {str(n): {"trend_type": "daily"} for n in range(6)}},
        {"groups": {"status": {"trend_type": "daily"}}},
        {"groups": {"g": {"trend_type": "hourly"}}},
        {"groups": {"g": "daily"}},
        {"groups": GROUPS, "from": 20241101},
    ],
)
def test_rejected_trends(ask: Any, views: None, query: Any) -> None:
    assert ask("/1/counts/trends.json", **query)["status"] == "fail"


def test_the_most_frequent_values(ask: Any, upload: Any, event: Any, profile: Any) -> None:
    prices = [-5, 0, 99.5, 100, 250, "dear", True]
    upload(*(event(identity=f"c-{n}", ts=NOVEMBER_1, data={"Price": price}) for n, price in enumerate(prices)))
    upload(*(profile(f"c-{n}", Tier="Gold" if n < 2 else "Silver") for n in range(7)))
    tier = {"property_type": "profile_fields", "name": "Tier"}
    price = {"property_type": "event_properties", "name": "Price"}
    groups = {
        "price": price,
        "first": {**price, "top_n": 1},
        "tier": tier,
        "rare": {**tier, "order": "asc", "top_n": 1},
        "city": {"property_type": "geo_fields", "name": "city"},
    }
    assert ask("/1/counts/top.json", groups=groups) == {
        "status": "success",
        "price": {
            "NUMBER": {"0-100": 2, "-100-0": 1, "100-200": 1, "200-300": 1},
            "STR": {"True": 1, "dear": 1},
        },
        "first": {"NUMBER": {"0-100": 2}, "STR": {"True": 1}},
        "tier": {"STR": {"Silver": 5, "Gold": 2}},
        "rare": {"STR": {"Gold": 2}},
        "city": {"STR": {}},
    }


@pytest.mark.parametrize(
    "change",
    [{"name": "Size"}, {"property_type": "moods"}, {"top_n": 0}, {"top_n": 101}, {"order": "up"}, {"name": 1}],
)
def test_rejected_groups(ask: Any, views: None, change: Any) -> None:
    answer = ask("/1/counts/top.json", groups={"g": {**GROUPS["g"], **change}})
    assert answer == {"status": "fail", "error": '["Invalid group"]', "code": 400}


def test_who_is_active_now(api: httpx.Client, upload: Any, event: Any, profile: Any, emulator: RunningEmulator) -> None:
    now = int(time.time())
    upload(event("Charged", identity="a", ts=now), event(identity="b", ts=now - 1), event(identity="c", ts=now - 900))
    assert api.post("/1/now.json", json={}).json().items() >= {"status": "success", "count": 2}.items()
    answer = api.post("/1/now.json", json={"user_type": True, "os": True, "new": True}).json()
    assert answer["user_type"] == {"new": 2, "repeat": 0, "addressable": 0, "customer": 0}
    assert answer["os"]["others"] == 2
    assert answer["new"] == {"os": answer["os"]}
    assert abs(answer["last_processed_ts"] - now) < 600
    assert api.get("/1/now.json").status_code == 405
