"""The items of a purchase whose source has one row, an order line, for each item.

https://developer.clevertap.com/docs/upload-events-api
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.cell_validation import CellResult
from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.models.event import EVENT_SCHEMA, Event, read_event_property
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.values import is_empty

ITEMS: Final = "Items"

#: The schema of an item's columns: properties of any name, and none of the fields of the event itself.
ITEM_SCHEMA: Final = RecordSchema(
    model=Event,
    data=ITEMS,
    identifiers=(),
    top=(),
    known=(),
    dates=frozenset(),
    operators={},
    field_codes={},
    takes_operations=False,
)
#: Names that are not allowed for an item's property: a mapping that uses them means the event's fields.
EVENT_FIELDS: Final = (*EVENT_SCHEMA.top, *EVENT_SCHEMA.known)


def issue_field(key: str) -> str:
    """Return the name of an item's property for an issue. No other field has it, as names must not contain a dot."""
    return f"{ITEMS}.{key}"


def read_item(rules: Sequence[CellRule], cells: Iterable[Any]) -> tuple[dict[str, Any], list[tuple[CellRule, Issue]]]:
    """Read one order line.

    :param rules: the rule of each column.
    :param cells: the line's cells; empty ones are left out of the item.
    :returns: the item without its bad values, and the issues of these values with the rules of their columns.
    """
    item: dict[str, Any] = {}
    issues: list[tuple[CellRule, Issue]] = []
    values = [rule.replaced(cell) for rule, cell in zip(rules, cells, strict=True)]
    if all(map(is_empty, values)):
        return item, issues
    for rule, value in zip(rules, values, strict=True):
        filled = rule.default if is_empty(value) else value
        if filled is None:
            continue
        try:
            item[rule.key] = read_item_value(rule, filled)
        except PydanticCustomError as error:
            context = error.context or {}
            issues.append((rule, Issue(issue_field(rule.key), context.get("code"), context["reason"])))
    return item, issues


def read_item_value(rule: CellRule, value: Any) -> str | int | float | bool:
    """Read a value that is not empty as the property of an item."""
    return read_event_property(rule.read(value))


def validate_item_value(rule: CellRule, value: Any) -> CellResult:
    """Validate a value that is not empty as the property of an item."""
    try:
        return CellResult(read_item_value(rule, value))
    except PydanticCustomError as error:
        context = error.context or {}
        return CellResult(issue_key=("read", (context.get("reason"), context.get("code"), context.get("field"))))
