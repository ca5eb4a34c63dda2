"""Cloud exports in Airflow: a sensor that waits, in the worker or in the triggerer, and a load of what it has found."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow]

AT_ONCE = timedelta(0)


@pytest.fixture
def written(emulator: Any, tmp_path: Path) -> Path:
    """Return a directory with the runs of two cloud exports; the second one has more events."""
    from airflow_provider_clevertap.api.client import CleverTapClient

    emulator.change_settings(project_timezone="Asia/Kolkata", restricted_events="accept")
    out = tmp_path / "bucket"
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url) as client:
        for part in range(2):
            event = {"type": "event", "evtName": "Notification Viewed", "ts": 1761980000, "evtData": {"Id": 2**53 + 1}}
            records = [{**event, "identity": f"cust-{part}-{number}"} for number in range(3)]
            client.upload(json.dumps({"d": records}).encode(), len(records))
            emulator.write_cloud_export(out, request_id=7 + part)
    return out


def make_sensor(path: Any, **arguments: Any) -> Any:
    from airflow_provider_clevertap.sensors.cloud_export import CleverTapCloudExportSensor

    given = {"event": "Notification Viewed", "day": "2025-11-01", "settle": AT_ONCE, "timeout": 60, **arguments}
    return CleverTapCloudExportSensor(task_id="wait", path=str(path), **given)


def test_the_runs_of_a_day_are_found_and_loaded(
    written: Path, run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.sources import CloudExportSource

    with DAG(f"cloud_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        wait = make_sensor(written, day="{{ '2025-11-01' }}")
        load = CleverTapUploadEventsOperator(
            task_id="load",
            source=CloudExportSource("{{ ti.xcom_pull('wait')[-1]['uri'] }}", timezone="Asia/Kolkata"),
            columns={"identity": "identity", "ts": "ts"},
            unmapped="ignore",
            event_name="Viewed later",
        )
        wait >> load
    dag_run = run_dag(dag)
    assert dag_run.state == "success"
    found = returned(dag_run, "wait")
    assert [run["files"] for run in found] == [3, 6]
    assert returned(dag_run, "load")["accepted"] == 6
    assert {event["ts"] for event in emulator.events() if event["name"] == "Viewed later"} == {1761980000}


def test_a_run_that_has_just_changed_is_waited_for(written: Path) -> None:
    assert not make_sensor(written, settle=timedelta(hours=1)).poke({}).is_done
    assert not make_sensor(written, day="2025-11-02").poke({}).is_done
    assert not make_sensor(written, databases=23).poke({}).is_done
    assert make_sensor(written, databases=3).poke({}).is_done
    assert make_sensor(written, event=None, day=None).poke({}).xcom_value[0]["files"] == 3


def test_the_triggerer_waits_in_place_of_the_worker(written: Path) -> None:
    from airflow.providers.common.compat.sdk import TaskDeferred

    from airflow_provider_clevertap.triggers.cloud_export import CloudExportTrigger

    assert make_sensor(written, deferrable=True).execute({})[0]["files"] == 3
    sensor = make_sensor(written, deferrable=True, day="2025-11-02", poke_interval=0.05)
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    path, arguments = deferred.value.trigger.serialize()
    assert path == f"{CloudExportTrigger.__module__}.CloudExportTrigger"
    json.dumps(arguments)

    async def first_event() -> Any:
        trigger = CloudExportTrigger(**arguments)
        waiting = asyncio.create_task(anext(trigger.run()))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        name = next(iter(sorted(written.iterdir()))).name.replace("20251101", "20251102")
        (written / name).write_bytes(b"")
        return (await asyncio.wait_for(waiting, 60)).payload

    payload = asyncio.run(first_event())
    assert sensor.execute_complete({}, payload)[0]["files"] == 1


def test_wrong_arguments_are_final(written: Path) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    wrong: list[dict[str, Any]] = [
        {"day": "tomorrow"},
        {"kind": "profiles"},
        {"kind": "people"},
        {"databases": 0},
        {"settle": timedelta(seconds=-1)},
    ]
    for arguments in wrong:
        with pytest.raises(AirflowFailException):
            make_sensor(written, **arguments).poke({})
    with pytest.raises(AirflowFailException):
        make_sensor("unknown://bucket").poke({})
    with pytest.raises(AirflowFailException, match="nothing there"):
        make_sensor(written).execute_complete({}, {"error": "nothing there"})
