"""Parquet files: types, block sizes and damaged files."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.rows.block import BLOCK_BYTES
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import ParquetSource
from tests.support.source_reading import read_rows


def write(folder: Path, table: pa.Table, name: str = "people.parquet", **options: object) -> Path:
    path = folder / name
    parquet.write_table(table, path, **options)
    return path


def test_values_and_types_stay(tmp_path: Path) -> None:
    now = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    table = pa.table(
        {
            "text": pa.array(["007", None], pa.string()),
            "large": pa.array(["x", ""], pa.large_string()),
            "word": pa.array(["a", "a"]).dictionary_encode(),
            "big": pa.array([2**63 - 1, None], pa.int64()),
            "float": pa.array([1.5, float("nan")]),
            "money": pa.array([Decimal("1.10"), None]),
            "day": pa.array([dt.date(2024, 1, 2), None]),
            "at": pa.array([now, None], pa.timestamp("us", "UTC")),
            "naive": pa.array([now.replace(tzinfo=None), None], pa.timestamp("us")),
            "nothing": pa.nulls(2),
        }
    )
    path = write(tmp_path, table)
    (block,) = open_source(path).blocks()
    assert block.rows([0])[0] == {
        "text": "007", "large": "x", "word": "a", "big": 2**63 - 1, "float": 1.5, "money": Decimal("1.10"),
        "day": dt.date(2024, 1, 2), "at": now, "naive": now.replace(tzinfo=None), "nothing": None,
    }  # fmt: skip
    assert block.rows([1])[0]["float"] is None
    types = {name: column.type for name, column in block.columns.items()}
    assert {types[name] for name in ("text", "large", "word", "nothing")} == {pa.string()}
    assert types["at"] == pa.timestamp("us", "UTC")
    assert not open_source(path).nested


def test_nested_columns_stay_nested(tmp_path: Path) -> None:
    table = pa.table({"tags": [["a", "b"], None], "place": [{"city": "Paris"}, {"city": None}]})
    source = open_source(write(tmp_path, table))
    assert source.nested
    assert read_rows(ParquetSource(tmp_path / "people.parquet")) == table.to_pylist()
    (block,) = source.blocks()
    assert pa.types.is_list(block.columns["tags"].type)


def test_blocks_are_bounded_and_numbered_through_row_groups(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(10_000))})
    path = write(tmp_path, table, row_group_size=3000)
    source = open_source(path, block_rows=700)
    blocks = list(source.blocks())
    assert [row["n"] for row in read_rows(path, block_rows=700)] == list(range(10_000))
    assert max(map(len, blocks)) == 700
    assert source.fixed_columns
    assert source.progress() is not None


def test_small_row_groups_share_blocks(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(70_000)]
    path = write(tmp_path, pa.table({"t": texts}), row_group_size=500)
    blocks = list(open_source(path).blocks())
    assert len(blocks) < 6
    assert [text for block in blocks for text in block.columns["t"].to_pylist()] == texts


def test_one_long_text_in_a_later_row_group_keeps_blocks_small(tmp_path: Path) -> None:
    short = [f"text {number}" for number in range(40_000)]
    long = [None] * 100 + ["x" * 10_000, "y"] * 5_000
    path = write(tmp_path, pa.table({"t": short + long}), row_group_size=len(short))
    blocks = list(open_source(path).blocks())
    assert max(block.columns["t"].nbytes for block in blocks) < 1.1 * BLOCK_BYTES
    assert [text for block in blocks for text in block.columns["t"].to_pylist()] == short + long


def test_no_rows_and_several_files(tmp_path: Path) -> None:
    write(tmp_path, pa.table({"a": pa.array([], pa.int64())}), "1.parquet")
    assert [(len(block), block.names) for block in open_source(tmp_path / "1.parquet").blocks()] == [(0, ("a",))]
    write(tmp_path, pa.table({"a": [1]}), "2.parquet")
    write(tmp_path, pa.table({"a": [2]}), "3.parquet")
    blocks = list(open_source(str(tmp_path / "*.parquet")).blocks())
    assert [(Path(block.file).name, block.first_row, block.rows([0])[0]) for block in blocks] == [
        ("2.parquet", 1, {"a": 1}),
        ("3.parquet", 1, {"a": 2}),
    ]


def test_names_that_no_mapping_can_use(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(SourceError, match="more than once: 'a'"):
        open_source(write(tmp_path, table))


def test_a_damaged_or_cut_file(tmp_path: Path) -> None:
    path = write(tmp_path, pa.table({"a": [f"text {number}" for number in range(100_000)]}), compression="gzip")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="not a Parquet file, or a damaged one"):
        open_source(path)
    path.write_bytes(whole[:1000] + b"\xff" * 5000 + whole[6000:])
    with pytest.raises(SourceError, match="damaged"):
        read_rows(path)
