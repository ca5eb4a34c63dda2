"""Predefined profile keys and their codes, operators, and the profiles that result."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator

CASES: dict[str, tuple[int, list[Any], list[Any]]] = {
    "Gender": (514, ["M", "F"], ["m", "Female", "", 1, True, ["M"], {"$set": ["M"]}]),
    "Email": (
        515,
        ["a@b.co", "first.last+tag@sub.example.com", "o'neil@example.com", "ü@exämple.de"],
        [
            "$$$$$",
            "1234",
            "",
            "a@b",
            "@example.com",
            "a@@b.co",
            "a b@c.co",
            "a@b..co",
            "a@-b.co",
            "a@b.co ",
            5,
            ["a@b.co"],
        ],
    ),
    "Phone": (
        516,
        ["+12345", "+919812345678", "+35922333232"],
        ["223", "+44+441234", "+1234", "919812345678", "+0123456", "+91 98123 45678", "+", "+٣٤٥٦٧٨", "", 919812345678],
    ),
    "Employed": (517, ["Y", "N"], ["223", "yes", "y", "", True]),
    "Education": (518, ["School", "College", "Graduate"], ["graduate", "PhD", "", 1]),
    "Married": (519, ["Y", "N"], ["yes", "n", "", False]),
    "Age": (520, [18, "18", 18.5, "18.5", 0], ["aa", "", "1e3", True, ["18"]]),
}


@pytest.mark.parametrize("key", CASES)
def test_predefined_keys_and_their_codes(code_of: Any, profile: Any, emulator: RunningEmulator, key: str) -> None:
    code, good, bad = CASES[key]
    for value in good:
        assert code_of(profile(**{key: value})) is None, value
        assert emulator.profile("c-1")["data"][key] == value
    for value in bad:
        assert code_of(profile(**{key: value})) == code, value
        assert emulator.profile("c-1")["data"][key] == good[-1]


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("MSG-email", True, "yes"),
        ("MSG-dndPhone", False, 0),
        ("category-unsubscribe", {"email": ["Group A"]}, {"email": "Group A"}),
        ("category-resubscribe", {"email": []}, ["email"]),
        ("identity", "c-1", "nan"),
        ("Name", "Asha", {"$unknown": 1}),
        ("Tz", "Asia/Kolkata", ["x"]),
    ],
)
def test_predefined_keys_without_a_code(
    code_of: Any, profile: Any, emulator: RunningEmulator, key: str, good: Any, bad: Any
) -> None:
    assert code_of(profile(**{key: bad})) is None
    assert emulator.profile("c-1")["data"] == {}
    assert [one["field"] for one in emulator.error_stream()] == [key]
    assert code_of(profile(**{key: good})) is None
    assert emulator.profile("c-1")["data"] == ({} if key == "identity" else {key: good})
    emulator.change_settings(strictness="refuse")
    assert code_of(profile(**{key: bad})) in {512, 523}


def test_a_date_of_birth_that_is_no_date_stays_text_and_is_reported(
    code_of: Any, profile: Any, emulator: RunningEmulator
) -> None:
    assert code_of(profile(DOB="1990-07-25")) is None
    assert emulator.profile("c-1")["data"] == {"DOB": "1990-07-25"}
    assert [one["field"] for one in emulator.error_stream()] == ["DOB"]


@pytest.mark.parametrize("data", ["missing", None, [], "x"])
def test_profile_data_that_is_no_object_creates_a_profile_without_properties(
    code_of: Any, emulator: RunningEmulator, data: Any
) -> None:
    record = {"type": "profile", "identity": "c-1", "profileData": data}
    if data == "missing":
        del record["profileData"]
    assert code_of(record) is None
    assert emulator.profile("c-1")["data"] == {}
    assert [one["field"] for one in emulator.error_stream()] == ["profileData"]


def test_listed_properties_change_and_others_stay(upload: Any, profile: Any, emulator: RunningEmulator) -> None:
    upload(profile(Name="Asha", City="Pune"), profile("c-2", Name="Ravi"), profile(City="Goa"))
    upload(profile(Plan="Gold"))
    assert emulator.profile("c-1")["data"] == {"Name": "Asha", "City": "Goa", "Plan": "Gold"}
    assert emulator.profile("c-1")["uploads"] == 3
    assert [one["identity"] for one in emulator.profiles()] == ["c-2", "c-1"]


def tags(count: int, start: int = 0) -> list[str]:
    return [f"t{number}" for number in range(start, start + count)]


@pytest.mark.parametrize(
    ("before", "operator", "after"),
    [
        (["x"], {"$set": ["a", "b", "a"]}, ["a", "b"]),
        (["a"], {"$add": ["b", "a"]}, ["a", "b"]),
        ("a", {"$add": ["b"]}, ["a", "b"]),
        (7, {"$add": ["b"]}, ["7", "b"]),
        (None, {"$add": ["b"]}, ["b"]),
        (["a", "b"], {"$remove": ["a"]}, ["b"]),
        (["a"], {"$remove": ["a"]}, None),
        ("a", {"$remove": ["a"]}, None),
        ("a", {"$remove": ["b"]}, ["a"]),
        (None, {"$remove": ["b"]}, None),
        (10, {"$incr": 5}, 15),
        (None, {"$incr": 5}, 5),
        (10, {"$decr": 2.5}, 7.5),
        ("a", {"$delete": 1}, None),
        (None, {"$delete": 1}, None),
        (tags(100), {"$add": ["new"]}, [*tags(99, 1), "new"]),
        (None, {"$set": tags(150)}, tags(100, 50)),
    ],
)
def test_operators(
    upload: Any, profile: Any, emulator: RunningEmulator, before: Any, operator: dict[str, Any], after: Any
) -> None:
    if before is not None:
        upload(profile(prop={"$set": before} if isinstance(before, list) else before))
    upload(profile(prop=operator))
    assert emulator.profile("c-1")["data"].get("prop") == after
    assert emulator.error_stream() == []


def test_only_counting_operators_change_more_when_repeated(
    upload: Any, profile: Any, emulator: RunningEmulator
) -> None:
    for _ in range(2):
        upload(profile(points={"$incr": 10}, tags={"$add": ["a"]}, name={"$delete": 1}))
    assert emulator.profile("c-1")["data"] == {"points": 20, "tags": ["a"]}


def test_records_of_a_batch_are_applied_in_order(upload: Any, profile: Any, emulator: RunningEmulator) -> None:
    upload(profile(n=1), profile(n={"$incr": 2}), profile(n={"$decr": 10}), profile(m="x"), profile(m={"$delete": 1}))
    assert emulator.profile("c-1")["data"] == {"n": -7}


@pytest.mark.parametrize(
    "value",
    [
        {"$set": "a"},
        {"$add": {"a": 1}},
        {"$incr": "5"},
        {"$incr": True},
        {"$delete": 2},
        {"$delete": True},
        {"$add": ["a"], "$remove": ["b"]},
        {"$push": ["a"]},
        {},
    ],
)
def test_invalid_operators_are_left_out(code_of: Any, profile: Any, emulator: RunningEmulator, value: Any) -> None:
    assert code_of(profile(prop=value, good=1)) is None
    assert emulator.profile("c-1")["data"] == {"good": 1}
    assert [one["field"] for one in emulator.error_stream()] == ["prop"]
    emulator.change_settings(strictness="keep")
    assert code_of(profile("c-2", prop=value)) is None
    assert emulator.profile("c-2")["data"] == {"prop": value}


def test_list_items_are_texts_of_at_most_512_bytes(code_of: Any, profile: Any, emulator: RunningEmulator) -> None:
    assert code_of(profile(prop={"$set": ["a", 5, "é" * 256, "é" * 257]})) is None
    assert emulator.profile("c-1")["data"] == {"prop": ["a", "é" * 256]}
    assert len(emulator.error_stream()) == 2


@pytest.mark.parametrize(
    ("before", "operator"), [("text", {"$incr": 1}), (1e300, {"$incr": 1e300}), (1e308, {"$incr": 10**4000})]
)
def test_impossible_sums_are_not_stored(
    upload: Any, profile: Any, emulator: RunningEmulator, before: Any, operator: Any
) -> None:
    upload(profile(n=before))
    assert upload(profile(n=operator))["status"] == "success"
    assert emulator.profile("c-1")["data"] == {"n": before}
    assert [one["field"] for one in emulator.error_stream()] == ["n"]


def test_name_gender_and_age_take_their_operators(code_of: Any, profile: Any, emulator: RunningEmulator) -> None:
    assert code_of(profile(Name="A", Gender="F", Age=20)) is None
    assert code_of(profile(Name={"$delete": 1}, Gender={"$delete": 1}, Age={"$incr": 1})) is None
    assert emulator.profile("c-1")["data"] == {"Age": 21}


def test_custom_attributes_above_the_limit_are_left_out(upload: Any, profile: Any, emulator: RunningEmulator) -> None:
    upload(profile(Name="Asha", **{f"key {number}": number for number in range(256)}))
    assert emulator.error_stream() == []
    upload(profile(**{"one more": 1, "key 0": "changed", "Email": "a@b.co"}))
    data = emulator.profile("c-1")["data"]
    assert (len(data), data["key 0"], data["Email"], "one more" in data) == (258, "changed", "a@b.co", False)
    assert [one["field"] for one in emulator.error_stream()] == ["one more"]


def test_identity_in_the_data_identifies_a_profile_known_by_its_device(
    upload: Any, profile: Any, emulator: RunningEmulator
) -> None:
    device = {"type": "profile", "objectId": "dev-1"}
    upload(profile("taken"), {**device, "profileData": {"identity": "c-1", "Name": "Asha"}})
    assert emulator.profile("c-1")["keys"] == {"identity": ["c-1"], "objectId": ["dev-1"]}
    assert emulator.profile("c-1")["data"] == emulator.profile("dev-1")["data"] == {"Name": "Asha"}
    upload({**device, "profileData": {"identity": "c-1", "City": "Pune"}}, profile("c-1", Age=3))
    assert emulator.profile("dev-1")["data"] == {"Name": "Asha", "City": "Pune", "Age": 3}
    assert emulator.error_stream() == []
    for identity in ("taken", "another"):
        upload({**device, "profileData": {"identity": identity}})
    assert emulator.profile("dev-1")["keys"]["identity"] == ["c-1"]
    assert [one["field"] for one in emulator.error_stream()] == ["identity", "identity"]
    assert len(emulator.profiles()) == 2
