"""Queries as sources, with SQLite files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    LoadStoppedError,
    MappingError,
    SourceError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import SqlSource
from tests.support.sqlite_file import File, in_a_thread, local_load


class TestRows:
    def test_values_keep_their_types(self, file: File) -> None:
        row = {"text": "007", "digits": "9" * 40, "whole": 2**63 - 1, "real": 1.5, "none": None, "bytes": b"\x00\xff"}
        file.fill(tuple(row.values()), table=f"CREATE TABLE people ({', '.join(row)})")
        (block,) = file.open("SELECT * FROM people").blocks()
        assert block.rows([0]) == [row]
        assert {name: str(column.type) for name, column in block.columns.items()} == {
            "text": "string",
            "digits": "string",
            "whole": "int64",
            "real": "double",
            "none": "string",
        }
        assert block.objects == {"bytes": [b"\x00\xff"]}

    def test_a_column_of_mixed_types_keeps_every_value(self, file: File) -> None:
        values = [1, "1", 1.0, None, b"1", 2**62]
        file.fill(*[(value, "x", 0) for value in values])
        found = [row["id"] for row in file.rows("SELECT * FROM people ORDER BY rowid")]
        assert [(type(value), value) for value in found] == [(type(value), value) for value in values]

    @pytest.mark.parametrize("chunk_rows", [1, 7, 50, 51, None])
    def test_rows_are_numbered_through_the_chunks(self, file: File, chunk_rows: int | None) -> None:
        file.fill(*[(number, f"n{number}", None) for number in range(50)])
        source = file.open("SELECT * FROM people ORDER BY id", chunk_rows=chunk_rows)
        # read_rows holds the numbers of the blocks together
        rows = file.rows("SELECT * FROM people ORDER BY id", chunk_rows=chunk_rows)
        assert [row["id"] for row in rows] == list(range(50))
        assert max(map(len, source.blocks())) == min(chunk_rows or 50, 50)
        assert source.fixed_columns
        assert source.progress() is None

    def test_reading_it_again_runs_the_query_again(self, file: File) -> None:
        file.fill((1, "a", None))
        source = file.open("SELECT name FROM people")
        assert [row for block in source.blocks() for row in block.rows([0])] == [{"name": "a"}]
        with closing(sqlite3.connect(file.path)) as connection, connection:
            connection.execute("UPDATE people SET name = 'b'")
        assert [row for block in source.blocks() for row in block.rows([0])] == [{"name": "b"}]

    def test_the_query_is_sent_when_the_first_row_is_read(self, file: File) -> None:
        source = file.open("SELECT * FROM nowhere")
        source.blocks()
        assert file.connections == []

    def test_a_result_without_rows_is_a_load_without_rows(self, file: File) -> None:
        file.fill()
        (block,) = file.open("SELECT id, name FROM people").blocks()
        assert (len(block), block.names, block.first_row) == (0, ("id", "name"), 1)
        summary = local_load(file.open("SELECT id, name FROM people")).run()
        assert (summary.rows, summary.failed) == (0, 0)

    def test_parameters_of_either_kind(self, file: File) -> None:
        file.fill((1, "a", None), (2, "b", None))
        assert file.rows("SELECT id FROM people WHERE name = :name", {"name": "b"}) == [{"id": 2}]
        assert file.rows("SELECT id FROM people WHERE name = ?", ["a"]) == [{"id": 1}]
        assert file.rows("SELECT id FROM people WHERE name LIKE '%a%'") == [{"id": 1}]

    def test_rows_that_come_as_mappings(self, file: File) -> None:
        file.fill((1, "a", None))
        file.row_factory = lambda cursor, row: dict(zip([c[0] for c in cursor.description], row, strict=True))
        assert file.rows("SELECT id, name FROM people") == [{"id": 1, "name": "a"}]

    def test_values_that_only_some_drivers_return(self, file: File) -> None:
        file.fill((1, "a", None), (2, "b", None))
        values = {1: (UUID(int=5), memoryview(b"x")), 2: ("plain", None)}
        file.row_factory = lambda _, row: (row[0], *values[row[0]])
        assert file.rows("SELECT id, name, score FROM people ORDER BY id") == [
            {"id": 1, "name": str(UUID(int=5)), "score": b"x"},
            {"id": 2, "name": "plain", "score": None},
        ]

    def test_a_semicolon_may_end_the_query(self, file: File) -> None:
        file.fill((1, "a", None))
        assert file.rows(" SELECT id FROM people ;\n") == [{"id": 1}]

    def test_the_driver_may_fetch_one_block_at_a_time(self, file: File) -> None:
        file.fill()
        list(file.open("SELECT * FROM people", chunk_rows=123).blocks())
        assert [cursor.arraysize for cursor in file.connections[0].cursors] == [123]

    def test_columns_of_a_rejects_table_are_left_out(self, file: File) -> None:
        file.fill((1, "a", None))
        found = file.rows("SELECT id, 5 AS clevertap_row, name FROM people")
        assert found == [{"id": 1, "name": "a"}]

    def test_changes_by_the_query_are_not_committed(self, file: File) -> None:
        file.fill((1, "a", None))
        with pytest.raises(SourceError, match="returns no result"):
            file.rows("UPDATE people SET name = 'changed'")
        assert file.rows("SELECT name FROM people") == [{"name": "a"}]


class TestColumnNames:
    @pytest.mark.parametrize(
        ("sql", "problem"),
        [
            ("SELECT id, name, score AS id FROM people", "more than once: 'id'"),
            ("SELECT id, name AS ' ' FROM people", "the result has no name for column 2"),
            ("SELECT id AS clevertap_row FROM people", "all columns are those that a rejects file adds"),
        ],
    )
    def test_names_that_no_mapping_can_use(self, file: File, sql: str, problem: str) -> None:
        file.fill()
        with pytest.raises(SourceError, match=problem) as caught:
            file.rows(sql)
        assert "'shop'" in str(caught.value)
        assert file.all_closed()

    def test_the_remedy_is_one_for_queries(self, file: File) -> None:
        file.fill()
        with pytest.raises(SourceError, match=r"in the query: SELECT count\(\*\) AS orders"):
            file.rows("SELECT id, id FROM people")


class TestClosing:
    def test_after_the_last_row(self, file: File) -> None:
        file.fill((1, "a", None))
        list(file.open("SELECT * FROM people").blocks())
        assert file.all_closed()

    def test_when_the_query_fails(self, file: File) -> None:
        with pytest.raises(SourceError):
            list(file.open("SELECT * FROM nowhere").blocks())
        assert file.all_closed()

    def test_when_reading_stops_early(self, file: File) -> None:
        file.fill(*[(number, "a", None) for number in range(10)])
        blocks = file.open("SELECT * FROM people", chunk_rows=2).blocks()
        next(blocks)
        assert not file.all_closed()
        blocks.close()  # type: ignore[attr-defined]
        assert file.all_closed()
        for connection in file.connections:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")

    def test_when_the_mapping_does_not_fit(self, file: File) -> None:
        file.fill(*[(number, "a", None) for number in range(10)])
        load = local_load(file.open("SELECT * FROM people", chunk_rows=2), columns={"nowhere": "Name"})
        # SQLite lets a connection be closed in its own thread only, and a load has one.
        assert isinstance(in_a_thread(load.run), MappingError)
        assert file.all_closed()

    def test_when_the_load_is_stopped(self, file: File) -> None:
        file.fill(*[(number, "a", None) for number in range(10)])
        load = local_load(file.open("SELECT * FROM people", chunk_rows=2))
        load.stop()
        assert isinstance(in_a_thread(load.run), LoadStoppedError)
        assert file.all_closed()

    def test_when_clevertap_rejects_the_rows(self, file: File, emulator: RunningEmulator) -> None:
        file.fill(*[(number, "a", None) for number in range(1, 20_000)])
        with CleverTapClient(emulator.account_id, "not the passcode", emulator.url) as client:
            source = file.open("SELECT * FROM people", chunk_rows=500)
            # One at a time: many rows are still unread when CleverTap rejects the first.
            options = LoadOptions(columns={"id": "identity"}, max_in_flight=1)
            error = in_a_thread(Load(PROFILES, source, client, options).run)
        assert isinstance(error, AccessDeniedError)
        # the error still holds on to everything it went through
        assert error.__traceback__ is not None
        assert file.all_closed()


class TestErrors:
    @pytest.mark.parametrize(
        ("sql", "message"),
        [
            ("SELECT nope FROM people", "no such column: nope"),
            ("SELECT * FROM nowhere", "no such table: nowhere"),
            ("SELEC 1", 'near "SELEC": syntax error'),
            ("SELECT 1; SELECT 2", "one statement at a time"),
            ("SELECT ?", "Incorrect number of bindings"),
        ],
    )
    def test_queries_the_database_rejects(self, file: File, sql: str, message: str) -> None:
        file.fill()
        with pytest.raises(SourceError) as caught:
            file.rows(sql)
        assert message in str(caught.value)
        assert "connection 'shop'" in str(caught.value)
        assert caught.value.__cause__ is None

    def test_rows_read_before_the_error_are_counted(self, file: File) -> None:
        file.fill(*[(number, "a", None) for number in range(5)], (-(2**63), "a", None))
        blocks = file.open("SELECT abs(id) AS id FROM people", chunk_rows=2).blocks()
        assert len(next(blocks)) == 2
        assert len(next(blocks)) == 2
        with pytest.raises(SourceError, match=r"after 4 rows \(OperationalError: integer overflow\)"):
            next(blocks)

    def test_a_busy_database_is_a_transient_failure(self, file: File) -> None:
        file.fill()
        with closing(sqlite3.connect(file.path)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StorageUnavailableError, match="database is locked"):
                file.rows("SELECT * FROM people")

    def test_a_database_that_does_not_exist(self, tmp_path: Path) -> None:
        nowhere = File(tmp_path / "no" / "such" / "directory.db")
        with pytest.raises(ConfigurationError, match="unable to open database file"):
            nowhere.rows("SELECT 1 AS one")

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            ({"sql": "  "}, "sql must be the text of a query"),
            ({"sql": None}, "sql must be the text of a query"),
            ({"sql": "SELECT 1", "parameters": "x"}, "parameters must be a mapping or a list, not str"),
            ({"sql": "SELECT 1", "chunk_rows": 0}, "chunk_rows=0"),
            ({"sql": "SELECT 1", "chunk_rows": "10"}, "chunk_rows='10'"),
            ({"sql": "queries/people.sql"}, "only a task of a DAG can find this file"),
            ({"sql": "SELECT 1", "conn_id": " "}, "must be the id of a connection"),
            ({"sql": "SELECT 1", "conn_id": None}, "must be the id of a connection"),
        ],
    )
    def test_arguments_that_cannot_be_used(self, file: File, arguments: dict[str, Any], problem: str) -> None:
        with pytest.raises(ConfigurationError, match=problem):
            open_source(SqlSource(**{"conn_id": "shop", **arguments}), databases=file.find)

    def test_outside_of_airflow(self) -> None:
        with pytest.raises(ConfigurationError, match="only in an Airflow task"):
            open_source(SqlSource("shop", "SELECT 1"))


def test_its_text_for_airflow_contains_no_parameter() -> None:
    source = SqlSource("shop", "SELECT :a", {"a": "private"}, chunk_rows=5)
    assert repr(source) == "SqlSource(conn_id='shop', sql='SELECT :a', parameters=<1 values>, chunk_rows=5)"
    assert repr(SqlSource(conn_id="shop", sql="q.sql")) == "SqlSource(conn_id='shop', sql='q.sql')"
    assert SqlSource("a", "b") == SqlSource("a", "b") != SqlSource("a", "c")


def test_rejects_keep_nested_values(file: File, tmp_path: Path) -> None:
    file.fill((1, "x" * 600, 1.5), (2, "fine", 2.5))
    load = local_load(
        file.open("SELECT * FROM people ORDER BY id"), rejects_path=str(tmp_path / "rejects.jsonl"), max_rejects=1
    )
    load.run()
    (reject,) = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert (reject["id"], reject["score"], reject["clevertap_row"]) == (1, 1.5, 1)
