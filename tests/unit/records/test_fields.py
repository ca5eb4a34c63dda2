"""The fields CleverTap knows by name: what they take, what they become, and the code of the issue."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records.fields import FORBIDDEN_KEY_CHARACTERS, read_key
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA
from tests.support.validated import accepted, issue_of, validate, validate_cell

FLAGS = ["MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp", "MSG-webpush",
         "MSG-dndPhone", "MSG-dndEmail", "MSG-dndWhatsApp"]  # fmt: skip
TRUE = [True, 1, 1.0, Decimal(1), "true", "TRUE", "t", "Yes", "y", "1", " on "]
FALSE = [False, 0, 0.0, Decimal("0.0"), "false", "False", "F", "no", "N", "0", "off"]


@pytest.mark.parametrize(
    ("field", "cells", "becomes"),
    [
        ("Gender", ["M", "m", "male", "Male", " MAN "], "M"),
        ("Gender", ["F", "f", "female", "FEMALE", "Woman"], "F"),
        ("Employed", ["Y", "y", "yes", "TRUE", "t", "1", 1, 1.0, Decimal(1), True], "Y"),
        ("Employed", ["N", "n", "No", "false", "F", "0", 0, 0.0, False], "N"),
        ("Married", ["Y", "yes", True, 1], "Y"),
        ("Married", ["N", "no", False, 0], "N"),
        ("Education", ["School", "school", "SCHOOL "], "School"),
        ("Education", ["college"], "College"),
        ("Education", ["graduate", "GRADUATE"], "Graduate"),
        ("Age", [34, "34", " 34 ", "34.0", 34.0, Decimal("34"), "+34", "034"], 34),
        ("Age", [0, "0"], 0),
        ("Email", ["asha@example.com", " asha@example.com\n", "\u200basha@example.com\u00a0"], "asha@example.com"),
        ("Photo", ["https://example.com/a.png?x=1#y"], "https://example.com/a.png?x=1#y"),
        ("Name", ["Asha Rao"], "Asha Rao"),
        ("Name", [" Asha "], " Asha "),
        ("Name", [7], "7"),
        ("Tz", ["Asia/Kolkata"], "Asia/Kolkata"),
        ("Customer Type", ["Gold"], "Gold"),
        ("ct_is_test_user", ["Yes"], "Yes"),
        *((flag, TRUE, True) for flag in FLAGS),
        *((flag, FALSE, False) for flag in FLAGS),
    ],
)  # fmt: skip
def test_usual_spellings_become_what_clevertap_takes(field: str, cells: list[Any], becomes: Any) -> None:
    for cell in cells:
        found = accepted(cell, field)
        assert found == {field: becomes}, cell
        assert type(found[field]) is type(becomes)


@pytest.mark.parametrize(
    ("field", "cells", "code"),
    [
        ("Gender", ["x", "other", "MF", 1, 0, True, 1.0, "\uff2d", "♀"], 514),
        (
            "Email",
            [
                "a@b",
                "@b.co",
                "a@@b.co",
                "a b@c.de",
                "$$$$$",
                "1234",
                "a@b..c",
                "a@b.co,c@d.ee",
                "a\u200b@b.co",
                "a@b\u00ad.co",
                "a@.co",
                5,
            ],
            515,
        ),
        ("Phone", ["223", "+1234", "+0123456", "+44+441234", "+", "++91", "phone", "9" * 40, "+" + "9" * 16], 516),
        ("Employed", ["223", "maybe", "yess", 2, -1, 0.5, math.inf], 517),
        ("Education", ["post graduate", "PhD", "Schools", 1], 518),
        ("Married", ["divorced", "2", None.__class__], 519),
        ("Age", ["aa", "1e2", "-1", -1, "34.5", 34.5, "1,000", "١٢", True, math.inf, "9" * 301], 520),
        ("ts", ["yesterday", "0", 0, "-5", "1e9", True, "1700000000000000", 1700000000000000, "1700000000.5"], 525),
        ("Photo", ["example.com/a.png", "ftp://example.com/a", "https://", "https://ex ample.com", 5], None),
        ("Name", [1.5, True, ["a"], b"Asha", {"first": "Asha"}, "\ud800", "x" * 513, "é" * 257], None),
        *((flag, ["maybe", "2", 2, -1, 0.5, math.inf, ["true"]], None) for flag in FLAGS),
    ],
)
def test_what_clevertap_would_refuse_is_refused_with_its_code(field: str, cells: list[Any], code: int | None) -> None:
    for cell in cells:
        assert issue_of(cell, field)[0] == code, cell


# Subscription groups


@pytest.mark.parametrize("field", ["category-unsubscribe", "category-resubscribe"])
@pytest.mark.parametrize(
    "cell",
    [
        {"email": ["Group A", "Group B"]},
        '{"email": ["Group A", "Group B"]}',
        ' {"email":["Group A","Group B"]} ',
    ],
)
def test_subscription_groups_are_an_object_or_its_json(field: str, cell: Any) -> None:
    assert accepted(cell, field) == {field: {"email": ["Group A", "Group B"]}}


@pytest.mark.parametrize(
    "cell",
    ["Group A", ["Group A"], {"email": "Group A"}, {"email": [5]}, {"email": None}, {1: ["Group A"]}, '["Group A"]',
     '{"email": "Group A"}', "{", "[" * 5000, "NaN", {"$set": ["Group A"]}, {"$incr": 1}, 5],
)  # fmt: skip
def test_other_subscription_groups_are_refused(cell: Any) -> None:
    issue_of(cell, "category-unsubscribe")


@pytest.mark.parametrize(
    "cell", [{"email": ["\ud800"]}, {"\ud800": ["a"]}, '{"email": ["\\ud800"]}', {"email": ["x" * 513]}]
)
def test_groups_are_text_like_any_other(cell: Any) -> None:
    issue_of(cell, "category-unsubscribe")


# Operations on known fields


@pytest.mark.parametrize("field", [name for name in PROFILE_SCHEMA.known if name not in ("DOB",)])
def test_any_known_property_can_be_removed(field: str) -> None:
    assert accepted({"$delete": 1}, field) == {field: {"$delete": 1}}
    assert accepted("yes", Column(field, operator="$delete")) == {field: {"$delete": 1}}


@pytest.mark.parametrize(
    "field",
    ["Email", "Phone", "Gender", "DOB", "Employed", "Education", "Married", "Photo", "MSG-email", "MSG-dndPhone"],
)
@pytest.mark.parametrize("operation", [{"$incr": 1}, {"$set": ["a"]}, {"$add": ["a"]}, {"$remove": ["a"]}])
def test_a_field_with_a_format_takes_no_operation_that_would_break_it(field: str, operation: Any) -> None:
    assert "use $delete" in issue_of(operation, field)[1]


def test_an_age_can_be_counted_on() -> None:
    assert accepted({"$incr": 1}, "Age") == {"Age": {"$incr": 1}}
    assert "use $decr, $delete, $incr" in issue_of({"$set": ["1"]}, "Age")[1]


# Time of the record


@pytest.mark.parametrize(
    ("cell", "column", "seconds"),
    [
        (1700000000, Column("ts"), 1700000000),
        ("1700000000", Column("ts"), 1700000000),
        (" 1700000000 ", Column("ts"), 1700000000),
        ("1700000000.0", Column("ts"), 1700000000),
        (1700000000.0, Column("ts"), 1700000000),
        ("2023-11-14T22:13:20Z", Column("ts"), 1700000000),
        ("2023-11-14 22:13:20", Column("ts"), 1700000000),
        ("2023-11-15 03:43:20", Column("ts", timezone="Asia/Kolkata"), 1700000000),
        ("2023-11-15 03:43:20", Column("ts", type="text", timezone="Asia/Kolkata"), 1700000000),
        ("15/11/2023 03:43:20", Column("ts", format="dd/MM/yyyy HH:mm:ss", timezone="Asia/Kolkata"), 1700000000),
        ("1700000000123", Column("ts", format="epoch_ms"), 1700000000),
        (1, Column("ts"), 1),
        (99_999_999_999, Column("ts"), 99_999_999_999),
    ],
)
def test_ts_is_seconds_or_a_date(cell: Any, column: Column, seconds: int) -> None:
    record = validate_cell(cell, column).record
    assert record is not None
    assert record["ts"] == seconds


@pytest.mark.parametrize(
    ("cell", "says"), [("1700000000000000", "after the year 5000"), (0, "after 1970"), ("1969-12-31", "after 1970")]
)
def test_ts_says_what_is_wrong(cell: Any, says: str) -> None:
    code, reason = issue_of(cell, "ts")
    assert code == 525
    assert says in reason


# Names of properties


@pytest.mark.parametrize("name", ["Tier", "x y", "Größe", "客户等级", "a-b_c/d(e)=f?", "x" * 120, "é" * 60, "1"])
def test_names_a_property_may_have(name: str) -> None:
    assert accepted("gold", name) == {name: "gold"}


@pytest.mark.parametrize("name", [f"a{character}b" for character in sorted(FORBIDDEN_KEY_CHARACTERS)])
def test_characters_clevertap_forbids_in_names(name: str) -> None:
    with pytest.raises(ValueError, match="must not contain"):
        read_key(name)


@pytest.mark.parametrize("name", ["", " ", "\t", "x" * 121, "é" * 61, "\ud800"])
def test_names_nothing_can_have(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        read_key(name)


def test_custom_attributes_may_be_named_like_anything_in_python() -> None:
    names = ["customer_type", "msg_email", "unsubscribe", "model_config", "copy", "type", "profileData", "__dict__"]
    record = validate({"identity": "a", **dict.fromkeys(names, "v")}).record
    assert record is not None
    assert record["profileData"] == dict.fromkeys(names, "v")
