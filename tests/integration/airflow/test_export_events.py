"""Exports in a real Airflow: the data interval, the project's time zone, mapped tasks, the hook, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.clevertap_connections import connection_json
from tests.support.exports import KOLKATA, at, manifest

pytestmark = [pytest.mark.airflow]


@pytest.fixture
def project(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an emulator of a project in India that has events, with a connection to it."""
    from airflow_provider_clevertap.api.client import CleverTapClient

    emulator.change_settings(project_timezone=KOLKATA.key)
    records = [
        {
            "type": "event",
            "identity": f"cust-{number % 7}",
            "evtName": name,
            "ts": int((at("2025-11-01T00:00:00") + timedelta(hours=number)).timestamp()),
            "evtData": {"n": number},
        }
        for name in ("Viewed", "Charged")
        for number in range(48)
    ]
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        client.upload(json.dumps({"d": records}).encode(), len(records))
    connect(emulator, monkeypatch, project_timezone=KOLKATA.key)
    return emulator


def connect(emulator: Any, monkeypatch: pytest.MonkeyPatch, **extra: Any) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_CLEVERTAP_DEFAULT",
        connection_json(login=emulator.account_id, password=emulator.passcode, host=emulator.url, extra=extra),
    )


@pytest.fixture
def make_dag(tmp_path: Path) -> Callable[..., Any]:
    def make(schedule: Any = None, **arguments: Any) -> Any:
        from airflow.providers.common.compat.sdk import DAG

        start = datetime(2025, 10, 1, tzinfo=UTC)
        return DAG(f"exports_{tmp_path.name}", schedule=schedule, start_date=start, catchup=False, **arguments)

    return make


def daily(zone: str) -> Any:
    from airflow.timetables.interval import CronDataIntervalTimetable

    return CronDataIntervalTimetable("@daily", timezone=zone)


def test_the_data_interval_of_a_run_is_one_day_of_the_project(
    project: Any, make_dag: Any, run_dag: Any, returned: Any, tmp_path: Path
) -> None:
    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

    with make_dag(daily(KOLKATA.key)) as dag:
        CleverTapExportEventsOperator(
            task_id="export",
            events='["Viewed", "Charged"]',
            output=f"{tmp_path}/{{{{ dag.dag_id }}}}",
            schema='{"n": "integer"}',
            on_empty="{{ 'write' }}",
        )
    dag_run = run_dag(dag, at=at("2025-11-02T00:00:00"))
    assert dag_run.state == "success"
    summary = returned(dag_run, "export")
    out = tmp_path / dag.dag_id
    assert (summary["output"], summary["rows"], summary["partitions"]) == (str(out), 48, 2)
    assert (summary["from"], summary["to"]) == ("2025-11-01T00:00:00+05:30", "2025-11-02T00:00:00+05:30")
    assert manifest(out / "event=Viewed" / "date=2025-11-01")["rows"] == 24
    assert not (out / "event=Viewed" / "date=2025-11-02").exists()
    assert (out / "event=Viewed" / "date=2025-11-01").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "start and end must be set"),
        ({"start": "2025-11-01"}, "end must be set"),
        ({"start": "2025-11-02", "end": "2025-11-01"}, "ends before it starts"),
        ({"events": "None"}, "events must be set"),
        ({"output": " "}, "output"),
        ({"start": "2025-11-01", "end": "2025-11-02", "schema": "x"}, "schema must be a mapping"),
        ({"start": "2025-11-01", "end": "2025-11-02", "on_empty": "no"}, "on_empty"),
        ({"start": "2025-11-01", "end": "2025-11-02", "lookback": "1.5"}, "lookback"),
        ({"start": "2025-11-01", "end": "2025-11-02", "lookback": "9999999999"}, "lookback must be a duration"),
    ],
    ids=str,
)
def test_what_cannot_be_exported_is_final(
    project: Any, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

    before = len(project.requests())
    out = tmp_path / "out"
    given: dict[str, Any] = {"task_id": "export", "events": "Viewed", "output": str(out), **arguments}
    with pytest.raises(AirflowFailException, match=message):
        CleverTapExportEventsOperator(**given).execute({})
    assert len(project.requests()) == before
    assert not out.exists()


def test_without_a_time_zone_nothing_is_exported(project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

    connect(project, monkeypatch)
    days = {"start": "2025-11-01", "end": "2025-11-02"}
    operator = CleverTapExportEventsOperator(task_id="export", events="Viewed", output=str(tmp_path / "out"), **days)
    with pytest.raises(AirflowFailException, match="has no project_timezone"):
        operator.execute({})
    connect(project, monkeypatch, project_timezone="Kolkata")
    with pytest.raises(AirflowFailException, match="IANA name"):
        operator.execute({})
    assert not (tmp_path / "out").exists()


def test_a_manual_run_has_no_interval_to_export(project: Any, make_dag: Any, run_dag: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

    with make_dag() as dag:
        CleverTapExportEventsOperator(task_id="export", events="Viewed", output=str(tmp_path / "out"), retries=2)
    (task,) = run_dag(dag).get_task_instances()
    assert (task.state, task.try_number) == ("failed", 1)
    assert not (tmp_path / "out").exists()


def test_an_export_without_rows_may_skip_its_task(project: Any, make_dag: Any, run_dag: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

    days = {"start": "2025-10-01", "end": "2025-10-02", "events": "Viewed", "confirm_empty": False}
    with make_dag() as dag:
        for choice in ("write", "skip", "fail"):
            CleverTapExportEventsOperator(
                task_id=choice, output=str(tmp_path / choice), on_empty=choice, retries=0, **days
            )
    states = {task.task_id: task.state for task in run_dag(dag).get_task_instances()}
    assert states == {"write": "success", "skip": "skipped", "fail": "failed"}
    directories = {
        choice: (tmp_path / choice / "event=Viewed" / "date=2025-10-01").exists()
        for choice in ("write", "skip", "fail")
    }
    assert directories == {"write": True, "skip": False, "fail": False}


def test_a_run_that_was_deleted_and_made_again_does_not_continue_the_old_one(project: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

    days = {"start": "2025-11-01", "end": "2025-11-03"}
    operator = CleverTapExportEventsOperator(task_id="export", events="Viewed", output=str(tmp_path / "out"), **days)

    def resumed(try_number: int, run_began: datetime) -> int:
        names = {"dag_id": "d", "run_id": "scheduled__2025-11-01", "task_id": "t", "map_index": -1, "max_tries": 2}
        context: Any = {
            "ti": SimpleNamespace(**names, try_number=try_number),
            "dag_run": SimpleNamespace(start_date=run_began),
        }
        return int(operator.execute(context)["resumed"])

    old, new = datetime(2025, 11, 3, tzinfo=UTC), datetime(2025, 11, 4, tzinfo=UTC)
    assert [resumed(1, old), resumed(2, old)] == [0, 2]
    assert [resumed(2, new), resumed(3, new)] == [0, 2]


def test_mapped_tasks_share_an_output_and_take_slots_of_a_pool(
    project: Any, make_dag: Any, run_dag: Any, tmp_path: Path
) -> None:
    from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator

    with make_dag() as dag:
        CleverTapExportEventsOperator.partial(
            task_id="export", output=str(tmp_path / "out"), start="2025-11-01", end="2025-11-03", pool="clevertap"
        ).expand(events=["Viewed", "Charged"])
        alone = CleverTapExportEventsOperator(
            task_id="alone", events="Viewed", output="x", max_in_flight=2, pool="clevertap"
        )
        CleverTapExportEventsOperator.partial(
            task_id="one_each", output="x", pool="clevertap", max_in_flight=1, start="2025-11-01", end="2025-11-03"
        ).expand(events=["Viewed", "Charged"])
    assert dag.get_task("export").pool_slots == 3
    assert dag.get_task("one_each").pool_slots == 1
    assert alone.pool_slots == 2
    del alone


def test_the_hook_exports_and_a_load_reads_what_the_manifests_name(
    project: Any, make_dag: Any, run_dag: Any, returned: Any, tmp_path: Path
) -> None:
    from airflow.providers.common.compat.sdk import task

    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.sources import ExportedEventsSource

    out = tmp_path / "out"
    with make_dag() as dag:

        @task
        def export() -> dict[str, Any]:
            return CleverTapHook().export_events(
                "Viewed", out, start="2025-11-01", end="2025-11-03", schema={"n": "integer"}
            )

        load = CleverTapUploadEventsOperator(
            task_id="load",
            source=ExportedEventsSource(f"{tmp_path}/{{{{ 'out' }}}}", start="2025-11-02"),
            columns={"identity": "identity", "ts": "ts", "n": "n"},
            unmapped="ignore",
            event_name="Viewed again",
        )
        export() >> load
    dag_run = run_dag(dag)
    assert dag_run.state == "success"
    assert returned(dag_run, "export")["rows"] == 48
    assert returned(dag_run, "load")["accepted"] == 24
    again = [event for event in project.events() if event["name"] == "Viewed again"]
    assert sorted(event["data"]["n"] for event in again) == list(range(24, 48))
    frame = ExportedEventsSource(out).to_pandas()
    assert sorted(frame["n"]) == list(range(48))
    assert set(frame["properties"]) == {"{}"}
