"""The profiles operator in a real Airflow, loading into a live emulator."""

from __future__ import annotations

import csv
import re
import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow]

GOOD = [{"id": f"c-{number}", "email": f"person{number}@example.com"} for number in range(1, 6)]
BAD = [{"id": "c-6", "email": "somebody.private"}, {"id": "c-7", "email": "someone.else@-example.com"}]


@pytest.fixture
def rows(tmp_path: Path) -> Any:
    def write(rows: list[dict[str, str]], name: str = "people.csv") -> str:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    return write


@pytest.fixture
def load(run_dag: Any, returned: Any, tmp_path: Path) -> Any:
    """Run one upload task in a DAG of its own; give the task instance and what it left in XCom."""

    def run(*, retries: int = 0, **arguments: Any) -> tuple[Any, Any]:
        from airflow.providers.common.compat.sdk import DAG

        from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

        with DAG(f"upload_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
            CleverTapUploadProfilesOperator(
                **({"columns": {"id": "identity"}} | arguments),
                task_id="load",
                retries=retries,
                retry_delay=timedelta(0),
            )
        dag_run = run_dag(dag)
        (task,) = dag_run.get_task_instances()
        return task, returned(dag_run, "load")

    return run


def test_rows_arrive_and_the_summary_is_returned(load: Any, rows: Any, connection: str, emulator: Any) -> None:
    task, summary = load(source=rows(GOOD))
    assert task.state == "success"
    assert (summary["rows"], summary["accepted"]) == (5, 5)
    assert summary["rejects_path"] is None
    assert emulator.profile("c-3")["data"]["Email"] == "person3@example.com"


def test_bad_rows_fail_the_task_for_good_after_the_rest_was_loaded(
    load: Any, rows: Any, connection: str, emulator: Any
) -> None:
    task, summary = load(source=rows(GOOD + BAD), retries=2)
    assert task.state == "failed"
    assert task.try_number == 1
    assert (summary["accepted"], summary["invalid"], summary["rejected"]) == (5, 1, 1)
    assert len(emulator.profiles()) == 5
    with Path(summary["rejects_path"]).open(encoding="utf-8", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [(row["id"], row["clevertap_outcome"]) for row in rejects] == [("c-6", "invalid"), ("c-7", "rejected")]


def test_templated_arguments_are_read_as_what_they_mean(load: Any, rows: Any, connection: str) -> None:
    task, summary = load(
        source=rows(GOOD + BAD),
        max_rejects="{{ 1 + 1 }}",
        max_in_flight="{{ 2 }}",
        dry_run="{{ none }}",
        default_country="{{ none }}",
        rejects_path="{{ none }}",
    )
    assert task.state == "success"
    assert summary["dry_run"] is None
    assert summary["rejects_path"].endswith("/load/rejects.csv")


def test_local_dry_run_needs_no_connection(load: Any, rows: Any) -> None:
    task, summary = load(source=rows(GOOD), dry_run="local", clevertap_conn_id="nowhere")
    assert task.state == "success"
    assert (summary["rows"], summary["requests"]) == (5, 0)


def test_server_dry_run_stores_nothing(load: Any, rows: Any, connection: str, emulator: Any) -> None:
    task, summary = load(source=rows(GOOD), dry_run="server")
    assert task.state == "success"
    assert summary["accepted"] == 5
    assert emulator.profiles() == []


def test_wrong_passcode_is_final(
    load: Any,
    rows: Any,
    connection: str,
    emulator: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = f"clevertap://{emulator.account_id}:not-the-passcode@{emulator.url.replace('http://', '')}/http"
    monkeypatch.setenv("AIRFLOW_CONN_CLEVERTAP_DEFAULT", wrong)
    task, _ = load(source=rows(GOOD + BAD[:1]), retries=2)
    assert (task.state, task.try_number) == ("failed", 1)
    log = "".join(capfd.readouterr()) + caplog.text
    assert re.search(r"ended early, after \d+\.\d s\. Rows with an outcome so far: 1\b", log)
    assert "Rejects file, so far: " in log


@pytest.mark.parametrize(
    "arguments",
    [
        {"source": "/nowhere/at/all.csv"},
        {"max_rejects": "few"},
        {"unmapped": "maybe"},
        {"columns": {"no_such_column": "Name"}},
        {"columns": "not json"},
        {"clevertap_conn_id": "regionless"},
        {"rejects_path": "nosuchstorage://bucket/rejects.csv"},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_mistakes_are_final(
    load: Any, rows: Any, connection: str, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REGIONLESS", "clevertap://ABC:secret@/")
    task, _ = load(**({"source": rows(GOOD)} | arguments), retries=2)
    assert (task.state, task.try_number) == ("failed", 1)


def test_a_server_that_cannot_be_reached_is_worth_a_retry(
    load: Any, rows: Any, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    from airflow_provider_clevertap.api.retry import RetryPolicy

    monkeypatch.setattr(RetryPolicy, "delay", lambda *_: 0.0)
    monkeypatch.setenv("AIRFLOW_CONN_CLEVERTAP_DEFAULT", f"clevertap://ABC:secret@127.0.0.1:{unused_port}/http")
    task, summary = load(source=rows(GOOD), retries=1)
    assert task.try_number == 2
    assert summary["accepted"] == 0


def test_a_frame_can_be_the_source_and_its_rows_stay_out_of_airflows_database(
    run_dag: Any, returned: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    import pandas as pd
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    frame = pd.DataFrame(GOOD)
    with DAG(f"frame_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        CleverTapUploadProfilesOperator(task_id="load", source=frame, columns={"id": "identity"})
    dag_run = run_dag(dag)
    assert returned(dag_run, "load")["accepted"] == 5
    shown = str(rendered_fields(dag_run, "load"))
    assert "FrameSource(DataFrame" in shown
    assert "person1" not in shown


def rendered_fields(dag_run: Any, task_id: str) -> Any:
    """Return what Airflow shows of a task's templated arguments."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(RenderedTaskInstanceFields.rendered_fields).where(
            RenderedTaskInstanceFields.run_id == dag_run.run_id, RenderedTaskInstanceFields.task_id == task_id
        )
        return session.execute(query).scalar()


def test_expanded_tasks_keep_their_rejects_apart(
    run_dag: Any, rows: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

    sources = [rows(GOOD[:3] + BAD[:1], "a.csv"), rows(GOOD[3:] + BAD[1:], "b.csv")]
    with DAG(f"mapped_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
        CleverTapUploadProfilesOperator.partial(
            task_id="load", columns={"id": "identity"}, max_rejects=1, artifacts_path=str(tmp_path / "left")
        ).expand(source=sources)
    dag_run = run_dag(dag)
    assert {task.state for task in dag_run.get_task_instances()} == {"success"}
    left = sorted(str(path.relative_to(tmp_path / "left")).split("/", 2)[2] for path in tmp_path.rglob("rejects.csv"))
    assert left == ["load/0/rejects.csv", "load/1/rejects.csv"]
    assert len(emulator.profiles()) == 5


def test_the_hook_loads_inside_a_task_function(
    run_dag: Any, returned: Any, rows: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    from airflow.providers.common.compat.sdk import DAG, task

    source = rows(GOOD + BAD)
    with DAG(f"hook_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1)) as dag:

        @task
        def load() -> Any:
            from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

            return CleverTapHook().upload_profiles(
                source, columns={"id": "identity"}, max_rejects=2, artifacts_path=str(tmp_path / "left")
            )

        load()
    summary = returned(run_dag(dag), "load")
    assert (summary["accepted"], summary["rejected"], summary["invalid"]) == (5, 1, 1)
    assert summary["rejects_path"].startswith(str(tmp_path / "left"))
    assert Path(summary["rejects_path"]).exists()


@pytest.mark.parametrize("kind", ["SourceError", "CleverTapUnavailableError"])
def test_what_a_library_quotes_stays_out_of_the_log(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    from airflow_provider_clevertap import exceptions
    from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
    from airflow_provider_clevertap.task_runtime.task_load import TaskLoad

    def fail(*_: Any, **__: Any) -> None:
        try:
            try:
                raise ValueError("could not convert 'somebody.private@example.com'")
            except ValueError as error:
                raise exceptions.CleverTapError("the file is truncated") from error
        except exceptions.CleverTapError as error:
            raise getattr(exceptions, kind)("people.csv cannot be read") from error

    monkeypatch.setattr(TaskLoad, "run", fail)
    operator = CleverTapUploadProfilesOperator(task_id="load", source="people.csv")
    with pytest.raises(Exception, match=r"people\.csv cannot be read") as caught:
        operator.execute({})
    logged = "".join(traceback.format_exception(caught.value))
    assert "the file is truncated" not in logged
    assert "somebody.private" not in logged
    assert logged.count("Traceback") == 1


def test_neither_secrets_nor_people_are_in_the_log(
    load: Any,
    rows: Any,
    connection: str,
    emulator: Any,
    airflow_home: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    load(source=rows(GOOD + BAD))
    output = capfd.readouterr()
    kept = [path.read_text(errors="replace") for path in airflow_home.glob("logs/**/*.log")]
    log = "\n".join([output.out, output.err, caplog.text, *kept])
    assert "5 accepted, 1 rejected, 1 invalid" in log
    assert "\n- 1 row invalid (column email, code 515): not an e-mail address [row 6]\n" in log
    assert "direct cause of" not in log
    assert "During handling of" not in log
    assert emulator.passcode not in log
    for person in GOOD + BAD:
        assert person["email"] not in log
