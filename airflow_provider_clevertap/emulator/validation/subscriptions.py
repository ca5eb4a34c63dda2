"""Validate a subscription record: whether an e-mail address or a phone number may be sent messages.

The page (https://developer.clevertap.com/docs/subscribe-api) names the three fields and their values, but no error
codes: those used here are the ones that uploads have for a similar issue, with texts of this emulator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from airflow_provider_clevertap.emulator.validation.common import Key, RecordRejected, ValidationContext
from airflow_provider_clevertap.emulator.validation.profiles import is_email, is_phone

STATUSES = frozenset({"Unsubscribe", "Resubscribe"})

TYPES: dict[str, tuple[int, str, Callable[[object], bool]]] = {
    "email": (515, "not an e-mail address", is_email),
    "phone": (516, "not a phone number", is_phone),
    "whatsapp": (516, "not a phone number", is_phone),
}
"""The channels: the code and the note for a value that is none of its addresses, and the check of the value."""

WRONG_TYPE = 524
WRONG_RECORD = 512

_KEY_CHARACTERS = 200


class SubscriptionRecord(NamedTuple):
    """A subscription record that passed validation.

    :param is_dropped: answered with success, then left out, because its value is not an address of the channel.
    """

    number: int
    channel: str
    value: str
    status: str
    is_dropped: bool

    @property
    def profile_keys(self) -> tuple[Key, ...]:
        """Return nothing: a status belongs to an address, so it changes no profile."""
        return ()


def read_subscription(context: ValidationContext, record: object) -> SubscriptionRecord:
    """Read one subscription record. Names and values are compared exactly: no page mentions another spelling.

    :raises RecordRejected: a field is missing or has none of its documented values.
    """
    if not isinstance(record, dict):
        raise _rejected(WRONG_RECORD, "The record is not an object")
    value = record.get("value")
    if type(value) is not str or not value.strip():
        raise _rejected(WRONG_RECORD, "value is missing or not a text")
    context.key = value[:_KEY_CHARACTERS]
    channel = _one_of(record.get("type"), TYPES)
    if channel is None:
        raise _rejected(WRONG_TYPE, "type is not email, phone or whatsapp")
    status = _one_of(record.get("status"), STATUSES)
    if status is None:
        raise _rejected(WRONG_RECORD, "status is not Unsubscribe or Resubscribe")
    code, note, is_address = TYPES[channel]
    is_dropped = not is_address(value) and not context.undocumented("value", note, code)
    return SubscriptionRecord(context.number, channel, value, status, is_dropped)


def _one_of(value: Any, allowed: Any) -> str | None:
    return value if type(value) is str and value in allowed else None


def _rejected(code: int, reason: str) -> RecordRejected:
    return RecordRejected(code, reason, f"Subscription is incorrect. ErrorCode: {code} - {{}}. ")
