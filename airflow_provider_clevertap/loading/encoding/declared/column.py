"""Encode one column of blocks: with a converter where one is certain, cell by cell elsewhere."""

from __future__ import annotations

from typing import Any

from airflow_provider_clevertap.loading.encoding.declared.cells import DeclaredCells
from airflow_provider_clevertap.loading.encoding.declared.select import select_declared_converter
from airflow_provider_clevertap.loading.encoding.declared.values import fill_default
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.encoding.undecided_cells import CachedResults, UndecidedCells
from airflow_provider_clevertap.loading.encoding.vectorized.item_lists import select_values_converter
from airflow_provider_clevertap.loading.encoding.vectorized.select import convert_column
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.records.cell_validation import CellValidator
from airflow_provider_clevertap.records.record_validation import RecordValidator


class ColumnEncoder:
    """Encodes one column of blocks with one set of columns.

    :param planned: the column and its rule.
    :param column_type: the Arrow type of its cells; ``None`` for Python values.
    :param declared: what the mapping declares for its cells.
    :param validator: validates the rows.
    :param cache: results of single cells, of all columns together.
    """

    def __init__(
        self,
        planned: PlannedColumn,
        column_type: Any,
        declared: DeclaredCells | None,
        validator: RecordValidator,
        cache: CachedResults,
    ) -> None:
        self.planned = planned
        rule, schema, context = planned.rule, validator.schema, validator.context
        self._name = schema.record_names.get(rule.key, rule.key)
        self._default = None if declared is None else declared.default
        if column_type is None:
            self._converter = select_values_converter(rule, schema.item_name)
        else:
            self._converter = select_declared_converter(rule, column_type, context, schema.words, declared)
        # A bad value that is left out is not an empty cell. Where an empty cell removes the property, only the models
        # can distinguish the two, and they need the whole row.
        needs_row = rule.delete_empty and validator.drops(rule)
        self._undecided = None if needs_row else UndecidedCells(CellValidator(schema, rule, context), cache)

    def encode(self, block: RowBlock) -> EncodedColumn:
        """Encode the column of one block."""
        source = self.planned.source
        converted = convert_column(block, source, self._converter)
        if self._undecided is not None:
            cells = block.columns[source] if source in block.columns else block.objects[source]
            converted = self._undecided.decide(cells, converted)
        converted, filled = fill_default(converted, self._default)
        return EncodedColumn(self.planned.rule, converted, self._name, filled)
