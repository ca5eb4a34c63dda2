"""Join columns of which each row should fill only one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_clevertap.loading.rows.arrays import from_values, split_columns
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.loading.rows.slicing import values_of
from airflow_provider_clevertap.records.values import is_empty

_SEVERAL = "these columns fill the same field, and the row fills more than one of them: keep one"


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
