"""Mapped exports share an output and a pool: a real scheduler runs three at a time, and CleverTap sees no fourth."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.records.limits import OTHER_APIS_IN_FLIGHT
from tests.support.clevertap_connections import connection_json
from tests.support.exports import KOLKATA, at, files, numbers
from tests.support.running_scheduler import TIMEOUT, RunningScheduler

NAMES = ["Charged", "Product Viewed", "Visited", "Searched", "Logged In", "Rated"]
EVENTS = 900

#: That of docs/exports.md, with more events, all of which can be uploaded.
DAG = """
from datetime import datetime
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

with DAG("mapped_exports", schedule=None, start_date=datetime(2026, 1, 1)):
    CleverTapExportEventsOperator.partial(
        task_id="export", output={output!r}, start="2025-11-01", end="2025-11-03", pool="clevertap_exports",
        max_in_flight=1, batch_size=230,
    ).expand(events={events!r})
"""


@pytest.mark.airflow
@pytest.mark.slow
def test_three_mapped_exports_run_at_a_time(scheduler_database: str, emulator: Any, tmp_path: Path) -> None:
    # The emulator lets more in, so that it is the pool alone that holds the exports back.
    emulator.change_settings(project_timezone=KOLKATA.key, max_in_flight_other=2 * OTHER_APIS_IN_FLIGHT)
    records = [
        {
            "type": "event",
            "identity": f"cust-{number % 100}",
            "evtName": name,
            "ts": int((at("2025-11-01T00:00:00") + timedelta(minutes=3 * number)).timestamp()),
            "evtData": {"n": number},
        }
        for name in NAMES
        for number in range(EVENTS)
    ]
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        for first in range(0, len(records), 1000):
            part = records[first : first + 1000]
            client.upload(json.dumps({"d": part}).encode(), len(part))
    # Until three have been seen together, an answer takes as long as several tasks need to start.
    emulator.inject({"do": "delay", "seconds": 12, "path": "/1/events.json"})
    out = tmp_path / "out"
    airflow = RunningScheduler(
        tmp_path / "home",
        scheduler_database,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=connection_json(
            login=emulator.account_id,
            password=emulator.passcode,
            host=emulator.url,
            extra={"project_timezone": KOLKATA.key},
        ),
    )
    (airflow.home / "dags" / "exports.py").write_text(DAG.format(output=str(out), events=NAMES))
    airflow.run(
        ["pools", "set", "clevertap_exports", str(OTHER_APIS_IN_FLIGHT), "exports of one account"],
        ["dags", "reserialize"],
        ["dags", "trigger", "mapped_exports"],
    )
    with airflow:
        end = time.monotonic() + TIMEOUT
        while airflow.query("SELECT state FROM dag_run") not in ([("success",)], [("failed",)]):
            assert time.monotonic() < end, airflow.logs()
            if emulator.stats()["paths"].get("/1/events.json", {}).get("peak", 0) >= OTHER_APIS_IN_FLIGHT:
                emulator.clear_faults()
            time.sleep(0.5)
    states = airflow.query("SELECT state, pool_slots, count(*) FROM task_instance GROUP BY state, pool_slots")
    assert states == [("success", 1, len(NAMES))], airflow.logs()
    assert emulator.stats()["paths"]["/1/events.json"]["peak"] == OTHER_APIS_IN_FLIGHT
    for name in NAMES:
        assert numbers(out, events=name) == list(range(EVENTS))
    assert len(files(out)) == 1 + len(NAMES) * 2 * 2  # its manifest; two days of each event, with a manifest and a file
