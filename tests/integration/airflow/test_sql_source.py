"""Queries as sources where Airflow meets them: connections, templates and files, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.sources import SqlSource
from tests.support.people_in_databases import WINDOW, query_rows

# All in one group, so that one server and one Airflow do for all.
pytestmark = [pytest.mark.airflow]


class TestConnections:
    def test_any_database_hook_will_do(self, shop: str) -> None:
        rows = query_rows(shop, "SELECT id FROM people WHERE email = :email", {"email": "person12@example.com"})
        assert rows == [{"id": "c-12"}]

    @pytest.mark.usefixtures("airflow_db")
    def test_one_that_does_not_exist(self) -> None:
        with pytest.raises(ConfigurationError, match="there is no connection 'nowhere'"):
            query_rows("nowhere", "SELECT 1 AS one")

    @pytest.mark.parametrize(
        ("conn_type", "problem"),
        [
            ("clevertap", "is not a connection to an SQL database"),
            ("nosuch", "no hook for it is available here.*the Airflow provider for this type"),
            ("snowflake", "no hook for it is available here.*Install apache-airflow-providers-snowflake"),
            ("generic", "no hook for it is available here.*Airflow has this type for connections whose provider is"),
        ],
    )
    def test_one_that_is_no_database(self, monkeypatch: pytest.MonkeyPatch, conn_type: str, problem: str) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": conn_type, "password": "WQX-1"}))
        with pytest.raises(ConfigurationError, match=problem) as caught:
            query_rows("other", "SELECT 1 AS one")
        assert f"Connection 'other' of type {conn_type!r}" in str(caught.value)


class TestTasks:
    def test_each_run_loads_its_own_window(self, run: Any, shop: str, connection: str, emulator: Any) -> None:
        # Both runs are of one DAG in one process, and render the same source.
        source = SqlSource(conn_id="{{ 'shop' }}", sql=WINDOW)
        (_, _, first), (_, _, second) = run(source, 2, 3)
        assert (first["accepted"], second["accepted"]) == (2, 2)
        # 1 January at 0:00 and 12:00, then 2 January; midnight belongs to the later day.
        assert {profile["identity"] for profile in emulator.profiles()} == {"c-0", "c-12", "c-24", "c-36"}
        assert source == SqlSource(conn_id="{{ 'shop' }}", sql=WINDOW)

    def test_parameters_are_rendered_too(self, run: Any, shop: str, connection: str, emulator: Any) -> None:
        start = "{{ data_interval_start.strftime('%Y-%m-%d %H:%M:%S') }}"
        source = SqlSource(shop, "SELECT id, email FROM people WHERE at = :start", {"start": start})
        run(source, 5)
        assert [profile["identity"] for profile in emulator.profiles()] == [f"c-{3 * 24}"]

    @pytest.mark.parametrize("mapped", [False, True])
    def test_a_file_is_read_and_rendered(
        self, run: Any, shop: str, connection: str, emulator: Any, tmp_path: Path, mapped: bool
    ) -> None:
        (tmp_path / "queries").mkdir()
        (tmp_path / "queries" / "people.sql").write_text("{% include 'queries/window.sql' %}\n", encoding="utf-8")
        (tmp_path / "queries" / "window.sql").write_text(WINDOW, encoding="utf-8")
        source = SqlSource(shop, "queries/{{ 'people' }}.sql")
        ((dag_run, _, _), *_) = run(source, 2, 3, mapped=mapped)
        assert {profile["identity"] for profile in emulator.profiles()} == {"c-0", "c-12", "c-24", "c-36"}
        shown = rendered(dag_run)
        assert "-- the people of one interval: load" in shown
        assert "2026-01-01 00:00:00" in shown

    def test_no_rows_are_a_success(self, run: Any, shop: str, connection: str) -> None:
        ((_, task, summary),) = run(SqlSource(shop, "SELECT id, email FROM people WHERE false"))
        assert task.state == "success"
        assert (summary["rows"], summary["requests"]) == (0, 0)

    @pytest.mark.parametrize(
        "source",
        [
            SqlSource("nowhere", "SELECT 1 AS id"),
            SqlSource("shop", "SELECT id, id FROM people"),
            SqlSource("shop", "SELECT nope FROM people"),
            SqlSource("shop", "queries/none.sql"),
            SqlSource("shop", "{{ none }}"),
        ],
        ids=["connection", "names", "sql", "file", "nothing"],
    )
    def test_mistakes_are_final(self, run: Any, shop: str, connection: str, source: SqlSource) -> None:
        ((_, task, _),) = run(source, retries=2)
        assert (task.state, task.try_number) == ("failed", 1)

    def test_neither_rows_nor_parameters_are_shown(
        self,
        run: Any,
        shop: str,
        connection: str,
        airflow_home: Path,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        sql = "SELECT id, email, json_extract(:secret, '$') AS x FROM people"
        ((dag_run, task, _),) = run(SqlSource(shop, sql, {"secret": "sq-parameter-1"}))
        assert task.state == "failed"
        output = capfd.readouterr()
        kept = [path.read_text(errors="replace") for path in airflow_home.glob("logs/**/*.log")]
        log = "\n".join([output.out, output.err, caplog.text, *kept])
        assert "malformed JSON" in log
        for secret in ("sq-parameter-1", "person12@"):
            assert secret not in log
        assert "sq-parameter-1" not in rendered(dag_run)

    def test_a_hook_in_a_task_function_finds_the_file_as_well(
        self, run_dag: Any, shop: str, connection: str, emulator: Any, tmp_path: Path
    ) -> None:
        from airflow.providers.common.compat.sdk import DAG, task

        (tmp_path / "people.sql").write_text("SELECT id, email FROM people WHERE id = '{{ params.who }}'")
        with DAG(
            f"sql_hook_{tmp_path.name}",
            schedule=None,
            start_date=dt.datetime(2026, 1, 1),
            params={"who": "c-36"},
            template_searchpath=[str(tmp_path)],
        ) as dag:

            @task
            def load() -> Any:
                from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

                return CleverTapHook().upload_profiles(SqlSource("shop", "people.sql"), columns={"id": "identity"})

            load()
        run_dag(dag)
        assert [profile["identity"] for profile in emulator.profiles()] == ["c-36"]


def rendered(dag_run: Any) -> str:
    """Return what Airflow shows of the task's source."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(RenderedTaskInstanceFields.rendered_fields).where(
            RenderedTaskInstanceFields.run_id == dag_run.run_id, RenderedTaskInstanceFields.dag_id == dag_run.dag_id
        )
        return str(session.execute(query).scalar()["source"])
