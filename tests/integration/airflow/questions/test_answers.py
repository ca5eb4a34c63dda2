"""Counts, trends, values and names in a real Airflow: what tasks and the hook return, and what is wrong to ask."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.support.exports import KOLKATA, at
from tests.support.questions import DAYS, count

pytestmark = [pytest.mark.airflow]


def test_everything_in_one_dag(project: Any, make_dag: Any, run_dag: Any, returned: Any, tmp_path: Path) -> None:
    from airflow.timetables.interval import CronDataIntervalTimetable

    from airflow_provider_clevertap.operators.counts import (
        CleverTapCountOperator,
        CleverTapTopPropertiesOperator,
        CleverTapTrendsOperator,
    )
    from airflow_provider_clevertap.operators.schema import CleverTapSchemaOperator
    from airflow_provider_clevertap.sensors.event_count import CleverTapEventCountSensor

    project.change_settings(counts_not_ready=1)
    soon: dict[str, Any] = {"check_interval": "0.01", "deferrable": False}
    with make_dag(CronDataIntervalTimetable("@daily", timezone=KOLKATA.key)) as dag:
        wait = CleverTapEventCountSensor(
            task_id="wait", query={"event_name": "Viewed"}, minimum="{{ 20 }}", deferrable=False
        )
        CleverTapCountOperator(task_id="events", query='{"event_name": "{{ \'Viewed\' }}"}', **soon)
        CleverTapCountOperator(task_id="people", query=DAYS, unique="true", **soon)
        CleverTapCountOperator(task_id="profiles", query=DAYS, of="profiles", **soon)
        trend = {"query": DAYS, "groups": {"d": "daily", "m": "monthly"}, **soon}
        CleverTapTrendsOperator(task_id="trend", **trend)
        CleverTapTrendsOperator(
            task_id="file", **trend, sum_property="Price", output=f"{tmp_path}/{{{{ 'trend' }}}}.csv"
        )
        CleverTapTopPropertiesOperator(task_id="top", query=DAYS, groups='{"mode": "Mode"}', **soon)
        CleverTapSchemaOperator(task_id="names", lists=["events"])
        wait >> dag.get_task("events")
    dag_run = run_dag(dag, at=at("2025-11-02T00:00:00"))
    assert dag_run.state == "success"
    results = {name: returned(dag_run, name) for name in ("wait", "events", "people", "profiles")}
    assert results == {"wait": 24, "events": 24, "people": 7, "profiles": 7}
    assert returned(dag_run, "trend") == [
        {"group": "d", "period": "20251101", "start": "2025-11-01", "count": 24},
        {"group": "d", "period": "20251102", "start": "2025-11-02", "count": 24},
        {"group": "m", "period": "202511", "start": "2025-11-01", "count": 48},
    ]
    assert returned(dag_run, "top") == [
        {"group": "mode", "kind": "STR", "value": "Card", "count": 32},
        {"group": "mode", "kind": "STR", "value": "Cash", "count": 16},
    ]
    assert returned(dag_run, "file") == {"output": str(tmp_path / "trend.csv"), "rows": 3}
    with (tmp_path / "trend.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["group", "period", "start", "count"],
            ["d", "20251101", "2025-11-01", "12"],
            ["d", "20251102", "2025-11-02", "12"],
            ["m", "202511", "2025-11-01", "24"],
        ]
    assert (tmp_path / "trend.csv").stat().st_mode & 0o077 == 0
    assert "Viewed" in returned(dag_run, "names")["events"]


@pytest.mark.parametrize("extension", ["parquet", "jsonl.gz", "csv"])
def test_names_in_a_file(project: Any, tmp_path: Path, extension: str) -> None:
    import pandas as pd

    from airflow_provider_clevertap.operators.schema import CleverTapSchemaOperator

    path = tmp_path / "new" / f"names.{extension}"
    operator = CleverTapSchemaOperator(task_id="names", output=str(path))
    for _ in range(2):
        assert operator.execute({})["rows"] == 6
    read = {"parquet": pd.read_parquet, "csv": pd.read_csv, "jsonl.gz": lambda file: pd.read_json(file, lines=True)}
    frame = read[extension](path)
    assert list(frame.columns) == ["list", "name"]
    assert "Viewed" in set(frame["name"][frame["list"] == "events"])
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"query": {**DAYS, "event_name": "Nothing"}}, "Invalid event"),
        ({"query": {"event_name": "Viewed"}}, "must be set, or the days from and to in query"),
        ({"query": {"event_name": "Viewed"}, "start": DAYS["from"], "end": DAYS["to"], "clevertap_conn_id": "no_zone"},
         "has no project_timezone"),
        ({"query": {**DAYS, "did_not": []}}, "would ignore"),
        ({"query": ""}, "query must be set"),
        ({"query": DAYS, "timeout": "soon"}, "timeout must be"),
        ({"query": DAYS, "check_interval": -1}, "check_interval must be above 0"),
        ({"query": DAYS, "of": "people"}, "of='people'"),
        ({"query": DAYS, "unique": "maybe"}, "unique must be true or false"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_questions_are_final(project: Any, arguments: dict[str, Any], message: str) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    with pytest.raises(AirflowFailException, match=message):
        count(**arguments).execute({})


@pytest.mark.parametrize("output", ["trend.txt", "directory.csv", "no/such/file\0.csv"])
def test_an_output_that_cannot_be_written_is_known_before_anything_is_asked(
    project: Any, tmp_path: Path, output: str
) -> None:
    from airflow.providers.common.compat.sdk import AirflowException

    from airflow_provider_clevertap.operators.counts import CleverTapTrendsOperator

    (tmp_path / "directory.csv").mkdir()
    before = len(project.requests())
    operator = CleverTapTrendsOperator(
        task_id="trend", query=DAYS, groups={"d": "daily"}, output=f"{tmp_path}/{output}"
    )
    with pytest.raises(AirflowException):
        operator.execute({})
    assert len(project.requests()) == before


def test_the_hook_asks_too(project: Any) -> None:
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

    hook = CleverTapHook()
    assert hook.count(DAYS) == 48
    assert hook.count(DAYS, of="profiles") == 7
    assert [row["count"] for row in hook.trends(DAYS, {"d": "daily"}, unique=True)] == [7, 7]
    assert hook.top_properties(DAYS, {"m": "Mode"})[0]["value"] == "Card"
    assert "Viewed" in hook.schema(["events"])["events"]
    assert hook.active_now(["os"])["count"] == 0
