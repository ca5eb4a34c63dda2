"""What is checked before an export begins: its options, the names of events, and its output."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import ConfigurationError, NotExportableError
from tests.support.exports import DAY, MANIFEST, Export, numbers


@pytest.mark.usefixtures("day_of_views")
def test_events_that_cannot_be_exported(export: Export, emulator: RunningEmulator, tmp_path: Path) -> None:
    with pytest.raises(NotExportableError, match="Notification Sent"):
        export(**DAY, events=["Notification Sent", "Viewed"])
    with pytest.raises(ConfigurationError, match=r"has no event 'viewed'.*case-sensitive"):
        export(**DAY, events="viewed")
    summary = export(**DAY, events=["Notification Sent", "viewed", "Viewed"], on_not_exportable="skip")
    assert summary["not_exportable"] == ["Notification Sent", "viewed"]
    assert numbers(tmp_path / "out") == list(range(1440))


TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "2025-11-02", "end": "2025-11-01"}, "ends before it starts"),
        ({"start": "2025-11-01", "end": "2025-11-01"}, "is empty"),
        ({"start": "2025-11-01T00:00:00", "end": "2025-11-02"}, "has no time zone"),
        ({"start": "yesterday", "end": "2025-11-02"}, "is not a time"),
        ({"start": None, "end": "2025-11-02"}, "must be a time or a day"),
        ({"start": TOMORROW, "end": TOMORROW + timedelta(days=1)}, "in the future"),
        ({**DAY, "events": []}, "events must be"),
        ({**DAY, "events": ["*", "Viewed"]}, "stands alone"),
        ({**DAY, "include": ["tokens"]}, "include='tokens' is not known"),
        ({**DAY, "query": {"groups": {}}}, "'groups'"),
        ({**DAY, "query": {"from": 20251101}}, "must not have 'from'"),
        ({**DAY, "file_format": "xml"}, "file_format='xml'"),
        ({**DAY, "partition": "hour"}, "partition='hour'"),
        ({**DAY, "lookback": timedelta(days=-1)}, "lookback"),
        ({**DAY, "lookback": timedelta(days=999_999)}, "lookback=.* is too long"),
        ({**DAY, "start": "0001-01-01"}, "start='0001-01-01' must be in the years 2 to 9998"),
        ({**DAY, "end": "9999-12-31T23:59:59Z"}, "end=.* must be in the years 2 to 9998"),
        ({**DAY, "lookback": timedelta(days=1), "partition": "interval"}, "lookback needs"),
        ({**DAY, "max_in_flight": 4}, "max_in_flight"),
        ({**DAY, "batch_size": 5001}, "batch_size"),
        ({**DAY, "check_count": 5}, "check_count"),
        ({**DAY, "schema": {"ts": "text"}}, "exists already"),
    ],
)
def test_bad_options_are_found_before_anything_is_requested(
    export: Export, emulator: RunningEmulator, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        export(**options)
    assert emulator.requests() == []
    assert not (tmp_path / "out").exists()


def test_an_output_that_holds_something_else_is_left_alone(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    foreign = [out / "notes.txt", out / "event=Viewed" / "date=2025-11-01" / "data.parquet"]
    for path in foreign:
        path.parent.mkdir(parents=True)
        path.write_text("mine")
        with pytest.raises(ConfigurationError, match="which no export has written"):
            export(**DAY)
        assert path.read_text() == "mine"
        assert emulator.requests() == []
        path.unlink()
        path.parent.rmdir()
        if path.parent != out:
            path.parent.parent.rmdir()


@pytest.mark.usefixtures("day_of_views")
def test_an_output_holds_one_export(export: Export, emulator: RunningEmulator, tmp_path: Path) -> None:
    export(**DAY)
    directory = tmp_path / "out" / "event=Viewed" / "date=2025-11-01"
    for change in (
        {"query": {"event_properties": [{"name": "n", "operator": "exists"}]}},
        {"partition": "interval"},
        {"zone": "Asia/Tokyo"},
    ):
        with pytest.raises(ConfigurationError, match="One output holds one export"):
            export(**DAY, **change)
    (directory / "mine.csv").write_text("x")
    with pytest.raises(ConfigurationError, match=r"mine\.csv"):
        export(**DAY)
    (directory / "mine.csv").unlink()
    export(**DAY, events="Charged", file_format="csv")
    assert numbers(tmp_path / "out", events=["Charged"]) == [1]
    (directory / MANIFEST).write_text("{}")
    with pytest.raises(ConfigurationError, match="not a manifest"):
        export(**DAY)


def test_an_output_that_cannot_be_written(export: Export, emulator: RunningEmulator, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    outputs: list[Any] = [tmp_path / "file", tmp_path / "file" / "out", "unknown://bucket/out"]
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        outputs.append(tmp_path / "locked" / "out")
    for output in outputs:
        with pytest.raises(ConfigurationError, match="cannot be written"):
            export(**DAY, output=output)
    assert emulator.requests() == []
