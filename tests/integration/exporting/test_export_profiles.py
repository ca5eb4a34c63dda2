"""Profiles as snapshots: who is in them, once each, and with no more about them than was asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import CleverTapError, ConfigurationError, CursorExpiredError, SourceError
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from airflow_provider_clevertap.exporting.profiles.export import ProfileExport
from airflow_provider_clevertap.exporting.profiles.options import ProfileOptions
from airflow_provider_clevertap.sources import ExportedProfilesSource
from tests.support.exports import KOLKATA, at, files, manifest

Export = Callable[..., dict[str, Any]]
DAYS = {"start": "2025-11-01", "end": "2025-11-03", "batch_size": 230}
PAGES = {"path": "/1/profiles.json", "method": "GET"}
TOKEN = "push-token-of-a-person"
PEOPLE = 1500


@pytest.fixture
def export(client: CleverTapClient, tmp_path: Path) -> Export:
    attempts = iter(range(1, 1000))

    def run(*, run: str = "0" * 8, **options: Any) -> dict[str, Any]:
        number = next(attempts)
        given: dict[str, Any] = {"output": tmp_path / "out", "zone": KOLKATA, "confirm_empty": False, **options}
        identity = RunIdentity(run, f"{number:08}", number)
        return ProfileExport(client, ProfileOptions(**given), identity, logging.getLogger("tests.exports")).run()

    return run


@pytest.fixture(autouse=True)
def people(emulator: RunningEmulator, client: CleverTapClient) -> None:
    """Upload people: all have viewed, every third has bought, and one of them has a device and a token."""
    time = int(at("2025-11-01T12:00:00").timestamp())
    records: list[dict[str, Any]] = []
    for number in range(PEOPLE):
        identity = f"cust-{number}"
        data = {"Name": f"N {number}", "Email": f"p{number}@example.com", "Plan": "gold", "Score": number + 0.5}
        records.append({"type": "profile", "identity": identity, "profileData": data})
        event = {"type": "event", "identity": identity, "ts": time, "evtData": {}}
        records.append({**event, "evtName": "Viewed"})
        if number % 3 == 0:
            records.append({**event, "evtName": "Charged"})
    records.append({"type": "profile", "objectId": "__d1", "profileData": {"identity": "cust-0"}})
    records.append({"type": "token", "objectId": "__d1", "tokenData": {"id": TOKEN, "type": "fcm"}})
    records.append({"type": "event", "objectId": "__d1", "ts": time, "evtData": {}, "evtName": "Viewed"})
    for start in range(0, len(records), 1000):
        client.upload(json.dumps({"d": records[start : start + 1000]}).encode(), len(records[start : start + 1000]))


def snapshot(output: Path, day: str | None = None) -> list[dict[str, Any]]:
    frame = ExportedProfilesSource(output, snapshot=day).to_pandas()
    return frame.to_dict("records")  # type: ignore[return-value]


def identities(rows: list[dict[str, Any]]) -> int:
    return len({row["identity"] for row in rows if isinstance(row["identity"], str)})


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "csv"])
def test_people_of_several_events_are_written_once(export: Export, tmp_path: Path, file_format: str) -> None:
    summary = export(**DAYS, events=["Viewed", "Charged"], file_format=file_format, schema={"Score": "float"})
    rows = snapshot(tmp_path / "out")
    assert identities(rows) == PEOPLE
    assert len(rows) == summary["rows"]
    assert summary["duplicates"] == PEOPLE // 3
    by_identity = {row["identity"]: row for row in rows}
    one = by_identity["cust-7"]
    assert list(one) == ["identity", "object_ids", "email", "name", "Score", "properties"]
    assert (one["email"], one["name"], one["Score"]) == ("p7@example.com", "N 7", 7.5)
    assert json.loads(one["properties"])["Plan"] == "gold"
    assert len(one["object_ids"]) == 1
    directory = tmp_path / "out" / "snapshot=2025-11-02"
    stored = manifest(directory)
    assert stored["events"] == ["Viewed", "Charged"]
    assert summary["partitions"] == 1
    again = export(**DAYS, events=["Viewed", "Charged"], dedupe=False, run="2" * 8)
    assert again["rows"] == summary["rows"] + PEOPLE // 3


def test_values_of_people_who_are_left_out_are_not_counted(export: Export) -> None:
    summary = export(**DAYS, events=["Viewed", "Charged"], schema={"Plan": "integer"})
    assert summary["duplicates"]
    assert summary["unfit"] == {"Plan": PEOPLE}


def test_the_order_of_the_events_is_no_difference(export: Export, tmp_path: Path) -> None:
    export(**DAYS, events=["Viewed", "Charged"])
    assert export(**DAYS, events=["Charged", "Viewed"], run="2" * 8)["rows"] == len(snapshot(tmp_path / "out"))
    with pytest.raises(ConfigurationError, match="other events"):
        export(**DAYS, events=["Viewed"], run="3" * 8)


def test_devices_and_tokens_are_written_when_they_are_asked_for(
    export: Export, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    summary = export(**DAYS, events="Viewed", include=["app"])
    assert TOKEN not in json.dumps(summary) + caplog.text
    rows = snapshot(tmp_path / "out")
    assert list(rows[0]) == ["identity", "object_ids", "devices"]
    assert TOKEN not in str(rows)
    assert any("__d1" in row["object_ids"] for row in rows)
    export(**DAYS, events="Viewed", include=["push_token", "event_summary"], output=tmp_path / "tokens")
    rows = snapshot(tmp_path / "tokens")
    assert list(rows[0]) == ["identity", "object_ids", "event_summary", "push_tokens"]
    assert [list(row["push_tokens"]) for row in rows if len(row["push_tokens"])] == [[TOKEN]]
    assert "Viewed" in json.loads(rows[0]["event_summary"])
    assert TOKEN not in caplog.text


def test_a_dead_cursor_starts_all_walks_again(export: Export, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject({"do": "invalidate_cursor", **PAGES, "skip": 3, "times": 1})
    summary = export(**DAYS, events=["Viewed", "Charged"])
    assert summary["restarts"] == 1
    assert identities(snapshot(tmp_path / "out")) == PEOPLE
    before = files(tmp_path / "out")
    emulator.inject({"do": "invalidate_cursor", **PAGES})
    with pytest.raises(CursorExpiredError):
        export(**DAYS, events=["Viewed", "Charged"], run="2" * 8)
    assert files(tmp_path / "out") == before


def test_snapshots_stay_and_the_latest_is_read(export: Export, tmp_path: Path) -> None:
    export(start="2025-11-01", end="2025-11-02", events="Viewed")
    export(**DAYS, events="Charged")
    out = tmp_path / "out"
    assert len(snapshot(out)) == PEOPLE // 3
    assert len(snapshot(out, "2025-11-01")) >= PEOPLE
    with pytest.raises(SourceError, match="no snapshot of 2025-11-05"):
        snapshot(out, "2025-11-05")
    with pytest.raises(SourceError, match="no snapshot"):
        snapshot(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="other events"):
        export(**DAYS, events="Viewed")


def test_a_finished_snapshot_is_not_exported_again_by_a_retry(
    export: Export, emulator: RunningEmulator, tmp_path: Path
) -> None:
    first = export(**DAYS, events="Viewed")
    before = len(emulator.requests("/1/profiles.json"))
    again = export(**DAYS, events="Viewed")
    assert (again["resumed"], again["rows"]) == (1, first["rows"])
    assert len(emulator.requests("/1/profiles.json")) == before


def test_people_selected_by_their_properties(
    export: Export, emulator: RunningEmulator, client: CleverTapClient, tmp_path: Path
) -> None:
    # Without an event the past 365 days count, whenever this test runs.
    recent = int((datetime.now(UTC) - timedelta(days=30)).timestamp())
    views = [
        {"type": "event", "identity": f"cust-{number}", "ts": recent, "evtName": "Viewed", "evtData": {}}
        for number in range(20)
    ]
    client.upload(json.dumps({"d": views}).encode(), len(views))
    query = {
        "common_profile_properties": {
            "profile_fields": [{"name": "Score", "operator": "less_than", "value": 10}],
        }
    }
    with pytest.raises(ConfigurationError):  # as documented on one page only: an account may reject it
        export(query=query)
    emulator.change_settings(profiles_without_event="accept")
    summary = export(query=query, output=tmp_path / "all")
    emulator.change_settings(profiles_without_event="refuse")
    assert {row["identity"] for row in snapshot(tmp_path / "all")} == {f"cust-{number}" for number in range(10)}
    assert summary["rows"] == len(snapshot(tmp_path / "all")) == 10


def test_counts_confirm_and_check(export: Export, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject(
        {"do": "without_fields", "fields": ["cursor"], "path": "/1/profiles.json", "method": "POST", "times": 1}
    )
    assert export(**DAYS, events="Charged", confirm_empty=True, check_count=0)["restarts"] == 1
    emulator.inject({"do": "without_fields", "fields": ["next_cursor"], **PAGES})
    with pytest.raises(CleverTapError, match="and CleverTap counts 500"):
        export(**DAYS, events="Charged", check_count=0.01, run="2" * 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs events, or a query"),
        ({"query": {"event_properties": []}}, "needs events, or a query"),
        ({"events": "Viewed", "start": None, "end": None}, "start must be"),
        ({**DAYS, "events": "Viewed", "dedupe": "x"}, "dedupe"),
        ({**DAYS, "events": "Viewed", "schema": {"name": "text"}}, "exists already"),
        ({**DAYS, "events": "No"}, "has no event 'No'"),
    ],
)
def test_bad_options(export: Export, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        export(**options)
    assert [name for name in files(tmp_path / "out") if name.endswith("parquet")] == []


def test_an_empty_snapshot(export: Export, tmp_path: Path) -> None:
    days = {"start": "2025-10-01", "end": "2025-10-02", "events": "Viewed"}
    with pytest.raises(CleverTapError, match="Nothing was replaced"):
        export(**days, on_empty="fail")
    assert export(**days, on_empty="skip")["partitions"] == 0
    assert export(**days)["empty"] == 1
    assert snapshot(tmp_path / "out") == []
