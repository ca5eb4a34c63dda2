"""A property made of more than one row: how it gets into the records that are made of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.json_join import EncodedColumn
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn
from airflow_provider_clevertap.records.issues import Issue


@dataclass(frozen=True, slots=True)
class DerivedField:
    """A property that no column holds, such as the items of an order.

    :param column: its values, as far as they are certainly fine.
    :param read: gives what the law has read for one row, if anything, and the bad values it left out.
    :param sources: the source columns its faults speak of, by the fault's field.
    """

    column: EncodedColumn
    read: Callable[[int], tuple[Any, Sequence[Issue]]]
    sources: Mapping[str, str]

    def for_law(self, row: int) -> tuple[dict[str, Any], Sequence[Issue]]:
        """Give the property of one row by its name, where it has one, and the bad values left out of it."""
        value, left_out = self.read(row)
        return {} if value is None else {self.column.rule.key: value}, left_out

    def refuse_others(self, columns: Iterable[PlannedColumn]) -> None:
        """Refuse columns that would fill the same field.

        :raises MappingError: when there is one.
        """
        taken = next((column for column in columns if column.rule.key == self.column.rule.key), None)
        if taken is not None:
            raise MappingError(
                f"column {taken.source!r} would become {taken.rule.key}, which is made of other columns here: map it "
                "to another name, or to None to leave it out"
            )
