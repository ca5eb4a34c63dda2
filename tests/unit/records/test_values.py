"""Custom attributes: what a cell becomes, by the type its source or its mapping gives it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column, ColumnType
from airflow_provider_clevertap.records.texts.characters import BLANK, TEXT_BLANK
from tests.support.validated import accepted, issue_of, validate

TIER = "Tier"


@pytest.mark.parametrize(
    ("cell", "becomes"),
    [
        ("gold", "gold"),
        ("007", "007"),
        ("1e5", "1e5"),
        ("true", "true"),
        ("1990-07-26", "1990-07-26"),
        ("$D_648950400", "$D_648950400"),
        (" padded ", " padded "),
        ("\u00a0Asha\u200b", "\u00a0Asha\u200b"),
        ("\u200dx", "\u200dx"),
        ('quo"te\\ \n\t\x00 é 😀', 'quo"te\\ \n\t\x00 é 😀'),
        ("x" * 512, "x" * 512),
        ("é" * 256, "é" * 256),
        (5, 5),
        (-(10**40), -(10**40)),
        (1.5, 1.5),
        (True, True),
        (Decimal("1520.75"), 1520.75),
        (Decimal("7.00"), 7),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (time(10, 11), "10:11:00"),
        (["a", " b ", "a", None, "", 5], {"$set": ["a", "b", "5"]}),
        (("a", "b"), {"$set": ["a", "b"]}),
    ],
)
def test_a_cell_keeps_the_type_its_source_gave_it(cell: Any, becomes: Any) -> None:
    found = accepted(cell, TIER)
    assert found == {TIER: becomes}
    assert type(found[TIER]) is type(becomes)


@pytest.mark.parametrize(
    "cell", [None, "", "  ", "\t\r\n", *BLANK, "\u200e\u00a0", math.nan, Decimal("NaN"), Decimal("sNaN"), [], (), {}]
)
def test_an_empty_cell_is_left_out(cell: Any) -> None:
    assert accepted(cell, TIER) == {}


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("x" * 513, "longer than 512 bytes"),
        ("é" * 257, "longer than 512 bytes"),
        ("\ud800", "not valid Unicode"),
        (math.inf, "not a number"),
        (Decimal("-Infinity"), "not a number"),
        (Decimal("1E+400"), "not a number"),
        pytest.param(10**400, "not a number", id="401 digits"),
        pytest.param(10**5000, "not a number", id="5001 digits"),
        (b"gold", "cannot hold a value of type bytes"),
        ({"gold"}, "cannot hold a value of type set"),
        (5 + 1j, "cannot hold a value of type complex"),
        ({"a": 1}, "nested values are not supported"),
        ({1: 2}, "nested values are not supported"),
        ({"$incr": 1, "a": 2}, "nested values are not supported"),
        ([["a"]], "not list"),
        ([{"a": 1}], "not dict"),
        ([1.5], "not float"),
        (["x" * 513], "longer than 512 bytes"),
        ([str(number) for number in range(101)], "more than 100 items"),
    ],
)
def test_what_a_custom_attribute_cannot_hold(cell: Any, says: str) -> None:
    code, reason = issue_of(cell, TIER)
    assert code is None
    assert says in reason


@pytest.mark.parametrize(
    ("declared", "cells", "becomes"),
    [
        ("text", ["5", 5, Decimal(5), Decimal("5.00")], "5"),
        ("text", ["1.0"], "1.0"),
        ("integer", ["5", " 5 ", "\u00a05\u200b", "+5", "05", "5.0", "5.", 5, 5.0, Decimal("5.00")], 5),
        ("integer", ["-5", -5], -5),
        ("integer", ["12345678901234567890"], 12345678901234567890),
        ("integer", [1e18], 10**18),
        ("float", ["1.5", "+1.5", "15e-1", " 1.5", 1.5, Decimal("1.5")], 1.5),
        ("float", [".5", "0.5"], 0.5),
        ("float", ["5", "\ufeff5", 5], 5),
        ("float", ["1e5"], 100000.0),
        ("boolean", ["true", "YES", "y", "T", "on", "1", 1, 1.0, True], True),
        ("boolean", ["false", "No", "n", "F", "OFF", "0", 0, 0.0, False, Decimal(0)], False),
        ("list", ["a,b", " a , b ,, a", "\u200ba,\u00a0b,\u200d", ["a", "b"], ["a", "b", "a"]], {"$set": ["a", "b"]}),
        ("list", ["a,b", '["a","b"]', "['a', 'b']", "{a,b}"], {"$set": ["a", "b"]}),
        ("list", ["one"], {"$set": ["one"]}),
    ],
)
def test_declared_types(declared: ColumnType, cells: list[Any], becomes: Any) -> None:
    for cell in cells:
        found = accepted(cell, Column(TIER, type=declared))
        assert found == {TIER: becomes}, cell
        assert type(found[TIER]) is type(becomes), cell


@pytest.mark.parametrize(
    ("declared", "cells"),
    [
        ("text", [1.5, True, b"x", ["a"], Decimal("1.5"), Decimal("1E+600"), Decimal("Infinity")]),
        (
            "integer",
            ["5.5", "1,000", "1_000", "1e5", "\u0665", "\uff15", "0x5", "five", "--5", True, 5.5, math.inf, [5]],
        ),
        ("float", ["1,5", "1.5.5", "inf", "nan%", "1e400", "\u0665", "1e", ".", True, math.inf, [5], "9" * 301]),
        ("boolean", ["2", "ja", "tru", 2, -1, 0.5, math.inf, b"1", [True]]),
        ("list", [5, 1.5, True, "[a, b]", '{"a": 1}', '["a", ["b"]]', "[true]", "['a' 'b']"]),
    ],
)
def test_cells_that_do_not_fit_their_declared_type(declared: ColumnType, cells: list[Any]) -> None:
    for cell in cells:
        issue_of(cell, Column(TIER, type=declared))


def test_the_separator_of_a_list_is_ones_own() -> None:
    assert accepted("New York, NY|Boston", Column(TIER, type="list", separator="|")) == {
        TIER: {"$set": ["New York, NY", "Boston"]}
    }
    assert accepted("a; b", Column(TIER, type="list", separator="; ")) == {TIER: {"$set": ["a", "b"]}}


@pytest.mark.parametrize("declared", ["text", "integer", "float", "boolean", "date", "list", None])
@pytest.mark.parametrize("unit", ["x", ",", "a,", "9", "[", "é"])
def test_a_huge_cell_is_refused_at_once(declared: ColumnType | None, unit: str) -> None:
    _, reason = issue_of(unit * 2_000_000, Column(TIER, type=declared))
    assert len(reason) < 200


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_not_touched(number: float) -> None:
    assert accepted(number, TIER) == {TIER: number}
    assert accepted(str(number), Column(TIER, type="float")) == {TIER: number}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_text_is_not_touched(text: str) -> None:
    expected = {TIER: text} if text.strip(BLANK) and len(text.encode()) <= 512 else None
    if expected:
        assert accepted(text, TIER) == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="|"), max_size=20), max_size=40))
def test_a_list_has_each_item_once_in_its_order(items: list[str]) -> None:
    kept = list(dict.fromkeys(item.strip(TEXT_BLANK) for item in items if item.strip(BLANK)))
    if kept:
        assert accepted(items, TIER) == {TIER: {"$set": kept}}
        assert accepted("|".join(items), Column(TIER, type="list", separator="|")) == {TIER: {"$set": kept}}


@pytest.mark.parametrize(
    "cell", [",,", " , ", "[]", "{}", '[""]', "[null]", "{NULL, }", "[None, nan]", ["", None], [[]]]
)
def test_a_list_without_items_is_an_empty_cell(cell: Any) -> None:
    choice = Column(TIER, type="list")
    assert accepted(cell, choice) == {}
    assert accepted(cell, replace(choice, operator="$add")) == {}
    assert accepted(cell, replace(choice, empty="delete")) == {TIER: {"$delete": 1}}
    assert validate({"id": "", "cell": cell}, {"id": Column("identity"), "cell": choice}).empty
