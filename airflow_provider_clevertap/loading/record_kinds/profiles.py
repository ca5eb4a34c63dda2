"""The kind of record of profiles."""

from __future__ import annotations

from typing import Final

from airflow_provider_clevertap.loading.record_kinds.kind import RecordKind
from airflow_provider_clevertap.records.limits import PROFILES_PER_CALL
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA

PROFILES: Final = RecordKind(
    name="profiles",
    record_type="profile",
    schema=PROFILE_SCHEMA,
    records_per_call=PROFILES_PER_CALL,
    repeatable=True,
)
