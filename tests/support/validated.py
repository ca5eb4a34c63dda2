"""One row before the law, told in the words of a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult


def validate(
    row: Mapping[str, Any], columns: Mapping[str, Column | None] | None = None, **options: Any
) -> ValidationResult:
    """Judge one row of a source that has these columns.

    :param row: the row's cells by column.
    :param columns: what the columns become; those left out go under their own name.
    :param options: ``default_country`` and ``on_bad_value``.
    """
    planned = plan_columns(list(row), columns or {}, schema=PROFILE_SCHEMA)
    law = RecordValidator(PROFILE_SCHEMA, [column.rule for column in planned], **options)
    return law.validate([row[column.source] for column in planned])


def validate_cell(value: Any, column: Column | str, **options: Any) -> ValidationResult:
    """Judge a row of one cell, which belongs to ``cust-1`` if the cell does not say to whom."""
    choice = Column(column) if isinstance(column, str) else column
    if choice.name in PROFILE_SCHEMA.identifiers:
        return validate({"cell": value}, {"cell": choice}, **options)
    return validate({"id": "cust-1", "cell": value}, {"id": Column("identity"), "cell": choice}, **options)


def accepted(value: Any, column: Column | str, **options: Any) -> dict[str, Any]:
    """Give the properties a cell becomes; the row must be accepted."""
    verdict = validate_cell(value, column, **options)
    assert verdict.record is not None, verdict.issues
    properties: dict[str, Any] = verdict.record["profileData"]
    return properties


def issue_of(value: Any, column: Column | str, **options: Any) -> tuple[int | None, str]:
    """Give the code and the reason for which a cell is refused; the row must be invalid with this one fault."""
    verdict = validate_cell(value, column, **options)
    assert verdict.record is None, verdict.record
    (fault,) = verdict.issues
    return fault.code, fault.reason
