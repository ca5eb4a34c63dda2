"""The operators for events and device tokens in a real Airflow, loading into a live emulator."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow]


@pytest.fixture
def run(run_dag: Any, returned: Any, tmp_path: Path) -> Any:
    """Run one task in a DAG of its own; give the task instance and what it left in XCom."""

    def in_dag(operator: Any, **arguments: Any) -> tuple[Any, Any]:
        from airflow.providers.common.compat.sdk import DAG

        with DAG(f"kinds_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
            operator(task_id="load", **arguments)
        dag_run = run_dag(dag)
        (task,) = dag_run.get_task_instances()
        return task, returned(dag_run, "load")

    return in_dag


def test_events_are_loaded_with_templated_arguments(run: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    path = tmp_path / "views.csv"
    path.write_text("user,at,sku\nu-1,2026-01-02 03:04:05,a\nu-2,1767322800,b\n")
    task, summary = run(
        CleverTapUploadEventsOperator,
        source=str(path),
        columns={"user": "identity", "at": "ts"},
        event_name="Viewed in {{ dag.dag_id[:5] }}",
        property_limit="{{ 50 + 50 }}",
        future_seconds="{{ none }}",
        identity_and_object_id="{{ 'send' }}",
    )
    assert task.state == "success"
    assert (summary["kind"], summary["accepted"]) == ("events", 2)
    assert [(event["name"], event["data"]) for event in emulator.events()] == [
        ("Viewed in kinds", {"sku": "a"}),
        ("Viewed in kinds", {"sku": "b"}),
    ]


def test_profile_updates_precede_their_events(run: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    path = tmp_path / "views.csv"
    path.write_text("identity,ts,sku,email,city\nu-1,1767322800,a,u1@example.com,Pune\nu-2,1767322801,b,no address,\n")
    task, summary = run(
        CleverTapUploadEventsOperator,
        source=str(path),
        event_name="Viewed",
        max_rejects=1,
        profile_columns='{"email": "Email", "city": "{{ "City" }}"}',
    )
    assert task.state == "success"
    assert (summary["kind"], summary["accepted"], summary["invalid"], summary["codes"]) == ("events", 1, 1, {"515": 1})
    assert [event["data"] for event in emulator.events()] == [{"sku": "a"}]
    profile = emulator.profile("u-1")
    assert (profile["uploads"], profile["data"]) == (1, {"Email": "u1@example.com", "City": "Pune"})


def test_order_lines_become_orders_as_templates_say(run: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    path = tmp_path / "lines.csv"
    path.write_text("order,user,at,sku,price\n7,u-1,1767322800,a,1.5\n7,u-1,,b,2\n8,u-2,1767322801,a,x\n")
    task, summary = run(
        CleverTapUploadEventsOperator,
        source=str(path),
        columns={"order": "Charged ID", "user": "identity", "at": "ts"},
        group_by="{{ 'order' }}",
        items='{"sku": "SKU", "price": {"name": "{{ "Price" }}", "type": "float"}}',
        max_rejects=1,
    )
    assert task.state == "success"
    assert (summary["rows"], summary["accepted"], summary["invalid"]) == (3, 2, 1)
    (event,) = emulator.events()
    assert event["data"] == {"Charged ID": "7", "Items": [{"SKU": "a", "Price": 1.5}, {"SKU": "b", "Price": 2}]}


def test_items_without_an_order_are_final(run: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    path = tmp_path / "lines.csv"
    path.write_text("identity,ts,sku\nu-1,1767322800,a\n")
    task, _ = run(CleverTapUploadEventsOperator, source=str(path), items=["sku"], retries=2)
    assert (task.state, task.try_number) == ("failed", 1)
    assert emulator.requests() == []


def test_profile_columns_that_cannot_be_used_are_final(
    run: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    path = tmp_path / "views.csv"
    path.write_text("identity,ts\nu-1,1767322800\n")
    task, _ = run(
        CleverTapUploadEventsOperator, source=str(path), event_name="Viewed", profile_columns=["ts"], retries=2
    )
    assert (task.state, task.try_number) == ("failed", 1)
    assert emulator.requests() == []


def test_an_event_name_that_cannot_be_used_is_final(run: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    path = tmp_path / "views.csv"
    path.write_text("identity,ts\nu-1,1767322800\n")
    task, _ = run(CleverTapUploadEventsOperator, source=str(path), event_name="App Launched", retries=2)
    assert (task.state, task.try_number) == ("failed", 1)
    assert emulator.requests() == []


def test_device_tokens_are_loaded_and_stand_in_no_log(
    run: Any, connection: str, emulator: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    from airflow_provider_clevertap.operators.device_tokens import CleverTapUploadDeviceTokensOperator

    path = tmp_path / "tokens.csv"
    path.write_text("objectId,token,type\n__d1,SECRETTOKEN77,fcm\n__d2,SECRETTOKEN88,pager\n")
    task, summary = run(CleverTapUploadDeviceTokensOperator, source=str(path), max_rejects=1)
    assert task.state == "success"
    assert (summary["kind"], summary["accepted"], summary["codes"]) == ("device tokens", 1, {"534": 1})
    assert emulator.tokens("__d1")[0]["token"] == "SECRETTOKEN77"
    printed = capfd.readouterr()
    assert "SECRETTOKEN" not in caplog.text + printed.out + printed.err
