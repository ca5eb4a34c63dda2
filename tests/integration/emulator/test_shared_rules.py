"""Rules for every kind of record: identifiers, times, keys and values, and the three settings of strictness."""

from __future__ import annotations

import time
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator

REFUSED = [
    *("undefined", "null", "na", "n/a", "0", "nil", "-1", "empty", "xxxxxx", "none"),
    *("infinity", "-infinity", "inf", "-inf", "nan", "-nan"),
]


@pytest.mark.parametrize("identity", [*REFUSED, "NULL", "NaN", "None", "N/A", "", "  ", 0, -1, True, None, [], {}])
def test_rejected_identities(code_of: Any, profile: Any, event: Any, identity: Any) -> None:
    assert code_of(profile(identity)) == 523
    assert code_of({**event(), "identity": identity}) == 523


@pytest.mark.parametrize(
    "identity", ["c-1", "007", "nullable", " nan ", "1e5", 13, 9_999_999_999_999_999_999, "é" * 1023]
)
def test_accepted_identities(code_of: Any, profile: Any, identity: Any, emulator: RunningEmulator) -> None:
    assert code_of(profile(identity, Name="x")) is None
    assert emulator.profile(str(identity))["identity"] == str(identity)


def test_an_identity_is_shorter_than_1024_characters(code_of: Any, profile: Any) -> None:
    assert code_of(profile("x" * 1023)) is None
    assert code_of(profile("x" * 1024)) == 523


def test_each_of_the_four_identifiers_identifies_a_profile(code_of: Any, emulator: RunningEmulator) -> None:
    for name in ("identity", "objectId", "FBID", "GPID"):
        assert code_of({"type": "profile", name: "same", "profileData": {}}) is None
    assert code_of({"type": "profile", "profileData": {}}) == 523
    assert [one["keys"] for one in emulator.profiles()] == [
        {name: ["same"]} for name in ("identity", "objectId", "FBID", "GPID")
    ]


def test_of_several_identifiers_the_first_counts_and_the_mistake_is_reported(
    code_of: Any, profile: Any, emulator: RunningEmulator
) -> None:
    assert code_of({**profile("c-1"), "objectId": "dev-1"}) is None
    assert emulator.profiles()[0]["keys"] == {"identity": ["c-1"]}
    assert [one["field"] for one in emulator.error_stream("c-1")] == ["objectId"]


@pytest.mark.parametrize("value", ["", " ", 5, None, ["x"], "x" * 1024])
def test_invalid_object_ids(code_of: Any, value: Any) -> None:
    assert code_of({"type": "profile", "objectId": value, "profileData": {}}) == 526
    assert code_of({"type": "event", "objectId": value, "evtName": "x", "evtData": {}}) == 526


@pytest.mark.parametrize(
    "record", [{"identity": "a"}, {"identity": "a", "type": "user"}, {"type": ["profile"]}, "x", 1]
)
def test_neither_event_nor_profile(code_of: Any, record: Any) -> None:
    assert code_of(record) == 524


@pytest.mark.parametrize("ts", [0, "0", -5, 1.5, "soon", "", True, None, [1], 10**18, "9" * 5000])
def test_rejected_times(code_of: Any, profile: Any, event: Any, ts: Any) -> None:
    assert code_of({**profile(), "ts": ts}) == 525
    assert code_of({**event(), "ts": ts}) == 525


@pytest.mark.parametrize("ts", [1, 1760000000, "1760000000", 1760000000.0])
def test_accepted_times(code_of: Any, event: Any, ts: Any, emulator: RunningEmulator) -> None:
    assert code_of(event(ts=ts)) is None
    assert emulator.events()[0]["ts"] == int(ts)


def test_without_a_time_an_event_happens_on_arrival(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    record = event()
    del record["ts"]
    before = int(time.time())
    assert code_of(record) is None
    assert before <= emulator.events()[0]["ts"] <= time.time()


def test_milliseconds_are_accepted_and_reported(code_of: Any, event: Any, emulator: RunningEmulator) -> None:
    assert code_of(event(ts=1760000000000)) is None
    assert emulator.events()[0]["ts"] == 1760000000000
    assert [one["field"] for one in emulator.error_stream()] == ["ts"]


SLIPS: dict[str, tuple[str, Any]] = {
    "long key": ("k" * 121, "x"),
    "long key in bytes": ("é" * 61, "x"),
    "empty key": ("", "x"),
    "long value": ("note", "v" * 513),
    "long value in bytes": ("note", "é" * 257),
    "null": ("note", None),
    "list": ("note", ["a"]),
    "object": ("note", {"a": 1}),
    **{f"forbidden {character}": (f"a{character}b", "x") for character in "%><!|&.:;$'\"\\#"},
}


@pytest.mark.parametrize(("key", "value"), SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("kind", ["profile", "event"])
def test_where_no_answer_is_documented_strictness_decides(
    code_of: Any, profile: Any, event: Any, emulator: RunningEmulator, kind: str, key: str, value: Any
) -> None:
    def send() -> tuple[int | None, dict[str, Any]]:
        emulator.reset()
        data = {key: value, "good": "kept"}
        code = code_of(profile(**data) if kind == "profile" else event(data=data))
        stored = emulator.profiles() if kind == "profile" else emulator.events()
        return code, stored[0]["data"] if stored else {}

    assert send() == (None, {"good": "kept"})
    (finding,) = emulator.error_stream("c-1")
    assert (finding["kind"], finding["record_number"], finding["field"]) == (kind, 1, key[:120])
    emulator.change_settings(strictness="refuse")
    assert send() == (512, {})
    emulator.change_settings(strictness="keep")
    assert send() == (None, {key: value, "good": "kept"})
    assert emulator.error_stream() == []


@pytest.mark.parametrize(("key", "value"), [("k" * 120, "x"), ("a b-c_d@e(f)", "v" * 512), ("é" * 60, "é" * 256)])
def test_the_largest_allowed_values(
    code_of: Any, profile: Any, emulator: RunningEmulator, key: str, value: str
) -> None:
    emulator.change_settings(strictness="refuse")
    assert code_of(profile(**{key: value})) is None
    assert emulator.profile("c-1")["data"] == {key: value}


def test_values_survive_as_they_were_sent(code_of: Any, profile: Any, emulator: RunningEmulator) -> None:
    data = {
        "whole": 12345678901234567890123,
        "fraction": 0.1,
        "flag": False,
        "date": "$D_-5",
        "text": 'zero\x00, é, 😀, "quotes"',
        "blank": "",
    }
    assert code_of(profile("nul\x00l", **data)) is None
    assert code_of(profile("nul\x00l", **data)) is None
    (stored,) = emulator.profiles()
    assert (stored["data"], stored["uploads"]) == (data, 2)
    assert emulator.error_stream() == []


def test_text_that_looks_like_a_date_but_is_none_is_reported(
    code_of: Any, profile: Any, emulator: RunningEmulator
) -> None:
    assert code_of(profile(joined="$D_2024-01-01")) is None
    assert emulator.profile("c-1")["data"] == {"joined": "$D_2024-01-01"}
    assert [one["field"] for one in emulator.error_stream()] == ["joined"]


def test_a_rejected_record_adds_nothing_to_the_error_stream(
    upload: Any, profile: Any, emulator: RunningEmulator
) -> None:
    upload(profile(**{"a.b": 1, "Email": "x"}))
    assert emulator.error_stream() == []
