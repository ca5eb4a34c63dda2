"""Convert Arrow columns of any type to the few types that the encoder handles.

An array that leaves this module has a type that all stages handle, and Python can represent each of its values. Values
that no array of these types can hold leave it as Python values in plain form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice, pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.arrays import Column, from_objects
from airflow_provider_clevertap.loading.rows.conversion import (
    array_from_numpy,
    null_scalar,
    numpy_from_array,
    shortest_floats,
)
from airflow_provider_clevertap.loading.rows.plain.nested_types import depth_of, has_odd_names, names_of
from airflow_provider_clevertap.loading.rows.plain.temporal import (
    readable_dates,
    readable_times,
    readable_timestamps,
    spans,
)
from airflow_provider_clevertap.loading.rows.plain.values import MAX_DEPTH, NOT_UTF_8, TOO_DEEP, plain_value
from airflow_provider_clevertap.loading.rows.stable_text import stable_text
from airflow_provider_clevertap.records.unreadable import UnreadableValue

_SIMPLER_TYPES: Final = {
    pa.null(): pa.string(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
}
_MIN_DECIMAL_BITS: Final = 128
_MAX_DECIMAL128_DIGITS: Final = 38
_MAX_DECIMAL_DIGITS: Final = 76

#: The extension type of pandas' periods. Its values are stored as numbers that mean nothing without it.
_PERIOD: Final = "pandas.period"
_A_PERIOD: Final = "a period has a beginning and an end: write one of them as a date (pandas: .dt.start_time)"
_UNKNOWN: Final = "Arrow cannot return this value: cast the column to text, a number or a date"
_REPEATED_KEY: Final = "a key occurs more than once in one object"


def simplify(array: pa.Array | pa.ChunkedArray, metadata: Mapping[bytes, bytes] | None = None) -> Column:
    """Convert an Arrow column.

    Dictionaries and runs are decoded, the large and view types of text become ``string``, NaN becomes null, and floats
    become double. Lists, objects, decimals and the widths of integers do not change where that is possible.

    :param metadata: of the column's field: it names an extension type that is not known in this process.
    """
    if (metadata or {}).get(b"ARROW:extension:name", b"").decode("utf-8", "replace") == _PERIOD:
        return _periods(array)
    if isinstance(array, pa.ChunkedArray):
        if array.num_chunks == 1:
            return _simple(array.chunk(0))
        try:
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.nulls(0, array.type)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # dictionaries that Arrow cannot make one of
            return from_objects([value for chunk in array.chunks for value in python_values(chunk)])
    return _simple(array)


def python_values(array: Any) -> list[Any]:
    """Return an Arrow array as Python values in plain form."""
    column = _simple(array)
    return column if isinstance(column, list) else list(column.to_pylist())


def _simple(array: Any) -> Column:
    try:
        return _converted(array)
    except (pa.ArrowNotImplementedError, NotImplementedError, KeyError):
        # a type of which Arrow knows little more than the name
        return [_one_value(array, row) for row in range(len(array))]


def _converted(array: Any) -> Column:
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _of_extension(array)
    if pa.types.is_dictionary(kind):
        return _taken(array.dictionary, array.indices)
    if pa.types.is_run_end_encoded(kind):
        ends = numpy_from_array(array.run_ends)
        rows = np.arange(array.offset, array.offset + len(array))
        return _taken(array.values, array_from_numpy(np.searchsorted(ends, rows, side="right")))
    if kind in _SIMPLER_TYPES:
        array = array.cast(_SIMPLER_TYPES[kind])
        kind = array.type
    for is_kind, convert in _CONVERSIONS:
        if is_kind(kind):
            return convert(array)
    return array


def _taken(values: Any, indices: Any) -> Column:
    """Return some values of an array, null where an index is null."""
    try:
        return _simple(values.take(indices))
    except pa.ArrowNotImplementedError:
        column = _simple(values)
        if not isinstance(column, list):
            return column.take(indices)
        return from_objects([None if index is None else column[index] for index in indices.to_pylist()])


def _of_extension(array: Any) -> Column:
    if array.type.extension_name == _PERIOD:
        return _periods(array.storage)
    try:
        return from_objects(array.to_pylist())
    except MemoryError:
        raise
    except Exception:  # an extension type may be the user's own
        return _simple(array.storage)


def _periods(array: Any) -> Column:
    storage = getattr(array, "storage", array)
    return [None if value is None else UnreadableValue(str(value), _A_PERIOD) for value in storage.to_pylist()]


def _texts(array: Any) -> Column:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return [None if text is None else _text(text) for text in array.view(pa.binary()).to_pylist()]
    return array


def _text(encoded: bytes) -> str | UnreadableValue:
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return UnreadableValue(encoded.decode("utf-8", "backslashreplace"), NOT_UTF_8)


def _floats(array: Any) -> Column:
    array = _double_precision(array)
    missing = pc.is_nan(array)
    return pc.if_else(missing, null_scalar(array.type), array) if pc.any(missing).as_py() else array


def _double_precision(array: Any) -> Any:
    """Return floats in double precision: those with the same shortest text, such as 0.1 and not 0.10000000149."""
    if pa.types.is_float32(array.type):
        return array.cast(pa.string()).cast(pa.float64())
    if pa.types.is_float64(array.type):
        return array
    # Arrow writes short floats as if they were longer ones.
    missing = ~numpy_from_array(array.is_valid()) if array.null_count else None
    return array_from_numpy(shortest_floats(numpy_from_array(array)), missing)


def _decimals(array: Any) -> Column:
    kind = array.type
    digits, scale = kind.precision - min(kind.scale, 0), max(kind.scale, 0)
    if kind.scale == scale and kind.bit_width >= _MIN_DECIMAL_BITS:
        return array
    if digits > _MAX_DECIMAL_DIGITS:
        return list(array.to_pylist())
    return array.cast((pa.decimal128 if digits <= _MAX_DECIMAL128_DIGITS else pa.decimal256)(digits, scale))


def _nested(array: Any) -> Column:
    if depth_of(array.type) > MAX_DEPTH:
        return [UnreadableValue("...", TOO_DEEP) if valid else None for valid in array.is_valid().to_pylist()]
    if _is_plain(array):
        return array
    if pa.types.is_struct(array.type):
        return _objects(array)
    if pa.types.is_map(array.type):
        return _maps(array)
    if pa.types.is_union(array.type):
        return _unions(array)
    items = iter(python_values(array.flatten()))
    lengths = pc.list_value_length(array).to_pylist()
    return [None if length is None else list(islice(items, length)) for length in lengths]


def _is_plain(array: Any) -> bool:
    """Return whether Python can represent all values of an array, and all stages handle its type."""
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _is_plain(array.flatten())
    if pa.types.is_struct(kind):
        return not has_odd_names(kind) and all(map(_is_plain, _fields(array)))
    if pa.types.is_map(kind):
        keys, items, _ = _entries(array)
        return _is_plain(keys) and _is_plain(items)
    if pa.types.is_nested(kind) or pa.types.is_temporal(kind):
        return False
    column = _simple(array)
    return not isinstance(column, list) and bool(column.type == kind)


def _objects(array: Any) -> list[Any]:
    names = names_of(array.type)
    repeated = len(set(names)) < len(names)
    rows = zip(array.is_valid().to_pylist(), *map(python_values, _fields(array)), strict=True)
    if repeated:
        texts = (stable_text(list(zip(names, values, strict=True))) if valid else None for valid, *values in rows)
        return [None if text is None else UnreadableValue(text, _REPEATED_KEY) for text in texts]
    return [dict(zip(names, values, strict=True)) if valid else None for valid, *values in rows]


def _fields(array: Any) -> list[Any]:
    # Arrow's own flatten also marks the fields of a null as nulls. Where a field is a union it ends the process.
    return [array.field(number) for number in range(array.type.num_fields)]


def _maps(array: Any) -> list[Any]:
    keys, items, bounds = _entries(array)
    pairs = list(zip(python_values(keys), python_values(items), strict=True))
    return [
        pairs[start:stop] if valid else None
        for valid, (start, stop) in zip(array.is_valid().to_pylist(), pairwise(bounds), strict=True)
    ]


def _entries(array: Any) -> tuple[Any, Any, list[int]]:
    """Return the keys and items of all rows of a map, and where those of each row begin and end."""
    offsets = array.offsets.to_pylist()
    start, length = offsets[0], offsets[-1] - offsets[0]
    bounds = [offset - start for offset in offsets]
    return array.keys.slice(start, length), array.items.slice(start, length), bounds


def _unions(array: Any) -> list[Any]:
    if not len(array):
        return []
    # Arrow's own accessors of codes and offsets ignore that an array may be a slice of a longer one.
    _, codes, *offsets = array.buffers()
    rows = np.arange(len(array))
    if array.type.mode == "dense":
        rows = np.frombuffer(offsets[0], np.int32, len(array), array.offset * 4)
    children = [python_values(array.field(number)) for number in range(array.type.num_fields)]
    child_of = dict(zip(array.type.type_codes, children, strict=True))
    numbers = np.frombuffer(codes, np.int8, len(array), array.offset)
    return [child_of[code][row] for code, row in zip(numbers.tolist(), rows.tolist(), strict=True)]


def _one_value(array: Any, row: int) -> Any:
    try:
        return plain_value(array[row].as_py())
    except MemoryError:
        raise
    except Exception:  # a type that Arrow itself can hardly handle
        return UnreadableValue(f"({array.type})", _UNKNOWN)


#: The first kind that a type belongs to counts; types of no kind here stay as they are.
_CONVERSIONS: Final[tuple[tuple[Callable[[Any], bool], Callable[[Any], Column]], ...]] = (
    (pa.types.is_string, _texts),
    (pa.types.is_floating, _floats),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_date, readable_dates),
    (pa.types.is_timestamp, readable_timestamps),
    (pa.types.is_time, readable_times),
    (lambda kind: pa.types.is_duration(kind) or pa.types.is_interval(kind), spans),
    (pa.types.is_nested, _nested),
)
