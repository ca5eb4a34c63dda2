"""Rules for reading the cells of a source column as one CleverTap field."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.dates import DateReader
from airflow_provider_clevertap.records.fields import check_seconds, read_ts
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.operations import DELETE, LIST_OPERATORS, read_operand
from airflow_provider_clevertap.records.unreadable import check_readable
from airflow_provider_clevertap.records.values import (
    is_empty,
    read_boolean,
    read_float,
    read_integer,
    read_list,
    read_text,
    read_untyped,
)
from airflow_provider_clevertap.records.written.lists import split_items
from airflow_provider_clevertap.records.written.numbers import PLAIN, NumberStyle
from airflow_provider_clevertap.records.written.value_map import ValueMap


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
    :param allowed_identities: identities to accept although programs write them for missing values, normalised.
    :param problem: why this column can never fill its field; every cell that is not empty then has this issue.
    :param values: what some cells, or items of lists, stand for.
    :param default: read in place of an empty cell; ``None`` for nothing.
    :param drop: a bad value is left out of its record (``True``) or makes its row invalid; ``None`` leaves that to the
        load.
    :param numbers: how numbers are written as text; ``None`` where the column holds no declared numbers.
    """

    key: str
    in_data: bool = True
    custom: bool = True
    type: DeclaredType | None = None
    dates: DateReader = field(default_factory=DateReader)
    separator: str = ","
    operator: str | None = None
    delete_empty: bool = False
    allowed_identities: frozenset[str] = frozenset()
    problem: str | None = None
    values: ValueMap | None = None
    default: Any = None
    drop: bool | None = None
    numbers: NumberStyle | None = None

    @property
    def is_time(self) -> bool:
        """Return whether the column becomes the time of the record; a property of messages may be named ``ts`` too."""
        return self.key == "ts" and not self.in_data

    @property
    def holds_lists(self) -> bool:
        """Return whether text in the column is a list of items."""
        return self.operator in LIST_OPERATORS or (self.operator is None and self.type is DeclaredType.LIST)

    def replaced(self, cell: Any) -> Any:
        """Return what a cell of the source stands for; only that is read, and may be empty."""
        if self.values is None and self.operator is None and self.type is not DeclaredType.LIST:
            return cell
        if self.holds_lists and isinstance(cell, str):
            with suppress(PydanticCustomError):  # raised again by what reads the list
                items = split_items(cell, self.separator)
                if self.values is not None or is_empty(items):
                    cell = items
        return cell if self.values is None else self.values.replace(cell)

    def read(self, value: Any) -> Any:
        """Read a cell that is not empty and return the field's value; ``None`` leaves the field out.

        :raises pydantic_core.PydanticCustomError: when the cell cannot be read as declared.
        """
        if self.problem is not None:
            raise issue(self.problem)
        check_readable(value)
        if self.numbers is not None and isinstance(value, str):
            value = self._plain_number(value, self.numbers)
        if self.operator == DELETE:
            return {DELETE: 1} if read_boolean(value) else None
        if self.operator is not None:
            return {self.operator: read_operand(self.operator, value, self.separator)}
        # An object may be an operation, whatever the declared type. The model checks it.
        return value if isinstance(value, dict) else self._read_as_declared(value)

    def _read_as_declared(self, value: Any) -> Any:
        match self.type:
            case None | DeclaredType.TEXT if self.is_time:
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
                return check_seconds(self.dates.seconds(value)) if self.is_time else self.dates.read(value)
            case DeclaredType.LIST:
                return {"$set": read_list(value, self.separator)}

    def _plain_number(self, text: str, style: NumberStyle) -> str:
        number = style.plain(text)
        if number is not None:
            return number
        whole = "whole " if self.type is DeclaredType.INTEGER or not self.custom else ""
        if "%" in text and not style.percent and style.with_percent().plain(text) is not None:
            raise issue(f"not a {whole}number but a share: declare percent=True for 12 % as 12, or percent='fraction'")
        if style == PLAIN:
            return text  # what reads the number says what is wrong with it
        raise issue(f"not a {whole}number written as {style.example(whole=bool(whole))}")
