"""The law on one cell, as far as it can be told without the rest of the row."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.values import is_empty

#: All that a fault is made of, besides its field: where the law finds it, and what it says of it.
IssueKey: TypeAlias = tuple[Any, ...]


class CellResult(NamedTuple):
    """What the law says of one cell.

    :param value: what the field takes; ``None`` when the cell is empty.
    :param issue_key: why the field cannot take the cell; cells of a column to which the law objects in the same way
        have the same fault in rows that are otherwise alike.
    """

    value: Any = None
    issue_key: IssueKey | None = None


class CellValidator:
    """Judges the cells of one column by themselves, with the reader and the field of the models.

    :param schema: the kind of record.
    :param rule: how the column is read.
    :param context: what the models want to know besides the row.
    """

    def __init__(self, schema: RecordSchema, rule: CellRule, context: Mapping[str, Any]) -> None:
        self._rule = rule
        self._context = dict(context)
        self._latest = self._context.get("latest_ts") if rule.key == "ts" else None
        self._type = None if rule.key in schema.interdependent else _field_type(schema, rule)

    def validate(self, cell: Any) -> CellResult | None:
        """Judge one cell; ``None`` when only the whole row can tell."""
        if is_empty(cell):
            return CellResult()
        if self._type is None or isinstance(cell, dict):
            # An operation in a cell may be one that must not be repeated, which is told of whole records.
            return None
        try:
            value = self._rule.read(cell)
        except PydanticCustomError as error:
            return CellResult(issue_key=("read", _said(error.context)))
        if value is None:
            # A filled cell that fills no field: the row is not empty because of it.
            return None
        try:
            value = _model_of(self._type).validate_python(value, context=self._context)
        except ValidationError as error:
            entries = error.errors(include_url=False, include_input=False)
            return CellResult(issue_key=("validated", *(_said(entry.get("ctx")) for entry in entries)))
        return None if self._latest is not None and value > self._latest else CellResult(value)


def _said(context: Mapping[str, Any] | None) -> tuple[Any, ...]:
    context = context or {}
    return context.get("reason"), context.get("code"), context.get("field")


@lru_cache(maxsize=256)
def _model_of(field_type: Any) -> TypeAdapter[Any]:
    """Make a model of one field; it takes milliseconds, so that a wide table has one for its custom columns."""
    return TypeAdapter(field_type)


def _field_type(schema: RecordSchema, rule: CellRule) -> Any:
    """Give the type the models have for the column's field."""
    if rule.in_data and rule.custom:
        return schema.custom
    fields = schema.model.model_fields
    if rule.in_data:
        data: Any = fields[schema.data].annotation
        fields = data.model_fields
    named = {info.alias or name: info for name, info in fields.items()}
    return named[rule.key].rebuild_annotation() if rule.key in named else None
