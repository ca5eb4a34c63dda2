"""What the mapping replaces: a value is known by its text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_clevertap.records.written.value_map import key_text, read_value_map


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" divers\t", "divers"),
        ("Divers", "Divers"),
        ("\u00a0x\u200b", "x"),
        (True, "true"),
        (1, "1"),
        (-5, "-5"),
        (10**30, "1" + "0" * 30),
        (1.0, "1"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.50"),
        (Decimal("2.00"), "2"),
        (date(9999, 12, 31), "9999-12-31"),
        (datetime(2026, 3, 21, 18, 30), "2026-03-21 18:30:00"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_a_value_is_known_by_its_text(cell: Any, text: str) -> None:
    assert key_text(cell) == text
    assert read_value_map({text: "x"}).replace(cell) == "x"
    assert read_value_map({cell: "x"}).replace(text) == "x"


@pytest.mark.parametrize(
    "cell", ["", "  ", None, float("nan"), float("inf"), Decimal("sNaN"), 1e300, b"x", {}, 10**400]
)
def test_some_values_cannot_be_named(cell: Any) -> None:
    assert key_text(cell) is None
    assert read_value_map({"x": "y"}).replace(cell) is cell


def test_a_value_that_is_not_named_stands_for_itself() -> None:
    values = read_value_map({"divers": None, "weiblich": "F", 1: True})
    assert [values.replace(cell) for cell in ("divers", "weiblich", "Weiblich", " M ", 1, True)] == [
        None, "F", "Weiblich", " M ", True, True,
    ]  # fmt: skip


def test_the_items_of_a_list_are_replaced_one_by_one() -> None:
    values = read_value_map({"n/a": None, "tv": "TV", 7: "seven"})
    assert values.replace(["tv", " n/a ", "books", "", None, 7]) == ["TV", "books", "seven"]
    assert values.replace(("n/a",)) == []
    assert values.replace([["tv"], {"tv": 1}]) == [["tv"], {"tv": 1}]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["a"], "must map cells to what they stand for"),
        ({}, "must map cells to what they stand for"),
        ({"": "x"}, "for empty cells write default="),
        ({None: "x"}, "for empty cells write default="),
        ({1: "x", "1": "y"}, "'1' is mapped twice"),
        ({"a": "x", " a": "y"}, "'a' is mapped twice"),
        ({"a": ""}, "use text, a number, true, false or None"),
        ({"a": float("nan")}, "use text, a number, true, false or None"),
        ({"a": ["x"]}, "use text, a number, true, false or None"),
        ({"a": {"$delete": 1}}, "use text, a number, true, false or None"),
    ],
)
def test_maps_that_cannot_be_meant(values: Any, says: str) -> None:
    with pytest.raises(ValueError, match="values") as error:
        read_value_map(values)
    assert says in str(error.value)


def test_a_day_stands_for_its_midnight_unless_that_has_a_value_of_its_own() -> None:
    values = read_value_map({"2026-03-21": "day", "2026-03-22": "day", datetime(2026, 3, 22): "midnight"})
    assert values.replace(datetime(2026, 3, 21)) == "day"
    assert values.replace(datetime(2026, 3, 21, 1)) == datetime(2026, 3, 21, 1)
    assert values.replace(datetime(2026, 3, 22)) == "midnight"
