"""Databases with people in them, and a task that loads from one."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.people_in_databases import PEOPLE


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Fill a SQLite database; give the id of its connection."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE people (id TEXT, email TEXT, at TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", PEOPLE)
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "shop.db")}))
    return "shop"


@pytest.fixture
def warehouse(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Fill a PostgreSQL database; give the id of its connection."""
    postgres.execute("DROP TABLE IF EXISTS people; CREATE TABLE people (id text, email text, at timestamptz)")
    with postgres.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO people VALUES (%s, %s, %s::timestamp AT TIME ZONE 'UTC')", PEOPLE)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.connection_json())
    return "warehouse"


@pytest.fixture
def run(run_dag: Any, returned: Any, tmp_path: Path) -> Any:
    """Load by one task; give the DAG run, the task instance and what is in XCom, for every day asked for."""

    def run(source: Any, *days: int, mapped: bool = False, **arguments: Any) -> list[tuple[Any, Any, Any]]:
        from airflow.providers.common.compat.sdk import DAG
        from airflow.timetables.interval import CronDataIntervalTimetable

        from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

        with DAG(
            f"sql_{tmp_path.name}",
            schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
            start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            catchup=False,
            template_searchpath=[str(tmp_path)],
        ) as dag:
            ours = {"task_id": "load", "columns": {"id": "identity"}, "retry_delay": dt.timedelta(0)} | arguments
            if mapped:
                CleverTapUploadProfilesOperator.partial(source=source, **ours).expand(max_rejects=[0])
            else:
                CleverTapUploadProfilesOperator(source=source, **ours)
        runs = []
        for day in days or (2,):
            dag_run = run_dag(dag, at=dt.datetime(2026, 1, day, tzinfo=dt.UTC))
            (task,) = dag_run.get_task_instances()
            runs.append((dag_run, task, returned(dag_run, "load")))
        return runs

    return run
