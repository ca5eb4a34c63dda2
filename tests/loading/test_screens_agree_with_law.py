"""The screens may be narrow but never wrong: whatever they let through, the law accepts and turns into the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
import pytest
from hostile_values import COLUMN_TYPES, anything, floating, text

from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.encoding import EncodedBlock, Encoder
from airflow_provider_clevertap.loading.kinds import PROFILES
from airflow_provider_clevertap.loading.mapping import plan_columns, read_choices
from airflow_provider_clevertap.loading.outcomes import Outcome
from airflow_provider_clevertap.loading.rows import RowBlock
from airflow_provider_clevertap.records.law import Law

ROWS = 500
TABLES = 320  # 160,000 rows in all

FIELDS = [*PROFILES.shape.top[1:], *PROFILES.shape.known, "Tier", "Größe", "x y"]
FORMATS = [None, "yyyy-MM-dd", "dd/MM/yyyy", "MM/dd/yyyy", "yyyy/MM/dd", "dd-MM-yyyy", "dd MMM yyyy", "epoch",
           "epoch_ms", "yyyy-MM-dd HH:mm:ss", "%d/%m/%Y %H:%M:%S", ["yyyy-MM-dd", "dd/MM/yyyy"]]  # fmt: skip
#: Floats are refused for these before any row is read.
NO_FLOATS = (*PROFILES.shape.identifiers, "Phone")
ZONES = ["UTC", "UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York"]


def random_column(random: random.Random, field: str) -> Column:
    if field in PROFILES.shape.top:
        return Column(field, type=random.choice([None, None, "text"]))
    declared = random.choice([None, None, None, "text", "integer", "float", "boolean", "date", "list"])
    return Column(
        field,
        type=declared,
        format=random.choice(FORMATS) if declared == "date" else None,
        timezone=random.choice(ZONES),
        separator=random.choice([",", "|"]),
        operator=random.choice(["$set", "$add", "$remove", "$incr", "$decr", "$delete"])
        if random.random() < 0.15
        else None,
        empty=random.choice(["omit", "omit", "delete"]),
    )


def random_table(random: random.Random) -> tuple[RowBlock, dict[str, Column | None]]:
    choices: dict[str, Column | None] = {"who": Column("identity")}
    columns: dict[str, pa.Array] = {"who": text_column(random, Column("identity"))}
    objects: dict[str, list[Any]] = {}
    for field in random.sample(FIELDS, k=random.randrange(1, 9)):
        name = f"source of {field}"
        choice = choices[name] = random_column(random, field)
        dice = random.random()
        if dice < 0.65:
            columns[name] = text_column(random, choice)
        elif dice < 0.9:
            makes = [make for make in COLUMN_TYPES if make is not floating or field not in NO_FLOATS]
            make = random.choice(makes)
            columns[name] = pa.array([make(random) for _ in range(ROWS)], COLUMN_TYPES[make])
        else:
            objects[name] = [anything(random) for _ in range(ROWS)]
    return RowBlock("table", 1, tuple(choices), columns, objects), choices


def text_column(random: random.Random, choice: Column) -> pa.Array:
    """Make a column that is mostly fine, as real ones are, or not at all."""
    cells = [text(random) for _ in range(ROWS)]
    if random.random() < 0.85:
        fitting = [cell for cell in cells if fits(choice, cell)] or [None]
        cells = [cell if random.random() < 0.02 else random.choice(fitting) for cell in cells]
    column = pa.array([cell or None for cell in cells], pa.string())
    # A slice of a longer column, as blocks are.
    return pa.concat_arrays([pa.array(["before"]), column]).slice(1) if random.random() < 0.5 else column


def fits(choice: Column, cell: str | None) -> bool:
    """Tell whether the law takes a cell in this column of an otherwise good row."""
    names = {"x": choice} if choice.name in PROFILES.shape.identifiers else {"who": Column("identity"), "x": choice}
    planned = plan_columns(list(names), names, shape=PROFILES.shape)
    return (
        Law(PROFILES.shape, [column.rule for column in planned]).judge(["cust-1", cell][-len(names) :]).record
        is not None
    )


def records_by_row(encoded: EncodedBlock) -> dict[int, Any]:
    texts = encoded.records.to_pylist()
    assert len(texts) == len(encoded.rows)
    assert all(text.endswith("},") for text in texts)
    return {int(row): json.loads(text[:-1]) for row, text in zip(encoded.rows, texts, strict=True)}


@pytest.mark.parametrize("batch", range(8))
def test_encoder_agrees_with_the_law_on_hostile_tables(batch: int) -> None:
    screened_rows = 0
    for seed in range(batch * TABLES // 8, (batch + 1) * TABLES // 8):
        source = random.Random(seed)
        block, choices = random_table(source)
        country = source.choice([None, "IN", "GB"])
        on_bad_value = source.choice(["reject", "drop"])
        encoder = Encoder(PROFILES, choices, default_country=country, on_bad_value=on_bad_value)
        judged: list[int] = []
        encoded = _encode_counting(encoder, block, judged)
        screened_rows += len(block) - len(judged)

        planned = plan_columns(block.names, read_choices(choices), shape=PROFILES.shape)
        law = Law(
            PROFILES.shape, [column.rule for column in planned], default_country=country, on_bad_value=on_bad_value
        )
        found = records_by_row(encoded)
        for row in range(len(block)):
            verdict = law.judge([block.value(row, column.source) for column in planned])
            where = f"seed {seed}, row {row}: {block.row(row)}"
            if verdict.record is None:
                assert row not in found, where
                expected = Outcome.SKIPPED if verdict.empty else Outcome.INVALID
                assert encoded.unsent[row].outcome is expected, where
            else:
                assert found[row] == verdict.record, where
                assert row not in encoded.unsent
                assert (row in encoded.dropped) == bool(verdict.faults), where
                assert verdict.repeatable or not encoded.repeatable, where
    # The test would say nothing if every row went to the law anyway.
    assert screened_rows > TABLES / 8 * ROWS * 0.03


def _encode_counting(encoder: Encoder, block: RowBlock, judged: list[int]) -> EncodedBlock:
    encoder._plan(block)
    plan = encoder._plan(block)
    judge = plan.law.judge

    def counting(cells: Any) -> Any:
        judged.append(1)
        return judge(cells)

    plan.law.judge = counting  # type: ignore[method-assign]
    return encoder.encode(block)
