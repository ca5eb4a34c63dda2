"""Validate a row or a cell with the mapping of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult


def validate(
    row: Mapping[str, Any],
    columns: Mapping[str, Column | None] | None = None,
    latest_birth: int | None = None,
    **options: Any,
) -> ValidationResult:
    """Validate one row of a source that has these columns.

    :param row: the row's cells by column.
    :param columns: what the columns become; those left out keep their name.
    :param latest_birth: the latest date of birth that is possible.
    :param options: those of the validator, such as ``default_country``.
    """
    planned = plan_columns(list(row), columns or {}, schema=PROFILE_SCHEMA, latest_birth=latest_birth)
    validator = RecordValidator(PROFILE_SCHEMA, [column.rule for column in planned], **options)
    return validator.validate([row[column.source] for column in planned])


def validate_cell(value: Any, column: Column | str, **options: Any) -> ValidationResult:
    """Validate a row with one cell. Its identity is ``cust-1`` unless the cell is the identity."""
    choice = Column(column) if isinstance(column, str) else column
    if choice.name in PROFILE_SCHEMA.identifiers:
        return validate({"cell": value}, {"cell": choice}, **options)
    return validate({"id": "cust-1", "cell": value}, {"id": Column("identity"), "cell": choice}, **options)


def accepted(value: Any, column: Column | str, **options: Any) -> dict[str, Any]:
    """Return the properties of a cell's row, which must be valid."""
    result = validate_cell(value, column, **options)
    assert result.record is not None, result.issues
    properties: dict[str, Any] = result.record["profileData"]
    return properties


def issue_of(value: Any, column: Column | str, **options: Any) -> tuple[int | None, str]:
    """Return the code and the reason of a cell's issue; the row must be invalid with only this issue."""
    result = validate_cell(value, column, **options)
    assert result.record is None, result.record
    (found,) = result.issues
    return found.code, found.reason


def seconds(cell: Any, format: Any = None, zone: str = "UTC") -> int:
    """Return what a date column stores for a cell, without its ``$D_``."""
    stored = accepted(cell, Column("Joined On", type="date", format=format, timezone=zone))["Joined On"]
    assert stored.startswith("$D_"), stored
    return int(stored[3:])
