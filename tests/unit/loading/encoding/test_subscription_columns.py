"""Columns of subscriptions are converted as a whole, with the same results as the models have."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.record_kinds import SUBSCRIPTIONS, RecordKind, subscriptions
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.agreement import TABLES, check_agreement
from tests.support.encoded import block_of, records
from tests.support.hostile_values import text
from tests.support.random_tables import ROWS

CELLS = {
    "type": ["email", "EMAIL", " email", "phone", "Phone", "whatsapp", "WhatsApp", "push", None],
    "value": [
        "a@b.co",
        " a.b+c@d-e.example ",
        "ü@example.com",
        "+919812345678",
        "98123 45678",
        "+91 98123 45678",
        None,
    ],
    "status": ["Unsubscribe", "unsubscribe", "RESUBSCRIBE", "Resubscribe ", "unsubscribed", None],
}


def mixed_table(random: random.Random, kind: RecordKind) -> tuple[RowBlock, dict[str, Column | None]]:
    """Return rows of which many are valid, with the columns that the kind does not set for all rows."""
    names = [name for name in CELLS if name not in kind.constants]
    columns = {
        name: pa.array(
            [random.choice(CELLS[name]) if random.random() < 0.9 else text(random) for _ in range(ROWS)], pa.string()
        )
        for name in names
    }
    return RowBlock("table", 1, tuple(names), columns), {name: Column(name) for name in names}


def test_converters_agree_with_the_models_on_hostile_subscriptions() -> None:
    check_agreement(SUBSCRIPTIONS, range(TABLES))


@pytest.mark.parametrize(
    "constants",
    [{}, {"status": "unsubscribe"}, {"channel": "EMAIL"}, {"channel": "phone", "status": "Resubscribe"}],
    ids=str,
)
def test_converters_agree_with_the_models_on_mixed_subscriptions(constants: dict[str, str]) -> None:
    check_agreement(subscriptions(**constants), range(TABLES), make=mixed_table)


def test_ordinary_columns_never_reach_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    block = block_of(
        {
            "Channel": ["email", "Phone", "WHATSAPP", "phone"],
            "Address": ["a@b.co", "+919812345678", "98123 45678", "098123 45678"],
            "Status": ["Unsubscribe", "resubscribe", "unsubscribe", "Unsubscribe"],
        }
    )
    columns = {"Channel": Column("type"), "Address": Column("value"), "Status": Column("status")}
    encoder = Encoder(SUBSCRIPTIONS, columns, default_country="IN")
    monkeypatch.setattr(encoder._plan(block).rows.validator, "validate", None)
    assert list(records(encoder.encode(block)).values()) == [
        {"type": "email", "value": "a@b.co", "status": "Unsubscribe"},
        {"type": "phone", "value": "+919812345678", "status": "Resubscribe"},
        {"type": "whatsapp", "value": "+919812345678", "status": "Unsubscribe"},
        {"type": "phone", "value": "+919812345678", "status": "Unsubscribe"},
    ]


def test_one_channel_for_all_rows_and_phone_numbers_as_numbers() -> None:
    kind = subscriptions(channel="phone", status="unsubscribe")
    encoded = Encoder(kind, {"n": Column("value")}, default_country="IN").encode(block_of({"n": [9812345678, None, 5]}))
    assert records(encoded) == {0: {"type": "phone", "status": "Unsubscribe", "value": "+919812345678"}}
    assert [outcome.outcome for outcome in encoded.unsent.values()] == ["skipped", "invalid"]
