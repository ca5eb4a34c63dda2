"""Dates become ``$D_<seconds since 1970>``."""

from __future__ import annotations

import contextlib
import math
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
from airflow_provider_clevertap.records.dates import DateReader, strptime_format
from airflow_provider_clevertap.records.limits import BIRTH_AFTER_NOW
from tests.support.validated import accepted, issue_of, validate

KOLKATA = "Asia/Kolkata"
#: 15 January 2027, 08:00 UTC.
NOW = 1_800_000_000


def seconds(cell: Any, format: Any = None, zone: str = "UTC") -> int:
    """Give what a date column stores for a cell, without its ``$D_``."""
    stored = accepted(cell, Column("Joined On", type="date", format=format, timezone=zone))["Joined On"]
    assert stored.startswith("$D_")
    return int(stored[3:])


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
