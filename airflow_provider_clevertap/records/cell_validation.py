"""Validate single cells of a column, as far as that is possible without the rest of the row."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.values import is_empty

#: Everything that determines an issue except its field: the step that found it, its reason and its code.
IssueKey: TypeAlias = tuple[Any, ...]


class CellResult(NamedTuple):
    """The result of validating one cell.

    :param value: the value for the field; ``None`` when the cell is empty.
    :param issue_key: identifies what is wrong with the cell, ``None`` when nothing is. Two cells of a column with the
        same key lead to the same issue in rows that are otherwise alike.
    """

    value: Any = None
    issue_key: IssueKey | None = None


class CellValidator:
    """Validates the cells of one column with the reader and the field type that the models use.

    :param schema: the kind of record.
    :param rule: how the column is read.
    :param context: the settings the models read besides the row.
    """

    def __init__(self, schema: RecordSchema, rule: CellRule, context: Mapping[str, Any]) -> None:
        self._rule = rule
        self._context = dict(context)
        self._latest = self._context.get("latest_ts") if rule.is_time else None
        self._type = None if rule.key in schema.interdependent else _field_type(schema, rule)

    def validate(self, cell: Any) -> CellResult | None:
        """Validate one cell; return ``None`` when the result depends on the rest of the row."""
        return self.validate_replaced(self._rule.replaced(cell))

    def validate_replaced(self, cell: Any) -> CellResult | None:
        """Validate what a cell stands for."""
        if is_empty(cell):
            return CellResult()
        if self._type is None or isinstance(cell, dict):
            # An object may be an operation, which decides whether the whole record is repeatable.
            return None
        try:
            value = self._rule.read(cell)
        except PydanticCustomError as error:
            return CellResult(issue_key=("read", _issue_parts(error.context)))
        if value is None:
            # A filled cell that fills no field still makes the row not empty.
            return None
        try:
            value = _adapter(self._type).validate_python(value, context=self._context)
        except ValidationError as error:
            entries = error.errors(include_url=False, include_input=False)
            return CellResult(issue_key=("validated", *(_issue_parts(entry.get("ctx")) for entry in entries)))
        return None if self._latest is not None and value > self._latest else CellResult(value)


def _issue_parts(context: Mapping[str, Any] | None) -> tuple[Any, ...]:
    context = context or {}
    return context.get("reason"), context.get("code"), context.get("field")


@lru_cache(maxsize=256)
def _adapter(field_type: Any) -> TypeAdapter[Any]:
    """Make the validator of a field's type. That takes milliseconds, so all columns of a type share one."""
    return TypeAdapter(field_type)


def _field_type(schema: RecordSchema, rule: CellRule) -> Any:
    """Return the type of the column's field in the models."""
    if rule.in_data and rule.custom:
        return schema.custom
    fields = schema.model.model_fields
    if rule.in_data and schema.data is not None:
        data: Any = fields[schema.data].annotation
        fields = data.model_fields
    by_name = {info.alias or name: info for name, info in fields.items()}
    return by_name[rule.key].rebuild_annotation() if rule.key in by_name else None
