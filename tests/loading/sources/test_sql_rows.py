"""Queries as sources, on SQLite: real files, real cursors, real errors."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_reading import read_rows

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    LoadStoppedError,
    MappingError,
    SourceError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.encoding import Encoder
from airflow_provider_clevertap.loading.kinds import PROFILES
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.rows import RowBlock, Source
from airflow_provider_clevertap.loading.sources import SqlSource, open_source
from airflow_provider_clevertap.loading.sources.arrays import from_database_values, split_columns
from airflow_provider_clevertap.loading.sources.sql_errors import no_connection, no_rows
from airflow_provider_clevertap.loading.sources.sql_rows import Database

PEOPLE = "CREATE TABLE people (id, name, score)"


class Watched(sqlite3.Connection):
    """A connection that knows whether it was closed, and what its cursors were told."""

    opened: list[Watched]
    closed = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursors: list[sqlite3.Cursor] = []
        self.opened.append(self)

    def cursor(self, *arguments: Any) -> Any:
        self.cursors.append(super().cursor(*arguments))
        return self.cursors[-1]

    def close(self) -> None:
        super().close()
        self.closed = True


class File:
    """A SQLite file, and the connections made to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connections: list[Watched] = []
        self.factory: Any = type("Connection", (Watched,), {"opened": self.connections})
        self.row_factory: Any = None

    def fill(self, *rows: tuple[Any, ...], table: str = PEOPLE) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(table)
            if rows:
                places = ",".join("?" * len(rows[0]))
                connection.executemany(f"INSERT INTO people VALUES ({places})", rows)  # noqa: S608

    def connect(self) -> Any:
        connection = sqlite3.connect(self.path, factory=self.factory, timeout=0)
        connection.row_factory = self.row_factory
        return connection

    def find(self, conn_id: str) -> Database:
        return Database(self.connect, secrets=("HIDDEN-7731",))

    def open(self, sql: str, parameters: Any = None, **options: Any) -> Source:
        return open_source(SqlSource("shop", sql, parameters, **options), databases=self.find)

    def rows(self, sql: str, parameters: Any = None, **options: Any) -> list[dict[str, Any]]:
        return read_rows(SqlSource("shop", sql, parameters, **options), databases=self.find)

    def all_closed(self) -> bool:
        return bool(self.connections) and all(connection.closed for connection in self.connections)


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "shop.db")


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

    def test_it_can_be_read_again_and_sees_what_is_there_then(self, file: File) -> None:
        file.fill((1, "a", None))
        source = file.open("SELECT name FROM people")
        assert [row for block in source.blocks() for row in block.rows([0])] == [{"name": "a"}]
        with closing(sqlite3.connect(file.path)) as connection, connection:
            connection.execute("UPDATE people SET name = 'b'")
        assert [row for block in source.blocks() for row in block.rows([0])] == [{"name": "b"}]

    def test_nothing_is_asked_before_the_first_row_is(self, file: File) -> None:
        source = file.open("SELECT * FROM nowhere")
        source.blocks()
        assert file.connections == []

    def test_no_rows_are_a_load_of_no_rows(self, file: File) -> None:
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

    def test_values_only_some_drivers_have(self, file: File) -> None:
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

    def test_the_driver_may_fetch_as_much_ahead_as_a_block_has(self, file: File) -> None:
        file.fill()
        list(file.open("SELECT * FROM people", chunk_rows=123).blocks())
        assert [cursor.arraysize for cursor in file.connections[0].cursors] == [123]

    def test_columns_of_a_rejects_table_are_left_out(self, file: File) -> None:
        file.fill((1, "a", None))
        found = file.rows("SELECT id, 5 AS clevertap_row, name FROM people")
        assert found == [{"id": 1, "name": "a"}]

    def test_what_the_query_changes_is_not_kept(self, file: File) -> None:
        file.fill((1, "a", None))
        with pytest.raises(SourceError, match="gives no rows at all"):
            file.rows("UPDATE people SET name = 'changed'")
        assert file.rows("SELECT name FROM people") == [{"name": "a"}]


class TestColumnNames:
    @pytest.mark.parametrize(
        ("sql", "problem"),
        [
            ("SELECT id, name, score AS id FROM people", "more than once: 'id'"),
            ("SELECT id, name AS ' ' FROM people", "the result has no name for column 2"),
            ("SELECT id AS clevertap_row FROM people", "every column is one a rejects file adds"),
        ],
    )
    def test_names_nobody_can_map(self, file: File, sql: str, problem: str) -> None:
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

    def test_when_nobody_wants_the_rest(self, file: File) -> None:
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

    def test_when_clevertap_refuses_the_rows(self, file: File, emulator: RunningEmulator) -> None:
        file.fill(*[(number, "a", None) for number in range(1, 60_000)])
        with CleverTapClient(emulator.account_id, "not the passcode", emulator.url, timeout=3.0) as client:
            source = file.open("SELECT * FROM people", chunk_rows=500)
            error = in_a_thread(Load(PROFILES, source, client, LoadOptions(columns={"id": "identity"})).run)
        assert isinstance(error, AccessDeniedError)
        # the error still holds on to everything it went through
        assert error.__traceback__ is not None
        assert file.all_closed()


class TestErrors:
    @pytest.mark.parametrize(
        ("sql", "said"),
        [
            ("SELECT nope FROM people", "no such column: nope"),
            ("SELECT * FROM nowhere", "no such table: nowhere"),
            ("SELEC 1", 'near "SELEC": syntax error'),
            ("SELECT 1; SELECT 2", "one statement at a time"),
            ("SELECT ?", "Incorrect number of bindings"),
        ],
    )
    def test_what_the_database_refuses(self, file: File, sql: str, said: str) -> None:
        file.fill()
        with pytest.raises(SourceError) as caught:
            file.rows(sql)
        assert said in str(caught.value)
        assert "connection 'shop'" in str(caught.value)
        assert caught.value.__cause__ is None

    def test_rows_that_came_before_are_counted(self, file: File) -> None:
        file.fill(*[(number, "a", None) for number in range(5)], (-(2**63), "a", None))
        blocks = file.open("SELECT abs(id) AS id FROM people", chunk_rows=2).blocks()
        assert len(next(blocks)) == 2
        assert len(next(blocks)) == 2
        with pytest.raises(SourceError, match=r"after 4 rows \(OperationalError: integer overflow\)"):
            next(blocks)

    def test_a_busy_database_is_the_weather(self, file: File) -> None:
        file.fill()
        with closing(sqlite3.connect(file.path)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StorageUnavailableError, match="database is locked"):
                file.rows("SELECT * FROM people")

    def test_a_database_that_is_not_there(self, tmp_path: Path) -> None:
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
            ({"sql": "queries/people.sql"}, "no DAG here"),
            ({"sql": "SELECT 1", "conn_id": " "}, "must be the id of a connection"),
            ({"sql": "SELECT 1", "conn_id": None}, "must be the id of a connection"),
        ],
    )
    def test_arguments_that_cannot_be_used(self, file: File, arguments: dict[str, Any], problem: str) -> None:
        with pytest.raises(ConfigurationError, match=problem):
            open_source(SqlSource(**{"conn_id": "shop", **arguments}), databases=file.find)

    def test_without_anybody_who_knows_connections(self) -> None:
        with pytest.raises(ConfigurationError, match="as in an Airflow task"):
            open_source(SqlSource("shop", "SELECT 1"))


class OperationalError(Exception):
    """Named as every driver names it."""


class ProgrammingError(Exception):
    """Named as every driver names it."""


class InternalError(Exception):
    """Named as every driver names it."""


def error_of(kind: type[Exception], *arguments: Any, module: str = "driver", **attributes: Any) -> Exception:
    error = type(kind.__name__, (kind,), {"__module__": module})(*arguments)
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


SQL = "SELECT id, \"Full Name\" FROM shop.people WHERE name = 'Asha'"


class TestWhatDriversSay:
    @pytest.mark.parametrize(
        "error",
        [
            ConnectionResetError(104, "reset"),
            TimeoutError("timed out"),
            error_of(OperationalError, "server closed the connection unexpectedly"),
            error_of(OperationalError, "canceling statement", sqlstate="57014"),
            error_of(OperationalError, "deadlock detected", pgcode="40P01"),
            error_of(InternalError, "idle-in-transaction timeout", sqlstate="25P03"),
            error_of(OperationalError, "08S01", "[08S01] Communication link failure"),
            error_of(OperationalError, "HYT00", "[HYT00] Login timeout expired"),
            error_of(OperationalError, 2013, "Lost connection to server", module="MySQLdb"),
            error_of(OperationalError, 20009, b"Unable to connect"),
        ],
    )
    def test_what_may_pass(self, error: Exception) -> None:
        told = no_rows("shop", error, sql=SQL, secrets=(), rows_read=0)
        assert isinstance(told, StorageUnavailableError)
        assert isinstance(no_connection("shop", error), StorageUnavailableError)

    @pytest.mark.parametrize(
        "error",
        [
            error_of(ProgrammingError, 'relation "people" does not exist', sqlstate="42P01"),
            error_of(OperationalError, "no such table", sqlite_errorcode=1),
            error_of(OperationalError, 1054, "Unknown column", module="MySQLdb"),
            error_of(ProgrammingError, "42S02", "[42S02] Invalid object name"),
            error_of(InternalError, "current transaction is aborted", sqlstate="25P02"),
            TypeError("not all arguments converted during string formatting"),
            KeyError("start"),
        ],
    )
    def test_what_stays(self, error: Exception) -> None:
        assert isinstance(no_rows("shop", error, sql=SQL, secrets=(), rows_read=0), SourceError)

    @pytest.mark.parametrize(
        ("message", "told"),
        [
            ('invalid input syntax for type integer: "a@b.co"', 'invalid input syntax for type integer: "…"'),
            ('column "full name" does not exist', 'column "full name" does not exist'),
            ("Table 'shop.people' doesn't exist, it's 'Ravi'", "Table 'shop.people' doesn't exist, it's '…'"),
            ("Unknown column `id` near 'Asha'", "Unknown column `id` near '…'"),
            ("Bad value: somebody@private.example, +919812345678", "Bad value: …, …"),
            ("failed at postgres://user:pw@host/db", "failed at postgres://host/db"),
            ("value p4rameter too long\nLINE 1: SELECT 'Asha'", "value … too long"),
            ("x" * 1000, "x" * 300),
            ("no integer: '" + "y" * 1000 + "'", "no integer: '…'"),
            ("no integer: 'Asha\nRao'", "no integer: '…'"),
            ("no integer: 'O'Neill Asha'", "no integer: …"),
            ('no integer: "5" of "Rao "Asha" R"', "no integer: …"),
        ],
    )
    def test_values_are_not_repeated(self, message: str, told: str) -> None:
        error = error_of(ProgrammingError, message)
        text = str(no_rows("shop", error, sql=SQL, secrets=["p4rameter", "7"], rows_read=0))
        assert f"(ProgrammingError: {told})" in text

    def test_passwords_are_not_repeated(self) -> None:
        error = error_of(OperationalError, "cannot log in with s3cr%2Ft / s3cr/t")
        assert "s3cr" not in str(no_connection("shop", error, ["s3cr/t", "s3cr%2Ft"]))

    def test_parameters_are_not_repeated(self, file: File) -> None:
        file.fill()
        with pytest.raises(SourceError) as caught:
            file.rows("SELECT json_extract(:value, '$')", {"value": "private-value", "more": [["deep-value"]]})
        assert "value" not in str(caught.value)


class TestChunks:
    """How a result falls into chunks must not decide what becomes of its rows."""

    def test_floats_after_integers_spoil_only_their_own_rows(self, file: File) -> None:
        file.fill((1, "a", None), (2, "b", None), (3.5, "c", None), (4.0, "d", None), (5, "e", None))
        for chunk_rows in (1, 2, 3, 5):
            found = outcomes(file.open("SELECT * FROM people ORDER BY rowid", chunk_rows=chunk_rows))
            assert [row.get("identity") for row in found] == ["1", "2", None, None, "5"]
            assert "decimal point" in found[2]["reason"]

    def test_floats_after_nothing_spoil_only_their_own_rows(self, file: File) -> None:
        file.fill((None, "a", None), (2.5, "b", None), ("3", "c", None))
        for chunk_rows in (1, 3):
            found = outcomes(file.open("SELECT * FROM people ORDER BY rowid", chunk_rows=chunk_rows))
            assert [row.get("identity") for row in found] == [None, None, "3"]

    def test_floats_from_the_first_row_on_are_refused_before_anything_is_sent(self, file: File) -> None:
        file.fill((1.5, "a", None))
        with pytest.raises(MappingError, match="floating-point"):
            outcomes(file.open("SELECT * FROM people"))

    @settings(deadline=None, max_examples=60)
    @given(
        values=st.lists(
            st.none()
            | st.integers(-(2**63), 2**63 - 1)
            | st.floats()
            | st.sampled_from(["", "007", "yes", "2026-01-01", "é", "1e5", "a,b"])
            | st.binary(max_size=3),
            min_size=1,
            max_size=12,
        ),
        column=st.sampled_from(
            [Column("Tier", type=kind) for kind in (None, "text", "integer", "float", "boolean", "date", "list")]
            + [Column("Age"), Column("Married"), Column("Email"), Column("Tier", operator="$incr")]
        ),
        chunk_rows=st.integers(1, 5),
    )
    def test_in_a_database_that_minds_no_types(
        self, tmp_path_factory: pytest.TempPathFactory, values: list[Any], column: Column, chunk_rows: int
    ) -> None:
        file = File(tmp_path_factory.mktemp("chunks") / "shop.db")
        file.fill(*[(f"c{number}", value, None) for number, value in enumerate(values)])
        sql = "SELECT * FROM people ORDER BY rowid"
        columns = {"id": "identity", "name": column, "score": None}
        parts = outcomes(file.open(sql, chunk_rows=chunk_rows), columns)
        assert parts == outcomes(file.open(sql), columns)

    MOMENTS = st.datetimes(
        timezones=st.sampled_from([dt.UTC, ZoneInfo("Europe/Berlin"), dt.timezone(dt.timedelta(hours=5.5))])
    )

    @settings(deadline=None, max_examples=200)
    @given(
        values=st.one_of(
            st.lists(st.none() | kind, min_size=1, max_size=8)
            for kind in (
                st.dates(),
                st.datetimes(),
                MOMENTS,
                MOMENTS | st.datetimes(),
                st.decimals(),
                st.decimals(places=2, allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000),
                st.sampled_from([dt.datetime.min, dt.datetime.max, dt.datetime.max.replace(tzinfo=dt.UTC)]),
                st.booleans(),
                st.sampled_from([Decimal("-0.0"), Decimal("1E+3"), Decimal("1E-40"), Decimal("1" * 50)]),
                st.sampled_from([dt.timedelta(1), dt.time(1), [1], {"a": 1}, ("a", "b")]),
            )
        ),
        column=st.sampled_from(
            [Column("Tier", type=kind) for kind in (None, "text", "integer", "float", "boolean", "date", "list")]
            + [Column("DOB"), Column("ts"), Column("Age"), Column("Name"), Column("Phone"), Column("Married")]
            + [Column("Tier", type="date", timezone="Asia/Kolkata"), Column("Tier", operator="$incr")]
        ),
    )
    def test_whether_values_are_in_an_array_or_not(self, values: list[Any], column: Column) -> None:
        columns = {"id": Column("identity"), "x": column}
        who = pa.array([f"c{number}" for number in range(len(values))])
        arrays, objects = split_columns({"id": who, "x": from_database_values(values)})
        as_found = RowBlock("", 1, ("id", "x"), arrays, objects)
        as_objects = RowBlock("", 1, ("id", "x"), {"id": who}, {"x": values})
        assert verdicts([as_found], columns) == verdicts([as_objects], columns)

    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ([dt.date(2026, 1, 1), None], "date32[day]"),
            ([dt.datetime(2026, 1, 1, 12), None], "timestamp[us]"),
            ([dt.datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata")), None], "timestamp[us, tz=UTC]"),
            ([Decimal("1.50"), Decimal("22.00")], "decimal128(38, 2)"),
        ],
    )
    def test_typed_values_take_the_fast_way(self, values: list[Any], kind: str) -> None:
        column = from_database_values(values)
        assert isinstance(column, pa.Array)
        assert str(column.type) == kind
        assert column.to_pylist() == values


def test_what_airflow_shows_of_it_holds_no_parameter() -> None:
    source = SqlSource("shop", "SELECT :a", {"a": "private"}, chunk_rows=5)
    assert repr(source) == "SqlSource(conn_id='shop', sql='SELECT :a', parameters=<1 values>, chunk_rows=5)"
    assert repr(SqlSource(conn_id="shop", sql="q.sql")) == "SqlSource(conn_id='shop', sql='q.sql')"
    assert SqlSource("a", "b") == SqlSource("a", "b") != SqlSource("a", "c")


def test_rejects_keep_what_is_nested(file: File, tmp_path: Path) -> None:
    file.fill((1, "x" * 600, 1.5), (2, "fine", 2.5))
    load = local_load(
        file.open("SELECT * FROM people ORDER BY id"), rejects_path=str(tmp_path / "rejects.jsonl"), max_rejects=1
    )
    load.run()
    (reject,) = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert (reject["id"], reject["score"], reject["clevertap_row"]) == (1, 1.5, 1)


def local_load(source: Source, **options: Any) -> Load:
    return Load(PROFILES, source, None, LoadOptions(**{"columns": {"id": "identity"}, "dry_run": "local", **options}))


def in_a_thread(work: Callable[[], Any]) -> BaseException | None:
    """Do something in a thread of its own; give the error it ends with."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def outcomes(source: Source, columns: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Give for each row its record, or why it has none."""
    return verdicts(list(source.blocks()), columns or {"id": Column("identity"), "name": None, "score": None})


def verdicts(blocks: list[RowBlock], columns: dict[str, Any]) -> list[dict[str, Any]]:
    choices = {name: Column(choice) if isinstance(choice, str) else choice for name, choice in columns.items()}
    encoder = Encoder(PROFILES, choices)
    found: dict[int, dict[str, Any]] = {}
    for block in blocks:
        encoded = encoder.encode(block)
        for index, text in zip(encoded.rows.tolist(), encoded.records.to_pylist(), strict=True):
            found[block.first_row + index] = json.loads(text[:-1])
        for index, verdict in encoded.unsent.items():
            found[block.first_row + index] = {"outcome": verdict.outcome, "reason": verdict.reason}
    return [found[row] for row in sorted(found)]
