"""Each value that a cell can hold is read alone and beside others, from every source of Python values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fuzz.columns.examples import OBJECT_FORMS, Example
from tests.support.fuzz.columns.python_values import SCALARS
from tests.support.fuzz.columns.sources import open_example


def columns_of(value: Any) -> list[list[Any]]:
    return [[value], [None, value], ["a", value], [value, value], [[value]], [{"a": value}], [(value,)], [1, value]]


@pytest.mark.parametrize("form", OBJECT_FORMS)
def test_no_value_ends_a_load(form: str) -> None:
    for value in SCALARS:
        for column in columns_of(value):
            example = Example(form, column, 0, (False,) * len(column), "reject", 0)
            assert sum(map(len, open_example(example).blocks())) == len(column)
