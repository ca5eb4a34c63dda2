"""Values that no rule can read make their own rows invalid, in every typed source; the other rows are loaded."""

from __future__ import annotations

import datetime as dt
import json
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.rows.arrays import from_database_values
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.sqlite_file import block_outcomes, local_load

FAR = 2**63 - 1


def as_table(table: pa.Table, _: Path) -> Any:
    return table


def as_batches(table: pa.Table, _: Path) -> Any:
    return iter(table.to_batches(max_chunksize=1))


def as_pandas(table: pa.Table, _: Path) -> Any:
    return pd.DataFrame({name: pd.Series(pd.arrays.ArrowExtensionArray(table[name])) for name in table.column_names})


def as_parquet(table: pa.Table, folder: Path) -> Any:
    parquet.write_table(table, folder / "people.parquet", store_schema=False)
    return folder / "people.parquet"


SOURCES = [as_table, as_batches, as_pandas, as_parquet]
every_source = pytest.mark.parametrize("as_source", SOURCES, ids=lambda make: make.__name__)


def rows_of(source: Any, columns: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the record of each row, or the reason why it has none."""
    return block_outcomes(list(open_source(source).blocks()), {"id": "identity", **(columns or {})})


def load(source: Any, folder: Path, **options: Any) -> tuple[Any, list[dict[str, Any]]]:
    """Run a dry run; return the summary and the rows of the rejects file."""
    rejects = folder / "rejects.jsonl"
    run = local_load(open_source(source), rejects_path=str(rejects), max_rejects="100%", **options)
    rows = run.run().rows
    assert rows == run.summary.rows
    found = rejects.read_text().splitlines() if rejects.exists() else []
    return run.summary, [json.loads(line) for line in found]


@every_source
@pytest.mark.parametrize(
    "column",
    ["identity", "Email", "Phone", "Gender", "Tier", *(Column("Tier", type=kind) for kind in
     ("text", "integer", "float", "boolean", "date", "list")), Column("Tier", operator="$add")],
    ids=lambda column: column if isinstance(column, str) else column.type or column.operator,
)  # fmt: skip
def test_text_that_is_not_utf_8(tmp_path: Path, as_source: Callable[[pa.Table, Path], Any], column: Any) -> None:
    texts = pa.array([b"caf\xe9", None], pa.binary()).view(pa.string())
    name = column if isinstance(column, str) else column.name
    others = {"who": ["a", "b"]} if name != "identity" else {"Name": ["a", "b"]}
    source = as_source(pa.table({"x": texts, **others}), tmp_path)
    columns = {"x": column} | ({"who": "identity"} if name != "identity" else {})
    summary, rejects = load(source, tmp_path, columns=columns)
    assert summary.invalid == (1 if name != "identity" else 2)
    assert rejects[0]["x"] == r"caf\xe9"
    assert "not valid UTF-8" in rejects[0]["clevertap_reason"]
    if name != "identity":
        summary, rejects = load(as_source(pa.table({"x": texts, **others}), tmp_path), tmp_path, columns=columns,
                                on_bad_value="drop")  # fmt: skip
        assert (summary.accepted, summary.values_dropped) == (2, 1)


@every_source
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (pa.timestamp("us"), "294247-01-10T04:00:54.775807"),
        (pa.timestamp("us", "UTC"), "294247-01-10T04:00:54.775807Z"),
        (pa.date32(), "5881580-07-11"),
        (pa.time64("us"), f"{FAR} us"),
    ],
    ids=str,
)
@pytest.mark.parametrize("column", ["Tier", "DOB", "ts", Column("Tier", type="text"), Column("Tier", type="list")])
def test_dates_that_are_out_of_range(
    tmp_path: Path, as_source: Callable[[pa.Table, Path], Any], kind: pa.DataType, text: str, column: Any
) -> None:
    number = 2**31 - 1 if kind == pa.date32() else FAR
    far = pa.array([None, number], pa.int32() if kind == pa.date32() else pa.int64()).view(kind)
    # the last row is rejected anyway, and has to be shown
    table = pa.table({"id": ["a", "b"], "x": far, "Email": [None, "bad"]})
    summary, rejects = load(as_source(table, tmp_path), tmp_path, columns={"id": "identity", "x": column})
    assert (summary.accepted, summary.invalid) == (1, 1)
    assert rejects[0]["x"] == text
    assert "x: " in rejects[0]["clevertap_reason"]


@every_source
def test_int96_holds_all_years(tmp_path: Path, as_source: Callable[[pa.Table, Path], Any]) -> None:
    days = [dt.datetime(9999, 12, 31), dt.datetime(1, 1, 1), dt.datetime(1600, 1, 1)]
    table = pa.table({"id": list("abc"), "until": pa.array(days, pa.timestamp("us"))})
    source = as_source(table, tmp_path)
    if as_source is as_parquet:
        parquet.write_table(table, source, use_deprecated_int96_timestamps=True)
    found = rows_of(source)
    assert [row["profileData"]["until"] for row in found] == [
        "$D_253402214400", "$D_-62135596800", "$D_-11676096000",
    ]  # fmt: skip


@every_source
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("column", ["At", "ts", Column("At", type="date", timezone="Asia/Kolkata")])
def test_moments_in_zones_whose_clocks_change(
    tmp_path: Path, as_source: Callable[[pa.Table, Path], Any], unit: str, column: Any
) -> None:
    # the hour that comes twice, and both sides of the one that is left out
    moments = [1_729_989_000, 1_729_992_600, 1_711_846_799, 1_711_846_800]
    ticks = pa.array([moment * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit] for moment in moments])
    table = pa.table({"id": list("abcd"), "at": ticks.view(pa.timestamp(unit, "Europe/London"))})
    found = rows_of(as_source(table, tmp_path), {"at": column})
    sent = [row["ts"] if column == "ts" else row["profileData"]["At"] for row in found]
    assert sent == (moments if column == "ts" else [f"$D_{moment}" for moment in moments])


@pytest.mark.parametrize("zone", ["utc", "Z", "GMT+05:30", "UTC+1", "Nowhere/City"])
@every_source
def test_zones_that_no_database_knows(tmp_path: Path, as_source: Callable[[pa.Table, Path], Any], zone: str) -> None:
    at = pa.array([86_400], pa.timestamp("s", zone))
    source = as_source(pa.table({"id": ["a"], "at": at}), tmp_path)
    (row,) = rows_of(source)
    assert row["profileData"] == {"at": "$D_86400"}
    summary, rejects = load(as_source(pa.table({"id": [None], "at": at}), tmp_path), tmp_path)
    assert summary.invalid == 1
    assert rejects[0]["at"] in ("1970-01-02T00:00:00+00:00", "1970-01-02T00:00:00")


def test_polars_columns_of_the_same_kinds() -> None:
    frame = pl.DataFrame(
        {
            "id": ["a", "b"],
            "at": pl.Series([1_729_989_000, 1_729_992_600]).cast(pl.Datetime("ms", "Europe/London")),
            "far": pl.Series([FAR, None]).cast(pl.Datetime("us")),
            "span": pl.Series([None, dt.timedelta(1)]),
            "word": pl.Series(["x", "y"], dtype=pl.Categorical),
        }
    )
    first, last = rows_of(frame)
    assert "after 9999" in first["reason"]
    assert "span of time" in last["reason"]


def test_values_of_several_parts_are_no_lists() -> None:
    place = namedtuple("Place", "city zip")("Paris", "75001")
    frames = (
        (pa.table({"id": ["a"], "x": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}), "span of time"),
        (pd.DataFrame({"id": ["a"], "x": [place]}), "composite"),
        (pd.DataFrame({"id": ["a", "b"], "x": pd.cut([5, 15], [0, 10, 20])}), "type Interval"),
        (pd.DataFrame({"id": ["a", "b"], "x": pd.qcut([5, 15], 2)}), "type Interval"),
    )
    for frame, reason in frames:
        assert all(reason in row["reason"] for row in rows_of(frame))
    # a driver returns a record as a tuple, and an array as a list
    for cell, reason in ((("a", 1), "composite"), (["a", "b"], None)):
        column = from_database_values([cell])
        (row,) = rows_of(pd.DataFrame({"id": ["a"], "x": column}))
        assert (row.get("reason") is None) == (reason is None), row


def test_pandas_periods_in_a_parquet_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a"], "month": pd.period_range("2024-01", periods=1, freq="M")})
    frame.to_parquet(tmp_path / "people.parquet")
    (row,) = rows_of(tmp_path / "people.parquet")
    assert "period" in row["reason"]


@pytest.mark.parametrize("as_source", [as_table, as_batches, as_parquet], ids=lambda make: make.__name__)
def test_names_that_are_not_utf_8(tmp_path: Path, as_source: Callable[[pa.Table, Path], Any]) -> None:
    odd = pa.field(b"caf\xe9", pa.string())
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], schema=pa.schema([("id", pa.string()), odd]))
    with pytest.raises(SourceError, match="the name of a column is not valid UTF-8"):
        rows_of(as_source(table, tmp_path))
    nested = pa.table({"id": ["a"], "x": pa.StructArray.from_arrays([pa.array(["b"])], fields=[odd])})
    if as_source is as_parquet:
        with pytest.raises(SourceError, match="the name of a column is not valid UTF-8"):
            rows_of(as_source(nested, tmp_path))
    else:
        (row,) = rows_of(as_source(nested, tmp_path))
        assert "nested" in row["reason"]
