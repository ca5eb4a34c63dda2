"""Messages become events, with their names, times and properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.loading.record_kinds import events
from tests.support.messages_of_platforms import SECONDS, LoadMessages, page, track


def test_a_track_keeps_its_time_and_properties(event: Any) -> None:
    found = event(track(properties={"n": 1, "nested": {"a": [1]}, "none": None, "identity": "x", "items": [1]}))
    assert (found["name"], found["identity"], found["ts"]) == ("Song Played", "u1", SECONDS)
    assert found["data"] == {"n": 1, "nested": '{"a":[1]}', "identity": "x", "items": "[1]"}


def test_the_ts_of_the_properties_wins_and_stays(event: Any) -> None:
    found = event(track(properties={"ts": "2026-11-19T00:00:00Z"}))
    assert (found["ts"], found["data"]) == (1795046400, {"ts": "2026-11-19T00:00:00Z"})


@pytest.mark.parametrize(
    ("message", "options", "name"),
    [
        (page(name="Home"), {}, "Web Page Viewed: Home"),
        (page(properties={"name": "Cart"}), {}, "Web Page Viewed: Cart"),
        (page(), {}, "Web Page Viewed"),
        (page(properties={"path": "/q"}), {"page_name": "Web Page Viewed: {path}"}, "Web Page Viewed: /q"),
        (page(type="screen", name="Main"), {}, "Screen Viewed: Main"),
        (page(type="screen"), {}, "Screen Viewed"),
        (page(type="screen", name="Main"), {"spec": "segment"}, "App Screen Viewed"),
        (page(type="screen", name="Main"), {"screen_name": "Screen {name}"}, "Screen Main"),
        (page(event="Order Completed"), {}, "Charged"),
        (track("ORDER completed"), {}, "Charged"),
    ],
)
def test_names_of_events(event: Any, message: dict[str, Any], options: dict[str, Any], name: str) -> None:
    assert event(message, **options)["name"] == name


def test_a_page_without_a_name_is_warned_of(load: LoadMessages, caplog: pytest.LogCaptureFixture) -> None:
    load(events(), [page()])
    assert 'page_name="Web Page Viewed: {path}"' in caplog.text


ORDER = {"revenue": 12.5, "currency": "INR", "products": [{"sku": "s", "price": 3, "size": {"eu": 4}}], "ts": SECONDS}


@pytest.mark.parametrize(
    ("ids", "strict", "data"),
    [
        ({"checkout_id": "c", "order_id": "o"}, False, {"Charged ID": "c", "order_id": "o"}),
        ({"order_id": "o"}, False, {"Charged ID": "o", "order_id": "o"}),
        ({"order_id": "o"}, True, {"order_id": "o"}),
    ],
)
def test_a_completed_order(event: Any, ids: dict[str, Any], strict: bool, data: dict[str, Any]) -> None:
    found = event(track("Order Completed", properties={**ids, **ORDER}), strict=strict)
    items = found["data"].pop("Items")
    assert found["data"] == {**data, "Amount": 12.5, "currency": "INR"}
    assert items == [{"sku": "s", "price": 3} | ({} if strict else {"size": '{"eu":4}'})]


def test_forbidden_characters_become_blanks_with_a_warning(event: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert event(track(properties={"a.b": 1}))["data"] == {"a b": 1}
    assert "'a.b'" in caplog.text


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2026-11-20T15:30:00+05:30", SECONDS),
        ("2026-11-20T10:00:00.123456789Z", SECONDS),
        ("2026-11-20 10:00:00", SECONDS),
        (SECONDS, SECONDS),
        (SECONDS * 1000 + 123, SECONDS),
        (str(SECONDS), SECONDS),
    ],
)
def test_times_of_several_forms(event: Any, time: Any, seconds: int) -> None:
    assert event(track(timestamp=time))["ts"] == seconds


@pytest.mark.parametrize("time", ["yesterday", {"a": 1}, True, -5, "20 Nov"])
def test_a_time_that_cannot_be_read_is_invalid(load: LoadMessages, time: Any) -> None:
    assert load(events(), [track(timestamp=time)])["invalid"] == 1


def test_values_in_names_are_written_as_the_platforms_do(event: Any) -> None:
    assert event(page(name=5.0, properties={"new": True}), page_name="{name} {new}")["name"] == "5 true"


def test_orders_and_other_events_share_their_properties(load: LoadMessages, emulator: RunningEmulator) -> None:
    viewed = track(properties={"revenue": 1, "products": [{"a": 1}], "order_id": "o", "ts": SECONDS})
    ordered = track("Order Completed", properties={"revenue": 2.5, "products": [{"a": 1.5, "b": "x"}], "order_id": "p"})
    assert load(events(), [viewed, ordered])["accepted"] == 2
    assert [(one["name"], one["data"]) for one in emulator.events()] == [
        ("Song Played", {"revenue": 1, "products": '[{"a":1}]', "order_id": "o", "ts": SECONDS}),
        ("Charged", {"Charged ID": "p", "Amount": 2.5, "Items": [{"a": 1.5, "b": "x"}], "order_id": "p"}),
    ]


def test_a_property_named_ts_is_sent_as_it_is(load: LoadMessages, emulator: RunningEmulator) -> None:
    times: list[Any] = [1_700_000_000, "2026-03-01T00:00:00Z"]
    assert load(events(), [track(properties={"ts": time}) for time in times])["accepted"] == 2
    assert [(event["ts"], event["data"]) for event in emulator.events()] == [
        (1_700_000_000, {"ts": 1_700_000_000}),
        (1_772_323_200, {"ts": "2026-03-01T00:00:00Z"}),
    ]


def test_a_wrong_time_is_told_once(load: LoadMessages) -> None:
    summary = load(events(), [track(properties={"ts": time}) for time in ("soon", 1_700_000_000)])
    (found,) = map(json.loads, Path(summary["rejects_path"]).read_text().splitlines())
    assert found["clevertap_reason"] == "ts is neither seconds since 1970 nor a date"
