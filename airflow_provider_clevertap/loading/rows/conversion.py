"""Convert between Python values, NumPy arrays and Arrow arrays without importing pandas.

``pa.array``, ``pa.scalar``, ``to_numpy`` and compute functions given a Python value import pandas as soon as it is
installed, to find out whether they were given a pandas object. That import takes longer, and more memory, than a load
of a few thousand rows. The functions here go through Arrow's buffers, which does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: Stands between texts while they are joined into one; a text that holds it takes the slower way.
_SEPARATOR = "\0"
_NUMPY_TYPES = {int: np.int64, float: np.float64, bool: np.bool_}


def array_from_numpy(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return numbers or booleans as an Arrow array, without copying numbers.

    :param values: one-dimensional.
    :param missing: which values become null; ``None`` for none.
    """
    validity = None if missing is None else _bits(~missing)
    if values.dtype == np.bool_:
        return pa.Array.from_buffers(pa.bool_(), len(values), [validity, _bits(values)])
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [validity, data])


def numpy_from_array(array: pa.Array) -> NDArray[Any]:
    """Return an Arrow array of numbers or booleans as a NumPy array, without copying numbers.

    The value in place of a null is undefined.
    """
    size, start, data = len(array), array.offset, array.buffers()[1]
    if not size:
        return np.empty(0, array.type.to_pandas_dtype())
    if pa.types.is_boolean(array.type):
        first_byte, first_bit = divmod(start, 8)
        packed = np.frombuffer(data, np.uint8, (first_bit + size + 7) // 8, first_byte)
        return np.unpackbits(packed, count=first_bit + size, bitorder="little")[first_bit:].view(np.bool_)
    dtype = np.dtype(array.type.to_pandas_dtype())
    return np.frombuffer(data, dtype, size, start * dtype.itemsize)


def shortest_floats(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return floats of less precision in double precision: those with the shortest text that means the same float.

    The number next to 0.1 in single precision is 0.10000000149 in double precision, and people mean 0.1 by it.
    """
    bits, places = np.unique(values.view(f"u{values.itemsize}"), return_inverse=True)
    texts = bits.view(values.dtype).astype(np.str_)
    doubles: NDArray[np.float64] = texts.astype(np.float64)[places].reshape(values.shape)
    return doubles


def array_from_texts(values: Sequence[str | None]) -> pa.Array:
    """Return texts as an Arrow array; ``None`` becomes null.

    :raises UnicodeEncodeError: when a text is not valid Unicode.
    :raises OverflowError: when they hold more than 2 GiB.
    """
    if None in values:
        missing = _none_mask(values)
        filled = array_from_texts([value or "" for value in values])
        return pa.Array.from_buffers(pa.string(), len(filled), [_bits(~missing), *filled.buffers()[1:]])
    joined = _SEPARATOR.join(values)  # type: ignore[arg-type]
    if not values or joined.count(_SEPARATOR) != len(values) - 1:
        return array_from_encoded([value.encode() for value in values])  # type: ignore[union-attr]
    return pc.split_pattern(array_from_encoded([joined.encode()]), _SEPARATOR).values


def array_from_encoded(values: Sequence[bytes]) -> pa.Array:
    """Return texts in UTF-8, which is not checked, as an Arrow array.

    :raises OverflowError: when they hold more than 2 GiB.
    """
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, values), np.int64, len(values)), out=offsets[1:])
    if offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError("More than 2 GiB of text in one column")
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(b"".join(values))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def array_from_numbers(values: Sequence[Any], kind: type) -> pa.Array:
    """Return Python numbers or booleans as an Arrow array; ``None`` becomes null.

    :param kind: ``int``, ``float`` or ``bool``, the type of all the values.
    :raises OverflowError: when an integer has more than 64 bits.
    """
    dtype = _NUMPY_TYPES[kind]
    if None not in values:
        return array_from_numpy(np.array(values, dtype))
    missing = _none_mask(values)
    return array_from_numpy(np.array([0 if value is None else value for value in values], dtype), missing)


def scalar(value: str | float, kind: pa.DataType | None = None) -> pa.Scalar:
    """Return an Arrow scalar.

    :param kind: its type, when it is not that of the value.
    """
    array = array_from_texts([value]) if isinstance(value, str) else array_from_numbers([value], type(value))
    return (array if kind is None else array.cast(kind))[0]


@cache
def null_scalar(kind: pa.DataType) -> pa.Scalar:
    """Return the null of an Arrow type.

    Not to be called by an import: the first Arrow value makes an allocator, which a small load does without.
    """
    return pa.nulls(1, kind)[0]


def _none_mask(values: Sequence[Any]) -> NDArray[np.bool_]:
    # by way of bytes, which takes half the time of np.array or np.fromiter
    return np.frombuffer(bytes([value is None for value in values]), np.bool_)


def _bits(mask: NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(mask, bitorder="little"))
