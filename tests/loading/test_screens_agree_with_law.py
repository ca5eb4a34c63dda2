"""The screens may be narrow but never wrong: whatever they let through, the law accepts and turns into the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
import pytest
from hostile_values import COLUMN_TYPES, anything, floating, text

from airflow_provider_clevertap.emulator.profile_rules import read_profile
from airflow_provider_clevertap.emulator.rules import Reading, Refusal
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.encoding import EncodedBlock, Encoder
from airflow_provider_clevertap.loading.kinds import PROFILES
from airflow_provider_clevertap.loading.mapping import plan_columns, read_choices
from airflow_provider_clevertap.loading.outcomes import Outcome
from airflow_provider_clevertap.loading.rows import RowBlock, RowFault
from airflow_provider_clevertap.records.law import Law
from airflow_provider_clevertap.records.operations import OPERATORS

ROWS = 500
TABLES = 320  # 160,000 rows in all

IDENTIFIERS = PROFILES.shape.identifiers
CUSTOM = ["Tier", "Größe", "x y", "Points", "Joined"]
FIELDS = ["ts", *PROFILES.shape.known, *CUSTOM]
FORMATS = [None, "yyyy-MM-dd", "dd/MM/yyyy", "MM/dd/yyyy", "yyyy/MM/dd", "dd-MM-yyyy", "dd MMM yyyy", "yyyyMMdd",
           "epoch", "epoch_ms", "yyyy-MM-dd HH:mm:ss", "%d/%m/%Y %H:%M:%S", ["yyyy-MM-dd", "dd/MM/yyyy"],
           ["epoch", "epoch_ms"]]  # fmt: skip
#: Floats are refused for these before any row is read.
NO_FLOATS = (*IDENTIFIERS, "Phone")
ZONES = ["UTC", "UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York"]


def random_column(random: random.Random, field: str) -> Column:
    if field in PROFILES.shape.top:
        declared = random.choice([None, None, "text", "integer", *(["date"] if field == "ts" else [])])
        return Column(field, type=declared, timezone=random.choice(ZONES))
    declared = random.choice([None, None, None, "text", "integer", "float", "boolean", "date", "date", "list"])
    operators = sorted(PROFILES.shape.operators.get(field, OPERATORS))
    return Column(
        field,
        type=declared,
        format=random.choice(FORMATS) if declared == "date" else None,
        timezone=random.choice(ZONES),
        separator=random.choice([",", "|", "; "]),
        operator=random.choice(operators) if random.random() < 0.15 else None,
        empty=random.choice(["omit", "omit", "delete"]),
    )


def random_table(random: random.Random) -> tuple[RowBlock, dict[str, Column | None]]:
    """Make a table whose rows belong to somebody in one of the ways they can, with fields of every kind."""
    choices: dict[str, Column | None] = {}
    columns: dict[str, pa.Array] = {}
    objects: dict[str, list[Any]] = {}
    who = random.sample(IDENTIFIERS, k=random.choice([1, 1, 1, 2, 3]))
    fields = random.sample(FIELDS, k=random.randrange(6)) + random.sample(CUSTOM, k=random.randrange(1, 4))
    for field in dict.fromkeys([*who, *fields]):
        name = f"source of {field}"
        choice = choices[name] = random_column(random, field)
        dice = random.random()
        if field == who[0] or dice < 0.65:
            columns[name] = text_column(random, choice, mostly_empty=field in who[1:])
        elif dice < 0.9:
            makes = [make for make in COLUMN_TYPES if make is not floating or field not in NO_FLOATS]
            make = random.choice(makes)
            columns[name] = pa.array([make(random) for _ in range(ROWS)], COLUMN_TYPES[make])
        else:
            objects[name] = [anything(random) for _ in range(ROWS)]
    faults = {random.randrange(ROWS): RowFault("too many cells", "a") for _ in range(random.choice([0, 0, 5]))}
    return RowBlock("table", 1, tuple(choices), columns, objects, faults), choices


def text_column(random: random.Random, choice: Column, *, mostly_empty: bool = False) -> pa.Array:
    """Make a column that is mostly fine, as real ones are, or not at all."""
    cells = [None if mostly_empty and random.random() < 0.9 else text(random) for _ in range(ROWS)]
    if random.random() < 0.85:
        fitting = [cell for cell in cells if fits(choice, cell)] or [None]
        if not mostly_empty:
            cells = [cell if random.random() < 0.02 else random.choice(fitting) for cell in cells]
    # CSV has no empty text, other sources do.
    if random.random() < 0.8:
        cells = [cell or None for cell in cells]
    column = pa.array(cells, pa.string())
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
        fixed = source.random() < 0.7
        encoder = Encoder(PROFILES, choices, default_country=country, on_bad_value=on_bad_value, fixed=fixed)
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
            if row in block.faults:
                assert row not in found, where
                assert encoded.unsent[row].outcome is Outcome.INVALID, where
            elif verdict.record is None:
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


def test_an_emulator_that_refuses_all_it_may_takes_what_the_law_lets_through() -> None:
    for seed in range(60):
        source = random.Random(seed)
        block, choices = random_table(source)
        encoder = Encoder(PROFILES, choices, default_country=source.choice([None, "IN"]), on_bad_value="drop")
        for row, record in records_by_row(encoder.encode(block)).items():
            said = _refusal(record)
            # Text that only looks like a date is text like any other: nothing says that it is refused.
            assert said is None or "starts with $D_" in said, f"seed {seed}, row {row}: {record}"


def _refusal(record: dict[str, Any]) -> str | None:
    try:
        read_profile(Reading("refuse"), record, now=1_800_000_000)
    except Refusal as refusal:
        return refusal.text
    return None
