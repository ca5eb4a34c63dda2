"""Counts, trends, values and names in a real Airflow: waited for in the worker or in the triggerer, and kept."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.clevertap_connections import connection_json
from tests.support.exports import KOLKATA, at

pytestmark = [pytest.mark.airflow]

DAYS = {"event_name": "Viewed", "from": "2025-11-01", "to": "2025-11-02"}
COUNTS = "/1/counts/events.json"


@pytest.fixture
def project(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an emulator of a project in India that has an event each hour of two days, with a connection to it."""
    from airflow_provider_clevertap.api.client import CleverTapClient

    emulator.change_settings(project_timezone=KOLKATA.key)
    records = [
        {
            "type": "event",
            "identity": f"cust-{number % 7}",
            "evtName": "Viewed",
            "ts": int((at("2025-11-01T00:00:00") + timedelta(hours=number)).timestamp()),
            "evtData": {"n": number, "Mode": "Card" if number % 3 else "Cash", "Price": 0.5},
        }
        for number in range(48)
    ]
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        client.upload(json.dumps({"d": records}).encode(), len(records))
    login = {"login": emulator.account_id, "password": emulator.passcode, "host": emulator.url}
    extra = {"project_timezone": KOLKATA.key}
    monkeypatch.setenv("AIRFLOW_CONN_CLEVERTAP_DEFAULT", connection_json(**login, extra=extra))
    monkeypatch.setenv("AIRFLOW_CONN_NO_ZONE", connection_json(**login, extra={}))
    return emulator


@pytest.fixture
def make_dag(tmp_path: Path) -> Callable[..., Any]:
    def make(schedule: Any = None) -> Any:
        from airflow.providers.common.compat.sdk import DAG

        start = datetime(2025, 10, 1, tzinfo=UTC)
        return DAG(f"questions_{tmp_path.name}", schedule=schedule, start_date=start, catchup=False)

    return make


class Store:
    """Stands for ``context["task_state_store"]``."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.kept: dict[str, Any] = {}
        self.problem = problem

    def _call(self) -> None:
        if self.problem is not None:
            raise self.problem

    def get(self, key: str) -> Any:
        self._call()
        return self.kept.get(key)

    def set(self, key: str, value: Any) -> None:
        self._call()
        self.kept[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        self._call()
        self.kept.pop(key, None)


def in_task(store: Store) -> dict[str, Any]:
    task = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1, max_tries=1)
    return {"ti": task, "task_state_store": store}


def count(**arguments: Any) -> Any:
    from airflow_provider_clevertap.operators.counts import CleverTapCountOperator

    return CleverTapCountOperator(**{"task_id": "count", "query": DAYS, "check_interval": 0.01, **arguments})


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


def test_a_later_attempt_asks_with_the_number_of_the_first(project: Any) -> None:
    from airflow.providers.common.compat.sdk import AirflowException

    store = Store()
    project.change_settings(counts_not_ready=10_000)
    with pytest.raises(AirflowException, match="has not answered"):
        count(timeout=0.2).execute(in_task(store))
    assert len(project.requests(COUNTS)) > 2
    kept = store.kept["clevertap_request"]["req_id"]
    project.change_settings(counts_not_ready=1)
    before = len(project.requests(COUNTS))
    assert count().execute(in_task(store)) == 48
    assert [request["method"] for request in project.requests(COUNTS)[before:]] == ["GET"]
    assert isinstance(kept, int)
    assert store.kept == {}


@pytest.mark.parametrize("change", ["other question", "expired", "too old", "strange"])
def test_a_number_that_does_not_serve_is_asked_for_anew(project: Any, change: str) -> None:
    from airflow.providers.common.compat.sdk import AirflowException

    store = Store()
    project.change_settings(counts_not_ready=10_000)
    with pytest.raises(AirflowException):
        count(timeout=0.1).execute(in_task(store))
    query = {**DAYS, "to": "2025-11-01"} if change == "other question" else DAYS
    if change == "expired":
        project.change_settings(request_id_life=0)
    if change == "too old":
        store.kept["clevertap_request"]["at"] -= 7200
    if change == "strange":
        store.kept["clevertap_request"]["req_id"] = "x"
    project.change_settings(counts_not_ready=0)
    assert count(query=query).execute(in_task(store)) == (24 if change == "other question" else 48)


def test_a_store_that_fails_costs_nothing_but_a_warning(project: Any) -> None:
    project.change_settings(counts_not_ready=1)
    assert count().execute(in_task(Store(RuntimeError("no store")))) == 48


def deferred_by(operator: Any, context: Any) -> Any:
    from airflow.providers.common.compat.sdk import TaskDeferred

    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    return deferred.value


def payload_of(trigger: Any) -> Any:
    """Return the payload of the event of a trigger, made anew from what Airflow stores of it."""
    path, arguments = trigger.serialize()
    assert path == "airflow_provider_clevertap.triggers.question.QuestionTrigger"
    made = type(trigger)(**json.loads(json.dumps(arguments)))

    async def first() -> Any:
        return (await asyncio.wait_for(anext(made.run()), 60)).payload

    return json.loads(json.dumps(asyncio.run(first())))


def test_the_triggerer_waits_in_place_of_the_worker(project: Any) -> None:
    store = Store()
    assert count(deferrable=True).execute(in_task(store)) == 48
    project.change_settings(counts_not_ready=3)
    operator = count(deferrable=True)
    deferred = deferred_by(operator, in_task(store))
    _, arguments = deferred.trigger.serialize()
    assert project.passcode not in json.dumps(arguments)
    assert store.kept["clevertap_request"]["req_id"] == arguments["question"]["request_id"]
    event = payload_of(deferred.trigger)
    posted = [request for request in project.requests(COUNTS) if request["method"] == "POST"]
    assert len(posted) == 2  # the first count, and this one once
    assert operator.execute_complete(in_task(store), event) == 48
    assert store.kept == {}


def test_the_triggerer_survives_failures_and_asks_anew(project: Any) -> None:
    project.change_settings(counts_not_ready=2)
    deferred = deferred_by(count(deferrable=True), in_task(Store()))
    project.change_settings(request_id_life=0)
    project.inject({"do": "status", "status": 503, "path": COUNTS, "times": 2})
    project.inject({"do": "status", "status": 429, "path": COUNTS, "times": 1})
    trigger = deferred.trigger
    project.change_settings(counts_not_ready=0)
    assert payload_of(trigger)["fields"]["count"] == 48


def test_airflow_defers_and_resumes_tasks(
    project: Any, make_dag: Any, run_dag: Any, returned: Any, tmp_path: Path
) -> None:
    from airflow_provider_clevertap.operators.counts import CleverTapCountOperator, CleverTapTrendsOperator
    from airflow_provider_clevertap.sensors.event_count import CleverTapEventCountSensor

    project.change_settings(counts_not_ready=2)
    path = tmp_path / "trend.parquet"
    with make_dag() as dag:
        CleverTapCountOperator(task_id="count", query=DAYS, deferrable=True, check_interval=0.05)
        CleverTapTrendsOperator(
            task_id="trend", query=DAYS, groups={"m": "monthly"}, output=str(path), deferrable=True, check_interval=0.05
        )
        CleverTapEventCountSensor(task_id="wait", query=DAYS, minimum=48, deferrable=True, poke_interval=0.05)
    dag_run = run_dag(dag)
    assert dag_run.state == "success"
    assert (returned(dag_run, "count"), returned(dag_run, "wait")) == (48, 48)
    assert returned(dag_run, "trend") == {"output": str(path), "rows": 1}


def test_what_the_triggerer_cannot_get(project: Any) -> None:
    from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

    project.change_settings(counts_not_ready=10_000)
    operator = count(deferrable=True, timeout=0.05)
    deferred = deferred_by(operator, in_task(Store()))
    event = payload_of(deferred.trigger)
    assert event == {"error": "CleverTap has not answered in time", "final": False}
    with pytest.raises(AirflowException, match="not answered in time") as caught:
        operator.execute_complete({}, event)
    assert not isinstance(caught.value, AirflowFailException)
    project.inject({"do": "status", "status": 401, "path": COUNTS})
    event = payload_of(deferred.trigger)
    assert event["final"]
    with pytest.raises(AirflowFailException):
        operator.execute_complete({}, event)


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


def make_sensor(**arguments: Any) -> Any:
    from airflow_provider_clevertap.sensors.event_count import CleverTapEventCountSensor

    return CleverTapEventCountSensor(**{"task_id": "wait", "query": DAYS, "timeout": 60, **arguments})


def test_a_sensor_waits_for_so_many_events(project: Any) -> None:
    assert make_sensor(minimum=48).poke({}).xcom_value == 48
    assert not make_sensor(minimum=49).poke({}).is_done
    assert not make_sensor(minimum=8, unique=True).poke({}).is_done
    project.inject({"do": "status", "status": 503, "path": COUNTS, "times": 1})
    assert make_sensor().poke({}).is_done


def test_an_event_that_is_not_known_yet(project: Any) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    query = {**DAYS, "event_name": "Bought"}
    with pytest.raises(AirflowFailException, match="Invalid event"):
        make_sensor(query=query).poke({})
    assert not make_sensor(query=query, on_unknown_event="wait").poke({}).is_done
    with pytest.raises(AirflowFailException, match="on_unknown_event"):
        make_sensor(query=query, on_unknown_event="stay").poke({})


def test_a_sensor_that_is_deferred(project: Any) -> None:
    from airflow_provider_clevertap.api.client import CleverTapClient

    assert make_sensor(deferrable=True).execute({}) == 48
    query = {**DAYS, "event_name": "Bought"}
    sensor = make_sensor(query=query, on_unknown_event="wait", deferrable=True, poke_interval=0.05)
    deferred = deferred_by(sensor, {})
    bought = {
        "type": "event", "identity": "x", "evtName": "Bought", "evtData": {},
        "ts": int(at("2025-11-01T12:00:00").timestamp()),
    }  # fmt: skip
    assert deferred.trigger.question["waits_for_unknown"]
    with CleverTapClient(project.account_id, project.passcode, project.url) as client:
        client.upload(json.dumps({"d": [bought]}).encode(), 1)
    assert sensor.execute_complete({}, payload_of(deferred.trigger)) == 1


def test_the_hook_asks_too(project: Any) -> None:
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

    hook = CleverTapHook()
    assert hook.count(DAYS) == 48
    assert hook.count(DAYS, of="profiles") == 7
    assert [row["count"] for row in hook.trends(DAYS, {"d": "daily"}, unique=True)] == [7, 7]
    assert hook.top_properties(DAYS, {"m": "Mode"})[0]["value"] == "Card"
    assert "Viewed" in hook.schema(["events"])["events"]
    assert hook.active_now(["os"])["count"] == 0
