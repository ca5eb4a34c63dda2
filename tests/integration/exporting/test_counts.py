"""What an export compares with CleverTap's own counts, and exports of all events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import AccessDeniedError, CleverTapError, IncompleteExportError
from tests.support.exports import Upload, at, files, manifest, numbers

Export = Callable[..., dict[str, Any]]
DAY = {"start": "2025-11-01", "end": "2025-11-02", "batch_size": 230}
BEGIN = {"path": "/1/events.json", "method": "POST"}
PAGES = {"path": "/1/events.json", "method": "GET"}


@pytest.fixture(autouse=True)
def uploaded(upload: Upload, export: Export) -> None:
    """Upload a thousand events, and export half of them."""
    start = at("2025-11-01T00:00:00")
    upload(*[("Viewed", start + timedelta(minutes=number), {"n": number}) for number in range(500)])
    export(**DAY, run="1" * 8)
    upload(*[("Viewed", start + timedelta(minutes=number), {"n": number}) for number in range(500, 1000)])


def test_an_answer_without_a_cursor_is_believed_only_when_a_count_confirms_it(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "without_fields", "fields": ["cursor"], **BEGIN, "times": 2})
    assert export(**DAY, confirm_empty=True)["restarts"] == 2
    assert numbers(tmp_path / "out") == list(range(1000))
    emulator.inject({"do": "without_fields", "fields": ["cursor"], **BEGIN})
    before = files(tmp_path / "out")
    with pytest.raises(IncompleteExportError, match="as if there were nothing, and counts 1,000"):
        export(**DAY, confirm_empty=True, run="2" * 8)
    assert files(tmp_path / "out") == before
    assert export(**DAY, confirm_empty=False, run="3" * 8)["empty"] == 1
    assert numbers(tmp_path / "out") == []


def test_a_confirmed_empty_day_empties_its_partition(export: Export, emulator: RunningEmulator, tmp_path: Path) -> None:
    summary = export(start="2025-10-01", end="2025-10-03", confirm_empty=True)
    assert (summary["empty"], summary["rows"]) == (2, 0)
    assert len(emulator.requests("/1/counts/events.json")) == 2  # for each walk
    assert manifest(tmp_path / "out" / "event=Viewed" / "date=2025-10-02")["files"] == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, AccessDeniedError), (403, AccessDeniedError), (400, CleverTapError)]
)
def test_a_passcode_that_may_not_count(
    export: Export, emulator: RunningEmulator, status: int, error: type[CleverTapError]
) -> None:
    emulator.inject({"do": "status", "status": status, "path": "/1/counts"})
    with pytest.raises(error):
        export(start="2025-10-01", end="2025-10-03", confirm_empty=True)


@pytest.mark.parametrize("share", [0, 0.1])
def test_an_export_that_ends_too_early_differs_from_the_count(
    export: Export, emulator: RunningEmulator, tmp_path: Path, share: float
) -> None:
    before = numbers(tmp_path / "out")
    emulator.change_settings(counts_not_ready=1)
    emulator.inject({"do": "without_fields", "fields": ["next_cursor"], **PAGES, "skip": 2})
    with pytest.raises(IncompleteExportError, match=r"has \d+ rows, and CleverTap counts 1,000"):
        export(**DAY, check_count=share, run="2" * 8)
    assert numbers(tmp_path / "out") == before
    emulator.clear_faults()
    assert export(**DAY, check_count=0, run="3" * 8)["rows"] == 1000
    emulator.change_settings(counts_not_ready=0)


def test_a_small_difference_may_be_allowed(export: Export, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject({"do": "without_fields", "fields": ["next_cursor"], **PAGES, "skip": 2})
    assert 0 < export(**DAY, check_count=0.9)["rows"] < 1000


def test_all_events_of_the_account(export: Export, upload: Upload, emulator: RunningEmulator, tmp_path: Path) -> None:
    upload(("Größe/Maß Länge", at("2025-11-01T12:00:00"), {"n": 7}))
    summary = export(**DAY, events="*", confirm_empty=True, on_empty="skip")
    out = tmp_path / "out"
    assert numbers(out, events=["Viewed"]) == list(range(1000))
    assert numbers(out, events=["Größe/Maß Länge"]) == [7]
    assert set(summary["not_exportable"]) == {"Notification Sent", "Notification Viewed", "Notification Clicked"}
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == [
        "event=Gr%C3%B6%C3%9Fe%2FMa%C3%9F%20L%C3%A4nge", "event=Viewed",
    ]  # fmt: skip
    assert summary["partitions"] == 2


def test_an_export_without_a_row_may_fail_before_it_replaces_anything(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    before = files(tmp_path / "out")
    with pytest.raises(CleverTapError, match="Nothing was replaced"):
        export(start="2025-10-01", end="2025-10-05", on_empty="fail", events=["Viewed"])
    assert files(tmp_path / "out") == before
    summary = export(start="2025-10-31", end="2025-11-02", on_empty="fail", events=["Viewed"])
    assert (summary["rows"], summary["empty"], summary["partitions"]) == (1000, 1, 2)
