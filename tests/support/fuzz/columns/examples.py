"""A column in a source of any kind, and how a load treats its bad values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from tests.support.fuzz.columns.arrow_arrays import arrays
from tests.support.fuzz.columns.python_values import OBJECTS
from tests.support.fuzz.columns.roles import ROLES


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
