"""Lists written as text, read as a column, become what the models make of them."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.loading.encoding.vectorized.lists import select_items_converter
from airflow_provider_clevertap.records.values import is_empty, read_list

_cells = st.none() | st.lists(
    st.sampled_from(
        [
            *["tea", "books", "été", "a b", " ", "", " tea", "tea ", "\ttea", '"', "\\", "\n", "x" * 200, "."],
            *["['a", "b']", "{a", "b}", '["c"]', "[]"],
        ]
    ),
    max_size=5,
).map(",".join)


def converted(cells: list[str | None], separator: str) -> list[list[str] | None]:
    """Return the items of each cell, ``None`` where the models must decide."""
    convert = select_items_converter(separator)
    assert convert is not None
    items, undecided = convert(pa.array([cell or None for cell in cells], pa.string()))
    unsure = [False] * len(cells) if undecided is None else undecided.tolist()
    found = items.to_pylist()
    assert all(text is None for text, is_unsure in zip(found, unsure, strict=True) if is_unsure)
    return [None if text is None else json.loads(f'["{text}"]') for text in found]


@pytest.mark.parametrize(
    ("separator", "cell", "items"),
    [
        (",", "tea", ["tea"]),
        (",", "tea,books,a b,été,<x>'&", ["tea", "books", "a b", "été", "<x>'&"]),
        ("|", "New York, NY|Boston", ["New York, NY", "Boston"]),
        (".", "a.b", ["a", "b"]),
        ("^", "a^b", ["a", "b"]),
        ("]", "a]b", ["a", "b"]),
        (",", ",".join(map(str, range(100))), [str(number) for number in range(100)]),
    ],
)
def test_plain_lists_are_decided(separator: str, cell: str, items: list[str]) -> None:
    assert converted([None, cell, "x"], separator) == [None, items, ["x"]]


@pytest.mark.parametrize(
    "cell",
    [" ", ",", "a,", ",a", "a,,b", "a, b", " a", "a ", "a,b,a", 'say "hi"', "back\\slash", "a\nb", "\x00", "x" * 513,
     ",".join(map(str, range(101)))],
)  # fmt: skip
def test_what_the_models_trim_drop_or_reject_is_undecided(cell: str) -> None:
    assert converted(["tea", cell, "books,tea"], ",") == [["tea"], None, ["books", "tea"]]


@pytest.mark.parametrize("separator", ['"', "\\", " ", "; ", "\t", "a", "·", ""])
def test_other_separators_are_left_to_the_models(separator: str) -> None:
    assert select_items_converter(separator) is None


@given(st.lists(_cells, max_size=6))
def test_the_converter_agrees_with_the_models(cells: list[str | None]) -> None:
    for cell, items in zip(cells, converted(cells, ","), strict=True):
        if items is not None:
            assert not is_empty(cell)
            assert items == read_list(cell, ",")
