"""The export of events: what was uploaded comes out again, with the oddities that were seen."""

from __future__ import annotations

from typing import Any

import httpx

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import NOVEMBER_1, begin, exported

HOUR = 3600


def test_uploaded_events_come_out_again(api: httpx.Client, upload: Any, event: Any) -> None:
    data = {"Product": "Kettle, größer", "Price": 59.9, "In stock": True, "Since": "$D_1700000000", "Quote": 'a"b\\'}
    upload(event(ts=NOVEMBER_1 + 3661, data=data), event("Charged", ts=NOVEMBER_1, data={"Items": [{"SKU": "a"}]}))
    assert exported(api) == [
        {
            "profile": {"objectId": "__00000000000000000000000000000001", "identity": "c-1"},
            "ts": 20251101010101,
            "event_props": data,
            "session_props": {},
        }
    ]
    assert [record["event_props"] for record in exported(api, event_name="Charged")] == [{"Items": [{"SKU": "a"}]}]


def test_flags_add_what_is_known_of_the_profile_now(
    api: httpx.Client, upload: Any, event: Any, profile: Any, token: Any, emulator: RunningEmulator
) -> None:
    emulator.change_settings(identity_and_object_id="accept")
    upload({**event(ts=NOVEMBER_1), "objectId": "dev-1"}, event("Store Visit", ts=5), token("dev-1"))
    upload(profile("c-1", Email="asha@example.com", Tier="Gold"), event(objectId="dev-2", identity=None, ts=NOVEMBER_1))
    base = {"objectId": "dev-1", "platform": "Android", "email": "asha@example.com", "identity": "c-1"}
    more = {
        "profileData": {"Email": "asha@example.com", "Tier": "Gold"},
        "events": {
            "Product Viewed": {"count": 1, "first_seen": NOVEMBER_1, "last_seen": NOVEMBER_1},
            "Store Visit": {"count": 1, "first_seen": 5, "last_seen": 5},
        },
        "push_token": "token-1",
    }
    assert [one["profile"] for one in exported(api)] == [base, {"objectId": "dev-2"}]
    flags = "app=true&events=true&profile=true&batch_size=100"
    assert exported(api, params=flags)[0]["profile"] == {**base, **more}
    assert exported(api, params="profile=false")[0]["profile"] == base
    upload(profile("c-1", Tier="Silver"))
    assert exported(api, params=flags)[0]["profile"]["profileData"]["Tier"] == "Silver"


def test_names_are_one_event_on_upload_and_exact_on_export(api: httpx.Client, upload: Any, event: Any) -> None:
    upload(event("Store Visit", ts=NOVEMBER_1), event("store visit", ts=NOVEMBER_1), event("StoreVisit", ts=NOVEMBER_1))
    assert len(exported(api, event_name="Store Visit")) == 3
    assert begin(api, event_name="StoreVisit")["code"] == 400


def test_days_and_times_are_those_of_the_project(api: httpx.Client, upload: Any, event: Any, emulator: Any) -> None:
    emulator.change_settings(project_timezone="Asia/Kolkata")
    edges = [
        NOVEMBER_1 - 5.5 * HOUR - 1,
        NOVEMBER_1 - 5.5 * HOUR,
        NOVEMBER_1 + 18.5 * HOUR - 1,
        NOVEMBER_1 + 18.5 * HOUR,
    ]
    upload(*(event(ts=int(ts)) for ts in edges))
    assert [one["ts"] for one in exported(api, to=20251101)] == [20251101000000, 20251101235959]


def test_the_hour_that_comes_twice_has_the_same_local_times(
    api: httpx.Client, upload: Any, event: Any, emulator: Any
) -> None:
    emulator.change_settings(project_timezone="Europe/Berlin")
    end_of_summer = 1761440400  # 2025-10-26 01:00:00 UTC
    upload(*(event(ts=end_of_summer + offset, data={"Price": offset}) for offset in (-HOUR, -1, 0, HOUR)))
    found = exported(api, **{"from": 20250301, "to": 20251101})
    assert [one["ts"] for one in found] == [20251026020000, 20251026025959, 20251026020000, 20251026030000]
    day = {"from": 20251026, "to": 20251026}
    upload(event(ts=end_of_summer + 22 * HOUR - 1), event(ts=end_of_summer + 22 * HOUR))
    assert len(exported(api, **day)) == 5


def test_an_event_can_be_exported_after_a_while(api: httpx.Client, many_views: int, emulator: RunningEmulator) -> None:
    emulator.change_settings(export_delay=3600)
    assert begin(api) == {"status": "success"}
    emulator.change_settings(export_delay=0)
    assert len(exported(api)) == many_views


def test_the_schema_drops_properties_after_a_success(
    api: httpx.Client, upload: Any, event: Any, emulator: RunningEmulator
) -> None:
    emulator.change_settings(dropped_properties={"Product viewed": ("Price", "Size")})
    answer = upload(event(ts=NOVEMBER_1, data={"Price": 1, "SKU": "a"}), event("Store Visit", data={"Price": 1}))
    assert answer == {"status": "success", "processed": 2, "unprocessed": []}
    assert [one["event_props"] for one in exported(api)] == [{"SKU": "a"}]
    assert [(one["field"], one["note"]) for one in emulator.error_stream()] == [
        ("Price", "the schema drops this property")
    ]
    assert emulator.events()[1]["data"] == {"Price": 1}


def test_dates_may_come_out_as_seconds(api: httpx.Client, upload: Any, event: Any, emulator: RunningEmulator) -> None:
    emulator.change_settings(exported_dates="seconds")
    data = {"Since": "$D_1700000000", "Text": 'a "$D_1" b', "Quoted": '"$D_5"', "Items": [{"Day": "$D_-5"}]}
    upload(event("Charged", ts=NOVEMBER_1, data=data))
    (found,) = exported(api, event_name="Charged")
    assert found["event_props"] == {**data, "Since": 1700000000, "Items": [{"Day": -5}]}
