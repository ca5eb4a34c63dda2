"""A field of the records that is derived from several rows or columns, such as the items of an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.issues import Issue


@dataclass(frozen=True, slots=True)
class DerivedField:
    """A property that no single column holds.

    :param column: its values, where the converters are certain of them.
    :param read: returns the value that the models read for one row, ``None`` for no value, and the issues of the bad
        values left out of it, with the rules of their columns.
    :param sources: the source column of each of its issues, by the issue's field.
    """

    column: EncodedColumn
    read: Callable[[int], tuple[Any, Sequence[tuple[CellRule, Issue]]]]
    sources: Mapping[str, str]

    def properties_of(self, row: int) -> tuple[dict[str, Any], Sequence[tuple[CellRule, Issue]]]:
        """Return the property of one row by its name, where it has one, and the issues of values left out of it."""
        value, left_out = self.read(row)
        return {} if value is None else {self.column.rule.key: value}, left_out

    def reject_conflicts(self, columns: Iterable[PlannedColumn]) -> None:
        """Check that no column fills the same field.

        :raises MappingError: when a column does.
        """
        conflict = next((column for column in columns if column.rule.key == self.column.rule.key), None)
        if conflict is not None:
            raise MappingError(
                f"column {conflict.source!r} would become {conflict.rule.key}, which is derived from other columns: "
                "map it to another name, or to None to leave it out"
            )
