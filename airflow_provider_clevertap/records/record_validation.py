"""The law: whether a row is valid, what record it becomes, and why not.

It reads one row at a time and is the only judge. Anything faster must agree with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.operations import DELETE, is_repeatable
from airflow_provider_clevertap.records.values import is_empty


class ValidationResult(NamedTuple):
    """What the law says of one row.

    :param record: the record as CleverTap takes it; ``None`` when the row is empty or invalid.
    :param issues: why the row is invalid; with a record, the values that were left out of it.
    :param empty: no cell of the row holds anything.
    :param repeatable: sending the record twice has the effect of sending it once.
    """

    record: dict[str, Any] | None
    issues: tuple[Issue, ...] = ()
    empty: bool = False
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """A kind of record, as far as the law and the mapping must know it.

    :param model: the pydantic model of the whole record.
    :param data: the name of the object that holds the properties, such as ``profileData``.
    :param identifiers: the fields that say who the record belongs to.
    :param top: every field outside the properties that a column may fill, identifiers included.
    :param known: the properties CleverTap knows by name, as it spells them.
    :param dates: the known properties that are dates.
    :param operators: the operators a known property takes, where it does not take them all.
    :param required: the fields a record cannot do without, besides an identifier.
    :param takes_operations: its properties may be operated on (added to, counted up, removed) instead of set.
    :param takes_custom: it may have properties CleverTap does not know by name.
    :param custom: the type of a property CleverTap does not know by name, where it has any.
    :param interdependent: the fields whose validity depends on another field. For all other fields, the rules on the
        whole record only check whether the field is filled.
    :param custom_limit: how many such properties CleverTap documents for one owner.
    :param record_names: the names in the record of fields that a mapping calls otherwise, such as ``id`` for ``token``.
    :param field_codes: the code CleverTap gives a fault of a field, by field.
    """

    model: type[BaseModel]
    data: str
    identifiers: tuple[str, ...]
    top: tuple[str, ...]
    known: tuple[str, ...]
    dates: frozenset[str]
    operators: Mapping[str, frozenset[str]]
    field_codes: Mapping[str, int]
    required: tuple[str, ...] = ()
    takes_operations: bool = True
    takes_custom: bool = True
    custom: Any = None
    interdependent: frozenset[str] = frozenset()
    custom_limit: int | None = None
    record_names: Mapping[str, str] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """Give CleverTap's spelling of a field it knows, whatever the case of ``name``; else ``name`` itself."""
        lowered = name.strip().lower()
        return next((field for field in (*self.top, *self.known) if field.lower() == lowered), name)


class RecordValidator:
    """Judges rows of one mapping.

    :param schema: the kind of record.
    :param rules: one rule for each column, in the order of the cells given to :meth:`validate`.
    :param constants: fields outside the properties that are the same in every record, such as ``evtName``.
    :param settings: what the kind's model wants to know besides, such as ``property_limit``.
    :param default_country: ISO country of phone numbers record_names without ``+``.
    :param on_bad_value: ``"reject"`` makes a row with a bad value invalid; ``"drop"`` leaves out a bad value that is
        a property, and the row goes on.
    """

    def __init__(
        self,
        schema: RecordSchema,
        rules: Sequence[CellRule],
        *,
        constants: Mapping[str, Any] = MappingProxyType({}),
        settings: Mapping[str, Any] = MappingProxyType({}),
        default_country: str | None = None,
        on_bad_value: Literal["reject", "drop"] = "reject",
    ) -> None:
        self.schema = schema
        self.rules = tuple(rules)
        self._constants = dict(constants)
        #: what the models want to know besides the row
        self.context = {**settings, "default_country": default_country}
        self._drop = on_bad_value == "drop"
        self._data_keys = frozenset(rule.key for rule in rules if rule.in_data)
        mapped = [rule.key for rule in rules if rule.key in schema.identifiers]
        # A record without an identifier has none of its own to blame.
        self._identifier = (mapped or schema.identifiers)[0]

    def validate(
        self,
        cells: Sequence[Any],
        derived: Mapping[str, Any] = MappingProxyType({}),
        derived_issues: Sequence[Issue] = (),
    ) -> ValidationResult:
        """Judge one row.

        :param cells: the row's values, one for each rule.
        :param derived: properties that were derived of other rows, such as the items of an order.
        :param derived_issues: the bad values that are not in them.
        """
        top = self._constants.copy()
        data: dict[str, Any] = dict(derived)
        issues: list[Issue] = []
        empty = not derived and not derived_issues
        for rule, cell in zip(self.rules, cells, strict=True):
            if is_empty(cell):
                if rule.delete_empty:
                    data[rule.key] = {DELETE: 1}
                continue
            empty = False
            try:
                value = rule.read(cell)
            except PydanticCustomError as error:
                issues.append(self._fault(rule.key, error.context or {}))
                continue
            if value is not None:
                (data if rule.in_data else top)[rule.key] = value
        if empty:
            return ValidationResult(None, empty=True)
        verdict = self._verdict(top, data, issues)
        if not derived_issues:
            return verdict
        return verdict._replace(
            record=verdict.record if self._drop else None, issues=(*derived_issues, *verdict.issues)
        )

    def _verdict(self, top: dict[str, Any], data: dict[str, Any], issues: list[Issue]) -> ValidationResult:
        model, found = self._validate(top, data)
        issues += found
        if found and self._are_properties(found):
            # Without its bad properties the record shows what else is wrong with it.
            taken_out = [data.pop(fault.field, None) for fault in found]
            if any(value is not None for value in taken_out):
                model, found = self._validate(top, data)
                issues += found
        if model is None or (issues and not (self._drop and self._are_properties(issues))):
            return ValidationResult(None, tuple(issues))
        record = model.model_dump(by_alias=True, exclude_none=True)
        return ValidationResult(record, tuple(issues), repeatable=is_repeatable(record.get(self.schema.data, {})))

    def _are_properties(self, issues: Sequence[Issue]) -> bool:
        return self._data_keys.issuperset(fault.field for fault in issues)

    def _validate(self, top: dict[str, Any], data: dict[str, Any]) -> tuple[BaseModel | None, list[Issue]]:
        try:
            return self.schema.model.model_validate({**top, self.schema.data: data}, context=self.context), []
        except ValidationError as error:
            found = [
                self._fault(str(entry["loc"][-1]) if entry["loc"] else self._identifier, entry.get("ctx", {}))
                for entry in error.errors(include_url=False, include_input=False)
            ]
            return None, found

    def _fault(self, field: str, context: Mapping[str, Any]) -> Issue:
        field = context.get("field") or field
        code = context.get("code") or self.schema.field_codes.get(field)
        return Issue(field, code, context.get("reason", "the value does not fit the field"))
