"""The kind of record of subscriptions: who may be sent messages on a channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.api.endpoints import SUBSCRIBE
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.record_kinds.kind import RecordKind
from airflow_provider_clevertap.records.limits import SUBSCRIPTIONS_PER_CALL
from airflow_provider_clevertap.records.models.subscription import SUBSCRIPTION_SCHEMA, read_channel, read_status

#: Subscriptions with their channel and status in columns. Requests in flight have no order, so that of two statuses of
#: one address only the last may be sent.
SUBSCRIPTIONS: Final = RecordKind(
    name="subscriptions",
    record_type=None,
    schema=SUBSCRIPTION_SCHEMA,
    records_per_call=SUBSCRIPTIONS_PER_CALL,
    repeatable=True,
    last_wins=("type", "value"),
    endpoint=SUBSCRIBE,
)


def subscriptions(*, channel: str | None = None, status: str | None = None) -> RecordKind:
    """Return the kind of record for one load of subscriptions.

    :param channel: the channel of all rows, if no column becomes ``type``: ``email``, ``phone`` or ``whatsapp``.
    :param status: the status of all rows, if no column has it: ``Unsubscribe`` or ``Resubscribe``.
    :raises ConfigurationError: when an argument is not allowed.
    """
    constants = {}
    if channel is not None:
        constants["type"] = _read("channel", channel, read_channel)
    if status is not None:
        constants["status"] = _read("status", status, read_status)
    return replace(SUBSCRIPTIONS, constants=constants)


def _read(argument: str, value: Any, read: Callable[[Any], str]) -> str:
    try:
        return read(value)
    except PydanticCustomError as error:
        raise ConfigurationError(f"{argument}={value!r}: {error.message()}") from None
