"""Dates of birth are in the past, also those whose year has two digits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records.dates import DateReader
from airflow_provider_clevertap.records.limits import BIRTH_AFTER_NOW
from tests.support.validated import validate

#: 15 January 2027, 08:00 UTC.
NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("format", "text", "expected"),
    [
        ("%d.%m.%y", "21.03.45", "1945-03-21"),
        ("%d.%m.%y", "21.03.68", "1968-03-21"),
        ("%d.%m.%y", "21.03.69", "1969-03-21"),
        ("%d.%m.%y", "21.03.20", "2020-03-21"),
        ("%d.%m.%y", "15.01.27", "2027-01-15"),
        ("%d.%m.%y", "17.01.27", "1927-01-17"),
        ("%d.%m.%y", "29.02.28", "1928-02-29"),
        (["%d.%m.%y", "%d.%m.%Y"], "21.03.1945", "1945-03-21"),
        (None, "2027-01-16", "2027-01-16"),
        ("epoch", "-1", "1969-12-31"),
    ],
)
def test_a_two_digit_year_of_birth_is_in_the_past(format: Any, text: str, expected: str) -> None:
    formats = () if format is None else (format,) if isinstance(format, str) else tuple(format)
    reader = DateReader(formats, of_birth=True, latest=NOW + BIRTH_AFTER_NOW)
    assert datetime.fromtimestamp(reader.seconds(text), UTC).date().isoformat() == expected


@pytest.mark.parametrize(
    ("format", "value"),
    [
        ("", "2027-01-17"),
        ("", "9999-12-31"),
        ("", date(2045, 1, 1)),
        ("", f"$D_{NOW + BIRTH_AFTER_NOW + 1}"),
        ("%d/%m/20%y", "21/03/2045"),
        ("epoch", NOW + BIRTH_AFTER_NOW + 1),
        ("yyyy", 2045),
    ],
)
def test_nobody_is_born_in_the_future(format: str, value: Any) -> None:
    column = Column("DOB", format=format or None)
    result = validate({"id": "a", "born": value}, {"id": Column("identity"), "born": column}, latest_birth=NOW + 86_400)
    (issue,) = result.issues
    assert issue.reason == "a date of birth cannot be in the future: check the year and the format"
    other = {"id": "a", "until": value}
    columns = {"id": Column("identity"), "until": Column("Until", format=format or None, type="date")}
    assert validate(other, columns, latest_birth=NOW + 86_400).record is not None
