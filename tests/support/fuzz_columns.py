"""Columns of every type that Arrow, DataFrames and database drivers have, with values that break loaders.

An example is a source with one such column; :func:`load_in_every_role` puts the column into each place that a column
can have in a load. No error of another library may come of it, every row must get an outcome, and whole columns must
be converted as single values are.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import parquet

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.artifacts.rejects import _CsvRows, _JsonRows
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import (
    DEVICE_TOKENS,
    PROFILES,
    RecordKind,
    events,
    subscriptions,
)
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock, Source
from airflow_provider_clevertap.loading.sources.dataframes import DataFramesSource
from airflow_provider_clevertap.loading.sources.files.source import FilesSource
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.loading.sources.parquet import ParquetReader
from airflow_provider_clevertap.loading.sources.sql.query import Database, QuerySource
from tests.support.hostile_values import HOSTILE_TEXT

#: An example has at most four rows, so some have two blocks.
BLOCK_ROWS = 3
ZONES = [
    None,
    None,
    "UTC",
    "utc",
    "Z",
    "GMT+05:30",
    "+05:30",
    "Europe/London",
    "America/New_York",
    "Nowhere/City",
    "\0",
]
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
#: Seconds that are special: ends of Python's years, changes of clocks, ends of days.
_MOMENTS = [
    0, -1, 1, 86_399, 86_400, 253_402_300_799, 253_402_300_800, 253_402_214_400, -62_135_596_800, -62_135_596_801,
    1_729_989_000, 1_729_992_600, 1_711_846_799, 1_711_846_800, 1_700_000_000, 4_102_444_800, 99_999_999_999, 10**11,
]  # fmt: skip
_NUMBERS = [
    *(moment * ticks for moment in _MOMENTS for ticks in UNITS.values()),
    2**63 - 1, -(2**63), 2**63 - 1000, 2**31 - 1, -(2**31), 2_932_896, 2_932_897, -719_162, -719_163, 999, 1001, 255,
]  # fmt: skip
_BYTES = [
    b"", b"a", b"caf\xe9", "é".encode(), b"\xff", b"\xed\xa0\x80", b"\x00", b" ", b"a,\xe9,b", b"2024-01-01\xff",
    b"+91981234567\xe9", b'"', b"a@b.co\xfe", "😀".encode(),
]  # fmt: skip
_TEXTS = st.sampled_from(_BYTES) | st.sampled_from(HOSTILE_TEXT).map(str.encode) | st.binary(max_size=4)
_INTEGERS = st.none() | st.sampled_from(_NUMBERS) | st.integers(-(2**63), 2**63 - 1)


class HostileScalar(pa.ExtensionScalar):
    def as_py(self, **_: Any) -> Any:
        raise RuntimeError("no Python value")


class HostileType(pa.ExtensionType):
    """An extension type whose Python code fails."""

    def __init__(self) -> None:
        super().__init__(pa.int64(), "tests.hostile")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: Any, serialized: bytes) -> HostileType:
        return cls()

    def __arrow_ext_scalar_class__(self) -> Any:
        return HostileScalar


def _viewed(kind: pa.DataType) -> Callable[[Any, int], pa.Array]:
    """Return how to make an array of a type from the numbers that it stores."""
    bits = kind.bit_width
    stored = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[bits]

    def make(draw: Any, rows: int) -> pa.Array:
        numbers = draw(st.lists(_INTEGERS, min_size=rows, max_size=rows))
        # numbers that do not fit keep their last bits
        kept = [None if n is None else (n + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1) for n in numbers]
        return pa.array(kept, stored).view(kind)

    return make


def _text(kind: pa.DataType) -> Callable[[Any, int], pa.Array]:
    def make(draw: Any, rows: int) -> pa.Array:
        texts = draw(st.lists(st.none() | _TEXTS, min_size=rows, max_size=rows))
        if kind in (pa.binary_view(), pa.string_view()):
            return pa.array(texts, pa.binary_view()).view(kind)
        return pa.array(texts, pa.large_binary() if "large" in str(kind) else pa.binary()).view(kind)

    return make


def _decimal(kind: pa.DataType) -> Callable[[Any, int], pa.Array]:
    def make(draw: Any, rows: int) -> pa.Array:
        limit = 10**kind.precision - 1
        special = st.sampled_from([0, 1, -1, limit, -limit, 100, 150])
        numbers = draw(st.lists(special | st.integers(-limit, limit), min_size=rows, max_size=rows))
        size = kind.bit_width // 8
        data = b"".join(number.to_bytes(size, "little", signed=True) for number in numbers)
        return pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(data)])

    return make


def _of_values(kind: pa.DataType, values: st.SearchStrategy[Any]) -> Callable[[Any, int], pa.Array]:
    return lambda draw, rows: pa.array(draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), kind)


_FLOATS = st.floats() | st.sampled_from([0.1, 1e300, -0.0, 5.0, 1e16])
_SMALL = st.integers(-(2**31), 2**31 - 1)
_SPAN = st.tuples(_SMALL, _SMALL, st.integers(-(2**63), 2**63 - 1))


def _leaves() -> dict[str, Callable[[Any, int], pa.Array]]:
    kinds = [
        pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64(), pa.date32(),
        pa.date64(), pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"), *map(pa.duration, UNITS),
        *map(pa.timestamp, UNITS), pa.float16(), pa.float32(), pa.float64(),
    ]  # fmt: skip
    leaves = {str(kind): _viewed(kind) for kind in kinds}
    leaves |= {str(kind): _text(kind) for kind in (pa.string(), pa.large_string(), pa.string_view())}
    leaves |= {str(kind): _text(kind) for kind in (pa.binary(), pa.large_binary(), pa.binary_view())}
    leaves |= {
        str(kind): _decimal(kind)
        for kind in (
            pa.decimal32(5, 2), pa.decimal64(15, 0), pa.decimal128(38, 0), pa.decimal128(12, 2), pa.decimal128(5, -2),
            pa.decimal128(38, -30), pa.decimal128(38, 38), pa.decimal256(76, 10), pa.decimal256(70, -70),
        )
    }  # fmt: skip
    leaves["bool"] = _of_values(pa.bool_(), st.booleans())
    leaves["double of values"] = _of_values(pa.float64(), _FLOATS)
    leaves["fixed binary"] = _of_values(pa.binary(3), st.binary(min_size=3, max_size=3))
    leaves["interval"] = _of_values(pa.month_day_nano_interval(), _SPAN)
    leaves["null"] = lambda _, rows: pa.nulls(rows)
    leaves["ordinary text"] = _of_values(pa.string(), st.sampled_from(HOSTILE_TEXT))
    leaves["zoned"] = _zoned
    leaves["extension"] = _extension
    return leaves


def _zoned(draw: Any, rows: int) -> pa.Array:
    unit, zone = draw(st.sampled_from(list(UNITS))), draw(st.sampled_from(ZONES))
    return _viewed(pa.timestamp(unit, zone))(draw, rows)


def _extension(draw: Any, rows: int) -> pa.Array:
    of_bytes = _of_values(pa.binary(16), st.binary(min_size=16, max_size=16))
    kind, make = draw(
        st.sampled_from(
            [
                (pa.uuid(), of_bytes),
                (pa.json_(), _text(pa.string())),
                (pa.bool8(), _viewed(pa.int8())),
                (pa.opaque(pa.int64(), "odd", "tests"), _viewed(pa.int64())),
                (HostileType(), _viewed(pa.int64())),
            ]
        )
    )
    return pa.ExtensionArray.from_storage(kind, make(draw, rows))


LEAVES = _leaves()
_NESTED = (
    "list",
    "large list",
    "fixed list",
    "list view",
    "struct",
    "twins",
    "map",
    "dense",
    "sparse",
    "dictionary",
    "runs",
)


@st.composite
def arrays(draw: Any, rows: int, depth: int = 2) -> pa.Array:
    """Return a strategy for arrays of any type."""
    shape = draw(st.sampled_from(["leaf"] * 3 + list(_NESTED))) if depth else "leaf"
    if shape == "leaf":
        return LEAVES[draw(st.sampled_from(sorted(LEAVES)))](draw, rows)
    with suppress(pa.ArrowException, ValueError, TypeError):  # shapes that this Arrow cannot make
        return _nested(draw, shape, rows, depth - 1)
    return pa.nulls(rows)


def _nested(draw: Any, shape: str, rows: int, depth: int) -> pa.Array:
    if shape in ("struct", "twins"):
        children = [draw(arrays(rows, depth)) for _ in range(2)]
        mask = pa.array(draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
        return pa.StructArray.from_arrays(children, ["a", "a" if shape == "twins" else "$add"], mask=mask)
    if shape == "dictionary":
        indices = st.none() | st.integers(0, 2)
        taken = pa.array(draw(st.lists(indices, min_size=rows, max_size=rows)), pa.int8())
        return pa.DictionaryArray.from_arrays(taken, draw(arrays(3, depth)))
    if shape == "runs":
        return pa.RunEndEncodedArray.from_arrays(list(range(1, rows + 1)), draw(arrays(rows, depth)))
    if shape in ("dense", "sparse"):
        codes = pa.array(draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows)), pa.int8())
        children = [draw(arrays(rows, depth)) for _ in range(2)]
        if shape == "sparse":
            return pa.UnionArray.from_sparse(codes, children)
        return pa.UnionArray.from_dense(codes, pa.array(range(rows), pa.int32()), children)
    if shape == "fixed list":
        return pa.FixedSizeListArray.from_arrays(draw(arrays(rows * 2, depth)), 2)
    sizes = draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    inner = draw(arrays(offsets[-1], depth))
    if shape == "map":
        keys = (
            draw(arrays(offsets[-1], 0)).fill_null(b"k") if depth else pa.array([f"k{n}" for n in range(offsets[-1])])
        )
        return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), keys, inner)
    if shape == "list view":
        starts, lengths = pa.array(offsets[:-1], pa.int32()), pa.array(sizes, pa.int32())
        return pa.ListViewArray.from_arrays(starts, lengths, inner)
    nulls = [None if draw(st.integers(0, 5)) == 0 else offset for offset in offsets[:-1]] + offsets[-1:]
    if shape == "large list":
        return pa.LargeListArray.from_arrays(pa.array(nulls, pa.int64()), inner)
    return pa.ListArray.from_arrays(pa.array(nulls, pa.int32()), inner)


class _Word(str):
    __slots__ = ()


class _Colour(Enum):
    RED = "red"


class _Level(IntEnum):
    HIGH = 3


class _NoRules(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta:
        raise LookupError("no rules")


class _Failing:
    """An object with which nothing works."""

    def _fail(self, *_: Any) -> Any:
        raise RuntimeError("no")

    __eq__ = __hash__ = __bool__ = __repr__ = __str__ = __len__ = __iter__ = _fail  # type: ignore[assignment]


_ENDLESS: list[Any] = []
_ENDLESS.append(_ENDLESS)
_PLACE = namedtuple("_PLACE", "city zip")
SCALARS: list[Any] = [
    None, "", "a", "\ud800", "caf\udce9", 0, 1, -1, 2**63, 10**30, 10**5000, True, 1.5, float("nan"), float("inf"),
    Decimal("1.50"), Decimal("NaN"), Decimal("sNaN"), Decimal("1E+400"), Decimal("-Infinity"), date(2024, 1, 2),
    date.max, datetime.min, datetime.max, datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=9))), datetime(2024, 1, 1, tzinfo=_NoRules()), time(1),
    time(1, tzinfo=UTC), time(1, tzinfo=_NoRules()), timedelta(1), b"caf\xe9", bytearray(b"a"), memoryview(b"a"),
    UUID(int=7), {1}, frozenset(), 5 + 1j, object(), _Word("a"), _Colour.RED, _Level.HIGH, _Failing(), _Failing,
    _PLACE("a", 1), _PLACE(_Failing(), None), _ENDLESS, pd.NA, pd.NaT, range(3), map,
    pd.Timestamp(1_729_992_600, unit="s", tz="Europe/London"), pd.Timestamp(1, unit="ns"), pd.Timedelta(1),
    pd.Interval(0, 1), pd.Period("2024-01"),
    pd.Timestamp.max, np.int8(5), np.uint64(2**64 - 1), np.float16(1.5), np.longdouble(1) / 3,
    np.datetime64("2024-01-01", "ns"), np.datetime64(2**62, "s"), np.datetime64("NaT"), np.timedelta64(1, "ns"),
    np.str_("a"), np.bytes_(b"a"), np.bool_(True), np.array(5), np.array([1, None], object), np.zeros((2, 0)),
    np.array(["2024-01-01"], "datetime64[ns]"), np.ma.masked_array([1, 2], [True, False]), OrderedDict(a=1), {1: 2},
    {("a",): 1}, {_Word("$incr"): np.int64(1)}, {None: 1}, {b"a": 1}, {"$add": ["a", _Failing()]}, [_PLACE("a", 1)],
    {"email": ["G"]}, [{"sku": "a", "n": np.int64(1)}], [{"sku": _Failing()}], ("a", "b"), (), [[]], {"$delete":
    True},
]  # fmt: skip
OBJECTS = st.recursive(
    st.integers(0, len(SCALARS) - 1).map(lambda number: SCALARS[number]) | st.sampled_from(HOSTILE_TEXT),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["$add", "a", "$incr"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@dataclass(frozen=True, repr=False)
class Example:
    """A column, and the source it is in.

    :param form: what the source is.
    :param column: an Arrow array, or Python values for the sources of Python values.
    :param start: where the column begins in the array: blocks are slices.
    :param refused: which rows are invalid whatever the column holds.
    :param on_bad_value: what a bad value does to its row.
    :param role: the number of the role in which the example is loaded from start to end, with a rejects file.
    """

    form: str
    column: Any
    start: int
    refused: tuple[bool, ...]
    on_bad_value: Any
    role: int

    def __repr__(self) -> str:
        try:
            column = f"{self.column.type}: {self.column}" if isinstance(self.column, pa.Array) else repr(self.column)
        except Exception:  # some values have no text
            column = str([type(value).__name__ for value in self.column])
        return f"Example({self.form}, {column}, {self.start}, {self.refused}, {self.on_bad_value}, {self.role})"


_ARROW_FORMS = (
    "table",
    "batches",
    "pandas",
    "pandas of values",
    "polars",
    "parquet",
    "parquet without a schema",
    "int96",
)
OBJECT_FORMS = ("objects", "polars objects", "query")


@st.composite
def examples(draw: Any) -> Example:
    """Return a strategy for examples."""
    rows = draw(st.sampled_from([1, 2, 2, 3, 3, 3, 4]))
    form = draw(st.sampled_from((*_ARROW_FORMS, *OBJECT_FORMS)))
    start = 0
    if form in OBJECT_FORMS:
        column: Any = draw(st.lists(OBJECTS, min_size=rows, max_size=rows))
    else:
        start = draw(st.integers(0, 2))
        column = draw(arrays(rows + start))
    refused = tuple(draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    on_bad_value, role = draw(st.sampled_from(["reject", "drop"])), draw(st.integers(0, len(ROLES) - 1))
    return Example(form, column, start, refused, on_bad_value, role)


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


class Role(NamedTuple):
    """A place that a column can have in a load.

    :param kind: the kind of record.
    :param columns: the mapping.
    :param profile_columns: the mapping of profile updates.
    """

    kind: RecordKind
    columns: Mapping[str, Any]
    profile_columns: Mapping[str, Any] | None = None


_KNOWN = (
    "Phone", "Email", "DOB", "ts", "Age", "Gender", "Employed", "MSG-email", "Photo", "Name", "category-unsubscribe",
)  # fmt: skip
_CUSTOM: list[dict[str, Any]] = [
    *({"type": kind} for kind in (None, "text", "integer", "float", "boolean", "date", "list")),
    {"type": "date", "format": "epoch"}, {"type": "date", "format": "epoch_us"},
    {"type": "date", "format": ["dd/MM/yyyy", "yyyy-MM-dd"]}, {"type": "date", "timezone": "Europe/London"},
    {"type": "list", "separator": "|"}, *({"operator": operator} for operator in ("$set", "$add", "$incr", "$delete")),
    {"empty": "delete"}, {"values": {"a": "b", 1: None, "2024-01-01": 5}}, {"type": "list", "values": {"a": None}},
    {"default": "none"}, {"type": "date", "default": "2024-01-01"}, {"on_bad_value": "drop"},
    {"type": "integer", "on_bad_value": "reject"}, {"decimal": ",", "thousands": ".", "currency": True},
    {"percent": "fraction", "parentheses": True},
]  # fmt: skip


def _copies(choices: Iterable[Column]) -> dict[str, Column]:
    """Return a mapping of several columns that hold the same."""
    return {f"x {number}": choice for number, choice in enumerate(choices)}


def _roles() -> dict[str, Role]:
    who = {"who": "identity", "mail": None, "order": None, "at": None, "what": None}
    event = {**who, "at": "ts", "what": "evtName"}
    custom = _copies(Column(f"Tier {number}", **options) for number, options in enumerate(_CUSTOM))
    roles = {
        "property": Role(PROFILES, {**who, "mail": "Email", "x": "Tier"}),
        "properties": Role(PROFILES, {**who, "x": None, **custom}),
        "known fields": Role(PROFILES, {**who, "x": None, **_copies(map(Column, _KNOWN))}),
    }
    for field in ("identity", "objectId"):
        roles[field] = Role(PROFILES, {**who, "who": None, "mail": "Email", "x": field})
    for field in ("ts", "evtName", "identity"):
        base = {name: None if choice == field else choice for name, choice in event.items()}
        roles[f"event {field}"] = Role(events(), {**base, "x": field})
    for choice in (Column("Items"), Column("Tier"), Column("Tier", type="date"), Column("Tier", type="text")):
        roles[f"event {choice.name} {choice.type}"] = Role(events(), {**event, "x": choice})
    order = {name: choice for name, choice in event.items() if name != "what"}
    for items in ({"x": Column("sku")}, {"x": Column("sku", type="date")}, {"x": Column("sku", type="integer")}):
        kind = events(group_by="order", items=items)
        roles[f"items {items['x'].type}"] = Role(kind, {name: order[name] for name in ("who", "at")})
    for choice in ("x id", None):
        roles[f"group by {choice}"] = Role(
            events(group_by="x", items=["mail"]), {"who": "identity", "at": "ts", "x": choice}
        )
    roles["order"] = Role(events(group_by="order", items=["mail"]), {"who": "identity", "at": "ts", "x": "Tier"})
    roles["profile of an event"] = Role(events(), {**event, "x": None}, {"x": "Phone"})
    device = {"order": "objectId", "who": "token", "at": None, "what": None, "mail": None}
    for field in ("objectId", "token", "type", "p256dh"):
        kind_of = {} if field == "type" else {"what": Column("type")}
        base = {name: None if choice == field else choice for name, choice in device.items()}
        roles[f"device {field}"] = Role(DEVICE_TOKENS, {**base, **kind_of, "x": field})
    nothing = {**who, "who": None}
    kinds = (("value", {"channel": "email", "status": "Unsubscribe"}), ("type", {"status": "Unsubscribe"}),
             ("status", {"channel": "email"}))  # fmt: skip
    for field, constants in kinds:
        mail = None if field == "value" else "value"
        roles[f"subscription {field}"] = Role(subscriptions(**constants), {**nothing, "mail": mail, "x": field})
    return roles


ROLES = _roles()


class _Text:
    """A file that keeps nothing."""

    def write(self, text: str) -> int:
        text.encode("utf-8", "backslashreplace")
        return len(text)


def load_in_every_role(example: Example) -> int:
    """Encode a column in every role, as it is and as Python values; return how often it was encoded."""
    source = open_example(example)
    blocks = list(source.blocks())
    assert sum(map(len, blocks)) == len(example.refused)
    assert source.fingerprint() == source.fingerprint()
    as_values = [_as_values(block) for block in blocks]
    for block in blocks:
        rows = list(range(len(block)))
        for writer in (_JsonRows(_Text()), _CsvRows(_Text())):  # type: ignore[arg-type]
            writer.write(block, rows, {"clevertap_row": rows})
    runs = 0
    for name, role in ROLES.items():
        copies = [column for column in role.columns if column.startswith("x ")]
        found = _outcomes(role, source, _with_copies(blocks, copies), example)
        runs += max(len(copies), 1)
        if name == "property" and found is not None:
            _check_unchanged(example, found)
        if found is not None and not _has_short_floats(blocks):
            same = _outcomes(role, source, _with_copies(as_values, copies), example, fixed=False)
            assert found == same, name
            runs += max(len(copies), 1)
    _load(list(ROLES.values())[example.role], source, example)
    return runs + 1


def _check_unchanged(example: Example, found: list[Any]) -> None:
    """Check that what is sent for the column is what it holds, computed without the package."""
    if example.form not in ("table", "batches", "pandas", "parquet", "parquet without a schema"):
        return
    column = example.column.slice(example.start)
    expected = _expected(column)
    if expected is None:
        return
    sent: list[Any] = []
    for records, unsent, *_ in found:
        rows = range(len(records) + len(unsent))
        sent += [records[row]["profileData"].get("Tier") if row in records else _NOT_SENT for row in rows]
    for row, (value, wanted) in enumerate(zip(sent, expected, strict=True)):
        if wanted is _NOT_SENT:
            # Parquet has other units, and stores other numbers then.
            assert value in (_NOT_SENT, None) or "parquet" in example.form, (row, value)
        elif value is not _NOT_SENT:
            assert value == wanted or example.on_bad_value == "drop", (row, value, wanted)
        else:
            assert example.refused[row] or isinstance(wanted, str), (row, wanted)


_NOT_SENT = object()
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799


def _expected(column: pa.Array) -> list[Any] | None:
    """Return what CleverTap must get for each cell of a column; ``None`` where that is not as simple."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date32(kind):
        stored = column.view(pa.int32()).cast(pa.int64()) if pa.types.is_date32(kind) else column.view(pa.int64())
        numbers = stored.to_pylist()
        seconds = [
            number if number is None else number * 86_400 if pa.types.is_date32(kind) else number // UNITS[kind.unit]
            for number in numbers
        ]
        return [
            None if second is None else f"$D_{second}" if _FIRST_SECOND <= second <= _LAST_SECOND else _NOT_SENT
            for second in seconds
        ]
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return list(column.to_pylist())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return [_expected_text(text) for text in column.view(_BINARY[kind]).to_pylist()]
    return None


_BINARY = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}


def _expected_text(encoded: bytes | None) -> Any:
    if encoded is None or not encoded.strip(b" \t\r\n\f\v"):
        return None
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return _NOT_SENT


def _with_copies(blocks: Sequence[RowBlock], copies: Sequence[str]) -> list[RowBlock]:
    """Return blocks in which the column stands several times, so that one load has it in several roles."""
    return [
        replace(
            block,
            names=(*block.names, *copies),
            columns={**block.columns, **(dict.fromkeys(copies, block.columns["x"]) if "x" in block.columns else {})},
            objects={**block.objects, **(dict.fromkeys(copies, block.objects["x"]) if "x" in block.objects else {})},
        )
        for block in blocks
    ]


def _as_values(block: RowBlock) -> RowBlock:
    objects = {name: slicing.values_of(block, name) for name in block.names}
    return replace(block, columns={}, objects=objects)


def _has_short_floats(blocks: Sequence[RowBlock]) -> bool:
    """Return whether a column has 32-bit floats, whose text is not that of the same 64-bit floats."""
    return any(pa.types.is_float32(column.type) for block in blocks for column in block.columns.values())


def _new_load(role: Role, source: Source, example: Example, **options: Any) -> Load:
    options = {
        "columns": dict(role.columns),
        "profile_columns": role.profile_columns,
        "on_bad_value": example.on_bad_value,
        "dry_run": "local",
        "max_rejects": "100%",
        **options,
    }
    return Load(role.kind, source, None, LoadOptions(**options))


def _outcomes(
    role: Role, source: Source, blocks: Sequence[RowBlock], example: Example, *, fixed: bool = True
) -> list[Any] | None:
    """Return the records and the outcomes of the rows; ``None`` when the column cannot have the role."""
    try:
        encoder = _new_load(role, source, example)._make_encoder()
        found = [_outcomes_of(encoded) for encoded in encoder.encode_all(iter(blocks))]
    except ConfigurationError:
        if fixed:
            return None
        raise
    rows = sum(map(len, blocks))
    if role.kind.lines is None:
        assert sum(len(records) + len(unsent) for records, unsent, *_ in found) == rows
    return found


def _outcomes_of(encoded: EncodedBlock) -> tuple[Any, ...]:
    records = {row: json.loads(text[:-1]) for row, text in _pairs(encoded)}
    updates = None if encoded.profile_updates is None else _outcomes_of(encoded.profile_updates)
    return records, dict(encoded.unsent), dict(encoded.dropped), updates


def _pairs(encoded: EncodedBlock) -> Iterator[tuple[int, str]]:
    return zip(encoded.rows.tolist(), encoded.records.to_pylist(), strict=True)


def _load(role: Role, source: Source, example: Example) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(ConfigurationError):
        _new_load(role, source, example, rejects_path=str(Path(folder) / "rejects.csv")).run()
