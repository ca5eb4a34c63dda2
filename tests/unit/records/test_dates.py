"""Dates become ``$D_<seconds since 1970>``."""

from __future__ import annotations

import contextlib
import time as clock
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records.dates import DateReader
from tests.support.validated import accepted, issue_of, seconds

KOLKATA = "Asia/Kolkata"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1990-07-26", 648950400),
        ("1990-07-26 10:11:12", 648987072),
        ("1990-07-26T10:11:12", 648987072),
        ("1990-07-26t10:11:12z", 648987072),
        ("1990-07-26 10:11", 648987060),
        ("1990-07-26T10:11:12.999999", 648987072),
        ("1990-07-26 10:11:12,5", 648987072),
        ("1990-07-26 10:11:12.123456789Z", 648987072),
        ("1990-07-26T10:11:12+05:30", 648967272),
        ("1990-07-26T10:11:12+0530", 648967272),
        ("1990-07-26 10:11:12+05", 648969072),
        ("1990-07-26 10:11:12-03", 648997872),
        (" 1990-07-26\n", 648950400),
        ("2000-02-29", 951782400),
        ("1969-12-31", -86400),
        ("1969-12-31 23:59:59.5", -1),
        ("0001-01-01", -62135596800),
        ("9999-12-31 23:59:59.999999", 253402300799),
    ],
)
def test_iso_dates_need_no_format(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["26/07/1990", "1990-7-26", "1990-02-29", "1900-02-29", "2023-13-01", "2023-00-10", "1990-07-26 24:00:00",
     "1990-07-26 25:00", "1990-07-26 10", "1990-07-26 10:60", "1990-07-26 10:11:60", "1990-07-26 10:11:12+24:00",
     "19900726", "1990-W30-4", "1990-07", "1990", "0", "648950400", "yesterday", "\uff11\uff19\uff19\uff10-07-26",
     "1990-07-2\u096c", "0000-01-01", "10000-01-01", "-1990-07-26", "$D_", "$D_x", "$d_5", "$D_5.5", "$D_\u0665"],
)  # fmt: skip
def test_text_that_is_no_iso_date(text: str) -> None:
    assert issue_of(text, Column("Joined On", type="date")) == (
        None,
        "not a date written as yyyy-mm-dd (with or without a time)",
    )


@pytest.mark.parametrize("stored", ["$D_648950400", "$D_0", "$D_-86400", " $D_5 "])
def test_what_is_stored_in_clevertaps_form_goes_through(stored: str) -> None:
    assert accepted(stored, Column("Joined On", type="date")) == {"Joined On": stored.strip()}
    assert accepted(stored, "DOB") == {"DOB": stored.strip()}


@pytest.mark.parametrize("number", [648950400, 648950400.0, 19900726, Decimal(5), True, 10**400])
def test_a_bare_number_is_no_date_unless_the_mapping_says_so(number: Any) -> None:
    issue_of(number, Column("Joined On", type="date"))
    issue_of(number, "DOB")


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        (date(1990, 7, 26), "UTC", 648950400),
        (date(1990, 7, 26), KOLKATA, 648930600),
        (datetime(1990, 7, 26, 10, 11, 12), "UTC", 648987072),
        (datetime(1990, 7, 26, 10, 11, 12), KOLKATA, 648967272),
        (datetime(1990, 7, 26, 10, 11, 12, tzinfo=UTC), KOLKATA, 648987072),
        (datetime(1990, 7, 26, 10, 11, 12, tzinfo=ZoneInfo("America/New_York")), "UTC", 649001472),
        (datetime.max, "UTC", 253402300799),
        (datetime.min, KOLKATA, -62135618008),
    ],
)
def test_dates_of_typed_sources(value: Any, zone: str, expected: int) -> None:
    assert seconds(value, zone=zone) == expected
    assert accepted(value, Column("Joined On", timezone=zone)) == {"Joined On": f"$D_{expected}"}
    assert accepted(value, Column("DOB", timezone=zone)) == {"DOB": f"$D_{expected}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-31 01:59:59", "2024-03-31T00:59:59+00:00"),
        # This hour was skipped: read with the offset from before the change.
        ("2024-03-31 02:30:00", "2024-03-31T01:30:00+00:00"),
        ("2024-03-31 03:00:00", "2024-03-31T01:00:00+00:00"),
        # This hour came twice: the first of the two.
        ("2024-10-27 02:30:00", "2024-10-27T00:30:00+00:00"),
        ("2024-10-27 02:30:00+01:00", "2024-10-27T01:30:00+00:00"),
        ("2099-07-01 00:00:00", "2099-06-30T22:00:00+00:00"),
    ],
)
def test_clock_changes(text: str, expected: str) -> None:
    assert datetime.fromtimestamp(seconds(text, zone="Europe/Berlin"), UTC).isoformat() == expected


def test_a_zone_counts_only_where_the_date_has_none() -> None:
    assert seconds("1990-07-26 00:00:00", zone=KOLKATA) == 648930600
    assert seconds("1990-07-26 00:00:00Z", zone=KOLKATA) == 648950400
    assert seconds("648950400", "epoch", KOLKATA) == 648950400


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "+05:30", "../UTC", "Asia"])
def test_an_unknown_time_zone(zone: str) -> None:
    with pytest.raises(ValueError, match="use an IANA name such as Asia/Kolkata"):
        DateReader(timezone=zone)


def test_the_machines_own_zone_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    clock.tzset()
    try:
        assert seconds("1990-07-26 00:00:00") == 648950400
        assert seconds(datetime(1990, 7, 26)) == 648950400
    finally:
        monkeypatch.undo()
        clock.tzset()


_offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_moments = st.datetimes(timezones=st.one_of(st.just(UTC), _offsets))


@given(_moments)
def test_every_moment_survives_to_the_second(moment: datetime) -> None:
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert seconds(moment) == seconds(moment.isoformat()) == expected


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(["UTC", KOLKATA, "Europe/Berlin", "America/New_York"]))
def test_every_day_means_its_midnight_however_it_is_written(day: date, zone: str) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    expected = (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    written = [(None, "%Y-%m-%d"), ("dd/MM/yyyy", "%d/%m/%Y"), ("yyyyMMdd", "%Y%m%d"), ("dd MMM yyyy", "%d %b %Y")]
    assert {seconds(day.strftime(python), ours, zone) for ours, python in written} == {expected}


@given(st.text(max_size=30) | st.from_regex(r"\A\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?([+-]\d\d:?\d\d)?)?\Z"))
def test_text_is_a_date_or_a_fault_but_never_a_crash(text: str) -> None:
    with contextlib.suppress(PydanticCustomError):
        assert DateReader().read(text).startswith("$D_")
