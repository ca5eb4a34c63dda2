"""Exports whose pages fail: what is repeated, what ends them, what they leave behind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapError,
    ConfigurationError,
    CursorExpiredError,
    ExportError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.exporting.files import formats
from tests.support.exports import DAY, PAGES, Export, MakeExport, Upload, at, files, numbers, rows


@pytest.mark.usefixtures("day_of_views")
def test_empty_pages_pages_in_preparation_and_lost_answers_lose_nothing(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject(
        {"do": "empty_page", **PAGES, "every": 2},
        {"do": "reset", **PAGES, "skip": 3, "times": 1},
        {
            "do": "status",
            "status": 200,
            "error": "Request still in progress",
            "code": 2,
            **PAGES,
            "skip": 5,
            "times": 2,
        },
    )
    summary = export(**DAY, batch_size=230)
    assert numbers(tmp_path / "out") == list(range(1440))
    assert summary["retries"] == 3


@pytest.mark.usefixtures("day_of_views")
def test_a_dead_cursor_starts_the_walk_again_and_leaves_nothing_twice(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "invalidate_cursor", **PAGES, "skip": 3, "times": 2})
    summary = export(**DAY, batch_size=230)
    assert numbers(tmp_path / "out") == list(range(1440))
    assert summary["restarts"] == 2
    assert len(files(tmp_path / "out")) == 3  # the two manifests and one file of rows


@pytest.mark.usefixtures("day_of_views")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"do": "invalidate_cursor", **PAGES, "skip": 1}, CursorExpiredError),
        ({"do": "repeat_cursor", **PAGES, "skip": 1}, ExportError),
        ({"do": "status", "status": 400, "error": "Nope", **PAGES, "skip": 1}, ConfigurationError),
        ({"do": "status", "status": 401, **PAGES, "skip": 1}, AccessDeniedError),
    ],
)
def test_an_export_that_fails_leaves_the_partition_as_it_was(
    export: Export, emulator: RunningEmulator, tmp_path: Path, fault: dict[str, Any], error: type[CleverTapError]
) -> None:
    export(**DAY, run="1" * 8)
    before = files(tmp_path / "out")
    emulator.inject(fault)
    with pytest.raises(error):
        export(**DAY, batch_size=230, run="2" * 8)
    assert files(tmp_path / "out") == before
    assert numbers(tmp_path / "out") == list(range(1440))


@pytest.mark.usefixtures("day_of_views")
def test_events_without_a_time_are_kept_on_the_day_they_were_returned_for(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "null_time", **PAGES})
    summary = export(start="2025-11-01", end="2025-11-03")
    assert numbers(tmp_path / "out") == list(range(1440))
    assert summary["without_time"] == len([row for row in rows(tmp_path / "out") if str(row["ts"]) == "NaT"]) > 0
    assert summary["empty"] == 1
    # Of intervals, the first of the day has them.
    start = at("2025-11-01T00:00:00")
    for hour in range(2):
        begin = start + timedelta(hours=hour)
        export(start=begin, end=begin + timedelta(hours=1), partition="interval", output=tmp_path / str(hour))
        assert ("NaT" in {str(row["ts"]) for row in rows(tmp_path / str(hour))}) == (hour == 0)


@pytest.mark.parametrize("days", [3, 40])
def test_an_interval_of_several_days_keeps_all_of_them_beside_events_without_a_time(
    upload: Upload, export: Export, emulator: RunningEmulator, tmp_path: Path, days: int
) -> None:
    start = at("2025-09-20T00:00:00")
    upload(*[("Viewed", start + timedelta(hours=12 * number), {"n": number}) for number in range(2 * days)])
    emulator.inject({"do": "null_time", **PAGES})
    summary = export(start=start, end=start + timedelta(days=days), partition="interval", check_count=0.0)
    assert numbers(tmp_path / "out") == list(range(2 * days))
    assert (summary["rows"], summary["without_time"], summary["partitions"]) == (2 * days, days, 1)


@pytest.mark.usefixtures("day_of_views")
def test_days_that_do_not_agree_with_the_records_end_the_export(
    export: Export, client: CleverTapClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = CleverTapClient.events
    wider = {"from": 20251031, "to": 20251103}
    monkeypatch.setattr(CleverTapClient, "events", lambda self, query, **more: real(self, {**query, **wider}, **more))
    with pytest.raises(ExportError, match="an event of 2025-11-01 for a query of 2025-11-02"):
        export(start="2025-11-02", end="2025-11-03")
    assert not (tmp_path / "out" / "event=Viewed").exists() or not files(tmp_path / "out" / "event=Viewed")


@pytest.mark.usefixtures("day_of_views")
@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_a_full_disk_leaves_what_was_there(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    export(**DAY, file_format=file_format, run="1" * 8)
    before = files(tmp_path / "out")

    write = formats.WrittenFile.write_bytes

    def fail(file: Any, data: Any) -> int:
        if bytes(data[:2]) == b"{\n":  # a manifest
            return write(file, data)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats.WrittenFile, "write_bytes", fail)
    with pytest.raises(StorageUnavailableError, match="No space left on device"):
        export(**DAY, file_format=file_format, run="2" * 8, events=["Viewed", "Charged"])
    monkeypatch.undo()
    assert files(tmp_path / "out") == before
    assert numbers(tmp_path / "out") == list(range(1440))


def test_a_passcode_without_the_right_or_the_wrong_region(
    emulator: RunningEmulator, tmp_path: Path, make_export: MakeExport
) -> None:
    emulator.inject({"do": "status", "status": 200, "error": "Invalid Credentials", "code": 401})
    with pytest.raises(AccessDeniedError, match="region"):
        make_export(**DAY).run()
