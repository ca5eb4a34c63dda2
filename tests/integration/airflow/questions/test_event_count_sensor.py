"""The sensor that waits for so many events."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.exports import at
from tests.support.questions import COUNTS, DAYS, deferred_by, payload_of

pytestmark = [pytest.mark.airflow]


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


def test_a_deferred_sensor_leaves_answers_in_preparation_to_the_triggerer(project: Any) -> None:
    project.change_settings(counts_not_ready=2)
    sensor = make_sensor(deferrable=True, poke_interval=0.05)
    deferred = deferred_by(sensor, {})
    assert isinstance(deferred.trigger.question["request_id"], int)
    assert len(project.requests(COUNTS)) == 1
    assert sensor.execute_complete({}, payload_of(deferred.trigger)) == 48
    assert [request["method"] for request in project.requests(COUNTS)].count("POST") == 1


def test_a_deferred_sensor_that_times_out_says_what_is_missing(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.sdk import AirflowSensorTimeout

    sensor = make_sensor(minimum=1_000, deferrable=True, poke_interval=0.05)
    deferred = deferred_by(sensor, {})
    project.inject({"do": "status", "status": 503, "path": COUNTS, "times": 1})  # what has passed is no reason
    times = iter([0.0])  # the time is over after the second look
    clock = SimpleNamespace(time=lambda: next(times, math.inf))
    monkeypatch.setattr("airflow_provider_clevertap.triggers.question.time", clock)
    event = payload_of(deferred.trigger)
    assert event == {"error": "CleverTap has not counted 1,000 in time", "final": False}
    with pytest.raises(AirflowSensorTimeout, match="not counted 1,000"):  # Airflow does not retry it
        sensor.execute_complete({}, event)
