"""A task killed in the middle of its load: Airflow tries again by itself, and the load goes on."""

from __future__ import annotations

import csv
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.running_scheduler import TIMEOUT, RunningScheduler

ROWS = 60_000
IN_FLIGHT = 4
#: Requests that are answered; those that follow are stored and never answered, until the load is killed.
ANSWERED = 20

DAG = """
import os
from datetime import datetime, timedelta
from pathlib import Path
from airflow.providers.common.compat.sdk import DAG, task

with DAG("views", schedule=None, start_date=datetime(2026, 1, 1)):

    @task.clevertap_events(
        columns={{"id": "identity"}}, event_name="Viewed", max_in_flight={in_flight}, on_unconfirmed="hold",
        max_rejects="100%", retries=1, retry_delay=timedelta(0), artifacts_path={artifacts!r},
    )
    def load():
        Path({pid!r}).write_text(str(os.getpid()))
        return {source!r}

    load()
"""


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "views.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "ts"])
        writer.writerows((f"c-{row}", 1_700_000_000 + row) for row in range(ROWS))
    return str(path)


@pytest.mark.airflow
@pytest.mark.slow
def test_a_killed_task_goes_on_in_its_next_try(
    scheduler_database: str, source: str, emulator: Any, connection: str, tmp_path: Path
) -> None:
    emulator.inject({"do": "stall", "stored": True, "skip": ANSWERED, "times": IN_FLIGHT})
    pid = tmp_path / "pid"
    airflow = RunningScheduler(
        tmp_path / "home",
        scheduler_database,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"],
    )
    (airflow.home / "dags" / "views.py").write_text(
        DAG.format(in_flight=IN_FLIGHT, artifacts=str(tmp_path / "left"), pid=str(pid), source=source)
    )
    airflow.run(["dags", "reserialize"], ["dags", "trigger", "views"])
    with airflow:
        end = time.monotonic() + TIMEOUT
        while emulator.stats()["stored"]["events"] < (ANSWERED + IN_FLIGHT) * 1_000:
            assert time.monotonic() < end, airflow.logs()
            time.sleep(0.05)
        os.kill(int(pid.read_text()), signal.SIGKILL)
        while airflow.query("SELECT state FROM dag_run") not in ([("success",)], [("failed",)]):
            assert time.monotonic() < end, airflow.logs()
            time.sleep(0.5)
    assert airflow.query("SELECT state, try_number FROM task_instance") == [("success", 2)], airflow.logs()
    (log,) = airflow.home.glob("logs/dag_id=views/**/attempt=2.log")
    assert "Resumes at row" in log.read_text()
    (rejects,) = (tmp_path / "left").rglob("rejects.csv")
    with rejects.open(newline="") as file:
        held = {row["id"] for row in csv.DictReader(file) if row["clevertap_outcome"] == "unconfirmed"}
    arrived = [event["identity"] for event in emulator.events()]
    assert len(arrived) == len(set(arrived)), "an event is there twice"
    assert {f"c-{row}" for row in range(ROWS)} - set(arrived) <= held
    assert IN_FLIGHT * 1_000 <= len(held) < 30 * 1_000
