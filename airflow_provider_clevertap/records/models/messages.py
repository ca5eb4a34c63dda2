"""Models of the records that messages of customer data platforms become.

Such a platform has been sending names and values that break rules of CleverTap's pages, and CleverTap has them. A load
of its messages must send the same ones, or the events and attributes of years are split in two.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from airflow_provider_clevertap.records import error_codes, fields
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import EVENT_NAME_BYTES
from airflow_provider_clevertap.records.models.event import (
    EVENT_SCHEMA,
    Event,
    EventData,
    check_not_restricted,
)
from airflow_provider_clevertap.records.models.identity import IDENTIFIERS
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA, Profile, Property
from airflow_provider_clevertap.records.record_validation import RecordSchema, RiskyWords
from airflow_provider_clevertap.records.texts.characters import TEXT_BLANK
from airflow_provider_clevertap.records.unreadable import check_readable


def read_message_event_name(value: Any) -> str:
    """Read an event's name, which may hold any character: RudderStack's page shows ``Web Page Viewed: <name>``."""
    if not isinstance(value, str) or not value.strip(TEXT_BLANK):
        raise issue("the event has no name", error_codes.EVENT_NAME_MISSING)
    name = fields.read_name(value.strip(TEXT_BLANK), "an event", EVENT_NAME_BYTES, any_characters=True)
    check_not_restricted(name)
    return name


def read_as_it_is(value: Any) -> Any:
    """Read a value of any structure that JSON can hold."""
    check_readable(value)
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise issue("JSON cannot hold a part of this value", error_codes.EVENT_STRUCTURE) from None
    return value


EventName = Annotated[str, BeforeValidator(read_message_event_name)]


class MessageEvent(Event):
    """An event from a message."""

    evtName: EventName | None = None  # noqa: N815 (CleverTap's name)


class StrictEventData(EventData):
    """The properties of an event exactly as the platform sends them."""

    Items: Annotated[Any, BeforeValidator(read_as_it_is)] = None

    @model_validator(mode="before")
    @classmethod
    def _keys_are_allowed(cls, data: Any) -> Any:
        return data


class StrictEvent(MessageEvent):
    """An event exactly as the platform sends it: without a time, CleverTap uses that of the upload."""

    needs_time: ClassVar[bool] = False
    evtData: StrictEventData  # noqa: N815 (CleverTap's name)


class StrictData(BaseModel):
    """The properties of a profile exactly as the platform sends them; CleverTap alone decides about their values."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Property]

    unsubscribe: fields.SubscriptionGroups = Field(default=None, alias="category-unsubscribe")
    resubscribe: fields.SubscriptionGroups = Field(default=None, alias="category-resubscribe")


class StrictProfile(Profile):
    """A profile exactly as the platform sends it."""

    profileData: StrictData  # type: ignore[assignment]  # noqa: N815 (CleverTap's name)


_RISKY: Final = EVENT_SCHEMA.risky
MESSAGE_EVENT_SCHEMA: Final[RecordSchema] = replace(
    EVENT_SCHEMA,
    model=MessageEvent,
    words={"evtName": read_message_event_name},
    risky=None
    if _RISKY is None
    else RiskyWords(
        _RISKY.field,
        _RISKY.is_risky,
        "Events with the name Web Page Viewed, from pages without a name: {count:,}. CleverTap rejected this name "
        "with code 513 in an answer of 2024. They are sent; if they are rejected, set "
        'page_name="Web Page Viewed: {{path}}".',
    ),
)
STRICT_EVENT_SCHEMA: Final[RecordSchema] = replace(
    MESSAGE_EVENT_SCHEMA, model=StrictEvent, required=("evtName",), item_name=None
)
_STRICT_KNOWN: Final = ("category-unsubscribe", "category-resubscribe")
STRICT_PROFILE_SCHEMA: Final[RecordSchema] = replace(
    PROFILE_SCHEMA,
    model=StrictProfile,
    top=(*IDENTIFIERS, "ts"),
    known=_STRICT_KNOWN,
    dates=frozenset(),
    operators={key: allowed for key, allowed in PROFILE_SCHEMA.operators.items() if key in _STRICT_KNOWN},
    field_codes={key: code for key, code in PROFILE_SCHEMA.field_codes.items() if key in (*IDENTIFIERS, "ts")},
)
