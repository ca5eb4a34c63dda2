"""Subscriptions in a real Airflow: the operator, the decorator and the hook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow]

PHONE = "+919812345678"


@pytest.fixture
def dag(tmp_path: Path) -> Any:
    from airflow.providers.common.compat.sdk import DAG

    return DAG(f"subscriptions_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1))


def stored(emulator: Any) -> dict[tuple[str, str], str]:
    return {(one["type"], one["value"]): one["status"] for one in emulator.subscriptions()}


def test_the_operator_with_templated_arguments(
    dag: Any, run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    from airflow_provider_clevertap.operators.subscriptions import CleverTapUpdateSubscriptionsOperator

    path = tmp_path / "numbers.csv"
    path.write_text(f"number,note\n{PHONE},a\n98123 45679,b\n{PHONE},c\nnobody,d\n0919812345678,e\n")
    with dag:
        CleverTapUpdateSubscriptionsOperator(
            task_id="load",
            source=str(path),
            columns={"number": "value"},
            channel="{{ 'phone' }}",
            status="{{ 'unsub' + 'scribe' }}",
            default_country="IN",
            phone_check="{{ 'possible' }}",
            max_rejects=1,
        )
    dag_run = run_dag(dag)
    assert dag_run.state == "success"
    summary = returned(dag_run, "load")
    assert {key: summary[key] for key in ("kind", "rows", "accepted", "invalid", "skipped")} == {
        "kind": "subscriptions", "rows": 5, "accepted": 3, "invalid": 1, "skipped": 1,
    }  # fmt: skip
    numbers = (PHONE, "+919812345679", "+91919812345678")
    assert stored(emulator) == {("phone", number): "Unsubscribe" for number in numbers}


@pytest.mark.parametrize("arguments", [{"status": "gone"}, {"dry_run": "server"}, {"status": "Unsubscribe"}], ids=str)
def test_what_is_not_allowed_is_final(
    dag: Any, run_dag: Any, connection: str, emulator: Any, tmp_path: Path, arguments: dict[str, Any]
) -> None:
    from airflow_provider_clevertap.operators.subscriptions import CleverTapUpdateSubscriptionsOperator

    path = tmp_path / "choices.csv"
    path.write_text(f"type,value,status\nphone,{PHONE},Unsubscribe\n")
    with dag:
        CleverTapUpdateSubscriptionsOperator(task_id="load", source=str(path), retries=2, **arguments)
    (task,) = run_dag(dag).get_task_instances()
    assert (task.state, task.try_number) == ("failed", 1)
    assert emulator.requests() == []


def test_rows_from_a_function_and_the_hook(
    dag: Any, run_dag: Any, returned: Any, connection: str, emulator: Any
) -> None:
    pandas = pytest.importorskip("pandas")
    from airflow.providers.common.compat.sdk import task

    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

    with dag:

        @task.clevertap_subscriptions(columns={"address": "value"}, channel="email")  # type: ignore[attr-defined]
        def choices() -> Any:
            return pandas.DataFrame({"address": ["a@b.co", "c@d.co"], "status": ["Unsubscribe", "resubscribe"]})

        @task
        def back_again() -> dict[str, Any]:
            frame = pandas.DataFrame({"value": ["a@b.co"]})
            return CleverTapHook(connection).update_subscriptions(frame, channel="email", status="Resubscribe")

        choices() >> back_again()
    dag_run = run_dag(dag)
    assert dag_run.state == "success"
    assert returned(dag_run, "choices")["accepted"] == 2
    assert returned(dag_run, "back_again")["accepted"] == 1
    assert stored(emulator) == {("email", "a@b.co"): "Resubscribe", ("email", "c@d.co"): "Resubscribe"}
