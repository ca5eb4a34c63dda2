"""The kinds of record that messages become: their rules give way where the platforms break them."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.specs.spec import Spec
from airflow_provider_clevertap.records.models.messages import (
    MESSAGE_EVENT_SCHEMA,
    STRICT_EVENT_SCHEMA,
    STRICT_PROFILE_SCHEMA,
)


def kind_of_messages(kind: RecordKind, spec: Spec) -> RecordKind:
    """Return the kind of record of a load of messages."""
    if spec.kind == "events":
        return replace(kind, schema=STRICT_EVENT_SCHEMA if spec.strict else MESSAGE_EVENT_SCHEMA)
    if spec.kind == "profiles" and spec.strict:
        return replace(kind, schema=STRICT_PROFILE_SCHEMA)
    return kind
