"""Conversions between Python values, NumPy and Arrow agree with pyarrow's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.loading.rows import conversion

TEXTS = st.lists(st.one_of(st.none(), st.text("a\0é€😀", max_size=5)), max_size=20)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(TEXTS)
def test_texts_become_the_array_pyarrow_makes(values: list[str | None]) -> None:
    array = conversion.array_from_texts(values)
    array.validate(full=True)
    assert array.equals(pa.array(values, pa.string()))


@pytest.mark.parametrize("kind", [int, float, bool])
@given(data=st.data())
def test_numbers_become_the_array_pyarrow_makes_and_come_back(kind: type, data: st.DataObject) -> None:
    numbers: Any = {int: INTEGERS, float: st.floats(allow_nan=False), bool: st.booleans()}[kind]
    values = data.draw(st.lists(st.one_of(st.none(), numbers), max_size=30))
    array = conversion.array_from_numbers(values, kind)
    array.validate(full=True)
    assert array.equals(pa.array(values, {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}[kind]))
    start = data.draw(st.integers(0, 30))
    filled = array.slice(start).drop_null()
    assert conversion.numpy_from_array(filled).tolist() == filled.to_pylist()
    present = conversion.numpy_from_array(array.is_valid()[start:])
    assert present.tolist() == [value is not None for value in values[start:]]


def test_a_numpy_array_may_have_gaps_and_strides() -> None:
    values, missing = np.arange(10, dtype=np.int32)[::2], np.array([False, True, False, False, True])
    assert conversion.array_from_numpy(values, missing).equals(pa.array(values, mask=missing))


def test_scalars_have_the_type_of_their_value_or_the_one_asked_for() -> None:
    assert [conversion.scalar(value) for value in ("a", 1, 1.5, True)] == [
        pa.scalar(value) for value in ("a", 1, 1.5, True)
    ]
    assert conversion.scalar(1, pa.int8()) == pa.scalar(1, pa.int8())
    assert conversion.null_scalar(pa.string()) == pa.scalar(None, pa.string())


def test_values_arrow_cannot_hold_are_errors() -> None:
    with pytest.raises(OverflowError):
        conversion.array_from_numbers([2**64], int)
    with pytest.raises(UnicodeEncodeError):
        conversion.array_from_texts(["\ud800"])
