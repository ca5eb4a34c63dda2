"""Events of days and intervals as files: what is in them, and how a partition is replaced."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exporting.events import job
from tests.support.exports import MakeExport, Upload, at, files, manifest, numbers, rows

Export = Callable[..., dict[str, Any]]
DAY = {"start": "2025-11-01", "end": "2025-11-02"}


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_a_day_of_one_event_becomes_a_partition(
    upload: Upload, export: Export, tmp_path: Path, file_format: str
) -> None:
    big = 9007199254740993
    upload(
        ("Viewed", at("2025-11-01T00:00:00"), {"n": 1, "Id": big, "text": 'a "quoted",\nline'}),
        ("Viewed", at("2025-11-01T23:59:59"), {"n": 2}),
        ("Viewed", at("2025-11-02T00:00:00"), {"n": 3}),
        ("Viewed", at("2025-10-31T23:59:59"), {"n": 4}),
        ("Charged", at("2025-11-01T12:00:00"), {"n": 5}),
    )
    summary = export(**DAY, file_format=file_format)
    assert numbers(tmp_path / "out") == [1, 2]
    first, _ = sorted(rows(tmp_path / "out"), key=lambda row: row["ts"])
    assert first["ts"].to_pydatetime() == datetime(2025, 10, 31, 18, 30, tzinfo=UTC)
    assert first["ts_local"].to_pydatetime() == datetime(2025, 11, 1)
    assert (first["event_name"], first["identity"]) == ("Viewed", "cust-0")
    assert json.loads(first["properties"]) == {"n": 1, "Id": big, "text": 'a "quoted",\nline'}
    assert str(big) in first["properties"]
    assert "email" not in first
    directory = tmp_path / "out" / "event=Viewed" / "date=2025-11-01"
    stored = manifest(directory)
    assert (stored["rows"], stored["complete"], stored["events"]) == (2, True, ["Viewed"])
    assert [stored["start"], stored["end"]] == ["2025-11-01T00:00:00+05:30", "2025-11-02T00:00:00+05:30"]
    assert [file["rows"] for file in stored["files"]] == [2]
    assert (directory / stored["files"][0]["name"]).stat().st_size == stored["files"][0]["bytes"]
    assert {name: summary[name] for name in ("kind", "rows", "files", "partitions", "empty", "trimmed")} == {
        "kind": "events", "rows": 2, "files": 1, "partitions": 1, "empty": 0, "trimmed": 0,
    }  # fmt: skip
    assert (summary["from"], summary["to"]) == (stored["start"], stored["end"])
    assert summary["timezone"] == "Asia/Kolkata"
    assert Path(summary["manifest"]).exists()


def test_an_interval_of_utc_is_widened_to_the_days_of_the_project(
    upload: Upload, export: Export, tmp_path: Path
) -> None:
    upload(*[("Viewed", at("2025-11-01T00:00:00") + timedelta(hours=3 * hour), {"n": hour}) for hour in range(24)])
    summary = export(start="2025-11-01T00:00:00Z", end="2025-11-02T00:00:00Z")
    out = tmp_path / "out"
    assert numbers(out) == list(range(16))
    assert [path.name for path in sorted((out / "event=Viewed").iterdir())] == ["date=2025-11-01", "date=2025-11-02"]
    assert numbers(out, start="2025-11-02") == list(range(8, 16))
    assert summary["partitions"] == 2


def test_an_interval_keeps_its_own_rows_only(upload: Upload, export: Export, tmp_path: Path) -> None:
    upload(*[("Viewed", at("2025-11-01T00:00:00") + timedelta(hours=hour), {"n": hour}) for hour in range(72)])
    for first in (5, 29):
        start = at("2025-11-01T00:00:00") + timedelta(hours=first)
        summary = export(start=start, end=start + timedelta(hours=24), partition="interval")
        assert (summary["rows"], summary["trimmed"]) == (24, 24)
    assert numbers(tmp_path / "out") == list(range(5, 53))
    names = [path.name for path in sorted((tmp_path / "out" / "event=Viewed").iterdir())]
    assert names[0] == "window=20251031T233000Z_20251101T233000Z"
    assert len(names) == 2


@pytest.mark.parametrize(("day", "hours"), [("2025-11-02", 25), ("2025-03-09", 23)])
def test_days_of_23_and_25_hours_lose_and_repeat_nothing(
    upload: Upload, export: Export, emulator: RunningEmulator, tmp_path: Path, day: str, hours: int
) -> None:
    zone = ZoneInfo("America/New_York")
    emulator.change_settings(project_timezone=zone.key)
    start = at(f"{day}T00:00:00", zone).astimezone(UTC)
    moments = [start + timedelta(minutes=15 * number) for number in range(-4, 4 * hours + 4)]
    upload(*[("Viewed", moment, {"n": number}) for number, moment in enumerate(moments, -4)])
    summary = export(start=start, end=start + timedelta(hours=hours), zone=zone.key)
    assert numbers(tmp_path / "out") == list(range(4 * hours))
    assert summary["partitions"] == 1
    # Intervals of an hour: each event is in exactly one.
    for hour in range(hours):
        begin = start + timedelta(hours=hour)
        export(
            start=begin, end=begin + timedelta(hours=1), zone=zone.key, partition="interval", output=tmp_path / "hours"
        )
    assert numbers(tmp_path / "hours") == list(range(4 * hours))


def test_a_second_export_replaces_the_day_and_keeps_one_generation(
    upload: Upload, export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    directory = out / "event=Viewed" / "date=2025-11-01"
    generations = []
    for number in range(1, 4):
        upload(("Viewed", at("2025-11-01T12:00:00"), {"n": number}))
        export(**DAY, run=f"{number:08}")
        assert numbers(out) == list(range(1, number + 1))
        generations.append({file["name"] for file in manifest(directory)["files"]})
        assert {Path(name).name for name in files(directory)} == {
            "_clevertap_export.json", *generations[-1], *(generations[-2] if number > 1 else ()),
        }  # fmt: skip
    emulator.reset()
    upload(("Viewed", at("2025-11-05T12:00:00"), {"n": 9}))
    assert export(**DAY, run="9" * 8)["empty"] == 1
    assert rows(out) == []
    assert manifest(directory)["rows"] == 0


def test_many_pages_files_and_events(upload: Upload, export: Export, tmp_path: Path) -> None:
    moment = at("2025-11-01T00:00:00")
    upload(*[("Viewed", moment + timedelta(minutes=number), {"n": number}) for number in range(4320)])
    upload(*[("Added to Cart", moment, {"n": number}) for number in range(300)])
    summary = export(
        events=["Viewed", "Added to Cart"], start="2025-11-01", end="2025-11-04", batch_size=230, max_rows_per_file=1000
    )
    out = tmp_path / "out"
    assert numbers(out, events=["Viewed"]) == list(range(4320))
    assert numbers(out, events=["Added to Cart"]) == list(range(300))
    assert (summary["rows"], summary["partitions"], summary["files"], summary["empty"]) == (4620, 6, 7, 2)
    stored = manifest(out / "event=Viewed" / "date=2025-11-02")
    assert [file["rows"] for file in stored["files"]] == [1000, 440]
    assert (out / "event=Added%20to%20Cart" / "date=2025-11-01").is_dir()
    assert summary["requests"] > 20


def test_a_running_day_is_marked(
    upload: Upload, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at("2025-11-02T12:00:00")
    # A clock that stands still: the day may not end while it is exported.
    monkeypatch.setattr(job, "datetime", SimpleNamespace(now=now.astimezone))
    upload(("Viewed", now - timedelta(seconds=5), {"n": 1}))
    export(start=now - timedelta(days=1), end=now)
    today, yesterday = (
        manifest(tmp_path / "out" / "event=Viewed" / f"date={day}") for day in ("2025-11-02", "2025-11-01")
    )
    assert (today["complete"], yesterday["complete"]) == (False, True)
    assert (today["rows"], yesterday["rows"]) == (1, 0)
    assert rows(tmp_path / "out", only_complete=True) == []


def test_lookback_replaces_earlier_days_too(upload: Upload, export: Export, tmp_path: Path) -> None:
    upload(*[("Viewed", at(f"2025-11-0{day}T12:00:00"), {"n": day}) for day in range(1, 6)])
    export(start="2025-11-04", end="2025-11-05", lookback=timedelta(days=2))
    assert numbers(tmp_path / "out") == [2, 3, 4]


def test_personal_data_and_declared_columns(upload: Upload, export: Export, tmp_path: Path) -> None:
    upload(("Viewed", at("2025-11-01T12:00:00"), {"n": 1, "Price": 12.5, "When": "$D_1761955200", "Odd": "x"}))
    summary = export(
        **DAY, schema={"Price": "float", "When": "timestamp", "Odd": "integer"}, include=["profile", "event_summary"]
    )
    (row,) = rows(tmp_path / "out")
    assert (row["Price"], row["When"].isoformat()) == (12.5, "2025-11-01T00:00:00+00:00")
    assert json.loads(row["properties"]) == {"n": 1, "Odd": "x"}
    assert "Viewed" in json.loads(row["event_summary"])
    assert summary["unfit"] == {"Odd": 1}


def test_values_of_rows_outside_of_the_interval_are_not_counted(upload: Upload, export: Export, tmp_path: Path) -> None:
    upload(*[("Viewed", at("2025-11-01T00:00:00") + timedelta(hours=hour), {"n": f"{hour}"}) for hour in range(24)])
    start = at("2025-11-01T06:00:00")
    summary = export(start=start, end=start + timedelta(hours=4), partition="interval", schema={"n": "integer"})
    assert (summary["rows"], summary["trimmed"], summary["unfit"]) == (4, 20, {"n": 4})
    assert [row["ts_local"].hour for row in rows(tmp_path / "out")] == [6, 7, 8, 9]


def test_the_request_asks_for_no_more_than_it_needs(
    upload: Upload, export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    upload(("Viewed", at("2025-11-01T12:00:00"), {"n": 1, "Price": 5}), ("Viewed", at("2025-11-01T12:00:00"), {"n": 2}))
    export(**DAY, query={"event_properties": [{"name": "Price", "operator": "exists"}]})
    assert numbers(tmp_path / "out") == [1]
    paths = [request["path"] for request in emulator.requests("/1/events.json")]
    assert len(paths) == 2


def test_three_requests_are_in_flight_and_no_more(
    upload: Upload, make_export: MakeExport, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(*[("Viewed", at("2025-11-01T00:00:00") + timedelta(hours=number), {"n": number}) for number in range(240)])
    account: Any = emulator._account
    answer, end = account.answer, time.monotonic() + 60

    async def hold(*arguments: Any, **options: Any) -> Any:
        # None is answered before three have arrived, however slow the machine is.
        while account.in_flight.peak("/1/events.json") < 3 and time.monotonic() < end:
            await asyncio.sleep(0.002)
        return await answer(*arguments, **options)

    monkeypatch.setattr(account, "answer", hold)
    make_export(start="2025-11-01", end="2025-11-11").run()
    assert emulator.stats()["peak_in_flight_other"] == 3
    assert {request["status"] for request in emulator.requests("/1/events.json")} == {200}


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
