"""The files of cloud exports: their names, and what is in them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.emulator.testing import RunningEmulator
from tests.integration.emulator.exporting import NOVEMBER_1

EVENTS = re.compile(r"(\d+)-(\d{9,11})-(.+)-(\d{8})-(\d+)-(\d+)\.(json|csv)")
PROFILES = re.compile(r"TEST-ACCOUNT-(\d+)-(\d{9,11})-(\d+)\.(json|csv)\.gz")


@pytest.fixture
def people(upload: Any, event: Any, profile: Any, token: Any, emulator: RunningEmulator) -> None:
    emulator.change_settings(identity_and_object_id="accept", project_timezone="Asia/Kolkata")
    upload(
        {**profile("c-1", Name="Asha", Tier="Gold", **{"MSG-sms": False}), "objectId": "dev-1"},
        profile("c-2", **{"category-unsubscribe": {"email": ["News"]}}),
        token("dev-1"),
        event("Store/Visit A", identity="c-1", ts=NOVEMBER_1, data={"City": "Pune"}),
        event("Store/Visit A", identity="c-1", ts=NOVEMBER_1 + 86400),
        event("Store/Visit A", identity="c-2", ts=NOVEMBER_1),
    )


def lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))


def named(paths: list[Path], pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
    matches = [pattern.fullmatch(path.name) for path in paths]
    return [match.groups() for match in matches if match]


def test_a_file_for_each_event_day_and_database(people: None, emulator: RunningEmulator, tmp_path: Path) -> None:
    paths = emulator.write_cloud_export(tmp_path, request_id=77)
    assert [(part[0], *part[2:]) for part in named(paths, EVENTS)] == [
        ("77", "Store-Visit-A", "20251101", "0", "1", "json"),
        ("77", "Store-Visit-A", "20251101", "0", "2", "json"),
        ("77", "Store-Visit-A", "20251102", "0", "1", "json"),
    ]
    first, *records = lines(paths[0])
    assert first == "Store/Visit A"
    assert [json.loads(record) for record in records] == [
        {
            "profile": {
                "identity": "c-1",
                "objectId": "dev-1",
                "all_identities": ["c-1"],
                "platform": "Android",
                "name": "Asha",
                "push_token": "token-1",
            },
            "ts": 20251101053000,
            "eventName": "Store/Visit A",
            "eventProps": {"City": "Pune"},
            "deviceInfo": {},
            "sessionProps": {},
        }
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)


def test_late_events_come_with_the_next_run_below_their_own_day(
    people: None, upload: Any, event: Any, emulator: RunningEmulator, tmp_path: Path
) -> None:
    assert len(emulator.write_cloud_export(tmp_path / "1")) == 3
    assert emulator.write_cloud_export(tmp_path / "2") == []
    emulator.change_settings(restricted_events="accept")
    upload(event("Notification Sent", identity="c-2", ts=NOVEMBER_1), event("Viewed", ts=10**15))
    (late,) = emulator.write_cloud_export(tmp_path / "3", file_format="csv")
    assert named([late], EVENTS)[0][2:4] == ("Notification-Sent", "20251101")
    (row,) = rows(late)
    assert (row["eventName"], row["ts"], row["profile.identity"]) == ("Notification Sent", "20251101053000", "c-2")
    assert row["profile.all_identities"] == '["c-2"]'
    assert len(emulator.write_cloud_export(tmp_path / "4", request_id=2)) == 4


def test_profiles_as_they_are(people: None, emulator: RunningEmulator, tmp_path: Path) -> None:
    paths = emulator.write_cloud_export(tmp_path, "profiles")
    assert [part[2:] for part in named(paths, PROFILES)] == [("1", "json"), ("2", "json")]
    assert [json.loads(line) for path in paths for line in lines(path)] == [
        {
            "identity": "c-1",
            "all_identities": ["c-1"],
            "clevertapId": "dev-1",
            "clevertapIds": ["dev-1"],
            "token": "token-1",
            "Name": "Asha",
            "Tier": "Gold",
            "MSG-sms": False,
        },
        {
            "identity": "c-2",
            "all_identities": ["c-2"],
            "clevertapId": "__00000000000000000000000000000002",
            "clevertapIds": [],
            "subscriptionGroups": {"News": "Unsubscribed"},
        },
    ]
    first, second = (rows(path)[0] for path in emulator.write_cloud_export(tmp_path, "profiles", file_format="csv"))
    assert (first["identity"], first["MSG-sms"], first["Tier"]) == ("c-1", "false", "Gold")
    assert (second["token"], second["subscriptionGroups.News"]) == ("", "Unsubscribed")
