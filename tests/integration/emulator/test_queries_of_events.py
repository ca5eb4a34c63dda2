"""Queries of an export of events: which are rejected, and what their filters select."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import DAYS, NOVEMBER_1, begin, exported, prices, read_page


def test_an_empty_range_is_a_success_without_a_cursor(api: httpx.Client, many_views: int) -> None:
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
def test_rejected_queries(api: httpx.Client, many_views: int, query: Any, status: int, error: str, code: int) -> None:
    answer = api.post("/1/events.json", json={**DAYS, **query})
    assert (answer.status_code, answer.json()) == (status, {"status": "fail", "error": error, "code": code})


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff"])
def test_bodies_that_are_no_query(api: httpx.Client, body: bytes) -> None:
    assert api.post("/1/events.json", content=body).status_code == 400
    assert api.get("/1/events.json").status_code == 400


def test_the_older_form_with_the_query_in_the_address(api: httpx.Client, many_views: int) -> None:
    answer = api.get("/1/events.json", params={"batch_size": 10, "query": json.dumps(DAYS)}).json()
    cursor, records = answer["cursor"], []
    while cursor:
        page = read_page(api, cursor)
        records += page.get("records", [])
        cursor = page.get("cursor") or page.get("next_cursor")
    assert prices(records) == list(range(many_views))


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
