"""Numbers as people of many countries write them, read as the mapping declares."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.rules import make_rule
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA
from airflow_provider_clevertap.records.written.currencies import ABBREVIATIONS, CODES, SIGNS
from tests.support.validated import accepted, issue_of

EURO = {"decimal": ",", "thousands": ".", "currency": True}
INDIA = {"thousands": ",", "currency": True}


def number(cell: Any, **options: Any) -> Any:
    return accepted(cell, Column("Spent", **options))["Spent"]


@pytest.mark.parametrize(
    ("options", "cell", "expected"),
    [
        ({"decimal": ","}, "12,5", 12.5),
        ({"decimal": ","}, ",5", 0.5),
        ({"decimal": ","}, "12", 12),
        ({"decimal": ","}, "1,5e3", 1500.0),
        (EURO, "1.234,56", 1234.56),
        (EURO, "1234,56", 1234.56),
        (EURO, "1.234.567", 1234567),
        (EURO, "1.234,56 €", 1234.56),
        (EURO, "€\u00a01.234,56", 1234.56),
        (EURO, "EUR 1.234,56", 1234.56),
        (EURO, "1.234,56eur", 1234.56),
        (EURO, "1.234,56 kr.", 1234.56),
        (EURO, "-3,50 €", -3.5),
        (EURO, "€ -3,50", -3.5),
        (EURO, "-€3,50", -3.5),
        (EURO, "\u22123,50", -3.5),
        (EURO, "3,50-", -3.5),
        (EURO, "3,50- €", -3.5),
        (EURO, "+3,50", 3.5),
        (EURO, " 3,50 ", 3.5),
        ({"decimal": ",", "thousands": " "}, "1\u202f234\u00a0567,5", 1234567.5),
        ({"decimal": ",", "thousands": "\u00a0"}, "1 234,5", 1234.5),
        ({"thousands": "'"}, "1'234.50", 1234.5),
        ({"thousands": "'"}, "1\u2019234", 1234),
        ({"thousands": "\u2019"}, "1'234", 1234),
        (INDIA, "1,23,456", 123456),
        (INDIA, "12,34,56,789.50", 123456789.5),
        (INDIA, "1,234,567", 1234567),
        (INDIA, "Rs. 500", 500),
        (INDIA, "Rs.1,23,456.75", 123456.75),
        (INDIA, "₹ 500/-", 500),
        ({"currency": "€"}, "5 €", 5),
        ({"currency": ["CHF", "Fr."]}, "Fr. 5.20", 5.2),
        ({"parentheses": True}, "(12.50)", -12.5),
        ({"parentheses": True, "currency": "$"}, "($12.50)", -12.5),
        ({"parentheses": True, "currency": "$"}, "$(12.50)", -12.5),
        ({"type": "float"}, "12%", 12),
        ({"percent": True}, "12%", 12),
        ({"percent": True, "type": "float"}, "12.5 %", 12.5),
        ({"percent": True, "decimal": ","}, "%12,5", 12.5),
        ({"percent": True, "currency": True}, "-12%", -12),
        ({"percent": "number"}, "12%", 12),
        ({"percent": "fraction"}, "12%", 0.12),
        ({"percent": "fraction"}, "-0.5 %", -0.005),
        ({"percent": "fraction"}, "100%", 1),
        ({"percent": "fraction"}, "0.12", 0.12),
        ({"percent": "fraction", "decimal": ",", "thousands": "."}, "1.250,5%", 12.505),
        ({"type": "integer", "percent": "fraction"}, "200%", 2),
        ({"type": "integer", "thousands": "."  , "decimal": ","}, "1.234", 1234),
        ({"type": "integer", "decimal": ","}, "5,0", 5),
        ({"type": "float"}, "\u22125", -5),
        ({"type": "float"}, "\u20135", -5),
        # A dash in place of decimals says that there are none: it is no minus.
        (EURO, "12,- €", 12),
        (EURO, "€ 1.200,--", 1200),
        (EURO, "-12,\u2013 €", -12),
        ({"currency": "CHF"}, "CHF 12.\u2014", 12),
        ({"type": "float"}, "5.-", 5),
        # What is a number already is not read as text.
        (EURO, 1234.5, 1234.5),
        (EURO, 1234, 1234),
        (EURO, Decimal("1234.5"), 1234.5),
        ({"percent": "fraction"}, 12.0, 12.0),
    ],
)  # fmt: skip
def test_numbers_are_read_as_the_mapping_declares(options: dict[str, Any], cell: Any, expected: float) -> None:
    assert number(cell, **options) == expected


@pytest.mark.parametrize(
    ("options", "cell"),
    [
        ({"decimal": ","}, "1.5"),
        ({"decimal": ","}, "1.234,5"),
        ({"decimal": ","}, "1,2,3"),
        (EURO, "1.5"),
        (EURO, "1.23,5"),
        (EURO, "12.34.567"),
        (EURO, "0.123"),
        (EURO, "1,234.56"),
        (EURO, "5 € EUR"),
        (EURO, "5 € %"),
        (EURO, "-5-"),
        (EURO, "- -5"),
        (EURO, "(5)"),
        (EURO, "5 XYZ"),
        (EURO, "5 5"),
        (EURO, "€"),
        (EURO, "/-5"),
        (EURO, ","),
        (INDIA, "1,2,3"),
        (INDIA, "1,23,45"),
        (INDIA, "1,2345"),
        (INDIA, ",123"),
        ({"thousands": " "}, "1  234"),
        ({"thousands": "'"}, "1,234"),
        ({"currency": "€"}, "5 $"),
        ({"parentheses": True}, "(5"),
        ({"parentheses": True}, "5)"),
        ({"parentheses": True}, "(-5)"),
        ({"parentheses": True}, "((5))"),
        ({"parentheses": True}, ")5("),
        ({"percent": "fraction"}, "1e3%"),
        ({"type": "float"}, "1,234.56"),
        ({"type": "float"}, "5 €"),
        ({"type": "float", "percent": False}, "5 %"),
        ({"currency": True}, "5 %"),
        (EURO, "12, -"),
        (EURO, "12,- -"),
        (EURO, "12,---"),
        ({"type": "float"}, "(5)"),
        ({"type": "float"}, "\u0665"),
        ({"type": "integer", "decimal": ","}, "5,5"),
        ({"currency": True}, "R$" * 140 + "x"),
        ({"thousands": ","}, "1" + ",234" * 99),
    ],
)
def test_what_is_not_declared_is_not_guessed(options: dict[str, Any], cell: str) -> None:
    code, reason = issue_of(cell, Column("Spent", **options))
    assert code is None
    assert reason.startswith("not a")


def test_the_reason_shows_how_numbers_are_declared() -> None:
    assert issue_of("5.5", Column("Spent", **EURO)) == (None, "not a number written as 1.234,56")
    whole = Column("Visits", type="integer", thousands="'")
    assert issue_of("1.000.000", whole) == (None, "not a whole number written as 1'234")
    assert issue_of("5.5", Column("Visits", type="float", decimal=",")) == (None, "not a number written as 1234,56")
    share = "not a number but a share: declare percent=True for 12 % as 12, or percent='fraction'"
    assert issue_of("12 %", Column("Discount", type="float", percent=False)) == (None, share)


def test_counted_properties_and_ages_can_be_written_as_well() -> None:
    assert accepted("1.000,5", Column("Points", operator="$incr", decimal=",", thousands=".")) == {
        "Points": {"$incr": 1000.5}
    }
    assert accepted("42,0", Column("Age", decimal=",")) == {"Age": 42}
    assert issue_of("42.0", Column("Age", decimal=",")) == (520, "not a whole number written as 1234")


def test_every_currency_is_read_on_both_sides() -> None:
    style = make_rule("x", Column("Spent", currency=True), PROFILE_SCHEMA).numbers
    assert style is not None
    for currency in (*SIGNS, *CODES, *ABBREVIATIONS):
        for text in (f"{currency}5", f"{currency} -5.5", f"5{currency}", f"5.5 {currency.lower()}"):
            assert style.plain(text) in ("5", "-5.5", "5.5"), text
