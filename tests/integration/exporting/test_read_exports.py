"""Reading what exports have written: which partitions are selected, and what cannot be read as one table."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.exports.pages import EventRecord
from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError
from airflow_provider_clevertap.sources import ExportedEventsSource, ExportedMessagesSource
from tests.support.exports import Upload, at, numbers, rows

Export = Callable[..., dict[str, Any]]


@pytest.fixture
def three_days(upload: Upload, export: Export, tmp_path: Path) -> Path:
    """Export the days 1 to 3 of November of a project in India: two events a day."""
    upload(
        *[
            (name, at(f"2025-11-0{day}T01:00:00"), {"n": 10 * day + number})
            for day in (1, 2, 3)
            for number, name in enumerate(("Viewed", "Charged"))
        ]
    )
    export(start="2025-11-01", end="2025-11-04", events=["Viewed", "Charged"])
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ("Viewed", [10, 20, 30]),
        ('["Viewed"]', [10, 20, 30]),
        (("Viewed", "Charged"), [10, 11, 20, 21, 30, 31]),
        ("*", [10, 11, 20, 21, 30, 31]),
        (" none ", [10, 11, 20, 21, 30, 31]),
        ("[Viewed]", []),
        ([], []),
    ],
    ids=str,
)
def test_events_are_named_as_in_the_export(three_days: Path, events: Any, found: list[int]) -> None:
    assert numbers(three_days, events=events) == found


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2025-11-02", "2025-11-03", [20]),
        (date(2025, 11, 2), None, [20, 30]),
        # the day in India begins at 18:30 UTC of the day before
        ("2025-11-01 18:30:00+00:00", "2025-11-02T18:30:00Z", [20]),
        (datetime(2025, 11, 1, 18, 30, tzinfo=UTC), datetime(2025, 11, 2, 18, 30, tzinfo=UTC), [20]),
        (at("2025-11-02T00:00:00"), at("2025-11-03T00:00:00"), [20]),
        (at("2025-11-02T00:00:00") + timedelta(microseconds=1), None, [30]),
        ("", "None", [10, 20, 30]),
    ],
    ids=str,
)
def test_days_and_instants_select_the_partitions_that_begin_in_between(
    three_days: Path, start: Any, end: Any, found: list[int]
) -> None:
    assert numbers(three_days, events="Viewed", start=start, end=end) == found
    report = ExportedMessagesSource(three_days, start=start, end=end)
    assert len(report.partitions()) == 2 * len(found)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("start", "yesterday", "is not a time such as"),
        ("end", "02.11.2025", "is not a time such as"),
        ("start", "2025-11-01T00:00:00", "has no time zone"),
        ("end", 20251102, "must be a time or a day, not int"),
        ("end", "0001-01-01", "must be in the years 2 to 9998"),
        ("events", 7, "events must be the name of an event"),
        ("events", [7], "events must be the name of an event"),
        ("events", "['Viewed', 'Charged']", "the text of a list. Write {{ ... | tojson }}"),
    ],
)
def test_what_selects_nothing_by_mistake_is_an_error(three_days: Path, option: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        ExportedEventsSource(three_days, **{option: value}).files()


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_a_column_of_two_types_is_not_read_as_one(
    upload: Upload, export: Export, tmp_path: Path, file_format: str
) -> None:
    upload(("Viewed", at("2025-11-01T01:00:00"), {"n": 1.5}), ("Viewed", at("2025-11-03T01:00:00"), {"n": 2}))
    given = {"file_format": file_format, "schema": {"n": "float"}}
    export(start="2025-11-01", end="2025-11-02", **given)
    export(start="2025-11-02", end="2025-11-03", file_format=file_format, schema={"n": "text"})  # has no rows
    export(start="2025-11-03", end="2025-11-04", **given)
    assert [row["n"] for row in rows(tmp_path / "out")] == [1.5, 2]
    export(start="2025-11-03", end="2025-11-04", file_format=file_format, schema={"n": "integer"}, run="1" * 8)
    with pytest.raises(SourceError, match=r"'n' has the type double in .*date=2025-11-01 and int64 in .*=2025-11-03"):
        rows(tmp_path / "out")


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("damage", ["cut", "other", "gone"])
def test_a_damaged_file_is_named_and_its_values_are_not(
    upload: Upload, export: Export, tmp_path: Path, file_format: str, damage: str
) -> None:
    upload(*[("Viewed", at("2025-11-01T01:00:00"), {"n": number}) for number in range(50)])
    export(start="2025-11-01", end="2025-11-02", file_format=file_format, schema={"n": "integer"})
    (path,) = (tmp_path / "out").rglob("part-*")
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        text = b"n\nasha@example.com\n" if file_format == "csv" else b'{"n": "asha@example.com"}\n'
        path.write_bytes(gzip.compress(text) if file_format == "jsonl" else text)
    if (file_format, damage) == ("csv", "cut"):  # at the end of a line
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(SourceError, match=path.name) as caught:
        rows(tmp_path / "out")
    assert "asha" not in str(caught.value)


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_a_row_of_several_megabytes_is_read_back(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    class Pages(list[Any]):
        without_cursor = False

    page = [
        EventRecord(ts=20251101000000 + number, properties=msgspec.Raw(b'{"n":%d,"text":"%s"}' % (number, b"x" * size)))
        for number, size in enumerate((5_000_000, 1, 3_000_000))
    ]
    monkeypatch.setattr(CleverTapClient, "events", lambda *_, **__: Pages([page]))
    export(start="2025-11-01", end="2025-11-02", file_format=file_format)
    assert numbers(tmp_path / "out") == [0, 1, 2]
