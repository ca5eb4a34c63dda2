"""Event names, shapes and limits; Charged and its items; nothing is deduplicated."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator

RESTRICTED = [
    "Notification Sent",
    "Notification Viewed",
    "Notification Clicked",
    "Notification Delivered",
    "Notification Replied",
    "UTM Visited",
    "App Launched",
    "App Uninstalled",
    "App Version Changed",
    "Stayed",
    "Reply Sent",
    "Experiment Rendered",
    "Reachable By",
    "Identity Set",
    "Identity Reset",
    "Identity Error",
]


@pytest.mark.parametrize("name", [None, "", "  "])
def test_an_event_needs_a_name(upload: Any, event: Any, name: Any) -> None:
    record = event(name) if name is not None else event(evtName=None)
    (entry,) = upload(record)["unprocessed"]
    assert entry["code"] == 509
    assert entry["error"] == (
        "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. Skipped record number : 1"
    )


@pytest.mark.parametrize("change", [{"evtData": []}, {"evtData": "x"}, {"evtName": 5}])
def test_the_structure_of_an_event(code_of: Any, event: Any, change: Any) -> None:
    assert code_of({**event(), **change}) == 512


def test_an_event_needs_its_data(code_of: Any, event: Any) -> None:
    record = event()
    del record["evtData"]
    assert code_of(record) == 512


@pytest.mark.parametrize("name", RESTRICTED)
def test_system_events_are_rejected_in_any_spelling(code_of: Any, event: Any, name: str) -> None:
    assert code_of(event(name)) == 513
    assert code_of(event(name.replace(" ", "").upper())) == 513


def test_charged_is_accepted(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    data = {"Amount": 300, "Charged ID": "ord-77", "Items": [{"Category": "books", "Quantity": 1}, {"Category": "tea"}]}
    assert code_of(event("Charged", data)) is None
    assert emulator.events()[0]["data"] == data


@pytest.mark.parametrize("items", ["x", {}, [1], ["a"], [{"a": 1}, None]])
def test_items_are_a_list_of_objects(code_of: Any, event: Any, items: Any) -> None:
    assert code_of(event("Charged", {"Items": items})) == 512


def test_items_follow_the_rules_of_properties_and_end_at_256(
    code_of: Any, event: Any, emulator: RunningEmulator
) -> None:
    items = [{"n": number, "nested": [1]} for number in range(257)]
    assert code_of(event("Charged", {"Items": items})) is None
    assert emulator.events()[0]["data"] == {"Items": [{"n": number} for number in range(256)]}
    assert {one["field"] for one in emulator.error_stream()} == {"Items", "nested"}


def test_items_of_another_event_are_an_ordinary_list(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    assert code_of(event("Viewed", {"Items": [{"a": 1}], "n": 1})) is None
    assert emulator.events()[0]["data"] == {"n": 1}


def test_too_many_properties(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    data = {f"p{number}": number for number in range(101)}
    assert code_of(event(data=data)) == 522
    emulator.change_settings(max_event_properties=256)
    assert code_of(event(data=data)) is None


def test_events_discarded_in_the_dashboard(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    assert code_of(event("Old Event")) is None
    emulator.change_settings(discarded_events=["Old Event"])
    assert code_of(event("oldevent")) == 528


def test_a_repeated_event_is_stored_again(upload: Any, event: Any, emulator: RunningEmulator) -> None:
    once = event(data={"Price": 59.9, "On": "$D_1760500000"})
    upload(once, once)
    upload(once)
    stored = emulator.events("c-1")
    assert len({one["id"] for one in stored}) == 3
    first, second = (one["id"] for one in emulator.requests())
    assert [one["request_id"] for one in stored] == [first, first, second]
    assert {(one["identity"], one["name"], one["ts"]) for one in stored} == {("c-1", "Product Viewed", 1760000000)}
    assert all(one["data"] == once["evtData"] for one in stored)


def test_an_event_of_an_unknown_profile_creates_it_without_properties(
    upload: Any, event: Any, emulator: RunningEmulator
) -> None:
    upload(event(identity="new"), event(identity=None, objectId="dev-9"))
    assert [(one["data"], one["uploads"]) for one in emulator.profiles()] == [({}, 0), ({}, 0)]
    assert [(one["identity"], one["key_kind"], one["key"]) for one in emulator.events()] == [
        ("new", "identity", "new"),
        (None, "objectId", "dev-9"),
    ]


@pytest.mark.parametrize("name", ["a.b", "x" * 121, "50% off"])
def test_names_that_break_a_limit_are_answered_with_success_and_left_out(
    code_of: Any, event: Any, emulator: RunningEmulator, name: str
) -> None:
    assert code_of(event(name)) is None
    assert (emulator.events(), emulator.profiles()) == ([], [])
    assert [one["field"] for one in emulator.error_stream()] == [name[:120]]
    emulator.change_settings(strictness="keep")
    assert code_of(event(name)) is None
    assert emulator.events()[0]["name"] == name


def test_event_types_above_the_limit_are_left_out(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    emulator.change_settings(max_event_types=2)
    for name in ("Sign Up", "signup", "Viewed", "One More", "SignUp"):
        assert code_of(event(name)) is None
    assert [one["name"] for one in emulator.events()] == ["Sign Up", "signup", "Viewed", "SignUp"]
    assert [one["field"] for one in emulator.error_stream()] == ["evtName"]
