"""Exports in processes of their own, killed again and again: the next attempt leaves the same rows and files."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.sources import ExportedEventsSource
from tests.support.exports import KOLKATA, at, files

pytestmark = [pytest.mark.slow]

EVENTS, DAYS, ROWS = ["Viewed", "Charged"], 4, 6_000
KILLS = 6

#: One attempt: its number is the first argument.
ATTEMPT = """
import logging, sys
from zoneinfo import ZoneInfo
from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.exporting.events.export import EventExport
from airflow_provider_clevertap.exporting.files.output import RunIdentity
from airflow_provider_clevertap.exporting.events.options import EventOptions

number, url, account, passcode, output = sys.argv[1:]
options = EventOptions(
    events=["Viewed", "Charged"], start="2025-11-01", end="2025-11-05", output=output, zone=ZoneInfo("Asia/Kolkata"),
    batch_size=230, max_rows_per_file=1000,
)
with CleverTapClient(account, passcode, url) as client:
    EventExport(client, options, RunIdentity("0" * 8, f"{int(number):08}", int(number)), logging.getLogger()).run()
"""


@pytest.fixture
def project(emulator: Any) -> Any:
    emulator.change_settings(project_timezone=KOLKATA.key)
    random = Random(7)
    start = at("2025-11-01T00:00:00")
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        for name in EVENTS:
            records = [
                {
                    "type": "event",
                    "identity": f"cust-{number % 50}",
                    "evtName": name,
                    "ts": int((start + timedelta(seconds=random.randrange(86_400 * DAYS))).timestamp()),
                    "evtData": {"n": number},
                }
                for number in range(ROWS)
            ]
            for first in range(0, ROWS, 1000):
                client.upload(json.dumps({"d": records[first : first + 1000]}).encode(), 1000)
    return emulator


def start_attempt(emulator: Any, number: int, output: Path) -> subprocess.Popen[bytes]:
    arguments = [str(number), emulator.url, emulator.account_id, emulator.passcode, str(output)]
    return subprocess.Popen([sys.executable, "-c", ATTEMPT, *arguments], env=os.environ)


def shape(output: Path) -> list[str]:
    """Return the names of all files without what differs between attempts."""
    return sorted(re.sub(r"-[0-9a-f]{8}-[0-9a-f]{8}-", "-", name) for name in files(output))


def rows(output: Path) -> list[tuple[str, str]]:
    frame = ExportedEventsSource(output).to_pandas()
    return sorted(zip(frame["event_name"], frame["properties"], strict=True))


def test_a_killed_export_continues_and_leaves_the_same_files(project: Any, tmp_path: Path) -> None:
    random = Random(3)
    out, other = tmp_path / "killed", tmp_path / "whole"
    project.inject({"do": "delay", "seconds": 0.02, "path": "/1/events.json"})
    for number in range(1, KILLS + 1):
        before = len(project.requests("/1/events.json"))
        process = start_attempt(project, number, out)
        enough = before + random.randrange(1, 60)
        while len(project.requests("/1/events.json")) < enough and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    project.clear_faults()
    assert start_attempt(project, KILLS + 1, out).wait() == 0
    assert start_attempt(project, 1, other).wait() == 0
    assert rows(out) == rows(other)
    assert len(rows(out)) == ROWS * len(EVENTS)
    assert shape(out) == shape(other)
