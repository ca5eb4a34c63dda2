"""The API server is killed in the middle of a load, and started again: the load waits for it, and goes on."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.running_scheduler import AIRFLOW_2, TIMEOUT, RunningScheduler

ROWS = 120_000
#: Requests that are answered at once; each of the others takes a second, two at a time, until the load has noticed.
ANSWERED = 10

DAG = """
from datetime import datetime
from airflow.sdk import DAG, task

with DAG("views", schedule=None, start_date=datetime(2026, 1, 1)):

    @task.clevertap_events(
        columns={{"id": "identity"}}, event_name="Viewed", max_in_flight=2, on_unconfirmed="hold",
        artifacts_path={artifacts!r},
    )
    def load():
        return {source!r}

    load()
"""


@pytest.mark.airflow
@pytest.mark.slow
@pytest.mark.skipif(AIRFLOW_2, reason="tasks of Airflow 2 do not need an API server")
def test_a_load_waits_for_an_api_server_that_is_away(
    scheduler_database: str, emulator: Any, connection: str, tmp_path: Path
) -> None:
    emulator.inject({"do": "delay", "seconds": 1, "skip": ANSWERED})
    source = tmp_path / "views.csv"
    with source.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "ts"])
        writer.writerows((f"c-{row}", 1_700_000_000 + row) for row in range(ROWS))
    airflow = RunningScheduler(
        tmp_path / "home",
        scheduler_database,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"],
        # By default Airflow kills a task after three heartbeats that failed, which would leave too little time to start
        # an API server on a busy machine.
        AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS="100",
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT="1200",
    )
    (airflow.home / "dags" / "views.py").write_text(DAG.format(artifacts=str(tmp_path / "left"), source=str(source)))
    airflow.run(["dags", "reserialize"], ["dags", "trigger", "views"])
    with airflow:

        def wait_until(happened: Callable[[], object]) -> None:
            end = time.monotonic() + TIMEOUT
            while not happened():
                assert time.monotonic() < end, airflow.logs()
                assert airflow.query("SELECT state FROM dag_run") != [("failed",)], airflow.logs()
                time.sleep(0.2)

        def logged() -> str:
            return "".join(path.read_text() for path in airflow.home.glob("logs/dag_id=views/**/attempt=1.log"))

        def stored() -> int:
            return int(emulator.stats()["stored"]["events"])

        wait_until(lambda: stored() >= ANSWERED * 1_000)
        airflow.kill("api-server")
        wait_until(lambda: "The storage of the checkpoint fails" in logged())
        assert stored() < ROWS
        emulator.clear_faults()
        airflow.restart("api-server")
        wait_until(lambda: airflow.query("SELECT state FROM dag_run") == [("success",)])
    assert airflow.query("SELECT state, try_number FROM task_instance") == [("success", 1)], airflow.logs()
    arrived = [event["identity"] for event in emulator.events()]
    assert len(arrived) == len(set(arrived)) == ROWS
