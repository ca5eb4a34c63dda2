"""The export of profiles: everybody with an event, once, in pages as those of events."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import DAYS, NOVEMBER_1, begin, exported, read_page, walk

PATH = "/1/profiles.json"
ALL = "batch_size=5000&app=true&events=true&profile=true"


@pytest.fixture
def people(upload: Any, event: Any, profile: Any, token: Any, emulator: RunningEmulator) -> None:
    """Upload two people with an event, of whom one has devices, and one without."""
    emulator.change_settings(identity_and_object_id="accept")
    upload(
        {**profile("c-1", Name="Asha", Email="asha@example.com"), "objectId": "dev-1"},
        profile("c-2", Tier="Gold"),
        profile("c-3"),
        event(identity="c-1", ts=NOVEMBER_1),
        event(identity="c-1", ts=NOVEMBER_1 + 5),
        {**event("Store Visit", identity="c-2", ts=NOVEMBER_1)},
        event(identity="c-2", ts=NOVEMBER_1),
        token("dev-1"),
        {"type": "event", "objectId": "dev-9", "evtName": "Product Viewed", "evtData": {}, "ts": NOVEMBER_1},
    )


def test_each_person_comes_once_with_all_that_is_known(api: httpx.Client, people: None) -> None:
    viewed = {"count": 2, "first_seen": NOVEMBER_1, "last_seen": NOVEMBER_1 + 5}
    once = {"count": 1, "first_seen": NOVEMBER_1, "last_seen": NOVEMBER_1}
    assert exported(api, PATH, ALL) == [
        {
            "identity": "c-1",
            "email": "asha@example.com",
            "name": "Asha",
            "profileData": {"Name": "Asha", "Email": "asha@example.com"},
            "events": {"Product Viewed": viewed},
            "platformInfo": [{"platform": "Android", "objectId": "dev-1", "push_token": "token-1"}],
        },
        {
            "objectId": "__00000000000000000000000000000002",
            "identity": "c-2",
            "profileData": {"Tier": "Gold"},
            "events": {"Product Viewed": once, "Store Visit": once},
            "platformInfo": [],
        },
        {"profileData": {}, "events": {"Product Viewed": once}, "platformInfo": [{"objectId": "dev-9"}]},
    ]
    assert exported(api, PATH, "") == [
        {
            "identity": "c-1",
            "email": "asha@example.com",
            "name": "Asha",
            "platformInfo": [{"platform": "Android", "objectId": "dev-1"}],
        },
        {"objectId": "__00000000000000000000000000000002", "identity": "c-2", "platformInfo": []},
        {"platformInfo": [{"objectId": "dev-9"}]},
    ]


def test_a_single_profile_has_the_same_record(api: httpx.Client, people: None) -> None:
    records = {record.get("identity"): record for record in exported(api, PATH, ALL)}
    for identity in ("c-1", "c-2"):
        single = api.get("/1/profile.json", params={"identity": identity}).json()["record"]
        assert single == {name: value for name, value in records[identity].items() if name != "objectId"}


def test_selection_is_by_event_and_days(api: httpx.Client, people: None) -> None:
    def identities(**query: Any) -> list[Any]:
        return [record.get("identity") for record in exported(api, PATH, **query)]

    assert identities(event_name="Store Visit") == ["c-2"]
    assert begin(api, PATH, **{"from": 20251001, "to": 20251001}) == {"status": "success"}
    gold = {"profile_fields": [{"name": "Tier", "operator": "equals", "value": "Gold"}]}
    assert identities(common_profile_properties=gold) == ["c-2"]
    assert begin(api, PATH, event_name="Nothing")["code"] == 400
    assert begin(api, PATH, event_name="Notification Sent")["error"] == "Export not allowed for this event"


def test_without_an_event(api: httpx.Client, people: None, upload: Any, event: Any, emulator: RunningEmulator) -> None:
    upload(event(identity="c-2", ts=int(time.time()) - 30 * 86400))
    gold = {"profile_fields": [{"name": "Tier", "operator": "equals", "value": "Gold"}]}
    query = {"common_profile_properties": gold}
    assert api.post(PATH, json=query).json()["status"] == "fail"
    emulator.change_settings(profiles_without_event="accept")
    cursor = api.post(PATH, json=query).json()["cursor"]
    assert [one["identity"] for one in read_page(api, cursor, PATH)["records"]] == ["c-2"]
    assert api.post(PATH, json={}).json()["status"] == "fail"
    assert api.post("/1/events.json", json=query).json()["status"] == "fail"


def test_pages_of_many_profiles(api: httpx.Client, upload: Any, event: Any) -> None:
    upload(*(event(identity=f"c-{n}", ts=NOVEMBER_1) for n in range(300)))
    pages = walk(api, PATH, "batch_size=100")
    assert [len(page) for page in pages] == [92, 92, 92, 24]
    assert len({record["identity"] for page in pages for record in page}) == 300


def test_its_cursors_live_longer_and_are_not_those_of_events(
    api: httpx.Client, people: None, emulator: RunningEmulator
) -> None:
    cursor = begin(api, PATH)["cursor"]
    assert read_page(api, cursor, "/1/events.json")["code"] == 3
    emulator.change_settings(cursor_life=0, cursor_idle=0)
    assert read_page(api, cursor, PATH)["status"] == "success"
    emulator.change_settings(profile_cursor_life=0)
    assert read_page(api, cursor, PATH)["code"] == "CURSOR_INVALIDATED"


def test_the_older_form_with_the_query_in_the_address(api: httpx.Client, people: None) -> None:
    answer = api.get(PATH, params={"batch_size": 10, "query": json.dumps(DAYS)}).json()
    assert len(read_page(api, answer["cursor"], PATH)["records"]) == 3
