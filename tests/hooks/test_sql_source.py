"""Queries as sources where Airflow meets them: connections, templates and files, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError, StorageUnavailableError
from airflow_provider_clevertap.loading.sources import SqlSource, open_source

# All in one group, so that one server and one Airflow do for all.
pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]

#: One person at every noon and midnight of January 2026.
PEOPLE = [
    (f"c-{hour}", f"person{hour}@example.com", (dt.datetime(2026, 1, 1) + dt.timedelta(hours=hour)).isoformat(" "))
    for hour in range(0, 31 * 24, 12)
]
WINDOW = """\
-- the people of one interval: {{ task.task_id }}
SELECT id, email
FROM people
WHERE at >= '{{ data_interval_start.strftime("%Y-%m-%d %H:%M:%S") }}'
  AND at < '{{ data_interval_end.strftime("%Y-%m-%d %H:%M:%S") }}'
ORDER BY at
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Fill a SQLite database; give the id of its connection."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE people (id TEXT, email TEXT, at TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", PEOPLE)
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "shop.db")}))
    return "shop"


@pytest.fixture
def warehouse(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Fill a PostgreSQL database; give the id of its connection."""
    postgres.execute("DROP TABLE IF EXISTS people; CREATE TABLE people (id text, email text, at timestamptz)")
    with postgres.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO people VALUES (%s, %s, %s::timestamp AT TIME ZONE 'UTC')", PEOPLE)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.connection_json())
    return "warehouse"


def found(conn_id: str, sql: str, parameters: Any = None, **options: Any) -> list[dict[str, Any]]:
    """Run a query through an Airflow connection; give its rows."""
    from airflow_provider_clevertap.hooks.sql_source import find_database

    source = open_source(SqlSource(conn_id, sql, parameters, **options), databases=find_database)
    return [row for block in source.blocks() for row in block.rows(range(len(block)))]


@pytest.fixture
def run(run_dag: Any, returned: Any, tmp_path: Path) -> Any:
    """Load by one task; give the DAG run, the task instance and what is in XCom, for every day asked for."""

    def run(source: Any, *days: int, mapped: bool = False, **arguments: Any) -> list[tuple[Any, Any, Any]]:
        from airflow.providers.common.compat.sdk import DAG
        from airflow.timetables.interval import CronDataIntervalTimetable

        from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

        with DAG(
            f"sql_{tmp_path.name}",
            schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
            start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            catchup=False,
            template_searchpath=[str(tmp_path)],
        ) as dag:
            ours = {"task_id": "load", "columns": {"id": "identity"}, "retry_delay": dt.timedelta(0)} | arguments
            if mapped:
                CleverTapUploadProfilesOperator.partial(source=source, **ours).expand(max_rejects=[0])
            else:
                CleverTapUploadProfilesOperator(source=source, **ours)
        runs = []
        for day in days or (2,):
            dag_run = run_dag(dag, at=dt.datetime(2026, 1, day, tzinfo=dt.UTC))
            (task,) = dag_run.get_task_instances()
            runs.append((dag_run, task, returned(dag_run, "load")))
        return runs

    return run


class TestConnections:
    def test_any_database_hook_will_do(self, shop: str) -> None:
        rows = found(shop, "SELECT id FROM people WHERE email = :email", {"email": "person12@example.com"})
        assert rows == [{"id": "c-12"}]

    @pytest.mark.usefixtures("airflow_db")
    def test_one_that_does_not_exist(self) -> None:
        with pytest.raises(ConfigurationError, match="there is no connection 'nowhere'"):
            found("nowhere", "SELECT 1 AS one")

    @pytest.mark.parametrize(
        ("conn_type", "problem"),
        [("clevertap", "does not lead to a database"), ("nosuch", "no hook for it can be used here")],
    )
    def test_one_that_is_no_database(self, monkeypatch: pytest.MonkeyPatch, conn_type: str, problem: str) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": conn_type, "password": "WQX-1"}))
        with pytest.raises(ConfigurationError, match=problem) as caught:
            found("other", "SELECT 1 AS one")
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
    """Give what Airflow shows of the task's source."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(RenderedTaskInstanceFields.rendered_fields).where(
            RenderedTaskInstanceFields.run_id == dag_run.run_id, RenderedTaskInstanceFields.dag_id == dag_run.dag_id
        )
        return str(session.execute(query).scalar()["source"])


TYPES = """
SELECT 1 AS whole, 12.50::numeric(10, 2) AS money, 1.5::float8 AS real, true AS flag, '007' AS text,
    '2026-01-02'::date AS day, '2026-01-02 03:04:05+05:30'::timestamptz AS at,
    '2026-01-02 03:04:05'::timestamp AS naive,
    '{"a": [1, {"b": null}]}'::jsonb AS document, ARRAY['x', 'y'] AS list, '\\x00ff'::bytea AS bytes,
    'e3e70682-c209-4cac-629f-6fbed82c07cd'::uuid AS uuid, NULL::int AS nothing
"""

DRAIN = """
import resource, sys
import pandas, pyarrow.compute
from airflow_provider_clevertap.hooks.sql_source import find_database
from airflow_provider_clevertap.loading.sources import SqlSource, open_source

def count(rows):
    sql = f"SELECT i AS id, 'Name ' || i AS name, repeat('x', 80) AS text FROM generate_series(1, {rows}) AS i"
    return sum(map(len, open_source(SqlSource("warehouse", sql), databases=find_database).blocks()))

count(10_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = count(1_000_000)
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.postgres
class TestPostgres:
    def test_values_keep_their_types(self, warehouse: str) -> None:
        (row,) = found(warehouse, TYPES)
        assert row == {
            "whole": 1,
            "money": pytest.approx(12.5),
            "real": 1.5,
            "flag": True,
            "text": "007",
            "day": dt.date(2026, 1, 2),
            "at": dt.datetime(2026, 1, 1, 21, 34, 5, tzinfo=dt.UTC),
            "naive": dt.datetime(2026, 1, 2, 3, 4, 5),
            "document": {"a": [1, {"b": None}]},
            "list": ["x", "y"],
            "bytes": b"\x00\xff",
            "uuid": "e3e70682-c209-4cac-629f-6fbed82c07cd",
            "nothing": None,
        }
        assert str(row["money"]) == "12.50"

    def test_each_run_loads_its_own_window(self, run: Any, warehouse: str, connection: str, emulator: Any) -> None:
        window = {"start": "{{ data_interval_start }}", "end": "{{ data_interval_end }}"}
        source = SqlSource(
            warehouse,
            "SELECT id, email FROM people WHERE at >= %(start)s AND at < %(end)s AND email LIKE 'person%%'",
            window,
        )
        (_, _, first), (_, _, second) = run(source, 2, 3)
        assert (first["accepted"], second["accepted"]) == (2, 2)
        assert {profile["identity"] for profile in emulator.profiles()} == {"c-0", "c-12", "c-24", "c-36"}

    @pytest.mark.slow
    def test_a_million_rows_are_never_in_memory(self, warehouse: str) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DRAIN],
            env={**os.environ, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        rows, grown = map(int, done.stdout.split()[-2:])
        assert rows == 1_000_000
        assert grown < 24, f"{grown} MB for a result of 130 MB"

    def test_rows_come_while_the_query_is_still_running(self, warehouse: str) -> None:
        # All of it would take a quarter of an hour.
        from airflow_provider_clevertap.hooks.sql_source import find_database

        sql = "SELECT i AS id, pg_sleep(0.01)::text AS slept FROM generate_series(1, 100000) AS i"
        blocks = open_source(SqlSource(warehouse, sql, chunk_rows=10), databases=find_database).blocks()
        assert [next(blocks).first_row for _ in range(3)] == [1, 11, 21]
        blocks.close()  # type: ignore[attr-defined]

    def test_no_connection_is_left_open(self, warehouse: str, postgres: Any) -> None:
        with pytest.raises(SourceError, match=r"after 10 rows \(DivisionByZero: division by zero\)"):
            found(warehouse, "SELECT 1 / (i - 12) AS id FROM generate_series(1, 30) AS i", chunk_rows=5)
        with pytest.raises(SourceError):
            found(warehouse, "SELECT nope FROM people")
        assert found(warehouse, "SELECT count(*) AS people FROM people") == [{"people": len(PEOPLE)}]
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        end = time.monotonic() + 5  # the server takes a moment to see that a client has gone
        while postgres.execute(others) != [(0,)] and time.monotonic() < end:
            time.sleep(0.05)
        assert postgres.execute(others) == [(0,)]

    def test_nothing_is_changed(self, warehouse: str, postgres: Any) -> None:
        for sql in ("DELETE FROM people RETURNING id", "WITH gone AS (DELETE FROM people RETURNING id) TABLE gone"):
            with pytest.raises(SourceError):
                found(warehouse, sql)
        assert [(len(PEOPLE),)] == postgres.execute("SELECT count(*) FROM people")

    def test_a_connection_that_asks_for_other_rows(
        self, warehouse: str, postgres: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.connection_json(extra={"cursor": "dictcursor"}))
        assert found(warehouse, "SELECT 1 AS a, 2 AS b") == [{"a": 1, "b": 2}]
        with pytest.raises(SourceError, match="more than once: 'a'"):
            found(warehouse, "SELECT 1 AS a, 2 AS a")

    @pytest.mark.parametrize(
        ("sql", "said"),
        [
            ("SELECT nope FROM people", 'column "nope" does not exist'),
            ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
            ("SELEC 1", 'syntax error at or near "SELEC"'),
            ("SELECT email::int AS id FROM people", 'invalid input syntax for type integer: "…"'),
            ("SELECT %(secret)s::int AS id", 'invalid input syntax for type integer: "…"'),
            ("SELECT %(other)s AS id", "other"),
        ],
    )
    def test_what_the_database_refuses(self, warehouse: str, sql: str, said: str) -> None:
        with pytest.raises(SourceError) as caught:
            found(warehouse, sql, {"secret": "pg-parameter-1"} if "%" in sql else None)
        message = str(caught.value)
        assert said in message
        assert "connection 'warehouse'" in message
        assert "LINE 1" not in message
        for hidden in ("person", "pg-parameter-1", "PG-SECRET"):
            assert hidden not in message

    def test_a_connection_that_breaks_is_the_weather(self, warehouse: str, postgres: Any) -> None:
        from airflow_provider_clevertap.hooks.sql_source import find_database

        source = SqlSource(warehouse, "SELECT i AS id FROM generate_series(1, 1000000) AS i", chunk_rows=10)
        blocks = open_source(source, databases=find_database).blocks()
        next(blocks)
        postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        with pytest.raises(StorageUnavailableError, match="failed after 10 rows"):
            list(blocks)

    def test_a_server_that_is_not_there_is_worth_a_retry(
        self,
        run: Any,
        warehouse: str,
        connection: str,
        postgres: Any,
        unused_port: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.connection_json(port=unused_port))
        ((_, task, summary),) = run(SqlSource(warehouse, "SELECT id FROM people"), retries=1)
        assert (task.state, task.try_number) == ("failed", 2)
        assert summary["rows"] == 0

    def test_a_wrong_password_is_not_repeated(
        self, warehouse: str, postgres: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.connection_json(password="WRONG-PASSWORD-1"))
        with pytest.raises(StorageUnavailableError, match="password authentication failed") as caught:
            found(warehouse, "SELECT 1 AS id")
        assert "WRONG-PASSWORD-1" not in str(caught.value)
