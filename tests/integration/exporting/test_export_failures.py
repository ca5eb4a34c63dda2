"""Exports that cannot be completed: what ends them, what they leave behind, and what is checked before they begin."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
    LoadStoppedError,
    NotExportableError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.exporting.event_export import EventExport
from airflow_provider_clevertap.exporting.event_options import EventOptions
from airflow_provider_clevertap.exporting.files import formats
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from tests.support.exports import KOLKATA, MANIFEST, MakeExport, Upload, at, files, manifest, numbers, rows

Export = Callable[..., dict[str, Any]]
DAY = {"start": "2025-11-01", "end": "2025-11-02"}
PAGES = {"path": "/1/events.json", "method": "GET"}


@pytest.fixture
def uploaded(upload: Upload) -> None:
    upload(
        *[("Viewed", at("2025-11-01T00:00:00") + timedelta(minutes=number), {"n": number}) for number in range(1440)],
        ("Charged", at("2025-11-01T00:00:00"), {"n": 1}),
    )


@pytest.mark.usefixtures("uploaded")
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


@pytest.mark.usefixtures("uploaded")
def test_a_dead_cursor_starts_the_walk_again_and_leaves_nothing_twice(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "invalidate_cursor", **PAGES, "skip": 3, "times": 2})
    summary = export(**DAY, batch_size=230)
    assert numbers(tmp_path / "out") == list(range(1440))
    assert summary["restarts"] == 2
    assert len(files(tmp_path / "out")) == 3  # the two manifests and one file of rows


@pytest.mark.usefixtures("uploaded")
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


@pytest.mark.usefixtures("uploaded")
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


@pytest.mark.usefixtures("uploaded")
def test_days_that_do_not_agree_with_the_records_end_the_export(
    export: Export, client: CleverTapClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = CleverTapClient.events
    wider = {"from": 20251031, "to": 20251103}
    monkeypatch.setattr(CleverTapClient, "events", lambda self, query, **more: real(self, {**query, **wider}, **more))
    with pytest.raises(ExportError, match="an event of 2025-11-01 for a query of 2025-11-02"):
        export(start="2025-11-02", end="2025-11-03")
    assert not (tmp_path / "out" / "event=Viewed").exists() or not files(tmp_path / "out" / "event=Viewed")


@pytest.mark.usefixtures("uploaded")
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


@pytest.mark.usefixtures("uploaded")
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


@pytest.mark.usefixtures("uploaded")
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


@pytest.mark.usefixtures("uploaded")
def test_a_stopped_export_ends_soon_and_changes_nothing(
    make_export: MakeExport, emulator: RunningEmulator, tmp_path: Path
) -> None:
    make_export(**DAY, run="1" * 8).run()
    before = files(tmp_path / "out")
    emulator.inject({"do": "stall", **PAGES, "skip": 2})
    running = make_export(**DAY, batch_size=230, run="2" * 8)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            running.run()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while running.counts.received < 200:
        time.sleep(0.01)
    running.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert isinstance(failures[0], LoadStoppedError)
    assert files(tmp_path / "out") == before


@pytest.mark.usefixtures("uploaded")
def test_a_later_attempt_resumes_at_the_partitions_that_are_not_done(
    make_export: MakeExport, emulator: RunningEmulator, tmp_path: Path, upload: Upload
) -> None:
    upload(("Viewed", at("2025-11-02T12:00:00"), {"n": 5000}))
    options = {"start": "2025-11-01", "end": "2025-11-03", "events": ["Charged", "Viewed"], "batch_size": 230}
    emulator.inject({"do": "status", "status": 401, **PAGES, "skip": 5})
    with pytest.raises(AccessDeniedError):
        make_export(**options, max_in_flight=1).run()
    out = tmp_path / "out"
    done = files(out)
    assert manifest(out / "event=Charged" / "date=2025-11-01")["rows"] == 1
    # what a killed attempt leaves: it had no time to remove anything
    dead = out / "event=Viewed" / "date=2025-11-01" / "part-00000000-0000dead-00000.parquet"
    dead.parent.mkdir(parents=True, exist_ok=True)
    dead.write_bytes(b"x")
    dead.with_name(f"{dead.name}.0123abcd.part").write_bytes(b"x")
    emulator.clear_faults()
    asked = len(emulator.requests("/1/events.json"))
    summary = make_export(**options).run()
    assert summary["resumed"] == 2
    assert summary["rows"] == 1442
    assert set(done) <= set(files(out))
    assert not [name for name in files(out) if "dead" in name or name.endswith(".part")]
    assert numbers(out, events=["Viewed"]) == [*range(1440), 5000]
    # 1441 events in pages of 230, and a POST for each of the two walks
    assert len(emulator.requests("/1/events.json")) - asked < 14
    uninterrupted = make_export(**options, output=tmp_path / "other").run()
    assert {**summary, **dict.fromkeys(_VARYING)} == {**uninterrupted, **dict.fromkeys(_VARYING)}
    assert make_export(**options, run="another!"[:8].encode().hex()[:8]).run()["resumed"] == 0


_VARYING = ("seconds", "requests", "resumed", "output", "manifest")


@pytest.mark.usefixtures("uploaded")
def test_of_two_exports_the_one_that_asked_later_wins_and_readers_see_whole_days(
    client: CleverTapClient, tmp_path: Path, upload: Upload, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"

    def make(number: int) -> EventExport:
        options = EventOptions(
            events="Viewed", output=out, zone=KOLKATA, confirm_empty=False, batch_size=230, max_in_flight=1, **DAY
        )
        return EventExport(client, options, RunIdentity(f"{number:08}", f"{number:08}", 1), logging.getLogger("tests"))

    make(0).run()
    over = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not over.is_set():
            seen.append(len(numbers(out)))

    reader = threading.Thread(target=read)
    reader.start()
    emulator.inject({"do": "delay", "seconds": 0.02, **PAGES})
    first, second = make(1), make(2)
    results: dict[int, Any] = {}
    threads = [threading.Thread(target=lambda: results.update({1: first.run()}))]
    threads[0].start()
    while first.counts.received == 0:
        time.sleep(0.001)
    upload(("Viewed", at("2025-11-01T12:00:00"), {"n": 2000}))
    threads.append(threading.Thread(target=lambda: results.update({2: second.run()})))
    threads[1].start()
    for thread in threads:
        thread.join(60)
    over.set()
    reader.join(60)
    assert set(seen) <= {1440, 1441}
    assert numbers(out) == [*range(1440), 2000]
    stored = manifest(out / "event=Viewed" / "date=2025-11-01")
    assert stored["run"] == "00000002"
    assert {Path(name).name for name in files(out / "event=Viewed")} >= {file["name"] for file in stored["files"]}


def test_no_log_and_no_summary_holds_a_push_token(
    export: Export, client: CleverTapClient, emulator: RunningEmulator, upload: Upload, caplog: pytest.LogCaptureFixture
) -> None:
    token = "push-token-of-a-person"
    record = {"type": "token", "objectId": "__d1", "tokenData": {"id": token, "type": "fcm"}}
    event = {"type": "event", "objectId": "__d1", "evtName": "Viewed", "ts": 1761980000, "evtData": {"n": 1}}
    for each in (record, event):
        client.upload(json.dumps({"d": [each]}).encode(), 1)
    caplog.set_level(logging.DEBUG)
    summary = export(**DAY, include=["push_token"])
    assert summary["rows"] == 1
    assert token not in caplog.text + json.dumps(summary)
