"""The model of a subscription: it decides which changes are valid, and converts their values.

https://developer.clevertap.com/docs/subscribe-api
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.fields import read_email
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import SUBSCRIPTION_CHANNELS, SUBSCRIPTION_STATUSES
from airflow_provider_clevertap.records.phones import read_phone
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.texts.characters import BLANK

_CHANNELS: Final = {channel.lower(): channel for channel in SUBSCRIPTION_CHANNELS}
_STATUSES: Final = {status.lower(): status for status in SUBSCRIPTION_STATUSES}


def read_channel(value: Any) -> str:
    """Read a channel, in any case."""
    return _read_word(value, _CHANNELS, "a channel")


def read_status(value: Any) -> str:
    """Read a status, in any case."""
    return _read_word(value, _STATUSES, "a status")


def _read_word(value: Any, words: dict[str, str], expected: str) -> str:
    word = value.strip(BLANK).lower() if isinstance(value, str) else ""
    if word not in words:
        raise issue(f"not {expected}: use {', '.join(words.values())}")
    return words[word]


class Subscription(BaseModel):
    """One record of ``POST /1/subscribe``."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, BeforeValidator(read_channel)] | None = None
    value: Any = None
    status: Annotated[str, BeforeValidator(read_status)] | None = None

    @model_validator(mode="after")
    def _is_complete(self, info: ValidationInfo) -> Self:
        if self.value is None:
            raise issue("the e-mail address or phone number is missing", field="value")
        if self.type is None:
            raise issue("the channel is missing", field="type")
        if self.status is None:
            raise issue("the status is missing", field="status")
        try:
            if self.type == "email":
                self.value = read_email(self.value)
            else:
                context = info.context or {}
                self.value = read_phone(self.value, context.get("default_country"), context.get("phone_check", "valid"))
        except PydanticCustomError as error:
            # The codes of e-mail addresses and phone numbers are documented for uploads only.
            raise issue(f"{error.message()} (type is {self.type})", field="value") from None
        return self


SUBSCRIPTION_SCHEMA: Final = RecordSchema(
    model=Subscription,
    data=None,
    identifiers=("value",),
    top=("type", "value", "status"),
    known=(),
    dates=frozenset(),
    operators={},
    field_codes={},
    required=("type", "status"),
    takes_operations=False,
    takes_custom=False,
    interdependent=frozenset({"value"}),
    words={"type": read_channel, "status": read_status},
    required_hints={"type": ", or give channel for all", "status": ", or give status for all"},
)
