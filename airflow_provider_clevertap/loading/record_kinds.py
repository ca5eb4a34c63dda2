"""Kinds of record: everything that a load must know about the records it uploads.

A new kind needs an entry here and a pydantic model in ``records.models``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.columns import Column, ColumnChoice
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.mapping.parse import parse_named_columns
from airflow_provider_clevertap.records.limits import (
    EVENT_PROPERTIES,
    EVENTS_PER_CALL,
    FUTURE_SECONDS,
    PROFILES_PER_CALL,
    TOKENS_PER_CALL,
)
from airflow_provider_clevertap.records.models.device_token import TOKEN_SCHEMA
from airflow_provider_clevertap.records.models.event import CHARGED, EVENT_SCHEMA, normalize_event_name, read_event_name
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA
from airflow_provider_clevertap.records.record_validation import RecordSchema


@dataclass(frozen=True, slots=True)
class OrderLines:
    """How the lines of an order become one ``Charged`` event.

    :param group_by: the source column with the order's id; consecutive rows with the same value are one order.
    :param items: the source columns of each item, and what they become.
    """

    group_by: str
    items: Mapping[str, Column | None]


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record.

    :param name: its name in the summary and the log, such as ``profiles``.
    :param record_type: the record's ``type`` in ``POST /1/upload``.
    :param schema: the model of the record and the fields a column may fill.
    :param records_per_call: the maximum number of records in one request.
    :param repeatable: sending a record without counting operations twice has the same effect as sending it once.
    :param constants: top-level fields that are the same in every record.
    :param settings: what the validation needs besides the row.
    :param distinct: a field whose value should be different in each row; rows with duplicates are counted.
    :param lines: how several rows make one record; ``None`` when each row makes one record.
    :param profile_update_kind: the kind of the profile update that may precede a record of this kind.
    :param started_at: the time that counts as now in constants and settings, seconds since 1970.
    """

    name: str
    record_type: str
    schema: RecordSchema
    records_per_call: int
    repeatable: bool
    constants: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    distinct: str | None = None
    lines: OrderLines | None = None
    profile_update_kind: RecordKind | None = None
    started_at: int = 0

    def with_start_time(self, moment: int) -> RecordKind:
        """Return the kind with another time as now, for a load that an earlier attempt began.

        :param moment: seconds since 1970.
        """
        constants, settings = dict(self.constants), dict(self.settings)
        if "ts" in constants:
            constants["ts"] = moment
        if "latest_ts" in settings:
            settings["latest_ts"] += moment - self.started_at
        return replace(self, constants=constants, settings=settings, started_at=moment)


PROFILES: Final = RecordKind(
    name="profiles",
    record_type="profile",
    schema=PROFILE_SCHEMA,
    records_per_call=PROFILES_PER_CALL,
    repeatable=True,
)

#: Events with their name and time in columns. CleverTap stores an event that is sent twice as two events
#: (https://docs.clevertap.com/docs/map-data-for-import warns of these duplicates).
EVENTS: Final = RecordKind(
    name="events",
    record_type="event",
    schema=EVENT_SCHEMA,
    records_per_call=EVENTS_PER_CALL,
    repeatable=False,
    profile_update_kind=PROFILES,
)

DEVICE_TOKENS: Final = RecordKind(
    name="device tokens",
    record_type="token",
    schema=TOKEN_SCHEMA,
    records_per_call=TOKENS_PER_CALL,
    repeatable=True,
    distinct="token",
)


def events(
    *,
    event_name: str | None = None,
    timestamp: Literal["now"] | None = None,
    property_limit: int = EVENT_PROPERTIES,
    future_seconds: int = FUTURE_SECONDS,
    group_by: str | None = None,
    items: Mapping[str, ColumnChoice] | Sequence[str] | None = None,
) -> RecordKind:
    """Return the kind of record for one load of events.

    :param event_name: the name of all events, if no column has it.
    :param timestamp: ``"now"`` gives all events the time of this call, if no column has it.
    :param property_limit: the maximum number of properties of one event; an account may have another limit than 100.
    :param future_seconds: how many seconds in the future an event may be; later events are rejected as mistakes.
    :param group_by: the column with the order's id; consecutive rows with the same value make one ``Charged`` event.
    :param items: the columns of each item of an order: names, or a mapping as for the columns of a load.
    :raises ConfigurationError: when an argument is not allowed.
    """
    constants: dict[str, Any] = {}
    lines = _order_lines(group_by, items)
    if lines is not None:
        event_name = "Charged" if event_name is None else event_name
        if normalize_event_name(event_name) != CHARGED:
            raise ConfigurationError(f"event_name={event_name!r}: group_by and items make Charged events only")
    if event_name is not None:
        try:
            constants["evtName"] = read_event_name(event_name)
        except PydanticCustomError as error:
            raise ConfigurationError(f"event_name={event_name!r}: {error.message()}") from None
    if timestamp not in (None, "now"):
        raise ConfigurationError(f"timestamp={timestamp!r} is not allowed: use 'now', or map a column to ts")
    if property_limit < 1 or future_seconds < 0:
        raise ConfigurationError("property_limit must be 1 or more, and future_seconds 0 or more")
    now = int(time.time())
    if timestamp == "now":
        # Set here and not by CleverTap: an event that is sent again must keep its time.
        constants["ts"] = now
    settings = {"property_limit": property_limit, "latest_ts": now + future_seconds}
    return replace(EVENTS, constants=constants, settings=settings, lines=lines, started_at=now)


def _order_lines(group_by: object, items: Mapping[str, ColumnChoice] | Sequence[str] | None) -> OrderLines | None:
    if group_by is None and items is None:
        return None
    if group_by is None or items is None:
        given, missing = ("items", "group_by") if group_by is None else ("group_by", "items")
        raise ConfigurationError(
            f"{given} needs {missing}: group_by is the column with the order's id, items the columns of what is sold"
        )
    if not isinstance(group_by, str) or not group_by:
        raise ConfigurationError("group_by must be the name of the column that holds the order's id")
    return OrderLines(group_by, parse_named_columns("items", items))
