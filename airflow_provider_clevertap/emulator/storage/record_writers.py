"""Write one record of each kind, as part of a batch."""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.storage.batch_writer import BatchWriter
from airflow_provider_clevertap.emulator.storage.profile_changes import apply_changes
from airflow_provider_clevertap.emulator.storage.touched_profiles import StoredProfile
from airflow_provider_clevertap.emulator.validation.common import identity_text
from airflow_provider_clevertap.emulator.validation.device_tokens import TokenRecord
from airflow_provider_clevertap.emulator.validation.events import EventRecord, name_key
from airflow_provider_clevertap.emulator.validation.profiles import ProfileRecord
from airflow_provider_clevertap.emulator.validation.subscriptions import SubscriptionRecord

_INSERT_EVENT = "INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_WRITE_TOKEN = (
    "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, 1) ON CONFLICT (object_id) DO UPDATE SET"
    " token_type = ?2, token = ?3, keys = ?4, received_at = ?5, uploads = uploads + 1"
)

_WRITE_SUBSCRIPTION = (
    "INSERT INTO subscriptions VALUES (?1, ?2, ?3, ?4, 1) ON CONFLICT (value, type) DO UPDATE SET"
    " status = ?3, received_at = ?4, uploads = uploads + 1"
)


def write_profile(batch: BatchWriter, record: ProfileRecord) -> None:
    """Change the profile a record belongs to."""
    profile = _profile_of(batch, record, "profile")
    profile.uploads += 1
    profile.is_changed = True
    changes = dict(record.changes)
    identity = identity_text(changes.pop("identity", None))
    if identity is not None and not batch.profiles.set_identity(profile, identity):
        note = "the identity belongs to another profile, or the profile has another identity"
        batch.report(record.number, "profile", record.key, "identity", note)
    for field, note in apply_changes(profile.data, changes, batch.settings.max_custom_attributes):
        batch.report(record.number, "profile", record.key, field, note)


def write_event(batch: BatchWriter, record: EventRecord) -> None:
    """Add an event. An event for an unknown profile also makes that profile, without properties."""
    if record.is_dropped:
        return
    type_id = batch.sequences.event_type(record.name, batch.settings.max_event_types)
    if type_id is None:
        note = "the account has no room for another event type"
        batch.report(record.number, "event", record.key, "evtName", note)
        return
    profile = _profile_of(batch, record, "event")
    data = msgspec.json.encode(_kept_by_schema(batch, record)).decode()
    batch.add_row(
        _INSERT_EVENT,
        (batch.request_id, batch.now, record.ts, profile.id, *record.key, type_id, record.name, data),
    )


def _kept_by_schema(batch: BatchWriter, record: EventRecord) -> dict[str, Any]:
    """Return an event's properties without those that the account's schema drops after the answer was a success."""
    dropped = {
        name
        for event, names in batch.settings.dropped_properties.items()
        if name_key(event) == name_key(record.name)
        for name in names
    }
    for name in dropped & record.data.keys():
        batch.report(record.number, "event", record.key, name, "the schema drops this property")
    return {name: value for name, value in record.data.items() if name not in dropped} if dropped else record.data


def _profile_of(batch: BatchWriter, record: ProfileRecord | EventRecord, kind: str) -> StoredProfile:
    """Return the profile a record belongs to, which may be new."""
    profile = batch.profiles.find_or_create(*record.profile_keys)
    if record.device is not None and not batch.profiles.leads_to(record.device, profile):
        batch.report(record.number, kind, record.key, "objectId", "the objectId belongs to another profile")
    return profile


def write_token(batch: BatchWriter, record: TokenRecord) -> None:
    """Store a device token in place of an earlier one of the same device."""
    keys = msgspec.json.encode(record.keys).decode() if record.keys else None
    batch.add_row(_WRITE_TOKEN, (record.object_id, record.token_type, record.token, keys, batch.now))


def write_subscription(batch: BatchWriter, record: SubscriptionRecord) -> None:
    """Store the status of an address in place of its earlier one. It needs no profile, and creates none."""
    if not record.is_dropped:
        batch.add_row(_WRITE_SUBSCRIPTION, (record.channel, record.value, record.status, batch.now))
