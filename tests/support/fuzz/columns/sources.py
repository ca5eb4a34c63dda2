"""The source of an example: a table, a DataFrame, a Parquet file or the result of a query."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from airflow_provider_clevertap.loading.rows.block import Source
from airflow_provider_clevertap.loading.sources.dataframes import DataFramesSource
from airflow_provider_clevertap.loading.sources.files.source import FilesSource
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.parquet import ParquetReader
from airflow_provider_clevertap.loading.sources.sql.query import Database, QuerySource
from tests.support.fuzz.columns.examples import Example

#: An example has at most four rows, so some have two blocks.
BLOCK_ROWS = 3


def open_example(example: Example) -> Source:
    """Return the source of an example: the column ``x``, and others that make its rows complete."""
    rows = len(example.refused)
    others = {
        "who": [f"c{row}" for row in range(rows)],
        "mail": ["bad" if refused else "a@b.co" for refused in example.refused],
        "order": [str(row // 2) for row in range(rows)],
        "at": [1_700_000_000] * rows,
        "what": ["Charged"] * rows,
    }
    if example.form == "query":
        result = [tuple(row) for row in zip(example.column, *others.values(), strict=True)]
        return _query(("x", *others), result)
    if example.form == "polars objects":
        with suppress(AttributeError):  # polars itself makes no column of members of an enumeration and other values
            column = pl.Series(example.column, dtype=pl.Object)
            return DataFramesSource(pl.DataFrame({"x": column, **others}), block_rows=BLOCK_ROWS)
    if example.form in ("objects", "polars objects"):
        series = pd.Series(np.fromiter(example.column, object, rows), dtype=object)
        return DataFramesSource(pd.DataFrame({"x": series, **others}), block_rows=BLOCK_ROWS)
    table = pa.table({"x": example.column.slice(example.start), **others})
    return _ARROW_SOURCES[example.form](table)


def _in_chunks(table: pa.Table) -> Source:
    halves = [table.slice(0, 1), table.slice(1)]
    return DataFramesSource(pa.concat_tables(half for half in halves if len(half)), block_rows=BLOCK_ROWS)


def _in_batches(table: pa.Table) -> Source:
    return DataFramesSource(table.to_batches(max_chunksize=2), block_rows=BLOCK_ROWS)


def _in_pandas(table: pa.Table) -> Source:
    columns = {name: pd.Series(pd.arrays.ArrowExtensionArray(table[name])) for name in table.column_names}
    return DataFramesSource(pd.DataFrame(columns), block_rows=BLOCK_ROWS)


def _in_pandas_of_values(table: pa.Table) -> Source:
    try:
        frame = table.to_pandas()
    except Exception:  # what pandas cannot hold is no DataFrame
        return _in_pandas(table)
    return DataFramesSource(frame, block_rows=BLOCK_ROWS)


def _in_polars(table: pa.Table) -> Source:
    kind = str(table.schema.field("x").type)
    if any(word in kind for word in ("decimal256", "interval", "union")):  # polars panics, and prints its stack
        return _in_chunks(table)
    try:
        frame = pl.from_arrow(table)
        # polars makes some frames of which it cannot take rows or a column, such as structs with two fields of one name
        frame.slice(0, 0).get_column("x")  # type: ignore[union-attr]
        for row in range(len(frame)):
            frame.slice(row, 1).get_column("x")  # type: ignore[union-attr]
    except BaseException:  # what polars cannot hold is no DataFrame
        return _in_chunks(table)
    return DataFramesSource(frame, block_rows=BLOCK_ROWS)


def _in_parquet(table: pa.Table, **options: Any) -> Source:
    written = io.BytesIO()
    try:
        parquet.write_table(table, written, **options)
    except (pa.ArrowException, ValueError, OSError):  # what Parquet cannot hold
        return _in_chunks(table)
    content = written.getvalue()
    file = SourceFile("fuzz.parquet", ".parquet", "", len(content), lambda: io.BytesIO(content))
    return FilesSource("fuzz.parquet", [file], ParquetReader([file], block_rows=BLOCK_ROWS))


_ARROW_SOURCES: Mapping[str, Callable[[pa.Table], Source]] = {
    "table": _in_chunks,
    "batches": _in_batches,
    "pandas": _in_pandas,
    "pandas of values": _in_pandas_of_values,
    "polars": _in_polars,
    "parquet": _in_parquet,
    "parquet without a schema": lambda table: _in_parquet(table, store_schema=False),
    "int96": lambda table: _in_parquet(table, use_deprecated_int96_timestamps=True, use_dictionary=False),
}


class _Cursor:
    """A cursor as a driver has it, with a result."""

    def __init__(self, names: Sequence[str], rows: list[Any]) -> None:
        self.description = [(name,) for name in names]
        self._rows = rows

    def execute(self, _: str) -> None:
        """Do nothing."""

    def fetchmany(self, size: int) -> list[Any]:
        fetched, self._rows = self._rows[:size], self._rows[size:]
        return fetched

    def close(self) -> None:
        """Do nothing."""


def _query(names: Sequence[str], rows: list[Any]) -> Source:
    class Connection:
        def cursor(self) -> _Cursor:
            return _Cursor(names, list(rows))

        def close(self) -> None:
            """Do nothing."""

    return QuerySource(Database(Connection), conn_id="shop", sql="SELECT 1", parameters=None, chunk_rows=BLOCK_ROWS)
