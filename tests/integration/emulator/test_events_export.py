"""The export of events: what was uploaded comes out again, page by page, with the oddities that were seen."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import DAYS, NOVEMBER_1, begin, exported, read_page, walk

HOUR = 3600


@pytest.fixture
def views(upload: Any, event: Any) -> int:
    """Upload 300 events of 60 people, ten minutes apart from the beginning of 1 November."""
    upload(*(event(identity=f"c-{n % 60}", ts=NOVEMBER_1 + n * 600, data={"Price": n}) for n in range(300)))
    return 300


def prices(records: list[dict[str, Any]]) -> list[int]:
    return sorted(record["event_props"]["Price"] for record in records)


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


@pytest.mark.parametrize(("batch_size", "largest"), [("100", 92), ("23", 23), ("5000", 300), ("5", 300), (None, 300)])
def test_pages_take_the_same_number_of_rows_from_each_of_23_buckets(
    api: httpx.Client, views: int, batch_size: str | None, largest: int
) -> None:
    pages = walk(api, params=f"batch_size={batch_size}" if batch_size else "")
    assert max(map(len, pages)) == largest
    assert prices([record for page in pages for record in page]) == list(range(views))


def test_short_pages_do_not_end_an_export(api: httpx.Client, upload: Any, event: Any) -> None:
    upload(*(event(ts=NOVEMBER_1, data={"Price": n}) for n in range(5)))
    assert [prices(page) for page in walk(api, params="batch_size=45")] == [[0], [1], [2], [3], [4]]


def test_a_small_batch_size_is_ignored(api: httpx.Client, upload: Any, event: Any) -> None:
    for start in (0, 1000):
        upload(*(event(identity=f"c-{n}", ts=NOVEMBER_1, data={"Price": n}) for n in range(start, start + 1000)))
    sizes = [len(page) for page in walk(api, params="batch_size=5")]
    assert sizes[:2] == [989, 989]
    assert sum(sizes) == 2000


def test_cursors_are_encoded_and_keep_their_position(api: httpx.Client, views: int) -> None:
    cursor = begin(api, params="batch_size=23")["cursor"]
    assert re.fullmatch(r"[A-Za-z0-9%_\-.~]{1500,2400}", cursor)
    assert "%" in cursor
    first, again = read_page(api, cursor), read_page(api, cursor)
    assert first == again
    assert read_page(api, first["next_cursor"])["records"] != first["records"]
    decoded = unquote(cursor)
    assert api.get("/1/events.json", params={"cursor": decoded}).json() == first
    assert read_page(api, decoded) == first
    assert api.post(f"/1/events.json?cursor={cursor}").json() == first


def test_cursors_that_were_not_issued(api: httpx.Client, views: int) -> None:
    cursor = begin(api)["cursor"]
    wrong_usage = {"status": "fail", "error": "Incorrect Usage", "code": 3}
    for text in (quote(cursor), cursor[:-8] + "AAAA" + cursor[-4:], cursor[:600], "abc", "", "%00", "A" * 2000):
        answer = api.get(f"/1/events.json?cursor={text}")
        assert (answer.status_code, answer.json()) == (200, wrong_usage), text


def test_an_empty_range_is_a_success_without_a_cursor(api: httpx.Client, views: int) -> None:
    assert begin(api, **{"from": 20251001, "to": 20251001}) == {"status": "success"}
    assert begin(api, event_name="App Launched") == {"status": "success"}


@pytest.mark.parametrize(
    ("query", "status", "error", "code"),
    [
        ({"event_name": "product viewed"}, 200, '["Invalid event : product viewed"]', 400),
        ({"event_name": "ProductViewed"}, 200, '["Invalid event : ProductViewed"]', 400),
        ({"event_name": None}, 200, '["Event name is mandatory"]', 400),
        ({"event_name": "Notification Sent"}, 400, "Export not allowed for this event", 400),
        ({"from": 20251131}, 200, "Invalid date", 4002),
        ({"from": 2025111}, 200, "Invalid date", 4002),
        ({"from": None}, 200, "Invalid date", 4002),
        ({"to": True}, 200, "Invalid date", 4002),
        ({"to": 20251031}, 200, "Invalid date range: from greater than to", 4002),
        ({"to": 29991231}, 200, "Invalid date range: to is in the future", 4002),
        ({"event_properties": {"name": "Price"}}, 400, "Malformed request", 400),
        ({"event_properties": [{"name": "a", "operator": "is", "value": 1}]}, 200, '["Invalid operator : is"]', 400),
        ({"event_properties": [{"name": "Price", "value": 10**20}]}, 400, "Malformed request", 400),
    ],
)  # fmt: skip
def test_rejected_queries(api: httpx.Client, views: int, query: Any, status: int, error: str, code: int) -> None:
    answer = api.post("/1/events.json", json={**DAYS, **query})
    assert (answer.status_code, answer.json()) == (status, {"status": "fail", "error": error, "code": code})


@pytest.mark.parametrize("batch_size", ["0", "5001", "-1", "many", ""])
def test_a_batch_size_is_1_to_5000(api: httpx.Client, views: int, batch_size: str) -> None:
    assert "batch_size" in begin(api, params=f"batch_size={batch_size}")["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff"])
def test_bodies_that_are_no_query(api: httpx.Client, body: bytes) -> None:
    assert api.post("/1/events.json", content=body).status_code == 400
    assert api.get("/1/events.json").status_code == 400


def test_names_are_one_event_on_upload_and_exact_on_export(api: httpx.Client, upload: Any, event: Any) -> None:
    upload(event("Store Visit", ts=NOVEMBER_1), event("store visit", ts=NOVEMBER_1), event("StoreVisit", ts=NOVEMBER_1))
    assert len(exported(api, event_name="Store Visit")) == 3
    assert begin(api, event_name="StoreVisit")["code"] == 400


def test_the_older_form_with_the_query_in_the_address(api: httpx.Client, views: int) -> None:
    answer = api.get("/1/events.json", params={"batch_size": 10, "query": json.dumps(DAYS)}).json()
    cursor, records = answer["cursor"], []
    while cursor:
        page = read_page(api, cursor)
        records += page.get("records", [])
        cursor = page.get("cursor") or page.get("next_cursor")
    assert prices(records) == list(range(views))


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


def test_a_page_that_is_not_ready(api: httpx.Client, views: int, emulator: RunningEmulator) -> None:
    emulator.change_settings(pages_not_ready=2)
    cursor = begin(api, params="batch_size=100")["cursor"]
    waiting = {"status": "fail", "error": "Request still in progress, please retry later", "code": 2}
    for _ in range(2):
        answers = [read_page(api, cursor) for _ in range(3)]
        assert answers[:2] == [waiting] * 2
        assert len(answers[2]["records"]) == 92
        cursor = answers[2]["next_cursor"]


@pytest.mark.parametrize("setting", ["cursor_life", "cursor_idle"])
def test_cursors_die(api: httpx.Client, views: int, emulator: RunningEmulator, setting: str) -> None:
    cursor = begin(api)["cursor"]
    emulator.change_settings(**{setting: 0.01})
    time.sleep(0.02)
    assert read_page(api, cursor)["code"] == "CURSOR_INVALIDATED"
    emulator.reset()
    emulator.change_settings(**{setting: 3600})
    assert read_page(api, cursor)["code"] == "CURSOR_INVALIDATED"


def test_a_cursor_that_dies_on_the_way_ends_the_whole_export(
    api: httpx.Client, views: int, emulator: RunningEmulator
) -> None:
    emulator.inject({"do": "invalidate_cursor", "skip": 1, "times": 1})
    first = begin(api, params="batch_size=100")["cursor"]
    second = read_page(api, first)["next_cursor"]
    for cursor in (second, first):
        assert read_page(api, cursor) == {
            "status": "fail",
            "error": "Cursor is no longer valid",
            "code": "CURSOR_INVALIDATED",
        }
    assert prices(exported(api)) == list(range(views))


def test_the_last_cursor_may_be_empty(api: httpx.Client, views: int, emulator: RunningEmulator) -> None:
    emulator.change_settings(last_cursor="empty")
    assert read_page(api, begin(api)["cursor"])["next_cursor"] == ""
    assert prices(exported(api)) == list(range(views))


def test_an_empty_page_goes_on(api: httpx.Client, views: int, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "empty_page", "every": 2})
    pages = walk(api, params="batch_size=100")
    assert [bool(page) for page in pages][:4] == [True, False, True, False]
    assert prices([record for page in pages for record in page]) == list(range(views))


def test_faults_of_pages(api: httpx.Client, views: int, emulator: RunningEmulator) -> None:
    emulator.inject(
        {"do": "repeat_cursor", "times": 1},
        {"do": "null_time", "times": 1},
        {"do": "without_fields", "fields": ["cursor"], "method": "POST"},
        {"do": "without_fields", "fields": ["next_cursor"], "method": "GET"},
    )
    assert begin(api) == {"status": "success"}
    cursor = api.get("/1/events.json", params={"batch_size": 100, "query": json.dumps(DAYS)}).json()["cursor"]
    repeated, without_time, truncated = (read_page(api, cursor) for _ in range(3))
    assert repeated["next_cursor"] == cursor
    assert [one["ts"] is None for one in without_time["records"]] == [True] + [False] * 91
    assert without_time["next_cursor"]
    assert truncated == {name: repeated[name] for name in ("status", "records")}
    assert api.post("/1/upload", json={"d": [{}]}).json()["unprocessed"]


def test_events_that_arrive_during_an_export_are_in_the_next_one(
    api: httpx.Client, views: int, upload: Any, event: Any
) -> None:
    cursor = begin(api, params="batch_size=5000")["cursor"]
    upload(event(ts=NOVEMBER_1, data={"Price": -1}))
    assert prices(read_page(api, cursor)["records"]) == list(range(views))
    assert prices(exported(api))[0] == -1


def test_an_event_can_be_exported_after_a_while(api: httpx.Client, views: int, emulator: RunningEmulator) -> None:
    emulator.change_settings(export_delay=3600)
    assert begin(api) == {"status": "success"}
    emulator.change_settings(export_delay=0)
    assert len(exported(api)) == views


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


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("Price", "equals", 5, "a"),
        ("Price", "equals", [5, 7.5], "ab"),
        ("Price", "not_equals", 5, "bc"),
        ("Price", "greater_than", 5, "b"),
        ("Price", "greater_than_equals", 5, "ab"),
        ("Price", "less_than", 7.5, "a"),
        ("Price", "between", [6, 8], "b"),
        ("Category", "contains", "book", "ac"),
        ("Category", "does_not_contain", "old", "ab"),
        ("Category", None, "toys", "b"),
        ("Category", "exists", None, "abc"),
        ("Sale", "does_not_exist", None, "bc"),
        ("Sale", "equals", "True", "a"),
        ("Price", "greater_than", "5", ""),
        ('x" OR 1', "exists", None, ""),
    ],
)
def test_filters_of_properties(
    api: httpx.Client, upload: Any, event: Any, name: str, operator: str | None, value: Any, expected: str
) -> None:
    rows = {
        "a": {"Price": 5, "Category": "books", "Sale": True},
        "b": {"Price": 7.5, "Category": "toys"},
        "c": {"Category": "old books", "Price": "dear"},
    }
    upload(*(event(ts=NOVEMBER_1, data={**data, "Row": row}) for row, data in rows.items()))
    filter_ = {"name": name, "operator": operator, "value": value}
    filters = [{key: part for key, part in filter_.items() if part is not None}]
    found = sorted(one["event_props"]["Row"] for one in exported(api, event_properties=filters))
    assert "".join(found) == expected


def test_filters_of_profiles_and_of_what_else_they_did(
    api: httpx.Client, upload: Any, event: Any, profile: Any, token: Any, emulator: RunningEmulator
) -> None:
    emulator.change_settings(identity_and_object_id="accept")
    for name, tier in (("a", ["Gold", "Old"]), ("b", ["Silver"])):
        upload({**profile(name, Tier={"$set": tier}), "objectId": f"dev-{name}"}, event(identity=name, ts=NOVEMBER_1))
    upload(token("dev-b", type="apns"), event("Store Visit", identity="a", ts=NOVEMBER_1))

    def people(**query: Any) -> str:
        return "".join(sorted(one["profile"]["identity"] for one in exported(api, **query)))

    def of_profile(**filters: Any) -> str:
        return people(common_profile_properties=filters)

    gold = {"name": "Tier", "operator": "equals", "value": "Gold"}
    assert of_profile(profile_fields=[gold]) == "a"
    assert of_profile(reachability=[{"name": "has_token", "value": "True"}]) == "b"
    assert of_profile(reachability=[{"name": "has_token", "value": "False"}]) == "a"
    assert of_profile(technographics=[{"name": "OS", "operator": "equals", "value": ["iOS", "Android"]}]) == "b"
    assert of_profile(geo_fields=[["India"]]) == ""
    assert people(session_properties=[{"name": "utm_source", "value": "x"}]) == ""
    visited = {**DAYS, "event_name": "Store Visit"}
    assert people(advanced_query={"did_all": [visited]}) == "a"
    assert people(advanced_query={"did_none": [visited]}) == "b"
    assert (
        people(advanced_query={"did_any": {"any_events": [visited, {**DAYS, "operator": "greater_than", "value": 5}]}})
        == "a"
    )
    assert people(advanced_query={"did_all": [{**DAYS, "operator": "equals", "value": 1}]}) == "ab"
    assert begin(api, advanced_query={"did_all": [{**DAYS, "event_name": "Nothing"}]})["code"] == 400
    assert people(props=[{"name": "Row", "operator": "exists"}]) == ""
    # Keys that CleverTap does not know are ignored, so a typing mistake selects more.
    assert people(advanced_query={"did_not": [visited]}, groups={}, event_propertys=[gold]) == "ab"
