"""Select the converter of a column with all that its mapping declares: how numbers are written, what replaces cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.loading.encoding.declared.cells import DeclaredCells
from airflow_provider_clevertap.loading.encoding.declared.distinct import by_cells, by_distinct_cells
from airflow_provider_clevertap.loading.encoding.declared.numbers import WrittenNumbers
from airflow_provider_clevertap.loading.encoding.declared.values import select_mapping_converter
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn, Converter, or_else
from airflow_provider_clevertap.loading.encoding.vectorized.select import select_converter
from airflow_provider_clevertap.loading.rows.text_arrays import either
from airflow_provider_clevertap.records.column_rules import CellRule, DeclaredType
from airflow_provider_clevertap.records.written.numbers import PLAIN


def select_declared_converter(
    rule: CellRule,
    column_type: Any,
    settings: Mapping[str, Any],
    words: Mapping[str, Callable[[Any], str]] = MappingProxyType({}),
    declared: DeclaredCells | None = None,
) -> Converter | None:
    """Return the converter for a column.

    :param rule: how the column is read.
    :param column_type: the Arrow type of its cells.
    :param settings: what the models know besides the row.
    :param words: the fields that have few distinct values, and the function with which the models read each.
    :param declared: what the mapping replaces cells with, when it does.
    :returns: the converter, also of blank cells; ``None`` when the models must decide every cell that is not empty.
    """
    converter = select_converter(rule, column_type, settings, words)
    written = rule.numbers is not None and rule.problem is None and pa.types.is_string(column_type)
    if written:
        converter = _number_converter(rule, converter)
    if rule.values is not None and declared is not None:
        return select_mapping_converter(rule, column_type, declared, converter)
    if converter is None:
        return None
    if not written or rule.numbers == PLAIN:
        return by_cells(converter)
    return by_distinct_cells(converter)


def _number_converter(rule: CellRule, plain: Converter | None) -> Converter:
    """Return the converter of numbers written as text.

    :param plain: the converter of the numbers that are written as JSON has them.
    """
    style = rule.numbers or PLAIN
    written = WrittenNumbers(style, whole=rule.type is DeclaredType.INTEGER or not rule.custom).convert
    if rule.operator is not None:
        return lambda column: written(column)._replace(before=f'{{"{rule.operator}":', after="}")
    if plain is None:
        return written
    if rule.custom:
        return or_else(plain, written) if style == PLAIN else written
    return _then(written, plain)


def _then(first: Converter, second: Converter) -> Converter:
    """Return a converter that converts what another has made of the cells."""

    def convert(column: Any) -> ConvertedColumn:
        converted = first(column)
        again = second(converted.text)
        return again._replace(undecided=either(converted.undecided, again.undecided))

    return convert
