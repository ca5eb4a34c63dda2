"""The places that a column can have in a load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.record_kinds import (
    DEVICE_TOKENS,
    PROFILES,
    RecordKind,
    events,
    subscriptions,
)


class Role(NamedTuple):
    """A place that a column can have in a load.

    :param kind: the kind of record.
    :param columns: the mapping.
    :param profile_columns: the mapping of profile updates.
    """

    kind: RecordKind
    columns: Mapping[str, Any]
    profile_columns: Mapping[str, Any] | None = None


_KNOWN = (
    "Phone", "Email", "DOB", "ts", "Age", "Gender", "Employed", "MSG-email", "Photo", "Name", "category-unsubscribe",
)  # fmt: skip
_CUSTOM: list[dict[str, Any]] = [
    *({"type": kind} for kind in (None, "text", "integer", "float", "boolean", "date", "list")),
    {"type": "date", "format": "epoch"}, {"type": "date", "format": "epoch_us"},
    {"type": "date", "format": ["dd/MM/yyyy", "yyyy-MM-dd"]}, {"type": "date", "timezone": "Europe/London"},
    {"type": "list", "separator": "|"}, *({"operator": operator} for operator in ("$set", "$add", "$incr", "$delete")),
    {"empty": "delete"}, {"values": {"a": "b", 1: None, "2024-01-01": 5}}, {"type": "list", "values": {"a": None}},
    {"default": "none"}, {"type": "date", "default": "2024-01-01"}, {"on_bad_value": "drop"},
    {"type": "integer", "on_bad_value": "reject"}, {"decimal": ",", "thousands": ".", "currency": True},
    {"percent": "fraction", "parentheses": True},
]  # fmt: skip


def _copies(choices: Iterable[Column]) -> dict[str, Column]:
    """Return a mapping of several columns that hold the same."""
    return {f"x {number}": choice for number, choice in enumerate(choices)}


def _roles() -> dict[str, Role]:
    who = {"who": "identity", "mail": None, "order": None, "at": None, "what": None}
    event = {**who, "at": "ts", "what": "evtName"}
    custom = _copies(Column(f"Tier {number}", **options) for number, options in enumerate(_CUSTOM))
    roles = {
        "property": Role(PROFILES, {**who, "mail": "Email", "x": "Tier"}),
        "properties": Role(PROFILES, {**who, "x": None, **custom}),
        "known fields": Role(PROFILES, {**who, "x": None, **_copies(map(Column, _KNOWN))}),
    }
    for field in ("identity", "objectId"):
        roles[field] = Role(PROFILES, {**who, "who": None, "mail": "Email", "x": field})
    for field in ("ts", "evtName", "identity"):
        base = {name: None if choice == field else choice for name, choice in event.items()}
        roles[f"event {field}"] = Role(events(), {**base, "x": field})
    for choice in (Column("Items"), Column("Tier"), Column("Tier", type="date"), Column("Tier", type="text")):
        roles[f"event {choice.name} {choice.type}"] = Role(events(), {**event, "x": choice})
    order = {name: choice for name, choice in event.items() if name != "what"}
    for items in ({"x": Column("sku")}, {"x": Column("sku", type="date")}, {"x": Column("sku", type="integer")}):
        kind = events(group_by="order", items=items)
        roles[f"items {items['x'].type}"] = Role(kind, {name: order[name] for name in ("who", "at")})
    for choice in ("x id", None):
        roles[f"group by {choice}"] = Role(
            events(group_by="x", items=["mail"]), {"who": "identity", "at": "ts", "x": choice}
        )
    roles["order"] = Role(events(group_by="order", items=["mail"]), {"who": "identity", "at": "ts", "x": "Tier"})
    roles["profile of an event"] = Role(events(), {**event, "x": None}, {"x": "Phone"})
    device = {"order": "objectId", "who": "token", "at": None, "what": None, "mail": None}
    for field in ("objectId", "token", "type", "p256dh"):
        kind_of = {} if field == "type" else {"what": Column("type")}
        base = {name: None if choice == field else choice for name, choice in device.items()}
        roles[f"device {field}"] = Role(DEVICE_TOKENS, {**base, **kind_of, "x": field})
    nothing = {**who, "who": None}
    kinds = (("value", {"channel": "email", "status": "Unsubscribe"}), ("type", {"status": "Unsubscribe"}),
             ("status", {"channel": "email"}))  # fmt: skip
    for field, constants in kinds:
        mail = None if field == "value" else "value"
        roles[f"subscription {field}"] = Role(subscriptions(**constants), {**nothing, "mail": mail, "x": field})
    return roles


ROLES = _roles()
