"""Random purchases, whose items are lists of objects."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.hostile_values import anything
from tests.support.random_tables import ROWS

ITEM_VALUES: list[Any] = [3, 2.5, 10**20, 2**62, 0, -0.0, 1e300, float("nan"), float("inf"), True, "tea", "", " ", None,
                          "\u200b", 'q"', "x" * 600, "\ud800", [1], {"a": 1}, date(2026, 1, 2)]  # fmt: skip
ITEM_NAMES: list[Any] = ["sku", "price", "Größe", 'q"', "a.b", " sku", "x" * 130, "", "\ud800"]


def orders_table(random: random.Random, kind: RecordKind) -> tuple[RowBlock, dict[str, Column | None]]:
    """Make purchases whose items are lists of objects; in tidy tables nearly all of them are fine."""
    tidy = random.random() < 0.6
    rest = 0.002 if tidy else 0.1

    def item(names: list[Any]) -> Any:
        if random.random() < rest:
            return random.choice([{}, None, "x", [], anything(random)])
        return {name: value_of(name) for name in names if random.random() < 0.9}

    def value_of(name: Any) -> Any:
        if random.random() < rest:
            return random.choice(ITEM_VALUES)
        return {"sku": "SKU-1", "price": random.choice([3, 2.5])}.get(name, "a" if tidy else 1)

    def items() -> Any:
        if random.random() < rest:
            return random.choice([None, [], [{}], "[]", '[{"sku": "a"}]', {}, "x", [item(["sku"])] * 300])
        return [item(names) for _ in range(random.randrange(1, 4))]

    names = random.sample(ITEM_NAMES[:3] if tidy else ITEM_NAMES, k=3)
    events_of = ["Charged"] * 8 + ([] if tidy else ["charged", "Product Viewed", None])
    columns = {
        "identity": pa.array([f"cust-{row}" for row in range(ROWS)]),
        "evtName": pa.array([random.choice(events_of) for _ in range(ROWS)], pa.string()),
        "ts": pa.array([1_700_000_000] * ROWS),
    }
    objects = {"Items": [items() for _ in range(ROWS)], "Amount": [value_of("price") for _ in range(ROWS)]}
    choices = {name: Column(name) for name in (*columns, *objects)}
    return RowBlock("table", 1, tuple(choices), columns, objects), choices
