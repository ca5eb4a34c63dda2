"""Slice and join row blocks, and read their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.rows.arrays import from_values, split_columns
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, null_scalar, numpy_from_array
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, blank_to_null
from airflow_provider_clevertap.records.values import is_empty

_SEVERAL = "these columns fill the same field, and the row fills more than one of them: keep one"


def slice_block(block: RowBlock, start: int, stop: int) -> RowBlock:
    """Return the rows from ``start`` up to ``stop``, without copying them."""
    return replace(
        block,
        first_row=block.first_row + start,
        columns={name: column.slice(start, stop - start) for name, column in block.columns.items()},
        objects={name: values[start:stop] for name, values in block.objects.items()},
        row_errors={index - start: error for index, error in block.row_errors.items() if start <= index < stop},
        row_count=stop - start,
    )


def take_rows(block: RowBlock, rows: NDArray[np.int64]) -> RowBlock:
    """Return some rows, without their row errors. They need not be consecutive, so ``first_row`` means nothing."""
    indices = array_from_numpy(rows)
    return replace(
        block,
        columns={name: column.take(indices) for name, column in block.columns.items()},
        objects={name: [values[row] for row in rows] for name, values in block.objects.items()},
        row_errors={},
        row_count=len(rows),
    )


def is_continuation(block: RowBlock, earlier: RowBlock) -> bool:
    """Return whether a block begins in the same file where another ended."""
    return block.file == earlier.file and block.first_row == earlier.first_row + len(earlier)


def join_blocks(first: RowBlock, second: RowBlock) -> RowBlock:
    """Join a block and the one that follows it."""
    names = tuple(dict.fromkeys((*first.names, *second.names)))
    columns: dict[str, Any] = {}
    objects: dict[str, list[Any]] = {}
    for name in names:
        joined = _join_columns(column_of(first, name), column_of(second, name), len(first), len(second))
        (objects if isinstance(joined, list) else columns)[name] = joined
    row_errors = {**first.row_errors, **{len(first) + index: error for index, error in second.row_errors.items()}}
    return RowBlock(first.file, first.first_row, names, columns, objects, row_errors, len(first) + len(second))


def column_of(block: RowBlock, name: str) -> Any:
    """Return a column, an Arrow array or Python values; ``None`` when the block has no column of that name."""
    column = block.columns.get(name)
    return block.objects.get(name) if column is None else column


def _join_columns(first: Any, second: Any, first_rows: int, second_rows: int) -> Any:
    """Join two columns of one name; in blocks of JSON their types may differ, or one block may lack the column."""
    if not isinstance(first, list | None) and not isinstance(second, list | None) and first.type == second.type:
        return pa.concat_arrays([first, second])
    first, second = _none_if_empty(first), _none_if_empty(second)
    if isinstance(first, list) or isinstance(second, list) or (first is not None and second is not None):
        return _values(first, first_rows) + _values(second, second_rows)
    kind = next((part.type for part in (first, second) if part is not None), pa.string())
    parts = ((first, first_rows), (second, second_rows))
    return pa.concat_arrays([pa.nulls(rows, kind) if part is None else part for part, rows in parts])


def _none_if_empty(column: Any) -> Any:
    if column is None or isinstance(column, list):
        return column
    return None if column.null_count == len(column) else column


def values_of(block: RowBlock, name: str) -> list[Any]:
    """Return a column as Python values."""
    return _values(column_of(block, name), len(block))


def _values(column: Any, rows: int) -> list[Any]:
    if column is None:
        return [None] * rows
    return column if isinstance(column, list) else list(column.to_pylist())


def without_empties(column: Any) -> Any:
    """Return a column in a form in which all empty cells are null and cells can be compared.

    :param column: an Arrow array, or Python values.
    :returns: an Arrow array, or Python values where Arrow cannot compare them.
    """
    if not isinstance(column, list):
        if pa.types.is_string(column.type):
            return blank_to_null(column)
        if pa.types.is_floating(column.type):
            return pc.if_else(pc.is_nan(column), null_scalar(column.type), column)
        if pa.types.is_decimal(column.type) or (
            pa.types.is_primitive(column.type) and not pa.types.is_interval(column.type)
        ):
            return column
        column = column.to_pylist()
    return [None if is_empty(value) else value for value in column]


def filled_rows(block: RowBlock) -> Mask:
    """Mark the rows in which any cell is filled."""
    filled = np.zeros(len(block), np.bool_)
    for name in block.names:
        column = without_empties(column_of(block, name))
        if isinstance(column, list):
            filled |= np.array([value is not None for value in column], np.bool_)
        else:
            filled |= numpy_from_array(column.is_valid())
    return filled


def join_columns(block: RowBlock, groups: Mapping[str, Sequence[str]]) -> RowBlock:
    """Return a block in which some columns are joined into one: its cells are those that are not empty.

    A row that fills more than one of them has an error.

    :param groups: the columns that are joined, by the name of the joined one, which is among them.
    """
    joined: dict[str, Any] = {}
    row_errors = dict(block.row_errors)
    for name, group in groups.items():
        cells: list[Any] = []
        for row, values in enumerate(zip(*(values_of(block, member) for member in group), strict=True)):
            filled = [position for position, value in enumerate(values) if not is_empty(value)]
            cells.append(values[filled[0]] if filled else None)
            if len(filled) > 1:
                row_errors.setdefault(row, RowError(_SEVERAL, ", ".join(group[position] for position in filled)))
        joined[name] = from_values(cells)
    columns, objects = split_columns(joined)
    removed = {member for group in groups.values() for member in group}
    return replace(
        block,
        names=tuple(name for name in block.names if name in groups or name not in removed),
        columns={**{name: cells for name, cells in block.columns.items() if name not in removed}, **columns},
        objects={**{name: cells for name, cells in block.objects.items() if name not in removed}, **objects},
        row_errors=row_errors,
        row_count=len(block),
    )
