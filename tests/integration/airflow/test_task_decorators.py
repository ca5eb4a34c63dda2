"""``@task.clevertap_...`` in a real Airflow: what a function gives is loaded by its own task."""

from __future__ import annotations

import csv
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

pytestmark = [pytest.mark.airflow]

COLUMNS = {"id": "identity"}
PEOPLE = {"id": ["c-1", "c-2", "c-3"], "plan": ["gold", "silver", "gold"]}


def task() -> Any:
    from airflow.providers.common.compat.sdk import task

    return task


@pytest.fixture
def run(run_dag: Any, returned: Any, tmp_path: Path) -> Any:
    """Run what is built in a DAG of its own; give its task instances and what task ``load`` left in XCom."""

    def run(build: Callable[[], Any], **options: Any) -> tuple[list[Any], Any]:
        from airflow.providers.common.compat.sdk import DAG

        default_args = {"retry_delay": timedelta(0), "artifacts_path": str(tmp_path / "left")}
        with DAG(
            f"decorated_{tmp_path.name}", schedule=None, start_date=datetime(2026, 1, 1), default_args=default_args
        ) as dag:
            build()
        dag_run = run_dag(dag, **options)
        return dag_run.get_task_instances(), returned(dag_run, "load")

    return run


@pytest.fixture
def load(run: Any) -> Any:
    """Run one decorated function; give its task instance and its summary."""

    def load(function: Callable[..., Any], *given: Any, **arguments: Any) -> tuple[Any, Any]:
        def build() -> None:
            task().clevertap_profiles(**({"task_id": "load", "columns": COLUMNS} | arguments))(function)(*given)

        (instance,), summary = run(build)
        return instance, summary

    return load


@pytest.fixture
def logged(caplog: Any, capsys: Any) -> Callable[[], str]:
    """Return what the tasks have logged; where it goes differs between releases of Airflow."""
    return lambda: caplog.text + "".join(capsys.readouterr())


@pytest.mark.parametrize("made", [pd.DataFrame, pl.DataFrame, pa.table, lambda of: [pd.DataFrame(of)]])
def test_a_frame_is_loaded_and_the_summary_is_all_that_is_in_xcom(
    made: Any, load: Any, connection: str, emulator: Any
) -> None:
    instance, summary = load(lambda: made(PEOPLE))
    assert instance.state == "success"
    assert (summary["kind"], summary["rows"], summary["accepted"]) == ("profiles", 3, 3)
    assert "gold" not in json.dumps(summary)
    assert emulator.profile("c-1")["data"]["plan"] == "gold"


def test_paths_globs_and_source_objects_are_loaded(load: Any, connection: str, emulator: Any, tmp_path: Path) -> None:
    from airflow_provider_clevertap.sources import CsvSource

    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"id\n{name}\n")
    (tmp_path / "c.txt").write_text("id;plan\nc;gold\n")
    given = [str(tmp_path / "a.csv"), tmp_path / "a.csv", [str(tmp_path / "b.csv")], str(tmp_path / "*.csv")]
    given.append(CsvSource(str(tmp_path / "c.txt"), delimiter=";"))
    assert [load(lambda it=it: it)[1]["accepted"] for it in given] == [1, 1, 1, 2, 1]
    assert emulator.profile("c")["data"] == {"plan": "gold"}


def test_yielded_frames_are_loaded_one_after_the_other(load: Any, connection: str, emulator: Any) -> None:
    def parts() -> Iterator[pd.DataFrame]:
        for part in range(3):
            yield pd.DataFrame({"id": [f"p-{part}-{row}" for row in range(10)]})

    instance, summary = load(parts)
    assert (instance.state, summary["accepted"]) == ("success", 30)
    assert len(emulator.profiles()) == 30


def test_a_generator_may_hold_what_only_one_thread_may_use(
    load: Any, connection: str, emulator: Any, tmp_path: Path
) -> None:
    """SQLite refuses a connection to every thread but the one that opened it, for closing too."""
    closed = []

    def parts() -> Iterator[pd.DataFrame]:
        database = sqlite3.connect(tmp_path / "people.sqlite")
        try:
            for number in range(3):
                ((found,),) = database.execute("SELECT ?", (f"s-{number}",)).fetchall()
                yield pd.DataFrame({"id": [found]})
        finally:
            database.close()
            closed.append(True)

    assert load(parts)[1]["accepted"] == 3
    # A mapping that cannot be used ends the load when the first frame has been taken.
    instance, _ = load(parts, columns={"id": "no.such$name"})
    assert (instance.state, closed) == ("failed", [True, True])


def test_what_the_run_knows_reaches_the_function(run: Any, connection: str, emulator: Any) -> None:
    def people(prefix: str, suffix: str, ds: Any = None, data_interval_start: Any = None) -> pd.DataFrame:
        return pd.DataFrame({"id": [f"{prefix}|{suffix}|{ds}|{data_interval_start:%Y}"]})

    def build() -> None:
        decorated = task().clevertap_profiles(task_id="load", columns="{{ params.columns | tojson }}")(people)
        decorated.override(params={"columns": COLUMNS})("{{ ds_nodash }}", suffix="{{ task.task_id }}")

    _, summary = run(build, at=datetime(2026, 3, 4, tzinfo=UTC))
    assert summary["accepted"] == 1
    assert emulator.profile("20260304|load|2026-03-04|2026")


def test_text_that_a_function_gives_is_no_template(load: Any, connection: str, tmp_path: Path) -> None:
    path = tmp_path / "{{ 7 * 7 }}.csv"
    path.write_text("id\nc-1\n")
    assert load(lambda: str(path))[1]["accepted"] == 1


def test_a_query_in_a_file_is_rendered(
    run_dag: Any, returned: Any, connection: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_clevertap.sources import SqlSource

    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "shop.db")}))
    (tmp_path / "people.sql").write_text("SELECT '{{ task.task_id }}' AS id")
    with DAG(
        "decorated_query", schedule=None, start_date=datetime(2026, 1, 1), template_searchpath=[str(tmp_path)]
    ) as dag:
        task().clevertap_profiles(task_id="load", columns=COLUMNS, artifacts_path=str(tmp_path / "left"))(
            lambda: SqlSource("shop", "people.sql")
        )()
    summary = returned(run_dag(dag), "load")
    assert summary["accepted"] == 1


def test_an_argument_may_come_from_another_task(run: Any, connection: str, emulator: Any) -> None:
    def build() -> None:
        @task()
        def find() -> list[str]:
            return ["x-1", "x-2"]

        @task().clevertap_profiles(task_id="load", columns=COLUMNS)
        def load(ids: list[str]) -> pd.DataFrame:
            return pd.DataFrame({"id": ids})

        load(find())

    _, summary = run(build)
    assert summary["accepted"] == 2


def test_mapped_over_its_arguments(run: Any, connection: str, emulator: Any) -> None:
    def build() -> None:
        @task().clevertap_profiles(task_id="load", columns=COLUMNS)
        def load(part: str, plan: str) -> pd.DataFrame:
            return pd.DataFrame({"id": [part], "plan": [plan]})

        load.partial(plan="gold").expand(part=["m-1", "m-2", "m-3"])

    instances, _ = run(build)
    assert sorted((one.map_index, one.state) for one in instances) == [(place, "success") for place in range(3)]
    assert {one["identity"] for one in emulator.profiles()} == {"m-1", "m-2", "m-3"}


def test_events_and_tokens(run: Any, connection: str, emulator: Any) -> None:
    def build() -> None:
        @task().clevertap_events(event_name="Store Visit", timestamp="now", columns=COLUMNS)
        def visits() -> pd.DataFrame:
            return pd.DataFrame({"id": ["c-1"], "Store": ["Pune"]})

        @task().clevertap_device_tokens
        def tokens() -> pd.DataFrame:
            return pd.DataFrame({"objectId": ["o-1"], "token": ["t-1"], "type": ["fcm"]})

        visits()
        tokens()

    instances, _ = run(build)
    assert {one.state for one in instances} == {"success"}
    assert emulator.events("c-1")[0]["name"] == "Store Visit"
    assert len(emulator.tokens()) == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (lambda: None, "the function '<lambda>' returned nothing. Let it return a DataFrame"),
        (lambda: 7, "a source cannot be of type int"),
        (lambda: {"id": "c-1"}, "a source cannot be of type dict"),
        (lambda: [{"id": "c-1"}], "one of the DataFrames is of type dict"),
        (lambda: [], "the list given as the source is empty"),
        (lambda: iter(()), "there is no DataFrame"),
        (lambda: iter([None]), "one of the DataFrames is of type NoneType"),
        (lambda: iter(["a.csv"]), "one of the DataFrames is of type str"),
        (lambda: iter([pd.DataFrame(PEOPLE), None]), "one of the DataFrames is of type NoneType"),
        (lambda: "nowhere.csv", "there is no such file"),
    ],
)
def test_what_cannot_be_loaded_fails_for_good(given: Any, reason: str, load: Any, connection: str, logged: Any) -> None:
    instance, _ = load(given, retries=2)
    assert (instance.state, instance.try_number) == ("failed", 1)
    assert reason in logged()


def test_bad_rows_fail_for_good_with_the_summary(load: Any, connection: str) -> None:
    instance, summary = load(lambda: pd.DataFrame({"id": ["c-1", "null"]}), retries=2)
    assert (instance.state, instance.try_number) == ("failed", 1)
    assert (summary["accepted"], summary["invalid"]) == (1, 1)
    with Path(summary["rejects_path"]).open(newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["null"]


class OwnError(Exception):
    """An error of the DAG's own."""


def test_a_function_that_raises_is_retried_like_any_task(load: Any, connection: str, logged: Any) -> None:
    def broken() -> pd.DataFrame:
        raise OwnError("the warehouse is closed")

    instance, summary = load(broken, retries=1)
    assert (instance.state, instance.try_number, summary) == ("failed", 2, None)
    assert "OwnError" in logged()


def test_a_generator_that_raises_midway_leaves_what_was_sent_settled(
    load: Any, connection: str, emulator: Any, logged: Any
) -> None:
    def parts() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"id": [*(f"c-{row}" for row in range(30_500)), "null"]})
        end = time.monotonic() + 300
        while emulator.stats()["stored"]["profiles"] < 10_000 and time.monotonic() < end:
            time.sleep(0.01)
        raise OwnError("the warehouse has closed")

    instance, summary = load(parts)
    assert instance.state == "failed"
    assert "OwnError" in logged()
    # Rows in flight at the interruption have an outcome; the others were never sent, and are in no count.
    assert summary["accepted"] == emulator.stats()["accepted"] == emulator.stats()["stored"]["profiles"]
    assert 10_000 <= summary["accepted"] <= 30_000
    assert emulator.stats()["in_flight"] == 0


def test_a_generator_may_skip_its_task(load: Any, connection: str) -> None:
    def parts() -> Iterator[pd.DataFrame]:
        from airflow.providers.common.compat.sdk import AirflowSkipException

        raise AirflowSkipException("nothing today")
        yield

    assert load(parts)[0].state == "skipped"


def test_wrong_arguments_are_reported_when_the_dag_is_read() -> None:
    async def later() -> pd.DataFrame:
        return pd.DataFrame()

    with pytest.raises(TypeError, match=r"@task.clevertap_profiles takes no source"):
        task().clevertap_profiles(source="a.csv")(lambda: None)()
    with pytest.raises(TypeError, match="async"):
        task().clevertap_profiles(later)()
    with pytest.raises(TypeError, match="named arguments"):
        task().clevertap_profiles("clevertap_default")
    with pytest.raises(Exception, match="no_such"):
        task().clevertap_profiles(no_such=1, task_id="load")(lambda: None)()


def test_documentation_and_annotations_of_the_function() -> None:
    @task().clevertap_profiles(columns=COLUMNS)
    def load() -> dict[str, Any]:
        """Load the best customers."""
        return {}

    made = load().operator
    assert made.task_id == "load"
    assert made.doc_md == "Load the best customers."
    assert made.multiple_outputs is False
    assert made.custom_operator_name == "@task.clevertap_profiles"
    assert "source" not in made.template_fields
