"""The triggerer waits for an answer in place of the worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.questions import COUNTS, DAYS, Store, count, deferred_by, in_task, payload_of

pytestmark = [pytest.mark.airflow]


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
