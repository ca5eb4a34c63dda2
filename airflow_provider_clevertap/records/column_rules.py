"""Rules for reading the cells of a source column as one CleverTap field."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_provider_clevertap.records.dates import DateReader
from airflow_provider_clevertap.records.fields import check_seconds, read_ts
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.operations import DELETE, read_operand
from airflow_provider_clevertap.records.unreadable import check_readable
from airflow_provider_clevertap.records.values import (
    read_boolean,
    read_float,
    read_integer,
    read_list,
    read_text,
    read_untyped,
)


class DeclaredType(StrEnum):
    """The types a mapping can declare for a column."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class CellRule:
    """Rule for reading the cells of one column.

    :param key: the CleverTap field the column fills, such as ``identity``, ``Email`` or ``Tier``.
    :param in_data: the field is a property, inside ``profileData`` or ``evtData``; otherwise it is at the top of the
        record.
    :param custom: CleverTap does not know the field by name, so its type follows from the declared type or the cell.
    :param type: the declared type; ``None`` reads each cell by the type that its source returned.
    :param dates: reads the column's dates.
    :param separator: splits the items of a list written as text.
    :param operator: the operation on the property that replaces setting it, such as ``$incr``.
    :param delete_empty: an empty cell removes the property instead of being left out.
    :param problem: why this column can never fill its field; every cell that is not empty then has this issue.
    """

    key: str
    in_data: bool = True
    custom: bool = True
    type: DeclaredType | None = None
    dates: DateReader = field(default_factory=DateReader)
    separator: str = ","
    operator: str | None = None
    delete_empty: bool = False
    problem: str | None = None

    def read(self, value: Any) -> Any:
        """Read a cell that is not empty and return the field's value; ``None`` leaves the field out.

        :raises pydantic_core.PydanticCustomError: when the cell cannot be read as declared.
        """
        if self.problem is not None:
            raise issue(self.problem)
        check_readable(value)
        if self.operator == DELETE:
            return {DELETE: 1} if read_boolean(value) else None
        if self.operator is not None:
            return {self.operator: read_operand(self.operator, value, self.separator)}
        if isinstance(value, dict):
            # It may be an operation, whatever the declared type. The model checks it.
            return value
        match self.type:
            case None | DeclaredType.TEXT if self.key == "ts":
                return read_ts(value, dates=self.dates)
            case None:
                return read_untyped(value, self.dates) if self.custom else value
            case DeclaredType.TEXT:
                # The model checks the formats of fields that CleverTap knows by name.
                return read_text(value) if self.custom else value
            case DeclaredType.INTEGER:
                return read_integer(value)
            case DeclaredType.FLOAT:
                return read_float(value)
            case DeclaredType.BOOLEAN:
                return read_boolean(value)
            case DeclaredType.DATE:
                # The time of a record is a number of seconds; any other date has CleverTap's date format.
                return check_seconds(self.dates.seconds(value)) if self.key == "ts" else self.dates.read(value)
            case DeclaredType.LIST:
                return {"$set": read_list(value, self.separator)}
