"""Queries are read in chunks: the result does not depend on the size of the chunks or the types of drivers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import (
    MappingError,
)
from airflow_provider_clevertap.loading.rows.arrays import from_database_values, split_columns
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.examples_of_properties import examples
from tests.support.sqlite_file import File, block_outcomes, outcomes


class TestChunks:
    """The outcome of a row does not depend on the chunk it is in."""

    def test_floats_after_integers_make_only_their_own_rows_invalid(self, file: File) -> None:
        file.fill((1, "a", None), (2, "b", None), (3.5, "c", None), (4.0, "d", None), (5, "e", None))
        for chunk_rows in (1, 2, 3, 5):
            found = outcomes(file.open("SELECT * FROM people ORDER BY rowid", chunk_rows=chunk_rows))
            assert [row.get("identity") for row in found] == ["1", "2", None, None, "5"]
            assert "decimal point" in found[2]["reason"]

    def test_floats_after_empty_values_make_only_their_own_rows_invalid(self, file: File) -> None:
        file.fill((None, "a", None), (2.5, "b", None), ("3", "c", None))
        for chunk_rows in (1, 3):
            found = outcomes(file.open("SELECT * FROM people ORDER BY rowid", chunk_rows=chunk_rows))
            assert [row.get("identity") for row in found] == [None, None, "3"]

    def test_floats_in_the_first_row_are_an_error_before_anything_is_sent(self, file: File) -> None:
        file.fill((1.5, "a", None))
        with pytest.raises(MappingError, match="floating-point"):
            outcomes(file.open("SELECT * FROM people"))

    @examples(40)
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
    def test_in_a_database_without_column_types(
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

    @examples(100)
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
                st.sampled_from([dt.time(1), [1], {"a": 1}, ["a", "b"]]),
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
        assert block_outcomes([as_found], columns) == block_outcomes([as_objects], columns)

    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ([dt.date(2026, 1, 1), None], "date32[day]"),
            ([dt.datetime(2026, 1, 1, 12), None], "timestamp[us]"),
            ([dt.datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata")), None], "timestamp[us, tz=UTC]"),
            ([Decimal("1.50"), Decimal("22.00")], "decimal128(38, 2)"),
        ],
    )
    def test_typed_values_use_the_vectorised_path(self, values: list[Any], kind: str) -> None:
        column = from_database_values(values)
        assert isinstance(column, pa.Array)
        assert str(column.type) == kind
        assert column.to_pylist() == values
