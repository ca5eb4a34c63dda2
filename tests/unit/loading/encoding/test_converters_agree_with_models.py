"""Converters are never wrong: the models turn every cell that a converter decides into the same value."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pyarrow as pa
import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.validation.common import RecordRejected, ValidationContext
from airflow_provider_clevertap.emulator.validation.profiles import read_profile
from airflow_provider_clevertap.emulator.validation.subscriptions import read_subscription
from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock, RowIssues
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.record_kinds import (
    DEVICE_TOKENS,
    PROFILES,
    SUBSCRIPTIONS,
    RecordKind,
    events,
    profiles,
)
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.records.models.event import EVENT_SCHEMA
from airflow_provider_clevertap.records.models.messages import (
    MESSAGE_EVENT_SCHEMA,
    STRICT_EVENT_SCHEMA,
    STRICT_PROFILE_SCHEMA,
)
from airflow_provider_clevertap.records.operations import OPERATORS
from airflow_provider_clevertap.records.phones import PhoneCheck
from airflow_provider_clevertap.records.record_validation import RecordSchema, RecordValidator, ValidationResult
from airflow_provider_clevertap.records.values import is_empty
from airflow_provider_clevertap.records.written.value_map import key_text
from tests.support.examples_of_properties import TIMES
from tests.support.hostile_values import COLUMN_TYPES, HOSTILE_TEXT, anything, floating, text

ROWS = 200
PART_ROWS = 75
NOW = 1_800_000_000
TABLES = 20 * TIMES  # 4,000 rows for each case below

#: Every kind of record, and for each what makes a row of it complete.
GOOD_ROWS: dict[str, dict[str, str]] = {
    "profiles": {"identity": "cust-1"},
    "events": {"identity": "cust-1", "evtName": "Product Viewed", "ts": "1700000000"},
    "device tokens": {"objectId": "__a1b2c3", "token": "dQw4:APA91b", "type": "fcm"},
    "subscriptions": {"type": "email", "value": "asha@example.com", "status": "Unsubscribe"},
}
CUSTOM = ["Tier", "Größe", "x y", "Points", "Joined"]
FORMATS = [None, "yyyy-MM-dd", "dd/MM/yyyy", "MM/dd/yyyy", "yyyy/MM/dd", "dd-MM-yyyy", "dd MMM yyyy", "yyyyMMdd",
           "dd.MM.yyyy", "dd/MM/yyyy HH:mm", "epoch", "epoch_ms", "epoch_us", "yyyy",
           "%d.%m.%y", "yyyy-MM-dd HH:mm:ss", "%d/%m/%Y %H:%M:%S",
           ["yyyy-MM-dd", "dd/MM/yyyy"], ["dd/MM/yyyy", "MM/dd/yyyy"],
           ["dd-MM-yyyy", "yyyy-MM-dd", "MM-dd-yyyy", "epoch"], ["dd/MM/yyyy", "dd MMM yyyy", "%m/%d/%y"]]  # fmt: skip
NUMBERS: list[dict[str, Any]] = [
    {"decimal": ",", "thousands": "."}, {"thousands": ","}, {"currency": True, "decimal": ","},
    {"percent": "fraction"}, {"percent": False}, {"percent": True, "currency": "€"},
    {"parentheses": True, "thousands": "'"},
]  # fmt: skip
#: Cells that a mapping may replace; each table has some of them.
KEYS = [*HOSTILE_TEXT, "cust-1", "M", "yes", 1, 0, 5, True, False, 1.0, 0.5, "tea", "a", "b", date(1990, 7, 26)]
IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
ZONES = ["UTC", "UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York"]


def random_column(random: random.Random, field: str, kind: RecordKind) -> Column:
    if field in kind.schema.top:
        declared = random.choice([None, None, "text", "integer", *(["date"] if field == "ts" else [])])
        allowed = random.choice([[], [], ["NaT", "\\n", "9.19812e+11"]]) if field in IDENTIFIERS else []
        return Column(field, type=declared, timezone=random.choice(ZONES), allowed_identities=allowed)
    types = [None, None, None, "text", "integer", "float", "boolean", "date", "date"]
    if not kind.schema.takes_operations:
        declared = random.choice(types if kind.schema.takes_custom else [None, None, "text"])
        return Column(field, type=declared, format=random.choice(FORMATS) if declared == "date" else None)
    declared = random.choice([*types, "list"])
    operators = sorted(kind.schema.operators.get(field, OPERATORS))
    if declared in ("float", "integer") and field in CUSTOM and random.random() < 0.7:
        return Column(field, type=declared, **random.choice(NUMBERS))
    return Column(
        field,
        type=declared,
        format=random.choice(FORMATS) if declared == "date" else None,
        timezone=random.choice(ZONES),
        separator=random.choice([",", "|", "; "]),
        operator=random.choice(operators) if random.random() < 0.15 else None,
        empty=random.choice(["omit", "omit", "delete"]),
    )


def with_declared_cells(random: random.Random, choice: Column, kind: RecordKind) -> Column:
    """Declare what replaces some cells of a column, and a default, of values that its field accepts."""
    schema, field = kind.schema, choice.name or ""
    pool = [*random.choices(HOSTILE_TEXT, k=6), True, 1, 0.5, GOOD_ROWS[kind.name].get(field, "a"), "a,b"]
    # The text of an empty list fits as an empty cell does, and not as a value.
    filled = [value for value in pool if not is_empty(value) and str(value).strip()[:1] not in ("[", "{")]
    accepted = [value for value in filled if fits(choice, value, kind)]
    if random.random() < 0.3 and accepted:
        keys = {key_text(key): key for key in [*random.choices(KEYS, k=8), *random.choices(pool, k=2)]}
        values = {key: random.choice([None, *accepted]) for text, key in keys.items() if text is not None}
        choice = replace(choice, values=values)
    droppable = field not in (*schema.top, *schema.required)
    if droppable and random.random() < 0.2:
        choice = replace(choice, on_bad_value=random.choice(["drop", "reject"]))
    own = field not in (*schema.identifiers, *schema.interdependent)
    if own and accepted and random.random() < 0.2 and choice.empty == "omit" and choice.operator != "$delete":
        choice = replace(choice, default=random.choice(accepted))
    return choice


def random_fields(random: random.Random, kind: RecordKind) -> list[str]:
    """Choose the fields of a table, those that make a row complete first."""
    identifiers = kind.schema.identifiers
    who = random.sample(identifiers, k=min(len(identifiers), random.choice([1, 1, 1, 2, 3])))
    others = [field for field in (*kind.schema.top, *kind.schema.known) if field not in identifiers]
    fields = [*who, *kind.schema.required, *random.sample(others, k=random.randrange(min(6, len(others))))]
    custom = random.sample(CUSTOM, k=random.randrange(4)) if kind.schema.takes_custom else []
    return list(dict.fromkeys([*fields, *custom]))


def random_table(random: random.Random, kind: RecordKind) -> tuple[RowBlock, dict[str, Column | None]]:
    """Make a table whose rows belong to somebody in one of the ways they can, with fields of every kind."""
    choices: dict[str, Column | None] = {}
    columns: dict[str, pa.Array] = {}
    objects: dict[str, list[Any]] = {}
    fields = random_fields(random, kind)
    # Some tables are as most exports are: text, nearly all of it fine.
    tidy = random.random() < 0.3
    #: Floats are not allowed for these, which is checked before any row is read.
    no_floats = (*kind.schema.identifiers, "Phone")
    for place, field in enumerate(fields):
        name = f"source of {field}"
        choice = choices[name] = with_declared_cells(random, random_column(random, field, kind), kind)
        dice = random.random()
        if tidy or place == 0 or dice < 0.65:
            spare = place > 0 and field in kind.schema.identifiers
            columns[name] = text_column(random, choice, kind, mostly_empty=spare, tidy=tidy)
        elif dice < 0.9:
            makes = [make for make in COLUMN_TYPES if make is not floating or field not in no_floats]
            make = random.choice(makes)
            columns[name] = pa.array([make(random) for _ in range(ROWS)], COLUMN_TYPES[make])
        else:
            objects[name] = [anything(random) for _ in range(ROWS)]
    faults = {random.randrange(ROWS): RowError("too many cells", "a") for _ in range(random.choice([0, 0, 5]))}
    return RowBlock("table", 1, tuple(choices), columns, objects, faults), choices


def text_column(random: random.Random, choice: Column, kind: RecordKind, *, mostly_empty: bool, tidy: bool) -> pa.Array:
    """Make a column that is mostly fine, as real ones are, or not at all."""
    cells = [None if mostly_empty and random.random() < 0.9 else text(random) for _ in range(ROWS)]
    if tidy or random.random() < 0.85:
        good = GOOD_ROWS[kind.name].get(choice.name or "")
        fitting = [cell for cell in cells if fits(choice, cell, kind)] or [good]
        if not mostly_empty:
            cells = [cell if random.random() < 0.02 else random.choice(fitting) for cell in cells]
    # CSV has no empty text, other sources do.
    if random.random() < 0.8:
        cells = [cell or None for cell in cells]
    column = pa.array(cells, pa.string())
    # A slice of a longer column, as blocks are.
    return pa.concat_arrays([pa.array(["before"]), column]).slice(1) if random.random() < 0.5 else column


def fits(choice: Column, cell: Any, kind: RecordKind) -> bool:
    """Return whether the models accept a cell in this column of an otherwise valid row."""
    others = {
        name: good
        for name, good in GOOD_ROWS[kind.name].items()
        if name != choice.name and not {name, choice.name} <= set(kind.schema.identifiers)
    }
    choices = {"x": choice, **{name: Column(name) for name in others}}
    planned = plan_columns(list(choices), choices, schema=kind.schema)
    validator = RecordValidator(kind.schema, [column.rule for column in planned], settings=kind.settings)
    return validator.validate([cell, *others.values()]).record is not None


def records_by_row(encoded: EncodedBlock) -> dict[int, Any]:
    texts = encoded.records.to_pylist()
    assert len(texts) == len(encoded.rows)
    assert all(text.endswith("},") for text in texts)
    return {int(row): json.loads(text[:-1]) for row, text in zip(encoded.rows, texts, strict=True)}


@pytest.mark.parametrize("batch", range(8))
def test_encoder_agrees_with_the_law_on_hostile_profiles(batch: int) -> None:
    check_agreement(PROFILES.with_start_time(NOW), range(batch * TABLES, (batch + 1) * TABLES))


@pytest.mark.parametrize("kind", [profiles, events])
def test_encoder_agrees_with_the_law_where_a_record_may_have_identity_and_object_id(
    kind: Callable[..., RecordKind],
) -> None:
    check_agreement(kind(identity_and_object_id="send").with_start_time(NOW), range(TABLES))


@pytest.mark.parametrize("batch", range(4))
def test_encoder_agrees_with_the_law_on_hostile_events(batch: int) -> None:
    check_agreement(events(property_limit=2 + batch).with_start_time(NOW), range(batch * TABLES, (batch + 1) * TABLES))


def test_encoder_agrees_with_the_law_on_events_of_one_name_and_time() -> None:
    check_agreement(events(event_name="Größe Viewed").with_start_time(NOW), range(TABLES), drop=("evtName",))


def test_encoder_agrees_with_the_law_on_hostile_device_tokens() -> None:
    check_agreement(DEVICE_TOKENS, range(TABLES))


def test_encoder_agrees_with_the_law_on_the_keys_of_browsers() -> None:
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
def test_encoder_agrees_with_the_law_on_the_items_of_orders(schema: RecordSchema) -> None:
    share = 0 if schema is STRICT_EVENT_SCHEMA else 0.3
    check_agreement(
        replace(events(), schema=schema).with_start_time(NOW), range(TABLES), make=orders_table, share=share
    )


@pytest.mark.parametrize("name", ["Charged", "Product Viewed"])
def test_encoder_agrees_with_the_law_on_the_items_of_orders_of_one_name(name: str) -> None:
    kind = events(event_name=name).with_start_time(NOW)
    check_agreement(kind, range(4), drop=("evtName",), make=orders_table, share=0)


@pytest.mark.parametrize("schema", [MESSAGE_EVENT_SCHEMA, STRICT_EVENT_SCHEMA], ids=["cdp", "strict"])
def test_encoder_agrees_with_the_law_on_hostile_events_of_platforms(schema: RecordSchema) -> None:
    check_agreement(replace(events(), schema=schema).with_start_time(NOW), range(TABLES))


def test_encoder_agrees_with_the_law_on_hostile_profiles_of_platforms() -> None:
    check_agreement(replace(PROFILES, schema=STRICT_PROFILE_SCHEMA).with_start_time(NOW), range(TABLES))


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


def check_agreement(
    kind: RecordKind,
    seeds: range,
    drop: tuple[str, ...] = (),
    make: Callable[..., Any] = random_table,
    share: float = 0.03,
) -> None:
    vectorized_rows = 0
    for seed in seeds:
        source = random.Random(seed)
        block, choices = make(source, kind)
        choices |= {name: None for name in choices if choices[name].name in drop}
        country = source.choice([None, "IN", "GB"])
        phone_check = source.choice(get_args(PhoneCheck))
        on_bad_value = source.choice(["reject", "drop"])
        fixed = source.random() < 0.7
        options = {"default_country": country, "phone_check": phone_check, "on_bad_value": on_bad_value}
        encoder = Encoder(kind, choices, fixed=fixed, **options)
        validated: list[int] = []
        parts = _encode_counting(encoder, block, validated)
        vectorized_rows += len(block) - len(validated)

        planned = plan_columns(
            block.names,
            parse_columns(choices),
            schema=kind.schema,
            constants=kind.constants,
            latest_birth=kind.latest_birth,
        )
        validator = RecordValidator(
            kind.schema,
            [column.rule for column in planned],
            constants=kind.constants,
            settings=kind.settings,
            **options,
        )
        sources = {column.rule.key: column.source for column in planned}
        found, unsent, dropped = {}, {}, {}
        for start, encoded in parts:
            found |= {start + row: record for row, record in records_by_row(encoded).items()}
            unsent |= {start + row: one for row, one in encoded.unsent.items()}
            dropped |= {start + row: one for row, one in encoded.dropped.items()}
        repeatable = {start + row: encoded.repeatable for start, encoded in parts for row in range(len(encoded.block))}
        for row, cells in enumerate(block.rows(range(len(block)))):
            result = validator.validate([cells[column.source] for column in planned])
            where = f"seed {seed}, row {row}: {cells}"
            if row in block.row_errors:
                assert row not in found, where
                assert unsent[row].outcome is Outcome.INVALID, where
            elif result.record is None:
                assert row not in found, where
                assert unsent[row] == outcome_of(result, sources), where
            else:
                assert found[row] == result.record, where
                assert row not in unsent
                assert dropped.get(row) == (outcome_of(result, sources) if result.issues else None), where
                assert result.repeatable or not repeatable[row], where
    # The test would prove nothing if every row went through the models anyway.
    assert vectorized_rows > len(seeds) * ROWS * share


def outcome_of(result: ValidationResult, sources: dict[str, str]) -> RowOutcome:
    """Return the outcome that reports a result of the models, with every word of its message."""
    faults = tuple((sources.get(fault.field, fault.field), fault) for fault in result.issues)
    return RowIssues(result.record is not None, result.empty, faults).outcome


def _encode_counting(encoder: Encoder, block: RowBlock, validated: list[int]) -> list[tuple[int, EncodedBlock]]:
    """Encode a table in several blocks, as what is found in one is kept for the next."""
    plan = encoder._plan(block)
    validate = plan.rows.validator.validate

    def counting(*cells: Any) -> Any:
        validated.append(1)
        return validate(*cells)

    plan.rows.validator.validate = counting  # type: ignore[method-assign]
    bounds = [*range(0, len(block), PART_ROWS), len(block)]
    return [
        (start, encoder.encode(slicing.slice_block(block, start, stop))) for start, stop in itertools.pairwise(bounds)
    ]


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
