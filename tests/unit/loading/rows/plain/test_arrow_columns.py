"""Arrow columns of every type become arrays whose values Python can represent, or plain Python values."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from airflow_provider_clevertap.loading.rows.plain.arrow_columns import simplify
from airflow_provider_clevertap.records.unreadable import UnreadableValue

BAD = b"caf\xe9"
LAST, FIRST = 2**63 - 1, -(2**63)


def unchecked(kind: pa.DataType, *values: bytes | None) -> pa.Array:
    """Return text that Arrow did not check, as a file's may be."""
    small = pa.array(values, pa.binary_view() if kind == pa.string_view() else pa.binary())
    return small.cast(pa.large_binary()).view(kind) if kind == pa.large_string() else small.view(kind)


def values(array: Any, metadata: Any = None) -> list[Any]:
    """Return the cells of a simplified column, with the text of what cannot be read in angle brackets."""
    column = simplify(array, metadata)
    return [_marked(cell) for cell in (column if isinstance(column, list) else column.to_pylist())]


def _marked(cell: Any) -> Any:
    if isinstance(cell, list | tuple):
        return type(cell)(map(_marked, cell))
    if isinstance(cell, dict):
        return {_marked(key): _marked(inner) for key, inner in cell.items()}
    return f"<{cell.text}>" if isinstance(cell, UnreadableValue) else cell


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_text_that_is_not_utf_8(kind: pa.DataType) -> None:
    good = unchecked(kind, "é".encode(), None)
    assert simplify(good).type == pa.string()
    assert values(good) == ["é", None]
    # of the rows of a block only
    assert simplify(unchecked(kind, BAD, b"a").slice(1)).type == pa.string()
    assert values(unchecked(kind, b"a", BAD, None)) == ["a", r"<caf\xe9>", None]
    indices = pa.array([1, None, 0, 1])
    assert values(pa.DictionaryArray.from_arrays(indices, unchecked(kind, b"a", BAD))) == [
        r"<caf\xe9>", None, "a", r"<caf\xe9>",
    ]  # fmt: skip
    assert values(pa.RunEndEncodedArray.from_arrays([2, 3], unchecked(kind, b"b", b"a"))[1:]) == ["b", "a"]


def test_text_that_is_not_utf_8_inside_other_values() -> None:
    text = unchecked(pa.string(), b"a", BAD, b"b")
    numbers = pa.array([1, 2, 3])
    offsets = pa.array([0, 1, 3], pa.int32())
    found = ["a"], [r"<caf\xe9>", "b"]
    assert values(pa.ListArray.from_arrays(offsets, text)) == [*found]
    assert values(pa.LargeListArray.from_arrays(offsets.cast(pa.int64()), text)[1:]) == [found[1]]
    assert values(pa.FixedSizeListArray.from_arrays(text[:2], 2)) == [["a", r"<caf\xe9>"]]
    views = pa.ListViewArray.from_arrays(pa.array([1, 0], pa.int32()), pa.array([2, 1], pa.int32()), text)
    assert values(views) == [found[1], found[0]]
    assert values(pa.StructArray.from_arrays([text, numbers], ["t", "n"])[1:]) == [
        {"t": r"<caf\xe9>", "n": 2},
        {"t": "b", "n": 3},
    ]
    assert values(pa.MapArray.from_arrays(offsets, text, numbers)) == [[("a", 1)], [(r"<caf\xe9>", 2), ("b", 3)]]
    codes, places = pa.array([0, 1, 0], pa.int8()), pa.array([1, 0, 0], pa.int32())
    assert values(pa.UnionArray.from_dense(codes, places, [text, numbers])) == [r"<caf\xe9>", 1, "a"]
    assert values(pa.UnionArray.from_sparse(codes, [text, numbers])[1:]) == [2, "b"]


def test_nested_values_that_can_be_read_stay_in_arrays() -> None:
    for kind, cells in (
        (pa.list_(pa.string()), [["a"], None, []]),
        (pa.large_list(pa.int32()), [[1, None], None]),
        (pa.list_(pa.float64(), 2), [[1.0, None], None]),
        (pa.struct([("a", pa.list_(pa.bool_()))]), [{"a": [True]}, None, {"a": None}]),
        (pa.map_(pa.string(), pa.int64()), [[("a", 1)], None, []]),
    ):
        assert simplify(pa.array(cells, kind)).to_pylist() == cells
    assert values(pa.array([["a"], None], pa.list_view(pa.string_view()))) == [["a"], None]
    assert values(pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])) == [
        "<list[tuple['a', 1], tuple['a', 2]]>"
    ]
    deep = pa.array([None, 1])
    for _ in range(40):
        deep = pa.FixedSizeListArray.from_arrays(deep, 1)
    assert values(deep) == ["<...>", "<...>"]


@pytest.mark.parametrize(
    ("kind", "ticks", "text"),
    [
        (pa.timestamp("s"), 253_402_300_800, "10000-01-01T00:00:00"),
        (pa.timestamp("s", "Asia/Kolkata"), LAST, "292277026596-12-04T15:30:07Z"),
        (pa.timestamp("ms", "UTC"), 253_402_300_800_000, "10000-01-01T00:00:00.000Z"),
        (pa.timestamp("us"), LAST, "294247-01-10T04:00:54.775807"),
        (pa.timestamp("us"), FIRST, f"{FIRST} us"),
        (pa.timestamp("us", "Nowhere/City"), -62_135_596_800_000_001, "0000-12-31T23:59:59.999999Z"),
        (pa.date32(), 2_932_897, "10000-01-01"),
        (pa.date32(), 2**31 - 1, "5881580-07-11"),
        (pa.date64(), LAST // 86_400_000 * 86_400_000, "292278994-08-17T00:00:00.000"),
        (pa.time32("s"), 86_400, "86400 s"),
        (pa.time64("us"), -1, "-1 us"),
        (pa.time64("ns"), LAST, f"{LAST} ns"),
        (pa.duration("s"), 90_061, "1 day, 1:01:01"),
        (pa.duration("s"), LAST, f"{LAST} s"),
        (pa.duration("ns"), 1, "1 ns"),
    ],
    ids=str,
)
def test_dates_times_and_spans_that_python_cannot_represent(kind: pa.DataType, ticks: int, text: str) -> None:
    small = kind in (pa.date32(), pa.time32("s"))
    array = pa.array([ticks, None, 86_399 if pa.types.is_time(kind) else 0], pa.int32() if small else pa.int64())
    first, missing, last = values(array.view(kind))
    assert (first, missing) == (f"<{text}>", None)
    assert str(last).startswith("<") == pa.types.is_duration(kind)
    nested = pa.ListArray.from_arrays(pa.array([0, 2], pa.int32()), array[:2].view(kind))
    assert values(nested) == [[f"<{text}>", None]]


def test_dates_and_times_that_python_can_represent_stay_what_they_are() -> None:
    first, last = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)
    for unit in ("s", "ms", "us"):
        ends = [first, last.replace(microsecond={"s": 0, "ms": 999_000, "us": 999_999}[unit])]
        assert values(pa.array(ends, pa.timestamp(unit))) == ends
        # In their zone these would be in another year, so they are in UTC.
        for zone in ("America/New_York", "Asia/Tokyo", "+05:30"):
            found = values(pa.array([moment.replace(tzinfo=dt.UTC) for moment in ends], pa.timestamp(unit, zone)))
            assert found == [moment.replace(tzinfo=dt.UTC) for moment in ends]
    assert values(pa.array([dt.date.min, dt.date.max])) == [dt.date.min, dt.date.max]
    midnight, later = pa.array([86_400_000, None]), pa.array([86_400_001, None])
    assert values(midnight.view(pa.date64())) == [dt.date(1970, 1, 2), None]
    assert values(later.view(pa.date64())) == [dt.datetime(1970, 1, 2, 0, 0, 0, 1000), None]
    assert simplify(pa.array([1_700_000_000_123_456_000], pa.timestamp("ns"))).type == pa.timestamp("us")
    assert values(pa.array([1], pa.timestamp("ns")))[0].nanosecond == 1
    for number in (LAST, FIRST):  # pandas cannot represent these in zones
        (moment,) = values(pa.array([number], pa.timestamp("ns", "Asia/Kolkata")))
        assert (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) == number // 1000
    assert values(pa.array([1, 10**9], pa.time64("ns"))) == ["00:00:00.000000001", dt.time(0, 0, 1)]
    assert values(pa.array([1_000, None], pa.time64("ns"))) == [dt.time(0, 0, 0, 1), None]


@pytest.mark.parametrize("zone", ["utc", "Z", "GMT+05:30", "UTC+1", "Nowhere/City", "../etc/passwd", "+05", "\0"])
def test_zones_that_are_not_known_are_utc(zone: str) -> None:
    column = simplify(pa.array([1_729_992_600, None], pa.timestamp("s", zone)))
    assert column.to_pylist() == [dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC), None]


def test_a_zone_that_is_known_stays() -> None:
    (moment,) = simplify(pa.array([1_729_992_600], pa.timestamp("s", "Europe/London"))).to_pylist()
    assert (moment.tzinfo, moment.fold, moment.hour) == (ZoneInfo("Europe/London"), 1, 1)


def test_intervals_and_periods_are_no_lists_and_no_numbers() -> None:
    interval = pa.array([(1, 2, 3), None], pa.month_day_nano_interval())
    assert values(interval) == ["<1 months, 2 days, 3 nanoseconds>", None]
    assert values(pa.DictionaryArray.from_arrays(pa.array([1, 0]), interval)) == [None, *values(interval)[:1]]
    stored = pa.array([648, None])
    assert values(stored, {b"ARROW:extension:name": b"pandas.period"}) == ["<648>", None]


def test_extension_types_in_dictionaries_and_in_chunks() -> None:
    who = uuid.UUID(int=7)
    ids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([who.bytes, None], pa.binary(16)))
    texts = pa.ExtensionArray.from_storage(pa.json_(), pa.array(["[1]", None]))
    bad = pa.ExtensionArray.from_storage(pa.json_(), unchecked(pa.string(), b"[1]", BAD))
    for array in (ids, pa.DictionaryArray.from_arrays(pa.array([0, None]), ids)):
        assert values(array) == [str(who), None]
    for array in (texts, pa.DictionaryArray.from_arrays(pa.array([0, None]), texts)):
        assert values(array) == ["[1]", None]
    assert values(bad) == ["[1]", r"<caf\xe9>"]
    assert values(pa.RunEndEncodedArray.from_arrays([1, 3], pa.array(["x", "y"]).dictionary_encode())) == list("xyy")
    one, other = (pa.DictionaryArray.from_arrays(pa.array([0]), part) for part in (ids, ids[1:]))
    assert values(pa.chunked_array([one, other])) == [str(who), None]
    assert values(pa.chunked_array([], one.type)) == []


@pytest.mark.parametrize("last", [[None, 1.5], [2.5]], ids=["same", "another"])
def test_dictionaries_that_hold_nulls_in_chunks(last: list[float | None]) -> None:
    one, other = (
        pa.DictionaryArray.from_arrays(pa.array([len(cells) - 1, 0, None]), pa.array(cells, pa.float64()))
        for cells in ([None, 1.5], last)
    )
    expected = [1.5, None, None, last[-1], last[0], None]
    assert values(pa.chunked_array([one, other])) == expected
    inside = [pa.StructArray.from_arrays([part], ["v"]) for part in (one, other)]
    assert values(pa.chunked_array(inside)) == [{"v": cell} for cell in expected]


def test_decimals_of_every_width_and_scale() -> None:
    for kind, number in (
        (pa.decimal32(5, 2), "1.50"),
        (pa.decimal64(15, 2), "-1.50"),
        (pa.decimal256(76, 2), "9" * 74 + ".25"),
        (pa.decimal128(5, -2), "12300"),
        (pa.decimal128(38, -30), "1E+40"),
        (pa.decimal256(76, -50), "1E+120"),
    ):
        unscaled = int(Decimal(number).scaleb(kind.scale, Context(prec=100)))
        stored = pa.py_buffer(unscaled.to_bytes(kind.bit_width // 8, "little", signed=True))
        (found,) = values(pa.Array.from_buffers(kind, 1, [None, stored]))
        assert found == Decimal(number)


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32()])
def test_floats_of_less_precision_are_those_with_their_shortest_text(kind: pa.DataType) -> None:
    numbers = [0.1, None, 1.5, -0.0, 2.0**-14, float("nan"), float("inf"), 0.3]
    array = pa.array(numbers, kind)
    for column in (array, pa.concat_arrays([array, array]).slice(len(numbers)), array.dictionary_encode()):
        found = simplify(column)
        assert not isinstance(found, list)
        assert found.type == pa.float64()
        assert found.to_pylist()[:2] == [0.1, None]
        assert str(found[3].as_py()) == "-0.0"
        assert found.to_pylist()[5:] == [None, float("inf"), 0.3]
        assert found.cast(kind).drop_null() == simplify(array).cast(kind).drop_null()
    assert simplify(pa.array([[0.1, None], None], pa.list_(kind))) == [[0.1, None], None]
    assert simplify(pa.array([{"a": 0.1}], pa.struct([("a", kind)]))) == [{"a": 0.1}]
    assert len(simplify(pa.array([], kind))) == 0


def test_every_float_of_less_precision_is_the_same_float_again() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    assert (simplify(pa.array(halves)).to_numpy().astype(np.float16) == halves).all()
    singles = np.random.default_rng(1).integers(0, 2**32, 20_000, np.uint32).view(np.float32)
    singles = singles[np.isfinite(singles)]
    assert (simplify(pa.array(singles)).to_numpy().astype(np.float32) == singles).all()
