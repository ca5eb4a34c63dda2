"""A DAG whose templates render to Python values, run by ``dag.test()``."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow]


@pytest.mark.parametrize("native", [True, False])
def test_every_argument_takes_text_and_values(
    native: bool, run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    from airflow.providers.common.compat.sdk import DAG, Param

    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
    from airflow_provider_clevertap.sources import CsvSource

    for name in ("north", "south"):
        (tmp_path / f"{name}.csv").write_text(f"who1at120\n{name}12026-02-031x\nnull12026-02-031x\n")
    monkeypatch.setenv("AIRFLOW_CONN_77", os.environ[f"AIRFLOW_CONN_{connection.upper()}"])
    files = [str(tmp_path / f"{name}.csv") for name in ("north", "south")]
    params = {
        "files": Param(files, type="array"),
        "columns": Param({"who": "identity", "at": {"name": "ts"}, "20": None}, type="object"),
        "event": Param("2024", type="string"),
        "few": Param("2", type="string"),
    }
    with DAG(
        f"native_{native}_{tmp_path.name}",
        schedule=None,
        start_date=datetime(2026, 1, 1),
        params=params,
        render_template_as_native_obj=native,
    ) as dag:
        for each in range(2):
            CleverTapUploadEventsOperator(
                task_id=f"events_{each}",
                clevertap_conn_id="77",
                source=CsvSource([files[each]] if each else files[0], delimiter="1", encoding="1252"),
                columns="{{ params.columns | tojson }}",
                event_name="{{ params.event }}",
                max_rejects="{{ params.few }}",
                max_in_flight="{{ 1 + 1 }}",
                future_seconds="3600",
                property_limit="{{ none }}",
                resume="{{ true }}",
                artifacts_path=str(tmp_path),
                rejects_path="{{ none }}",
            )
        CleverTapUploadProfilesOperator(
            task_id="profiles",
            source="{{ params.files | tojson }}",
            columns={"who1at120": "identity"},
            max_rejects="100%",
            dry_run="local",
        )
    dag_run = run_dag(dag)
    assert {task.state for task in dag_run.get_task_instances()} == {"success"}
    assert [returned(dag_run, f"events_{each}")["accepted"] for each in range(2)] == [1, 1]
    assert {event["name"] for event in emulator.events()} == {"2024"}
    assert returned(dag_run, "profiles")["rows"] == 4
