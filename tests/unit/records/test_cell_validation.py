"""Validating a single cell has the same result as validating it in a row."""

from __future__ import annotations

import random
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, PROFILES, RecordKind, events
from airflow_provider_clevertap.records.cell_validation import CellValidator
from airflow_provider_clevertap.records.record_validation import RecordValidator
from tests.support.hostile_values import HOSTILE_TEXT, anything

EVENTS = events(future_seconds=0).with_start_time(1_750_000_000)
GOOD: dict[str, dict[str, Any]] = {
    "profiles": {"identity": "cust-1"},
    "events": {"identity": "cust-1", "evtName": "Product Viewed", "ts": "1700000000"},
    "device tokens": {"objectId": "device-1", "token": "dQw4:APA91b", "type": "fcm"},
}


def columns(kind: RecordKind) -> list[Column]:
    named = [Column(field) for field in (*kind.schema.top, *kind.schema.known)]
    if not kind.schema.takes_custom:
        return named
    types = (None, "text", "integer", "float", "boolean", "date", *(["list"] if kind.schema.takes_operations else []))
    operators = ("$set", "$incr", "$delete") if kind.schema.takes_operations else ()
    return [
        *named,
        *(Column("Tier", type=declared) for declared in types),
        *(Column("Tier", operator=operator) for operator in operators),
    ]


@pytest.mark.parametrize("kind", [PROFILES, EVENTS, DEVICE_TOKENS], ids=lambda kind: kind.name)
def test_a_single_cell_has_the_result_it_has_in_its_row(kind: RecordKind) -> None:
    source = random.Random(7)
    validated = 0
    for column in columns(kind):
        identifier = column.name in kind.schema.identifiers
        others = {
            name: cell
            for name, cell in GOOD[kind.name].items()
            if name != column.name and not (identifier and name in kind.schema.identifiers)
        }
        planned = plan_columns(
            ["cell", *others], {"cell": column, **{name: Column(name) for name in others}}, schema=kind.schema
        )
        row_validator = RecordValidator(
            kind.schema, [one.rule for one in planned], settings=kind.settings, default_country="IN"
        )
        cell_validator = CellValidator(kind.schema, planned[0].rule, row_validator.context)
        issues_of: dict[Any, Any] = {}
        for cell in [*HOSTILE_TEXT, *(anything(source) for _ in range(400))]:
            cell_result = cell_validator.validate(cell)
            if cell_result is None:
                continue
            validated += 1
            result = row_validator.validate([cell, *others.values()])
            where = f"{column} {cell!r}"
            if cell_result.issue_key is not None:
                assert result.record is None, where
                assert issues_of.setdefault(cell_result.issue_key, result.issues) == result.issues, where
            elif cell_result.value is not None:
                assert result.record is not None, where
                record = {**result.record, **result.record[kind.schema.data]}
                assert (
                    record[kind.schema.record_names.get(planned[0].rule.key, planned[0].rule.key)] == cell_result.value
                ), where
            elif result.record is not None:
                assert planned[0].rule.key not in {**result.record, **result.record[kind.schema.data]}, where
    assert validated > 1_500


def test_what_depends_on_other_cells_is_left_to_the_whole_row() -> None:
    (ts, items) = plan_columns(["ts", "Items"], {}, schema=EVENTS.schema, fixed=False)
    settings = RecordValidator(EVENTS.schema, [], settings=EVENTS.settings).context
    assert CellValidator(EVENTS.schema, ts.rule, settings).validate("1750000001") is None
    assert CellValidator(EVENTS.schema, ts.rule, settings).validate("1750000000") is not None
    assert CellValidator(EVENTS.schema, items.rule, settings).validate('[{"a": 1}]') is None
