"""Queries as sources on a real PostgreSQL: types, memory, connections and what it refuses."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import SourceError, StorageUnavailableError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.loading.sources.sql.query import Database, QuerySource
from airflow_provider_clevertap.records.unreadable import UnreadableValue
from airflow_provider_clevertap.sources import SqlSource
from tests.support.people_in_databases import PEOPLE, query_rows

# All in one group, so that one server and one Airflow do for all.
pytestmark = [pytest.mark.airflow]

TYPES = """
SELECT 1 AS whole, 12.50::numeric(10, 2) AS money, 1.5::float8 AS real, true AS flag, '007' AS text,
    '2026-01-02'::date AS day, '2026-01-02 03:04:05+05:30'::timestamptz AS at,
    '2026-01-02 03:04:05'::timestamp AS naive,
    '{"a": [1, {"b": null}]}'::jsonb AS document, ARRAY['x', 'y'] AS list, '\\x00ff'::bytea AS bytes,
    'e3e70682-c209-4cac-629f-6fbed82c07cd'::uuid AS uuid, NULL::int AS nothing
"""

#: Expressions of values that Python has none for, and a part of what the rejects file shows.
UNREADABLE = {
    "'infinity'::date": "infinity",
    "'-infinity'::timestamp": "-infinity",
    "'infinity'::timestamptz": "infinity",
    "'0044-03-15 BC'::date": "BC",
    "'10000-01-01'::timestamp": "10000-01-01",
    "'24:00:00'::time": "24:00:00",
    "'24:00:00+05'::timetz": "24:00:00+05",
    "interval '1 year'": "365 days",
}


def connect(driver: str, server: Any) -> Any:
    """Return a connection of a driver as Airflow's hook opens it."""
    address = {"host": "127.0.0.1", "port": server.port, "user": server.user, "password": server.password}
    return importlib.import_module(driver).connect(dbname="postgres", **address)


DRAIN = """
import resource, sys
import pandas, pyarrow.compute
from airflow_provider_clevertap.task_runtime.databases import find_database
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import SqlSource

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
        (row,) = query_rows(warehouse, TYPES)
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

    @pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
    def test_what_python_cannot_hold_makes_its_own_row_invalid(self, postgres: Any, driver: str) -> None:
        columns = ", ".join(f"{value} AS c{number}" for number, value in enumerate(UNREADABLE))
        sql = f"SELECT {columns} FROM generate_series(1, 2)"  # noqa: S608
        source = QuerySource(
            Database(lambda: connect(driver, postgres)), conn_id="x", sql=sql, parameters=None, chunk_rows=10
        )
        (block,) = source.blocks()
        for row in block.rows([0, 1]):
            for (cell, text), (value, shown) in zip(row.items(), UNREADABLE.items(), strict=True):
                assert isinstance(text, UnreadableValue), (cell, value, text)
                assert shown in text.text

    @pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
    def test_dates_that_python_can_hold_keep_their_types(self, postgres: Any, driver: str) -> None:
        sql = "SELECT d, d::timestamp AS t, d::timestamptz AS z FROM (SELECT '9999-12-30'::date AS d) AS days"
        source = QuerySource(
            Database(lambda: connect(driver, postgres)), conn_id="x", sql=sql, parameters=None, chunk_rows=10
        )
        (block,) = source.blocks()
        (row,) = block.rows([0])
        assert row["d"] == dt.date(9999, 12, 30)
        assert row["t"] == dt.datetime(9999, 12, 30)
        assert row["z"] == dt.datetime(9999, 12, 29, 18, 30, tzinfo=dt.UTC)

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

    def test_a_numeric_that_is_a_whole_number_is_an_identity(
        self, run: Any, warehouse: str, connection: str, emulator: Any
    ) -> None:
        sql = "SELECT id FROM (VALUES (1, 123::numeric), (2, 124.00), (3, 125.50)) AS rows (row, id) ORDER BY row"
        ((_, _, summary),) = run(SqlSource(warehouse, sql), max_rejects=1)
        assert (summary["accepted"], summary["invalid"]) == (2, 1)
        assert {profile["identity"] for profile in emulator.profiles()} == {"123", "124"}

    @pytest.mark.slow
    def test_a_million_rows_are_never_in_memory(self, warehouse: str) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DRAIN],
            env={**os.environ, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        rows, grown = map(int, done.stdout.split()[-2:])
        assert rows == 1_000_000
        assert grown < 24, f"{grown} MB for a result of 130 MB"

    def test_rows_come_while_the_query_is_still_running(self, warehouse: str) -> None:
        # All of it would take a quarter of an hour.
        from airflow_provider_clevertap.task_runtime.databases import find_database

        sql = "SELECT i AS id, pg_sleep(0.01)::text AS slept FROM generate_series(1, 100000) AS i"
        blocks = open_source(SqlSource(warehouse, sql, chunk_rows=10), databases=find_database).blocks()
        assert [next(blocks).first_row for _ in range(3)] == [1, 11, 21]
        blocks.close()  # type: ignore[attr-defined]

    def test_no_connection_is_left_open(self, warehouse: str, postgres: Any) -> None:
        with pytest.raises(SourceError, match=r"after 10 rows \(DivisionByZero: division by zero\)"):
            query_rows(warehouse, "SELECT 1 / (i - 12) AS id FROM generate_series(1, 30) AS i", chunk_rows=5)
        with pytest.raises(SourceError):
            query_rows(warehouse, "SELECT nope FROM people")
        assert query_rows(warehouse, "SELECT count(*) AS people FROM people") == [{"people": len(PEOPLE)}]
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        end = time.monotonic() + 120  # the server takes a moment to see that a client has gone
        while postgres.execute(others) != [(0,)] and time.monotonic() < end:
            time.sleep(0.05)
        assert postgres.execute(others) == [(0,)]

    def test_nothing_is_changed(self, warehouse: str, postgres: Any) -> None:
        for sql in ("DELETE FROM people RETURNING id", "WITH gone AS (DELETE FROM people RETURNING id) TABLE gone"):
            with pytest.raises(SourceError):
                query_rows(warehouse, sql)
        assert [(len(PEOPLE),)] == postgres.execute("SELECT count(*) FROM people")

    def test_a_connection_that_asks_for_other_rows(
        self, warehouse: str, postgres: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.connection_json(extra={"cursor": "dictcursor"}))
        assert query_rows(warehouse, "SELECT 1 AS a, 2 AS b") == [{"a": 1, "b": 2}]
        with pytest.raises(SourceError, match="more than once: 'a'"):
            query_rows(warehouse, "SELECT 1 AS a, 2 AS a")

    @pytest.mark.parametrize(
        ("sql", "reason"),
        [
            ("SELECT nope FROM people", 'column "nope" does not exist'),
            ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
            ("SELEC 1", 'syntax error at or near "SELEC"'),
            ("SELECT email::int AS id FROM people", 'invalid input syntax for type integer: "…"'),
            ("SELECT %(secret)s::int AS id", 'invalid input syntax for type integer: "…"'),
            ("SELECT %(other)s AS id", "other"),
        ],
    )
    def test_queries_the_database_rejects(self, warehouse: str, sql: str, reason: str) -> None:
        with pytest.raises(SourceError) as caught:
            query_rows(warehouse, sql, {"secret": "pg-parameter-1"} if "%" in sql else None)
        message = str(caught.value)
        assert reason in message
        assert "connection 'warehouse'" in message
        assert "LINE 1" not in message
        for hidden in ("person", "pg-parameter-1", "PG-SECRET"):
            assert hidden not in message

    def test_a_connection_that_breaks_is_the_weather(self, warehouse: str, postgres: Any) -> None:
        from airflow_provider_clevertap.task_runtime.databases import find_database

        source = SqlSource(warehouse, "SELECT i AS id FROM generate_series(1, 1000000) AS i", chunk_rows=10)
        blocks = open_source(source, databases=find_database).blocks()
        next(blocks)
        postgres.execute(
            "SELECT pg_terminate_backend(pid, 120000) FROM pg_stat_activity "  # and wait until it is gone
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
            query_rows(warehouse, "SELECT 1 AS id")
        assert "WRONG-PASSWORD-1" not in str(caught.value)
