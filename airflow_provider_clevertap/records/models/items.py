"""The items of a purchase that lies before us line by line, each line one item.

https://developer.clevertap.com/docs/upload-events-api
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.models.event import EVENT_SCHEMA, Event, read_event_property
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.values import is_empty

ITEMS: Final = "Items"

#: What the columns of an item may fill: properties of any name, and nothing that belongs to the event as a whole.
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
#: Names an item's property must not have: a mapping that has them means the event's own fields.
EVENT_FIELDS: Final = (*EVENT_SCHEMA.top, *EVENT_SCHEMA.known)


def issue_field(key: str) -> str:
    """Name the property of an item in a fault; no field of an event is named so, as no name may hold a point."""
    return f"{ITEMS}.{key}"


def read_item(rules: Sequence[CellRule], cells: Iterable[Any]) -> tuple[dict[str, Any], list[Issue]]:
    """Read one line.

    :param rules: how each of its columns is read.
    :param cells: its cells; empty ones are left out of the item.
    :returns: the item without its bad values, and what is wrong with those.
    """
    item: dict[str, Any] = {}
    faults: list[Issue] = []
    for rule, cell in zip(rules, cells, strict=True):
        if is_empty(cell):
            continue
        try:
            item[rule.key] = read_event_property(rule.read(cell))
        except PydanticCustomError as error:
            context = error.context or {}
            faults.append(Issue(issue_field(rule.key), context.get("code"), context["reason"]))
    return item, faults
