"""Exports over real HTTP: an emulator with events, and what an export of them leaves behind."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exporting.events.export import EventExport
from airflow_provider_clevertap.exporting.events.options import EventOptions
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from tests.support.exports import KOLKATA, MakeExport, Upload, at
from tests.support.held_answers import wait_until_at_rest


@pytest.fixture(scope="session")
def export_emulator() -> Iterator[RunningEmulator]:
    with RunningEmulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(export_emulator: RunningEmulator) -> RunningEmulator:
    wait_until_at_rest(export_emulator)
    export_emulator.clear_faults()
    export_emulator.reset()
    export_emulator.change_settings(project_timezone=KOLKATA.key, pages_not_ready=0)
    return export_emulator


@pytest.fixture
def client(emulator: RunningEmulator) -> Iterator[CleverTapClient]:
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url, max_in_flight=3) as made:
        yield made


@pytest.fixture
def upload(client: CleverTapClient) -> Upload:
    """Upload events: each is its name, its time, and its properties."""

    def send(*events: tuple[str, Any, dict[str, Any]]) -> None:
        records = [
            {
                "type": "event",
                "identity": f"cust-{number % 100}",
                "evtName": name,
                "ts": int(time.timestamp()),
                "evtData": data,
            }
            for number, (name, time, data) in enumerate(events)
        ]
        for start in range(0, len(records), 1000):
            part = records[start : start + 1000]
            answer = client.upload(json.dumps({"d": part}).encode(), len(part))
            assert not getattr(answer, "rejected", "failed"), answer

    return send


@pytest.fixture
def make_export(client: CleverTapClient, tmp_path: Path) -> MakeExport:
    attempts = iter(range(1, 1000))

    def make(*, run: str = "0" * 8, **options: Any) -> EventExport:
        attempt = next(attempts)
        given: dict[str, Any] = {
            "events": "Viewed",
            "output": tmp_path / "out",
            "zone": ZoneInfo(options.pop("zone", KOLKATA.key)),
            "confirm_empty": False,
            **options,
        }
        identity = RunIdentity(run, f"{attempt:08x}", attempt)
        return EventExport(client, EventOptions(**given), identity, logging.getLogger("tests.exports"))

    return make


@pytest.fixture
def export(make_export: MakeExport) -> Callable[..., dict[str, Any]]:
    return lambda **options: make_export(**options).run()


@pytest.fixture
def day_of_views(upload: Upload) -> None:
    """Upload an event each minute of a day, and another event."""
    upload(
        *[("Viewed", at("2025-11-01T00:00:00") + timedelta(minutes=number), {"n": number}) for number in range(1440)],
        ("Charged", at("2025-11-01T00:00:00"), {"n": 1}),
    )
