"""Many loads share one pool: a real scheduler starts them, and CleverTap never sees more than 15 requests in flight."""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.records.limits import MAX_IN_FLIGHT, TOKENS_PER_CALL
from tests.support.running_scheduler import TIMEOUT, RunningScheduler

LOADS = 8
IN_FLIGHT = 5
#: Tokens go in small batches, so that few rows make many requests.
ROWS = 30 * TOKENS_PER_CALL

DAG = """
from datetime import datetime
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator

with DAG("many_files", schedule=None, start_date=datetime(2026, 1, 1)):
    CleverTapUploadDeviceTokensOperator.partial(
        task_id="load", pool="clevertap", max_in_flight={in_flight}
    ).expand(source={sources!r})
"""


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"tokens_{number}.csv" for number in range(LOADS)]
    for path in paths:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["objectId", "token", "type"])
            writer.writerows((f"{path.stem}-{row}", f"t-{path.stem}-{row}", "fcm") for row in range(ROWS))
    return [str(path) for path in paths]


@pytest.mark.airflow
@pytest.mark.slow
def test_eight_mapped_loads_share_a_pool(
    scheduler_database: str, sources: list[str], emulator: Any, connection: str, tmp_path: Path
) -> None:
    # The emulator lets everything in, so that it is the pool alone that holds the loads back. Answers are slow until
    # as many loads as the pool has room for have been seen together: one load alone would take more than a minute.
    emulator.change_settings(max_in_flight=LOADS * IN_FLIGHT, latency=12)
    airflow = RunningScheduler(
        tmp_path / "home",
        scheduler_database,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=os.environ["AIRFLOW_CONN_CLEVERTAP_DEFAULT"],
    )
    (airflow.home / "dags" / "many_files.py").write_text(DAG.format(in_flight=IN_FLIGHT, sources=sources))
    airflow.run(
        ["pools", "set", "clevertap", str(MAX_IN_FLIGHT), "uploads of one account"],
        ["dags", "reserialize"],
        ["dags", "trigger", "many_files"],
    )
    with airflow:
        end = time.monotonic() + TIMEOUT
        while airflow.query("SELECT state FROM dag_run") not in ([("success",)], [("failed",)]):
            assert time.monotonic() < end, airflow.logs()
            if emulator.stats()["peak_in_flight"] >= MAX_IN_FLIGHT:
                emulator.change_settings(latency=0.3)
            time.sleep(0.5)
    states = airflow.query("SELECT state, pool_slots, count(*) FROM task_instance GROUP BY state, pool_slots")
    assert states == [("success", IN_FLIGHT, LOADS)], airflow.logs()
    stats = emulator.stats()
    assert IN_FLIGHT < stats["peak_in_flight"] <= MAX_IN_FLIGHT
    assert stats["requests_by_status"] == {"200": LOADS * ROWS // TOKENS_PER_CALL}
    assert stats["stored"]["tokens"] == LOADS * ROWS
