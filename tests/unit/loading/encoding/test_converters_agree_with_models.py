"""Converters are never wrong: the models turn every cell that a converter decides into the same value."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.validation.common import RecordRejected, ValidationContext
from airflow_provider_clevertap.emulator.validation.profiles import read_profile
from airflow_provider_clevertap.emulator.validation.subscriptions import read_subscription
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.record_kinds import (
    DEVICE_TOKENS,
    PROFILES,
    SUBSCRIPTIONS,
    RecordKind,
    events,
    profiles,
)
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.records.models.event import EVENT_SCHEMA
from airflow_provider_clevertap.records.models.messages import (
    MESSAGE_EVENT_SCHEMA,
    STRICT_EVENT_SCHEMA,
    STRICT_PROFILE_SCHEMA,
)
from airflow_provider_clevertap.records.record_validation import RecordSchema
from tests.support.agreement import NOW, TABLES, check_agreement, records_by_row
from tests.support.hostile_values import text
from tests.support.random_orders import orders_table
from tests.support.random_tables import ROWS, random_table


@pytest.mark.parametrize("batch", range(8))
def test_converters_agree_with_the_models_on_hostile_profiles(batch: int) -> None:
    check_agreement(PROFILES.with_start_time(NOW), range(batch * TABLES, (batch + 1) * TABLES))


@pytest.mark.parametrize("kind", [profiles, events])
def test_converters_agree_with_the_models_where_a_record_may_have_identity_and_object_id(
    kind: Callable[..., RecordKind],
) -> None:
    check_agreement(kind(identity_and_object_id="send").with_start_time(NOW), range(TABLES))


@pytest.mark.parametrize("batch", range(4))
def test_converters_agree_with_the_models_on_hostile_events(batch: int) -> None:
    check_agreement(events(property_limit=2 + batch).with_start_time(NOW), range(batch * TABLES, (batch + 1) * TABLES))


def test_converters_agree_with_the_models_on_events_of_one_name_and_time() -> None:
    check_agreement(events(event_name="Größe Viewed").with_start_time(NOW), range(TABLES), drop=("evtName",))


def test_converters_agree_with_the_models_on_hostile_device_tokens() -> None:
    check_agreement(DEVICE_TOKENS, range(TABLES))


def test_converters_agree_with_the_models_on_the_keys_of_browsers() -> None:
    check_agreement(DEVICE_TOKENS, range(TABLES), make=browsers_table)


def browsers_table(random: random.Random, kind: RecordKind) -> tuple[RowBlock, dict[str, Column | None]]:
    """Make device tokens of which many are of browsers, with their keys or without."""
    cells = {
        "objectId": [f"device-{row}" for row in range(ROWS)],
        "token": ["dQw4:APA91b", "dQw4:APA91b", "dQw4:APA91b", None],
        "type": ["chrome", "chrome", "CHROME", "fcm", "blackberry", None],
        "p256dh": ["BNcR", "BNcR", "BNcR", None],
        "auth": ["tBHI", "tBHI", "tBHI", None],
    }
    columns = {
        name: pa.array(
            [random.choice(good) if random.random() < 0.95 else text(random) for _ in range(ROWS)], pa.string()
        )
        for name, good in cells.items()
        if name not in kind.schema.interdependent or random.random() < 0.8
    }
    return RowBlock("table", 1, tuple(columns), columns), {name: Column(name) for name in columns}


@pytest.mark.parametrize("schema", [EVENT_SCHEMA, MESSAGE_EVENT_SCHEMA, STRICT_EVENT_SCHEMA], ids=["", "cdp", "strict"])
def test_converters_agree_with_the_models_on_the_items_of_orders(schema: RecordSchema) -> None:
    share = 0 if schema is STRICT_EVENT_SCHEMA else 0.3
    check_agreement(
        replace(events(), schema=schema).with_start_time(NOW), range(TABLES), make=orders_table, share=share
    )


@pytest.mark.parametrize("name", ["Charged", "Product Viewed"])
def test_converters_agree_with_the_models_on_the_items_of_orders_of_one_name(name: str) -> None:
    kind = events(event_name=name).with_start_time(NOW)
    check_agreement(kind, range(4), drop=("evtName",), make=orders_table, share=0)


@pytest.mark.parametrize("schema", [MESSAGE_EVENT_SCHEMA, STRICT_EVENT_SCHEMA], ids=["cdp", "strict"])
def test_converters_agree_with_the_models_on_hostile_events_of_platforms(schema: RecordSchema) -> None:
    check_agreement(replace(events(), schema=schema).with_start_time(NOW), range(TABLES))


def test_converters_agree_with_the_models_on_hostile_profiles_of_platforms() -> None:
    check_agreement(replace(PROFILES, schema=STRICT_PROFILE_SCHEMA).with_start_time(NOW), range(TABLES))


@pytest.mark.parametrize(
    ("kind", "read"), [(PROFILES, read_profile), (SUBSCRIPTIONS, read_subscription)], ids=["profiles", "subscriptions"]
)
def test_an_emulator_that_rejects_all_it_may_accepts_what_the_models_accept(
    kind: RecordKind, read: Callable[..., Any]
) -> None:
    for seed in range(60):
        source = random.Random(seed)
        block, choices = random_table(source, kind)
        encoder = Encoder(kind, choices, default_country=source.choice([None, "IN"]), on_bad_value="drop")
        for row, record in records_by_row(encoder.encode(block)).items():
            reason = _rejection(read, record)
            # Text that only looks like a date is text like any other: no documentation has it rejected.
            assert reason is None or "starts with $D_" in reason, f"seed {seed}, row {row}: {record}"


def _rejection(read: Callable[..., Any], record: dict[str, Any]) -> str | None:
    try:
        read(ValidationContext(Settings(strictness="refuse"), NOW), record)
    except RecordRejected as rejection:
        return rejection.text
    return None
