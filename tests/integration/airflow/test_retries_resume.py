"""Which rows a retry, a cleared task and a new run load: a retry resumes where the last attempt was interrupted."""

from __future__ import annotations

import csv
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

ROWS = 6_000
#: Identities in the third and in the fourth batch.
THIRD, FOURTH = "c-2000", "c-3000"


@pytest.fixture(autouse=True)
def short_retry_time(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_retry_resumes_where_the_attempt_before_was_interrupted(
    load: Any, connection: str, emulator: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    emulator.inject({"do": "reset", "identity": THIRD, "times": 1})
    task, summary = load(retries=1, on_unconfirmed="resend")
    assert (task.state, task.try_number) == ("success", 2)
    assert (summary["rows"], summary["accepted"], summary["invalid"]) == (ROWS + 1, ROWS, 1)
    assert summary["resumed_from_row"] == 2_001
    assert summary["resent"] == 1_000
    assert emulator.stats()["requests"] == summary["requests"] == 7
    identities = [event["identity"] for event in emulator.events()]
    assert len(identities) == len(set(identities)) == ROWS
    printed = capfd.readouterr()
    assert "Resumes at row 2,001, where an earlier attempt ended" in printed.out + printed.err
    airflow_keeps_it = not version("apache-airflow").startswith("2.")
    assert bool(list(tmp_path.rglob("checkpoint.json"))) != airflow_keeps_it
    with Path(summary["rejects_path"]).open(newline="") as file:
        assert [row["clevertap_row"] for row in csv.DictReader(file)] == [str(ROWS + 1)]


def test_rows_in_flight_are_not_resent_under_hold(load: Any, connection: str, emulator: Any) -> None:
    emulator.inject({"do": "status", "status": 429, "retry_after": 3_600, "identity": FOURTH, "times": 1})
    task, summary = load(retries=1, on_unconfirmed="hold")
    assert (task.state, task.try_number) == ("success", 2)
    assert (summary["resumed_from_row"], summary["unconfirmed"], summary["resent"]) == (3_001, 0, 0)
    assert emulator.stats()["stored"]["events"] == ROWS


def test_a_run_made_again_with_the_id_of_one_that_was_deleted_loads_all(
    run_dag: Any, connection: str, emulator: Any, views: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator
    from airflow_provider_clevertap.task_runtime import checkpoint_stores

    with DAG(f"again_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        CleverTapUploadEventsOperator(
            task_id="load",
            source=str(views),
            columns={"id": "identity"},
            event_name="Viewed",
            max_rejects=1,
            artifacts_path=str(tmp_path / "left"),
        )
    day = datetime(2026, 2, 1, tzinfo=UTC)
    # As airflow dags test does: in Airflow 2 the second run deletes the first, and has its id and its beginning.
    runs = []
    for _ in range(2):
        # As in a process of its own: in this one the second run's load would be taken for a second one of the first.
        monkeypatch.setattr(checkpoint_stores, "_started_loads", Counter())
        runs.append(run_dag(dag, at=day))
    assert [run.state for run in runs] == ["success", "success"]
    assert emulator.stats()["stored"]["events"] == 2 * ROWS


def test_a_frame_of_a_function_is_gone_on_with_and_a_generator_of_events_is_not(
    run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    import pandas as pd
    from airflow.providers.common.compat.sdk import DAG, task

    frame = pd.DataFrame({"id": [f"c-{number}" for number in range(ROWS)], "ts": 1_700_000_000})
    arguments: dict[str, Any] = {
        "columns": {"id": "identity"},
        "event_name": "Viewed",
        "max_in_flight": 1,
        "artifacts_path": str(tmp_path / "left"),
        "retries": 1,
        "retry_delay": timedelta(0),
    }
    with DAG(f"functions_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:

        @task.clevertap_events(**arguments)
        def one_frame() -> Any:
            return frame

        @task.clevertap_events(**arguments, trigger_rule="all_done")
        def frames() -> Any:
            yield frame

        one_frame() >> frames()
    emulator.inject({"do": "reset", "identity": THIRD, "times": 1})
    # The first rule has struck the frame's batch; of those this one sees, the first is that batch sent again.
    emulator.inject({"do": "reset", "identity": THIRD, "skip": 1, "times": 1})
    dag_run = run_dag(dag)
    tasks = {one.task_id: (one.state, one.try_number) for one in dag_run.get_task_instances()}
    assert tasks == {"one_frame": ("success", 2), "frames": ("failed", 2)}
    assert returned(dag_run, "one_frame")["resumed_from_row"] == 2_001


def test_the_hook_goes_on_with_each_of_its_loads(
    run_dag: Any, returned: Any, connection: str, emulator: Any, views: Path, tmp_path: Path
) -> None:
    from airflow.providers.common.compat.sdk import DAG, task

    with DAG(f"hook_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:

        @task(retries=1, retry_delay=timedelta(0))
        def load_twice() -> Any:
            from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

            options: dict[str, Any] = {
                "columns": {"id": "identity"},
                "max_rejects": 1,
                "max_in_flight": 1,
                "artifacts_path": str(tmp_path / "left"),
            }
            hook = CleverTapHook()
            return [
                hook.upload_profiles(str(views), **options),
                hook.upload_events(str(views), event_name="V", **options),
            ]

        load_twice()
    emulator.inject({"do": "reset", "identity": THIRD, "skip": 1, "times": 1})  # the first is that of the profiles
    first, second = returned(run_dag(dag), "load_twice")
    assert (first["resumed_from_row"], first["requests"]) == (ROWS + 2, 6)
    assert (second["resumed_from_row"], second["requests"]) == (2_001, 7)
    assert emulator.stats()["requests"] == 13
    assert len(emulator.events()) == ROWS


def test_loads_in_threads_each_go_on_from_their_own_place(
    run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat.sdk import DAG, task

    from airflow_provider_clevertap.task_runtime import checkpoint_stores

    names, begun, tries = ["a", "b", "c", "d"], threading.Semaphore(0), []
    for place, name in enumerate(names):
        rows = "".join(f"{name}-{number},{1_700_000_000 + number}\n" for number in range(4_500))
        (tmp_path / f"{name}.csv").write_text(f"id,ts\n{rows}")
        emulator.inject({"do": "reset", "identity": f"{name}-{place * 1_000 + 500}", "times": 1})
    made = checkpoint_stores.checkpoint_store

    def counted(*arguments: Any, **options: Any) -> Any:
        try:
            return made(*arguments, **options)
        finally:
            begun.release()

    monkeypatch.setattr(checkpoint_stores, "checkpoint_store", counted)

    with DAG(f"threads_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:

        @task(retries=1, retry_delay=timedelta(0))
        def load_all() -> Any:
            from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

            def load(name: str) -> Any:
                return CleverTapHook().upload_events(
                    str(tmp_path / f"{name}.csv"),
                    columns={"id": "identity"},
                    event_name="Viewed",
                    max_in_flight=1,
                    artifacts_path=str(tmp_path / "left"),
                    rejects_path=str(tmp_path / f"{name}-rejects.csv"),
                    report_path=str(tmp_path / f"{name}-report.json"),
                )

            tries.append(1)
            with ThreadPoolExecutor(4) as threads:
                loads = {}
                for name in names if len(tries) == 1 else reversed(names):
                    loads[name] = threads.submit(load, name)
                    assert begun.acquire(timeout=300)
            return [loads[name].result() for name in names]

        load_all()
    summaries = returned(run_dag(dag), "load_all")
    assert [summary["resumed_from_row"] for summary in summaries] == [1, 1_001, 2_001, 3_001]
    assert [summary["rows"] for summary in summaries] == [4_500] * 4
    assert len(tries) == 2
    identities = [event["identity"] for event in emulator.events()]
    assert len(identities) == len(set(identities)) == 4 * 4_500


def test_a_retry_of_a_load_that_was_complete_sends_nothing_and_a_clear_sends_all(
    airflow_db: Path, connection: str, emulator: Any, views: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from types import SimpleNamespace

    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    operator = CleverTapUploadEventsOperator(
        task_id="load",
        source=str(views),
        columns={"id": "identity"},
        event_name="Viewed",
        max_rejects=1,
        artifacts_path=str(tmp_path / "left"),
    )

    def run(try_number: int, max_tries: int) -> Any:
        names = {"dag_id": "d", "run_id": "r", "task_id": "load", "map_index": -1}
        return operator.execute({"ti": SimpleNamespace(**names, try_number=try_number, max_tries=max_tries)})  # type: ignore[arg-type]

    assert run(1, 1)["requests"] == 6
    retried = run(2, 1)
    assert (retried["requests"], retried["accepted"], retried["resumed_from_row"]) == (6, ROWS, ROWS + 2)
    assert emulator.stats()["requests"] == 6
    cleared = run(3, 3)
    assert (cleared["requests"], cleared["resumed_from_row"]) == (6, None)
    assert emulator.stats()["requests"] == 12
