"""Strategies for Arrow arrays of every type, nested too, with values that break loaders."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tests.support.hostile_values import HOSTILE_TEXT

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
