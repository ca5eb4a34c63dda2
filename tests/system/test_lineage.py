"""What OpenLineage gets from tasks that a real scheduler runs, read from the file that its transport writes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.clevertap_connections import connection_json
from tests.support.running_scheduler import TIMEOUT, RunningScheduler

pytest.importorskip("airflow.providers.openlineage", reason="the OpenLineage provider is not installed")
pytestmark = [pytest.mark.airflow, pytest.mark.slow]

DAG = """
from datetime import datetime
from airflow.providers.common.compat.sdk import DAG, Asset, task
from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
from airflow_provider_clevertap.operators.export_events import CleverTapExportEventsOperator
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

data = {data!r}
with DAG("lineage", schedule=None, start_date=datetime(2026, 1, 1)):
    CleverTapUploadProfilesOperator(
        task_id="people",
        source=data + "/people_*.csv",
        max_rejects=1,
        inlets=[Asset("file:///raw/people")],
        outlets=[Asset("file:///known/people")],
    )
    CleverTapUploadProfilesOperator(task_id="refused", source=data + "/people_1.csv")
    CleverTapUploadProfilesOperator(task_id="checked", source=data + "/people_1.csv", max_rejects=1, dry_run="local")
    events = CleverTapUploadEventsOperator(
        task_id="events", source=data + "/visits.jsonl", event_name="Visit", timestamp="now", profile_columns=["City"]
    )
    events >> CleverTapExportEventsOperator(
        task_id="export", events="Visit", output=data + "/exported", start="2026-01-01", end="2026-01-02"
    )

    @task.clevertap_profiles(columns={{"identity": "identity", "Email": "Email"}})
    def decorated(name):
        return f"{{data}}/{{name}}.csv"

    decorated.expand(name=["people_2"])
"""


@pytest.fixture
def events(scheduler_database: str, emulator: Any, tmp_path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Run the tasks; return the events by the name of the task and their type."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "people_1.csv").write_text("identity,Email\nasha,asha@example.com\nravi,ravi.example.com\n")
    (data / "people_2.csv").write_text("identity,Email\nmei,mei@example.com\n")
    (data / "visits.jsonl").write_text('{"identity": "asha", "City": "Pune", "shop": 7}\n')
    written = tmp_path / "events.jsonl"
    connection = connection_json(
        login=emulator.account_id,
        password=emulator.passcode,
        host=emulator.url,
        extra={"project_timezone": "Asia/Kolkata"},
    )
    airflow = RunningScheduler(
        tmp_path / "home",
        scheduler_database,
        AIRFLOW_CONN_CLEVERTAP_DEFAULT=connection,
        AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps({"type": "file", "log_file_path": str(written), "append": True}),
    )
    (airflow.home / "dags" / "lineage.py").write_text(DAG.format(data=str(data)))
    airflow.run(["dags", "reserialize"], ["dags", "trigger", "lineage"])
    with airflow:
        end = time.monotonic() + TIMEOUT
        while airflow.query("SELECT state FROM dag_run") not in ([("success",)], [("failed",)]):
            assert time.monotonic() < end, airflow.logs()
            time.sleep(0.5)
    states = dict(airflow.query("SELECT task_id, state FROM task_instance"))
    assert {name for name, state in states.items() if state != "success"} == {"refused"}, airflow.logs()
    found = [json.loads(line) for line in written.read_text().splitlines()]
    return {(event["job"]["name"].partition(".")[2], event["eventType"]): event for event in found}


def names(datasets: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(dataset["namespace"], dataset["name"]) for dataset in datasets]


def written(event: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the names and row counts of the outputs."""
    return [
        (dataset["name"], {key: value for key, value in statistics.items() if key[0] != "_" and value is not None})
        for dataset in event["outputs"]
        for statistics in [dataset.get("outputFacets", {}).get("outputStatistics", {})]
    ]


def counts(event: dict[str, Any], facet: str = "clevertap_load") -> dict[str, Any]:
    return {key: value for key, value in event["run"]["facets"][facet].items() if key[0] != "_"}


def test_events_of_loads_and_exports(events: Any, emulator: Any, tmp_path: Path) -> None:
    data, account = str(tmp_path / "data"), emulator.account_id
    namespace = "clevertap://" + emulator.url.partition("://")[2]
    profiles = (namespace, f"{account}/profiles")

    # A load, with what the user has annotated.
    for kind in ("START", "COMPLETE"):
        assert names(events["people", kind]["inputs"]) == [("file", data), ("file", "/raw/people")]
        assert names(events["people", kind]["outputs"]) == [profiles, ("file", "/known/people")]
    assert written(events["people", "START"])[0][1] == {}
    assert written(events["people", "COMPLETE"])[0][1] == {"rowCount": 2}
    assert "clevertap_load" not in events["people", "START"]["run"]["facets"]
    load = counts(events["people", "COMPLETE"])
    outcomes = {"rows": 3, "accepted": 2, "rejected": 0, "invalid": 1, "unconfirmed": 0, "skipped": 0}
    assert load | {"kind": "profiles", "codes": {"515": 1}, **outcomes} == load

    # A load that fails for its rows, and one that stores nothing.
    assert names(events["refused", "FAIL"]["inputs"]) == [("file", f"{data}/people_1.csv")]
    assert written(events["refused", "FAIL"]) == [(f"{account}/profiles", {"rowCount": 1})]
    assert counts(events["refused", "FAIL"])["invalid"] == 1
    assert events["checked", "COMPLETE"]["outputs"] == []
    assert counts(events["checked", "COMPLETE"])["dry_run"] == "local"

    # What a function returns is known once it has run.
    assert events["decorated", "START"]["inputs"] == []
    assert names(events["decorated", "COMPLETE"]["inputs"]) == [("file", f"{data}/people_2.csv")]
    assert names(events["decorated", "START"]["outputs"]) == [profiles]

    # Events that update profiles, and their export.
    assert written(events["events", "COMPLETE"]) == [(f"{account}/events", {"rowCount": 1}), (profiles[1], {})]
    assert names(events["export", "START"]["inputs"]) == [(namespace, f"{account}/events")]
    assert written(events["export", "COMPLETE"]) == [(f"{data}/exported", {"rowCount": 0, "fileCount": 0})]
    assert counts(events["export", "COMPLETE"], "clevertap_export")["partitions"] == 1

    text = json.dumps(list(events.values()), default=str)
    assert "example.com" not in text
    assert emulator.passcode not in text
