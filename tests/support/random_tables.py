"""Random tables of every kind of record: columns with any option, and cells that are fine or not."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.records.operations import OPERATORS
from airflow_provider_clevertap.records.record_validation import RecordValidator
from airflow_provider_clevertap.records.values import is_empty
from airflow_provider_clevertap.records.written.value_map import key_text
from tests.support.hostile_values import COLUMN_TYPES, HOSTILE_TEXT, anything, floating, text

ROWS = 200

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
    operators = sorted(kind.schema.operators.get(field, OPERATORS))
    declared = random.choice([*types, "list"] if "$set" in operators else types)
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
