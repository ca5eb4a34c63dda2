"""The page about queries as sources lists every option and the messages users see."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import MISSING, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

from airflow_provider_clevertap.exceptions import CleverTapError, FinalError, SourceError
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.loading.sources.sql.errors import connection_error, unreadable_error
from airflow_provider_clevertap.sources import SqlSource
from airflow_provider_clevertap.task_runtime.databases import find_database, with_query
from tests.support.doc_pages import code, spans, table


def test_all_options_are_documented() -> None:
    rows = table("sql-source.md", "Option of `SqlSource`")
    defaults = {
        option.name: "required" if option.default is MISSING else f"`{option.default!r}`"
        for option in fields(SqlSource)
    }
    assert {code(row[0]): row[1] for row in rows} == defaults
    assert {code(row[0]) for row in rows if "Templated" in row[2]} == set(SqlSource.template_fields)
    (chunk_rows,) = (row for row in rows if code(row[0]) == "chunk_rows")
    assert f"{BLOCK_ROWS} when not given" in chunk_rows[2]


@pytest.mark.airflow
@pytest.mark.usefixtures("airflow_db")
def test_documented_messages_are_the_real_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "shop.db"
    for name, fields_of in {
        "SHOP": {"conn_type": "sqlite", "host": str(database)},
        "NOWHERE": {"conn_type": "sqlite", "host": str(tmp_path / "no" / "directory.db")},
        "ODD": {"conn_type": "nosuch"},
        "CLEVERTAP": {"conn_type": "clevertap"},
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(fields_of))

    def read(conn_id: str, sql: str) -> Callable[[], Any]:
        return lambda: list(open_source(SqlSource(conn_id, sql), databases=find_database).blocks())

    def read_locked_table() -> None:
        monkeypatch.setattr(sqlite3, "connect", lambda *_, connect=sqlite3.connect, **__: connect(database, timeout=0))
        with closing(sqlite3.connect()) as other:
            other.execute("CREATE TABLE people (id)")
            other.execute("BEGIN EXCLUSIVE")
            read("shop", "SELECT * FROM people")()

    def read_without_connection() -> None:
        raise connection_error("warehouse", ConnectionRefusedError("Connection refused"))

    def read_infinity() -> None:
        raise unreadable_error("warehouse", ValueError("year is out of range"), rows_read=0)

    def read_missing_file() -> None:
        loader = jinja2.FileSystemLoader(tmp_path)
        task = SimpleNamespace(get_template_env=lambda: jinja2.Environment(loader=loader))  # noqa: S701
        with_query(SqlSource("shop", "queries/none.sql"), {"task": task})

    attempts: list[Callable[[], Any]] = [
        read("no_such_connection", "SELECT 1"),
        read("odd", "SELECT 1"),
        read("clevertap", "SELECT 1"),
        read("nowhere", "SELECT 1"),
        read_without_connection,
        read("shop", "SELECT nope"),
        read_infinity,
        read("shop", "PRAGMA user_version = 1"),
        read("shop", "SELECT 1 AS a, 2 AS a"),
        read_missing_file,
        read_locked_table,
    ]
    rows = table("sql-source.md", "Message")
    for row, attempt in zip(rows, attempts, strict=True):
        with pytest.raises(CleverTapError) as caught:
            attempt()
        assert spans(row[0])[0] in str(caught.value)
        assert row[2] == ("no" if isinstance(caught.value, FinalError) else "yes")
    with pytest.raises(SourceError, match=spans(rows[8][0])[1]):
        read("shop", "SELECT 1 AS ' '")()
