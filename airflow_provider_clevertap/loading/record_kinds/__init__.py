"""Kinds of record: everything that a load must know about the records it uploads.

A new kind needs a module here, a pydantic model in ``records.models``, and an entry in ``upload_kinds``.
"""

from airflow_provider_clevertap.loading.record_kinds.device_tokens import DEVICE_TOKENS
from airflow_provider_clevertap.loading.record_kinds.events import EVENTS, events
from airflow_provider_clevertap.loading.record_kinds.kind import OrderLines, RecordKind
from airflow_provider_clevertap.loading.record_kinds.profiles import PROFILES, profiles
from airflow_provider_clevertap.loading.record_kinds.subscriptions import SUBSCRIPTIONS, subscriptions

__all__ = [
    "DEVICE_TOKENS",
    "EVENTS",
    "PROFILES",
    "SUBSCRIPTIONS",
    "OrderLines",
    "RecordKind",
    "events",
    "profiles",
    "subscriptions",
]
