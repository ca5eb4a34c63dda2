"""The link to CleverTap's dashboard on the page of a task, as Airflow's web server finds it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.clevertap_connections import connection_json


def links_of(dag_run: Any) -> dict[str, str]:
    """Return the address of the dashboard for each task, read from the stored DAG as the web server does."""
    try:
        from airflow.serialization.serialized_objects import DagSerialization as Serialized
    except ImportError:
        from airflow.serialization.serialized_objects import SerializedDAG as Serialized
    stored: Any = Serialized
    found = {}
    dag = stored.from_dict(stored.to_dict(dag_run.dag))
    for instance in dag_run.get_task_instances():
        task = dag.get_task(instance.task_id)
        found[instance.task_id] = task.get_extra_links(instance, "CleverTap dashboard")
    return found


@pytest.fixture
def run(run_dag: Any, emulator: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def run(**extra: str) -> dict[str, str]:
        from airflow.providers.common.compat.sdk import DAG, task

        from airflow_provider_clevertap.operators.counts import CleverTapCountOperator
        from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator
        from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

        monkeypatch.setenv(
            "AIRFLOW_CONN_CLEVERTAP_DEFAULT",
            connection_json(
                login=emulator.account_id,
                password=emulator.passcode,
                host=emulator.url,
                extra={"project_timezone": "Asia/Kolkata", **extra},
            ),
        )
        emulator.change_settings(counts_not_ready=1)
        source = tmp_path / "people.csv"
        source.write_text("identity,Email\nasha,asha@example.com\n")
        with DAG(f"links_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
            CleverTapUploadProfilesOperator(task_id="operator", source=str(source))
            CleverTapUploadProfilesOperator(task_id="local", source=str(source), dry_run="local")
            CleverTapUploadProfilesOperator(task_id="failed", source=str(tmp_path / "missing.csv"))

            @task.clevertap_profiles
            def decorated() -> str:
                return str(source)

            decorated()
            CleverTapExportEventsOperator(
                task_id="export", events="Visit", output=str(tmp_path / "out"), start="2026-01-01", end="2026-01-02"
            )
            days = {"event_name": "Visit", "from": 20260101, "to": 20260101}
            CleverTapCountOperator(task_id="count", query=days)
            CleverTapCountOperator(task_id="deferred", query=days, deferrable=True, check_interval=0.1)
        dag_run = run_dag(dag)
        dag_run.dag = dag
        return links_of(dag_run)

    return run


def test_a_task_links_to_the_dashboard_of_its_region(run: Any, emulator: Any) -> None:
    links = run(region="in1")
    dashboard = "https://in1.dashboard.clevertap.com"
    linked = ("operator", "decorated", "failed", "export", "count", "deferred")
    assert links == {**dict.fromkeys(linked, dashboard), "local": ""}


def test_without_a_region_there_is_no_link(run: Any) -> None:
    assert not any(run().values())
