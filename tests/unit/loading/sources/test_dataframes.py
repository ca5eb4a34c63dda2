"""DataFrames of pandas, polars and Arrow, one or several."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.records.unreadable import UnreadableValue
from airflow_provider_clevertap.sources import FrameSource
from tests.support.source_reading import read_rows


def column(values: Any) -> Any:
    """Return one pandas column as it is in a block: an Arrow array or a list."""
    (block,) = open_source(pd.DataFrame({"x": values})).blocks()
    return block.columns["x"] if block.columns else block.objects["x"]


def test_text_stays_text() -> None:
    frame = pd.DataFrame({"id": ["007", None, ""], "big": ["1234567890123456789"] * 3})
    assert read_rows(frame)[0] == {"id": "007", "big": "1234567890123456789"}
    for dtype in ("object", "str", "string", "category", pd.ArrowDtype(pa.large_string())):
        text = column(pd.Series(["007", None, ""], dtype=dtype))
        assert text.type == pa.string()
        assert text.to_pylist() == ["007", None, ""]


def test_a_column_of_text_in_several_chunks() -> None:
    frame = pd.concat([pd.DataFrame({"x": ["a", "b"]}), pd.DataFrame({"x": ["c"]})], ignore_index=True)
    assert [row["x"] for row in read_rows(frame, block_rows=2)] == ["a", "b", "c"]


def test_numbers_and_booleans_keep_their_types() -> None:
    assert column([2**63 - 1, 1]).type == pa.int64()
    assert column(np.array([1, 2], np.uint8)).to_pylist() == [1, 2]
    assert column([True, False]).type == pa.bool_()
    assert column(pd.Series([1, None], dtype="Int64")).to_pylist() == [1, None]
    assert column(pd.Series([True, None], dtype="boolean")).to_pylist() == [True, None]
    assert column(pd.Series([1, 2, 1], dtype="category")).to_pylist() == [1, 2, 1]


def test_floats_stay_floats_and_nan_is_no_value() -> None:
    for dtype in ("float64", "Float64", pd.ArrowDtype(pa.float64())):
        floats = column(pd.Series([1.0, None, 2.5], dtype=dtype))
        assert floats.type == pa.float64()
        assert floats.to_pylist() == [1.0, None, 2.5]
    (block,) = open_source(pa.table({"x": [1.0, float("nan")]})).blocks()
    assert block.columns["x"].to_pylist() == [1.0, None]


def test_times_keep_their_zone_or_have_none() -> None:
    naive = column(pd.Series(pd.to_datetime(["2024-01-02 03:04:05", None])))
    assert naive.type.tz is None
    assert naive.to_pylist() == [dt.datetime(2024, 1, 2, 3, 4, 5), None]
    aware = column(pd.Series(pd.to_datetime(["2024-01-02 03:04:05", None])).dt.tz_localize("Asia/Kolkata"))
    assert aware.type.tz == "Asia/Kolkata"
    assert aware.to_pylist()[0].utcoffset() == dt.timedelta(hours=5, minutes=30)


def test_object_columns_of_one_type_are_arrays_and_others_python_values() -> None:
    def objects(*values: Any) -> Any:
        return column(pd.Series(values, dtype=object))

    assert objects("a", None, float("nan"), pd.NA, pd.NaT).to_pylist() == ["a", None, None, None, None]
    assert objects(1, None).type == pa.int64()
    assert objects(True, None).type == pa.bool_()
    assert objects(1.5, None).type == pa.float64()
    assert objects(None, None).type == pa.string()
    assert objects(2**53 + 1, 1.5) == [2**53 + 1, 1.5]
    assert objects(2**63) == [2**63]
    assert objects("a", 1, True) == ["a", 1, True]
    assert objects(Decimal("1.10"), None) == [Decimal("1.10"), None]
    assert objects(dt.date(2024, 1, 2), None).type == pa.date32()
    moment = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    assert objects(dt.date(2024, 1, 2), moment) == [dt.date(2024, 1, 2), moment]
    assert objects([1, 2], {"a": 1}, np.array([1, 2])) == [[1, 2], {"a": 1}, [1, 2]]
    assert [type(value) for value in objects(np.int64(5), np.str_("x"), 1.5)] == [int, str, float]


def test_rare_dtypes_become_python_values() -> None:
    for values in (pd.period_range("2024-01", periods=1, freq="M"), pd.Categorical(pd.interval_range(0, 1))):
        (cell,) = column(pd.Series(values))
        assert isinstance(cell, UnreadableValue)
        assert cell.text == repr(values[0])
    assert column(pd.Series([1, 0], dtype=pd.SparseDtype(int))).to_pylist() == [1, 0]
    assert column(pd.Series(pd.Categorical([1, "a", None]))) == [1, "a", None]
    (cell,) = column([1 + 2j])
    assert "type complex" in cell.reason


def test_the_index_is_not_read() -> None:
    frame = pd.DataFrame({"id": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    assert read_rows(frame) == [{"id": 1}, {"id": 2}]


def test_names_that_no_mapping_can_use() -> None:
    with pytest.raises(SourceError, match=r"must be text.*: 0, 1"):
        read_rows(pd.DataFrame([[1, 2]]))
    with pytest.raises(SourceError, match="more than once: 'a'"):
        read_rows(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(SourceError, match="more than once: 'a'"):
        read_rows(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": ["x"], "b": [1]}),
        pl.DataFrame({"a": ["x"], "b": [1]}),
        pa.table({"a": ["x"], "b": [1]}),
        pa.RecordBatch.from_pydict({"a": ["x"], "b": [1]}),
    ],
    ids=lambda frame: f"{type(frame).__module__.split('.')[0]}-{type(frame).__name__}",
)
def test_every_kind_of_frame(frame: Any) -> None:
    for source in (frame, FrameSource(frame), [frame], iter([frame])):
        assert read_rows(source) == [{"a": "x", "b": 1}]
    opened = open_source(frame[:0] if not isinstance(frame, pa.RecordBatch) else frame.slice(0, 0))
    assert [(len(block), block.names, block.file) for block in opened.blocks()] == [(0, ("a", "b"), "")]
    assert opened.fixed_columns
    assert not opened.nested
    assert not opened.many_files


def test_pandas_categories_of_a_type_that_numpy_lacks() -> None:
    uuid = UUID(int=7)
    ids = pa.array([uuid.bytes], pa.uuid())
    categories = pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int8()), ids)
    for array in (categories, pa.chunked_array([pa.array([uuid.bytes, None], pa.uuid())])):
        series = pd.Series(pd.arrays.ArrowExtensionArray(array))
        assert read_rows(pd.DataFrame({"x": series})) == [{"x": str(uuid)}, {"x": None}]


def test_polars_types() -> None:
    frame = pl.DataFrame(
        {
            "word": pl.Series(["p", None], dtype=pl.Categorical),
            "float": [1.0, float("nan")],
            "big": pl.Series([2**63, None], dtype=pl.UInt64),
            "thing": pl.Series([("x",), None], dtype=pl.Object),
            "none": [None, None],
        }
    )
    assert read_rows(frame) == [
        {"word": "p", "float": 1.0, "big": 2**63, "thing": ("x",), "none": None},
        dict.fromkeys(frame.columns),
    ]


@pytest.mark.skipif(not hasattr(pl, "Int128"), reason="this polars has no such type")
def test_polars_types_that_arrow_lacks() -> None:
    assert read_rows(pl.DataFrame({"huge": pl.Series([2**100, None], dtype=pl.Int128)}))[0] == {"huge": 2**100}


def test_polars_columns_that_polars_cannot_convert_to_arrow() -> None:
    # polars itself panics here: the precision of these decimals is lost on the way
    decimals = pl.from_arrow(pa.table({"x": pa.nulls(2, pa.list_(pa.decimal32(5, 2)))}))
    assert read_rows(decimals) == [{"x": None}] * 2


def test_a_value_that_polars_cannot_convert_at_all_makes_its_own_row_invalid() -> None:
    kind = pa.list_(pa.struct([("a", pa.binary()), ("b", pa.decimal32(5, 2))]))
    lists = pl.from_arrow(pa.table({"x": pa.array([None, [{"a": None, "b": Decimal(1)}]], kind)}))
    empty, unreadable = (row["x"] for row in read_rows(lists))
    assert empty is None
    assert isinstance(unreadable, UnreadableValue)
    assert unreadable.reason == "polars cannot convert the value: cast the column to another type"


def test_nested_values_are_detected() -> None:
    assert open_source(pd.DataFrame({"x": [1], "y": [[1]]})).nested
    assert open_source(pd.DataFrame({"x": pd.Series([[1]], dtype=pd.ArrowDtype(pa.list_(pa.int64())))})).nested
    assert open_source(pl.DataFrame({"x": [[1]]})).nested
    assert open_source(pa.table({"x": [{"a": 1}]})).nested
    assert open_source(iter([pd.DataFrame({"y": [{"a": 1}]})])).nested
    assert not open_source(pd.DataFrame({"x": ["a"], "y": [Decimal(1)]})).nested


def test_blocks_are_bounded_and_rows_numbered_through_frames() -> None:
    frames = [pd.DataFrame({"n": range(5)}), pa.table({"n": [5, 6]}), pd.DataFrame({"n": []}), pl.DataFrame({"n": [7]})]
    source = open_source(frames, block_rows=2)
    blocks = list(source.blocks())
    assert [(block.first_row, len(block)) for block in blocks] == [(1, 2), (3, 2), (5, 1), (6, 2), (8, 1)]
    assert [row["n"] for row in read_rows(frames, block_rows=3)] == list(range(8))
    assert source.progress() == 1
    assert [len(block) for block in source.blocks()] == [2, 2, 1, 2, 1]


def test_an_iterator_of_frames_is_read_lazily_and_once() -> None:
    made: list[int] = []

    def frames() -> Iterator[pd.DataFrame]:
        for number in range(3):
            made.append(number)
            yield pd.DataFrame({"n": [number]})

    source = open_source(frames())
    assert made == [0]
    assert source.progress() is None
    assert [block.rows([0])[0]["n"] for block in source.blocks()] == [0, 1, 2]
    with pytest.raises(SourceError, match="read only once"):
        next(iter(source.blocks()))


def test_an_iterator_without_frames() -> None:
    with pytest.raises(SourceError, match="there is no DataFrame"):
        open_source(iter([]))


def test_frames_of_a_load_have_the_same_columns_in_any_order() -> None:
    first = pd.DataFrame({"a": [1], "b": [2]})
    assert [list(row) for row in read_rows([first, first[["b", "a"]]])] == [["a", "b"], ["a", "b"]]
    with pytest.raises(SourceError, match=r"DataFrame 2.*lacks 'b'"):
        read_rows(iter([first, first[["a"]]]))
    with pytest.raises(SourceError, match="one of the DataFrames is of type int"):
        read_rows(iter([first, 5]))


def test_a_frame_without_columns() -> None:
    assert [len(block) for block in open_source(pd.DataFrame()).blocks()] == [0]
    assert [len(block) for block in open_source(pd.DataFrame(index=[1, 2])).blocks()] == [2]


def test_the_columns_of_a_rejects_file_are_left_out() -> None:
    assert read_rows(pd.DataFrame({"id": ["1"], "clevertap_row": [7], "clevertap_reason": ["x"]})) == [{"id": "1"}]
