"""A task killed in the middle of its export: Airflow retries it, and the export continues."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from tests.support.clevertap_connections import connection_json
from tests.support.exports import KOLKATA, at, files, numbers
from tests.support.running_scheduler import TIMEOUT, RunningScheduler

EVENTS = 4_000
#: Pages that are answered before one is not: that of the first event, and some of the second.
ANSWERED = 8

DAG = """
import os
from datetime import datetime, timedelta
from pathlib import Path
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

with DAG("exports", schedule=None, start_date=datetime(2026, 1, 1)):
    CleverTapExportEventsOperator(
        task_id="export", events=["Charged", "Viewed"], start="2025-11-01", end="2025-11-02", output={output!r},
        batch_size=230, max_in_flight=1, retries=1, retry_delay=timedelta(0),
        pre_execute=lambda context: Path({pid!r}).write_text(str(os.getpid())) and None,
    )
"""


@pytest.mark.airflow
@pytest.mark.slow
def test_a_killed_task_continues_with_the_days_that_are_not_done(
    scheduler_database: str, emulator: Any, tmp_path: Path
) -> None:
    emulator.change_settings(project_timezone=KOLKATA.key)
    records = [
        {
            "type": "event",
            "identity": f"cust-{number % 100}",
            "evtName": name,
            "ts": int((at("2025-11-01T00:00:00") + timedelta(seconds=number)).timestamp()),
            "evtData": {"n": number},
        }
        for name, count in (("Charged", 10), ("Viewed", EVENTS))
        for number in range(count)
    ]
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        for first in range(0, len(records), 1000):
            part = records[first : first + 1000]
            client.upload(json.dumps({"d": part}).encode(), len(part))
    emulator.inject({"do": "stall", "path": "/1/events.json", "method": "GET", "skip": ANSWERED, "times": 1})
    pid, out = tmp_path / "pid", tmp_path / "out"
    extra = {"project_timezone": KOLKATA.key}
    airflow = RunningScheduler(
        tmp_path / "home",
        scheduler_database,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=connection_json(
            login=emulator.account_id, password=emulator.passcode, host=emulator.url, extra=extra
        ),
    )
    (airflow.home / "dags" / "exports.py").write_text(DAG.format(output=str(out), pid=str(pid)))
    airflow.run(["dags", "reserialize"], ["dags", "trigger", "exports"])
    with airflow:
        end = time.monotonic() + TIMEOUT
        while emulator.faults()[0]["struck"] == 0:
            assert time.monotonic() < end, airflow.logs()
            time.sleep(0.05)
        os.kill(int(pid.read_text()), signal.SIGKILL)
        while airflow.query("SELECT state FROM dag_run") not in ([("success",)], [("failed",)]):
            assert time.monotonic() < end, airflow.logs()
            time.sleep(0.5)
    assert airflow.query("SELECT state, try_number FROM task_instance") == [("success", 2)], airflow.logs()
    (log,) = airflow.home.glob("logs/dag_id=exports/**/attempt=2.log")
    assert "1 partitions are finished already" in log.read_text()
    assert numbers(out, events=["Viewed"]) == list(range(EVENTS))
    assert len(files(out)) == 5  # three manifests, and one file of each event
