"""The model of an event: it decides which events are valid, and converts their values.

https://developer.clevertap.com/docs/upload-events-api
"""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator

from airflow_provider_clevertap.records import error_codes, fields
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import (
    CHARGED_ITEMS,
    EVENT_NAME_BYTES,
    EVENT_PROPERTIES,
    RESTRICTED_EVENTS,
    RISKY_EVENTS,
)
from airflow_provider_clevertap.records.models.identity import IDENTIFIERS, OWNER_CODES, OwnedRecord
from airflow_provider_clevertap.records.record_validation import RecordSchema, RiskyWords
from airflow_provider_clevertap.records.texts.characters import TEXT_BLANK
from airflow_provider_clevertap.records.unreadable import check_readable
from airflow_provider_clevertap.records.values import check_text, read_float

#: The event of a purchase, the only one with ``Items``; in the form of :func:`normalize_event_name`.
CHARGED: Final = "charged"


def normalize_event_name(name: str) -> str:
    """Return an event's name in the form in which uploads compare names: lower case, without spaces."""
    return name.lower().replace(" ", "")


def read_event_name(value: Any) -> str:
    """Read an event's name; names reserved for CleverTap's own events are not allowed."""
    if not isinstance(value, str) or not value.strip(TEXT_BLANK):
        raise issue("the event has no name", error_codes.EVENT_NAME_MISSING)
    name = fields.read_name(value.strip(TEXT_BLANK), "an event", EVENT_NAME_BYTES)
    check_not_restricted(name)
    return name


def check_not_restricted(name: str) -> None:
    """Check that a name is not reserved for CleverTap's own events."""
    if normalize_event_name(name) in RESTRICTED_EVENTS:
        raise issue(
            "only CleverTap may raise an event with this name: choose another one", error_codes.EVENT_RESTRICTED
        )


def read_event_property(value: Any) -> str | int | float | bool:
    """Read the value of an event's property: text, a number, true or false."""
    if isinstance(value, str):
        check_text(value)
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return read_float(value)
    check_readable(value)
    raise issue(
        "nested values are only allowed in Items of Charged: use a separate column for each part",
        error_codes.EVENT_STRUCTURE,
    )


def read_items(value: Any) -> list[dict[str, Any]]:
    """Read the items of a purchase: at most 256 objects without nested values, as a list or its JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise issue("Items must be a list of objects", error_codes.EVENT_STRUCTURE)
    if len(value) > CHARGED_ITEMS:
        raise issue(f"more than {CHARGED_ITEMS} items", error_codes.EVENT_STRUCTURE)
    return [_read_item(item) for item in value]


def _read_item(item: dict[Any, Any]) -> dict[str, Any]:
    return {
        fields.read_key(key): read_event_property(cell) for key, cell in item.items() if cell is not None and cell != ""
    }


EventName = Annotated[str, BeforeValidator(read_event_name)]
Property = Annotated[Any, BeforeValidator(read_event_property)]
ChargedItems = Annotated[list[dict[str, Any]], BeforeValidator(read_items)]


class EventData(BaseModel):
    """The properties of an event."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Property]

    Items: ChargedItems | None = None

    @model_validator(mode="before")
    @classmethod
    def _keys_are_allowed(cls, data: Any) -> Any:
        for key in data:
            fields.read_key(key)
        return data

    @model_validator(mode="after")
    def _are_not_too_many(self, info: ValidationInfo) -> Self:
        limit = (info.context or {}).get("property_limit", EVENT_PROPERTIES)
        if len(self.__pydantic_extra__) > limit:
            raise issue(f"more than {limit} properties", error_codes.TOO_MANY_PROPERTIES)
        return self


class Event(OwnedRecord):
    """One event record of ``POST /1/upload``."""

    needs_time: ClassVar[bool] = True

    type: Literal["event"] = "event"
    evtName: EventName | None = None  # noqa: N815 (CleverTap's name)
    evtData: EventData  # noqa: N815 (CleverTap's name)

    @model_validator(mode="after")
    def _is_complete(self, info: ValidationInfo) -> Self:
        if self.evtName is None:
            raise issue("the event has no name", error_codes.EVENT_NAME_MISSING, "evtName")
        if self.ts is None and self.needs_time:
            raise issue(
                "the event has no time: CleverTap would use the time of the upload", error_codes.TIMESTAMP, "ts"
            )
        latest = (info.context or {}).get("latest_ts")
        if latest is not None and self.ts is not None and self.ts > latest:
            raise issue("the event is in the future: check the unit and the time zone", error_codes.TIMESTAMP, "ts")
        if self.evtData.Items is not None and normalize_event_name(self.evtName) != CHARGED:
            raise issue("only Charged has Items", error_codes.EVENT_STRUCTURE, "Items")
        return self


EVENT_SCHEMA: Final = RecordSchema(
    model=Event,
    data="evtData",
    identifiers=IDENTIFIERS,
    top=(*IDENTIFIERS, "ts", "evtName"),
    known=("Items",),
    dates=frozenset(),
    operators={},
    field_codes={**OWNER_CODES, "evtName": error_codes.EVENT_NAME_MISSING, "Items": error_codes.EVENT_STRUCTURE},
    required=("evtName", "ts"),
    takes_operations=False,
    custom=Property,
    interdependent=frozenset({"Items"}),
    words={"evtName": read_event_name},
    item_name=fields.read_key,
    risky=RiskyWords(
        field="evtName",
        is_risky=lambda name: normalize_event_name(name) in RISKY_EVENTS,
        note="Events with the name Web Page Viewed: {count:,}. CleverTap rejected this name with code 513 in an answer "
        "of 2024, although no page lists it. They are sent; if they are rejected, choose another name.",
    ),
    required_hints={"evtName": ", or give event_name for all", "ts": ", or set timestamp='now'"},
)
