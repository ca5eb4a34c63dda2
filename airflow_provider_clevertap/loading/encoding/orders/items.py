"""Encode the items of orders as JSON: from whole columns where all cells are known to be valid, else by the models."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.declared.cells import DeclaredCells, read_declared_cells
from airflow_provider_clevertap.loading.encoding.declared.select import select_declared_converter
from airflow_provider_clevertap.loading.encoding.declared.values import fill_default
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn, join_objects
from airflow_provider_clevertap.loading.encoding.orders.folding import OrderRows
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn
from airflow_provider_clevertap.loading.encoding.vectorized.select import convert_column
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.mapping.rules import make_rule
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import conversion_errors
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy, null_scalar, numpy_from_array, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import Mask, either, none_if_clear
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.models.event import EVENT_SCHEMA
from airflow_provider_clevertap.records.models.items import (
    EVENT_FIELDS,
    ITEM_SCHEMA,
    ITEMS,
    issue_field,
    read_item,
    validate_item_value,
)

_ITEMS_RULE = CellRule(ITEMS, custom=False)


def read_declared_items(items: Mapping[str, Column | None]) -> dict[str, DeclaredCells | None]:
    """Return what the mapping declares for the cells of item columns.

    :raises MappingError: when an option does not suit an item, or declares a value that no item can hold.
    """
    rules = {source: make_rule(source, choice, ITEM_SCHEMA) for source, choice in items.items() if choice is not None}
    return {
        source: read_declared_cells(source, rule, functools.partial(validate_item_value, rule))
        for source, rule in rules.items()
    }


class ItemColumns:
    """The item columns of blocks with one set of columns.

    :param names: the source's columns.
    :param types: their Arrow types; ``None`` for Python values.
    :param items: the columns that go into each item, and what they become.
    :param declared: what the mapping declares for the cells of these columns.
    :param fixed: every column of the source is known now.
    :raises MappingError: when they cannot become items as asked.
    """

    def __init__(
        self,
        names: Sequence[str],
        types: Sequence[Any],
        items: Mapping[str, Column | None],
        declared: Mapping[str, DeclaredCells | None],
        *,
        fixed: bool,
    ) -> None:
        self._columns = plan_columns(names, items, schema=ITEM_SCHEMA, unmapped="ignore", fixed=fixed)
        for column in self._columns:
            if EVENT_SCHEMA.canonical(column.rule.key) in EVENT_FIELDS:
                raise MappingError(
                    f"item column {column.source!r} would become {column.rule.key}, which belongs to the order as a "
                    "whole: put it into columns, or give it another name"
                )
        self._rules = [column.rule for column in self._columns]
        by_name = dict(zip(names, types, strict=True))
        self._declared = [declared.get(column.source) for column in self._columns]
        self._converters = [
            None
            if by_name[column.source] is None
            else select_declared_converter(column.rule, by_name[column.source], {}, declared=cells)
            for column, cells in zip(self._columns, self._declared, strict=True)
        ]
        self._sources = {issue_field(column.rule.key): column.source for column in self._columns}

    def derive(self, rows: OrderRows) -> DerivedField:
        """Return the items of some orders as a field of their records."""
        columns = []
        for planned, declared, converter in zip(self._columns, self._declared, self._converters, strict=True):
            with conversion_errors(rows.lines.place, planned.source):
                values = convert_column(rows.lines, planned.source, converter)
            values, filled = fill_default(values, None if declared is None else declared.default)
            columns.append(EncodedColumn(planned.rule, values, planned.rule.key, filled))
        undecided: Mask | None = None
        for column in columns:
            undecided = either(undecided, column.converted.undecided)
        texts = join_objects(columns, len(rows.lines), undecided)
        converted = ConvertedColumn(_join_items(texts, rows), _by_order(undecided, rows), "[", "]")
        return DerivedField(
            EncodedColumn(_ITEMS_RULE, converted, ITEMS), lambda order: self._read(rows, order), self._sources
        )

    def _read(self, rows: OrderRows, order: int) -> tuple[list[dict[str, Any]] | None, list[tuple[CellRule, Issue]]]:
        """Read one order's items with the models; ``None`` when its lines hold no item. Return also their issues."""
        start, stop = rows.bounds[order : order + 2].tolist()
        lines = slicing.slice_block(rows.lines, start, stop)
        cells = [slicing.values_of(lines, column.source) for column in self._columns]
        items: list[dict[str, Any]] = []
        issues: list[tuple[CellRule, Issue]] = []
        for line in range(stop - start):
            item, item_issues = read_item(self._rules, [column[line] for column in cells])
            if item:
                items.append(item)
            number = rows.row_number(start + line)
            issues += [
                (rule, issue._replace(reason=f"{issue.reason} (row {number})", general=issue.reason))
                for rule, issue in item_issues
            ]
        return items or None, issues


def _join_items(texts: Any, rows: OrderRows) -> Any:
    """Join each order's items with commas; null where an order has no item."""
    bounds = rows.bounds
    if texts.null_count:
        filled = numpy_from_array(texts.is_valid())
        bounds = np.concatenate([[0], np.cumsum(filled)])[bounds]
        texts = texts.drop_null()
    joined = pc.binary_join(pa.ListArray.from_arrays(array_from_numpy(bounds.astype(np.int32)), texts), scalar(","))
    empty = none_if_clear(np.diff(bounds) == 0)
    return joined if empty is None else pc.if_else(array_from_numpy(empty), null_scalar(pa.string()), joined)


def _by_order(undecided: Mask | None, rows: OrderRows) -> Mask | None:
    """Mark the orders that have an undecided line."""
    if undecided is None:
        return None
    orders = np.zeros(len(rows), np.bool_)
    orders[rows.orders[undecided]] = True
    return orders
