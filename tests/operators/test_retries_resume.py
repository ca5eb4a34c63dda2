"""What a retry, a clear and a new run of a task do: Airflow's own retries go on where the try before was broken off."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.xdist_group("airflow")]

ROWS = 6_000


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_clevertap.api.retry import RetryPolicy

    monkeypatch.setattr(RetryPolicy, "__post_init__", lambda policy: object.__setattr__(policy, "attempts", 1))


@pytest.fixture
def views(tmp_path: Path) -> Path:
    path = tmp_path / "views.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "ts"])
        writer.writerows((f"c-{number}", 1_700_000_000 + number) for number in range(ROWS))
        writer.writerow(["", "1700000000"])
    return path


@pytest.fixture
def load(run_dag: Any, returned: Any, views: Path, tmp_path: Path) -> Callable[..., tuple[Any, Any]]:
    """Run one upload task; give the task instance and its summary."""

    def run(*, retries: int = 0, source: Any = None, **arguments: Any) -> tuple[Any, Any]:
        from airflow.providers.common.compat.sdk import DAG

        from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

        with DAG(f"resume_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
            CleverTapUploadEventsOperator(
                task_id="load",
                source=str(views) if source is None else source,
                columns={"id": "identity"},
                event_name="Viewed",
                max_in_flight=1,
                max_rejects=1,
                artifacts_path=str(tmp_path / "left"),
                retries=retries,
                retry_delay=timedelta(0),
                **arguments,
            )
        dag_run = run_dag(dag)
        (task,) = dag_run.get_task_instances()
        return task, returned(dag_run, "load")

    return run


def test_a_retry_goes_on_where_the_try_before_was_broken_off(
    load: Any, connection: str, emulator: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    emulator.inject({"do": "reset", "skip": 2, "times": 1})
    task, summary = load(retries=1, on_unconfirmed="resend")
    assert (task.state, task.try_number) == ("success", 2)
    assert (summary["rows"], summary["accepted"], summary["invalid"]) == (ROWS + 1, ROWS, 1)
    assert summary["resumed_from_row"] == 2_001
    assert summary["resent"] == 1_000
    assert emulator.stats()["requests"] == summary["requests"] == 7
    identities = [event["identity"] for event in emulator.events()]
    assert len(identities) == len(set(identities)) == ROWS
    said = capfd.readouterr()
    assert "Goes on at row 2,001, where an earlier try ended" in said.out + said.err
    with Path(summary["rejects_path"]).open(newline="") as file:
        assert [row["clevertap_row"] for row in csv.DictReader(file)] == [str(ROWS + 1)]
