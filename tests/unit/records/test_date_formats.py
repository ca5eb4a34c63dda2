"""Dates in the formats of a mapping, and formats that cannot be used."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records.dates import DateReader, strptime_format
from tests.support.validated import accepted, issue_of, seconds


@pytest.mark.parametrize(
    ("format", "text", "expected"),
    [
        ("dd/MM/yyyy", "26/07/1990", 648950400),
        ("dd/MM/yyyy", "1/2/1990", 633830400),
        ("MM/dd/yyyy", "07/26/1990", 648950400),
        ("yyyy/MM/dd", "1990/07/26", 648950400),
        ("yyyy/dd/MM", "1990/26/07", 648950400),
        ("dd MMM yyyy", "26 Jul 1990", 648950400),
        ("dd MMM yyyy", "26 juil 1990", 648950400),
        ("dd. MMMM yyyy", "26. Juli 1990", 648950400),
        ("%d de %B de %Y", "26 de julio de 1990", 648950400),
        ("ddMMMyyyy", "26JUL1990", 648950400),
        ("dd.MM.yyyy", "26.07.1990", 648950400),
        ("dd/MM/yyyy HH:mm:ss", "26/07/1990 10:11:12", 648987072),
        ("yyyy-MM-ddTHH:mm:ss", "1990-07-26T10:11:12", 648987072),
        ("yyyyMMdd", "19900726", 648950400),
        ("yyyyMMddHHmmss", "19900726101112", 648987072),
        ("yyyy", "1990", 631152000),
        ("%d/%m/%y", "26/07/90", 648950400),
        ("%d %B %Y", "26 July 1990", 648950400),
        ("%Y-%m-%d %H:%M:%S %z", "1990-07-26 10:11:12 +0530", 648967272),
        ("%Y%m%d%z", "19900726Z", 648950400),
        ("%Y-%m-%d %H:%M:%S UTC", "1990-07-26 10:11:12 UTC", 648987072),
        ("%Y-%m-%d %I:%M %p", "1990-07-26 10:11 PM", 649030260),
        ("epoch", "648950400", 648950400),
        ("epoch", "648950400.9", 648950400),
        ("epoch", "-1.5", -2),
        ("epoch", 648950400, 648950400),
        ("epoch", 648950400.9, 648950400),
        ("epoch", Decimal("648950400"), 648950400),
        ("epoch_ms", "648950400123", 648950400),
        ("epoch_ms", 648950400123, 648950400),
        ("epoch_ms", 1700000000123.0, 1700000000),
        ("epoch_us", "1700000000123456", 1700000000),
        ("epoch_us", 1700000000999999, 1700000000),
        ("epoch_us", -1, -1),
        ("epoch_us", Decimal("1700000000123456.7"), 1700000000),
        ("epoch_ms", 0, 0),
        # Numbers whose digits are a date.
        ("yyyyMMdd", 19900726, 648950400),
        ("yyyyMMdd", 19900726.0, 648950400),
        ("yyyyMMdd", Decimal("19900726.00"), 648950400),
        ("yyyyMMddHHmmss", 19900726101112, 648987072),
        ("yyyyMM", 199007, 646790400),
        ("yyyy", 1990, 631152000),
        (["yyyyMMdd", "epoch_ms"], 19900726, 648950400),
        (["yyyyMMdd", "epoch_ms"], 648950400123, 648950400),
        (["yyyy-MM-dd", "dd/MM/yyyy"], "26/07/1990", 648950400),
        (["dd/MM/yyyy", "dd.MM.yyyy", "dd MMM yyyy"], "26 Jul 1990", 648950400),
        # Only one of the two can be meant, or both mean the same day.
        (["dd/MM/yyyy", "MM/dd/yyyy"], "26/07/1990", 648950400),
        (["dd/MM/yyyy", "MM/dd/yyyy"], "07/26/1990", 648950400),
        (["dd/MM/yyyy", "MM/dd/yyyy"], "07/07/1990", 647308800),
    ],
)
def test_dates_in_a_format_of_their_own(format: Any, text: Any, expected: int) -> None:
    assert seconds(text, format) == expected


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("dd/MM/yyyy", "1990-07-26"),
        ("dd/MM/yyyy", "31/04/2020"),
        ("dd/MM/yyyy", "26/07/90"),
        ("dd/MM/yyyy", "26/07/1990 10:11"),
        ("dd/MM/yyyy", "٢٦/07/1990"),
        # Python would read these in two ways.
        ("yyyyMMdd", "1990111"),
        ("ddMMyyyy", "1121990"),
        ("epoch", "1990-07-26"),
        ("epoch", True),
        ("epoch", "1e9"),
    ],
)
def test_a_cell_in_another_format_is_refused_in_the_words_of_the_mapping(format: str, text: Any) -> None:
    assert issue_of(text, Column("Joined On", format=format)) == (None, f"not a date written as {format}")


@pytest.mark.parametrize(
    ("format", "number"),
    [
        ("epoch", 1700000000123),
        # Seconds as milliseconds, and milliseconds or seconds as microseconds, would be in the first weeks of 1970.
        ("epoch_ms", 1700000000),
        ("epoch_ms", 4102444799),
        ("epoch_us", 1700000000123),
        ("epoch_us", 1700000000),
        ("epoch_us", 10**17),
        ("epoch_ms", 999999999999999),
    ],
)
def test_a_number_in_another_unit_is_no_date(format: str, number: int) -> None:
    for cell in (number, str(number), f" {number}\u00a0", float(number), Decimal(number)):
        column = Column("Joined On", format=format)
        assert issue_of(cell, column) == (None, f"not a date written as {format}: check the unit")
    if number == 1700000000:
        # A date of birth may be in these weeks.
        factor = 1000 if format == "epoch_ms" else 10**6
        assert accepted(number, Column("DOB", format=format)) == {"DOB": f"$D_{number // factor}"}


@pytest.mark.parametrize("number", [1011990, 1990726, 19900231, 0, -19900726, 19900726.5, Decimal("1E+400"), math.inf])
def test_a_number_whose_digits_are_no_date(number: Any) -> None:
    code, reason = issue_of(number, Column("Joined On", format=["yyyyMMdd", "ddMMyyyy"]))
    assert (code, "numbers have no leading zeros" in reason) == (None, True)


@pytest.mark.parametrize(
    ("formats", "text"),
    [
        (["dd/MM/yyyy", "MM/dd/yyyy"], "02/03/2020"),
        (["yyyy-MM-dd", "MM/dd/yyyy", "dd/MM/yyyy"], "02/03/2020"),
        (["%d.%m.%y", "%y.%m.%d"], "01.02.03"),
        (["dd/MM/yyyy HH:mm", "MM/dd/yyyy HH:mm"], "02/03/2020 10:11"),
    ],
)
def test_a_cell_that_fits_two_formats_with_two_meanings_is_ambiguous(formats: list[str], text: str) -> None:
    reason = f"ambiguous: as {' or '.join(formats)} it means different dates"
    assert issue_of(text, Column("Joined On", format=formats)) == (None, reason)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("yyyyyyyy", "twice"),
        ("dd/MM/yyyy dd", "twice"),
        ("%d/%m/%Y %H:%M:%S %H", "twice"),
        ("dd/mm/yyyy", "MM is the month, mm the minute"),
        ("yyyy-mm-dd", "MM is the month, mm the minute"),
        ("dd/MM", "not a whole date"),
        ("HH:mm", "not a whole date"),
        ("", "not a whole date"),
        ("DD/MM/YYYY", "write it with yyyy MM MMM dd HH mm ss"),
        ("dd MMMMM yyyy", "write it with yyyy MM MMM dd HH mm ss"),
        ("hh:mm dd/MM/yyyy", "write it with yyyy MM MMM dd HH mm ss"),
        ("iso", "write it with yyyy MM MMM dd HH mm ss"),
        ("%Y-%m-%d %Z", "%Z cannot be used here"),
        ("%Y-%Q", "%Q cannot be used here"),
        ("%s", "%s cannot be used here"),
        ("%Y-%m-%d %", "cannot be used here"),
        ("%G-W%V-%u", "cannot be used here"),
    ],
)
def test_formats_that_would_lose_something_are_refused_before_any_row(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match="date format") as rejection:
        strptime_format(pattern)
    assert says in str(rejection.value)


@pytest.mark.parametrize("formats", [("yyyyMMdd", "epoch"), ("epoch", "dd.MM.yyyy", "%y%m%d"), ("epoch", "yyyy")])
def test_formats_of_which_every_date_is_ambiguous_are_refused_before_any_row(formats: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=rf"'{formats[-1] if formats[0] == 'epoch' else formats[0]}' and 'epoch' can"):
        DateReader(formats)


@pytest.mark.parametrize(
    "formats", [("dd/MM/yyyy", "MM/dd/yyyy"), ("%d.%m.%y", "%y.%m.%d"), ("dd MMM yyyy", "%d %B %Y"), ("%Y%z", "yyyy")]
)
def test_formats_that_agree_on_some_dates_may_be_used(formats: tuple[str, ...]) -> None:
    DateReader(formats)
