"""The kind of record of device tokens."""

from __future__ import annotations

from typing import Final

from airflow_provider_clevertap.loading.record_kinds.kind import RecordKind
from airflow_provider_clevertap.records.limits import TOKENS_PER_CALL
from airflow_provider_clevertap.records.models.device_token import TOKEN_SCHEMA

DEVICE_TOKENS: Final = RecordKind(
    name="device tokens",
    record_type="token",
    schema=TOKEN_SCHEMA,
    records_per_call=TOKENS_PER_CALL,
    repeatable=True,
    distinct="token",
)
