"""Validate rows with the pydantic models: is a row valid, which record does it become, and what is wrong with it.

The validation works on one row at a time and decides alone what is valid. The vectorised conversion elsewhere must
return the same results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.records.column_rules import CellRule
from airflow_provider_clevertap.records.issues import Issue
from airflow_provider_clevertap.records.operations import DELETE, is_repeatable
from airflow_provider_clevertap.records.phones import PhoneCheck
from airflow_provider_clevertap.records.texts.names import visible_name
from airflow_provider_clevertap.records.values import is_empty


class ValidationResult(NamedTuple):
    """The result of validating one row.

    :param record: the record as CleverTap takes it; ``None`` when the row is empty or invalid.
    :param issues: why the row is invalid; with a record, the issues of the values that were left out of it.
    :param empty: all cells of the row are empty.
    :param repeatable: sending the record twice has the same effect as sending it once.
    """

    record: dict[str, Any] | None
    issues: tuple[Issue, ...] = ()
    empty: bool = False
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class RiskyWords:
    """Values of a field that CleverTap may reject although nothing documents it. They are sent, and counted.

    :param field: the field, which is one of the schema's ``words``, and may be constant.
    :param is_risky: returns whether a value is one of them.
    :param note: a warning, with ``{count}`` for the number of records.
    """

    field: str
    is_risky: Callable[[str], bool]
    note: str


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """A kind of record: its model, and the fields that columns can be mapped to.

    :param model: the pydantic model of the whole record.
    :param data: the name of the object that holds the properties, such as ``profileData``; ``None`` when the record is
        flat, and all its fields are in ``top``.
    :param identifiers: the fields that name the owner of the record.
    :param top: every field outside the properties that a column may fill, identifiers included.
    :param known: the properties CleverTap knows by name, in its spelling.
    :param dates: the known properties that are dates.
    :param operators: the allowed operators of the known properties that do not allow all of them.
    :param field_codes: CleverTap's error code for an issue of a field, by field.
    :param required: the fields every record must have, besides an identifier.
    :param takes_operations: its properties allow operations (add, increment, remove), not only new values.
    :param takes_custom: it may have custom properties, which CleverTap does not know by name.
    :param custom: the type of custom properties in the model, ``None`` where there is none.
    :param interdependent: the fields whose validity depends on another field. Of all other fields, the rules on the
        whole record only check whether they are filled.
    :param custom_limit: how many custom properties CleverTap documents for one owner.
    :param record_names: the names in the record of fields with another name in mappings, such as ``id`` for ``token``.
    :param words: the fields that have few distinct values, such as a type, and the function that reads each.
    :param item_name: the function that reads the name of a property of ``Items``, whose values are then those of
        properties; ``None`` where items have no rules.
    :param risky: values that may be rejected, ``None`` when there are none.
    :param required_hints: other ways to give a required field than a column, as the end of a message.
    """

    model: type[BaseModel]
    data: str | None
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
    words: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    item_name: Callable[[Any], str] | None = None
    risky: RiskyWords | None = None
    required_hints: Mapping[str, str] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """Return CleverTap's spelling of a known field, whatever the case of a name; otherwise the name as it looks."""
        name = visible_name(name)
        lowered = name.strip().lower()
        return next((field for field in (*self.top, *self.known) if field.lower() == lowered), name)


class RecordValidator:
    """Validates the rows of one mapping.

    :param schema: the kind of record.
    :param rules: one rule for each column, in the order of the cells passed to :meth:`validate`.
    :param constants: fields outside the properties with the same value in every record, such as ``evtName``.
    :param settings: settings for the model of this kind, such as ``property_limit``.
    :param default_country: ISO country of phone numbers written without ``+``.
    :param phone_check: what such a number must be with its country: ``"valid"`` or only of a ``"possible"`` length.
    :param on_bad_value: ``"reject"`` makes a row with a bad value invalid; ``"drop"`` leaves out a bad value that is
        a property and keeps the row. A rule may say otherwise for its column.
    """

    def __init__(
        self,
        schema: RecordSchema,
        rules: Sequence[CellRule],
        *,
        constants: Mapping[str, Any] = MappingProxyType({}),
        settings: Mapping[str, Any] = MappingProxyType({}),
        default_country: str | None = None,
        phone_check: PhoneCheck = "valid",
        on_bad_value: Literal["reject", "drop"] = "reject",
    ) -> None:
        self.schema = schema
        self.rules = tuple(rules)
        self._constants = dict(constants)
        #: the settings the models read besides the row
        self.context = {
            **settings,
            "default_country": default_country,
            "phone_check": phone_check,
            "allowed_identities": frozenset[str]().union(*(rule.allowed_identities for rule in rules)),
        }
        self._drop = on_bad_value == "drop"
        self._data_keys = frozenset(rule.key for rule in rules if rule.in_data)
        self._droppable = frozenset(rule.key for rule in rules if rule.in_data and self.drops(rule))
        mapped = [rule.key for rule in rules if rule.key in schema.identifiers]
        # The issue "no identity" names no field: report it for the mapped identifier.
        self._identifier = (mapped or schema.identifiers)[0]

    def drops(self, rule: CellRule) -> bool:
        """Return whether bad values of a column are left out instead of making their rows invalid."""
        return self._drop if rule.drop is None else rule.drop

    def validate(
        self,
        cells: Sequence[Any],
        derived: Mapping[str, Any] = MappingProxyType({}),
        derived_issues: Sequence[tuple[CellRule, Issue]] = (),
    ) -> ValidationResult:
        """Validate one row.

        :param cells: the row's values, one for each rule.
        :param derived: properties derived from several rows, such as the items of an order.
        :param derived_issues: the issues of the bad values that were left out of ``derived``, each with the rule of its
            column.
        """
        top = self._constants.copy()
        data: dict[str, Any] = dict(derived)
        issues: list[Issue] = []
        empty = not derived and not derived_issues
        for rule, cell in zip(self.rules, cells, strict=True):
            value = rule.replaced(cell)
            if not is_empty(value):
                empty = False
            elif rule.default is not None:
                value = rule.default
            else:
                if rule.delete_empty:
                    data[rule.key] = {DELETE: 1}
                continue
            try:
                value = rule.read(value)
            except PydanticCustomError as error:
                issues.append(self._issue(rule.key, error.context or {}))
                continue
            if value is not None:
                (data if rule.in_data else top)[rule.key] = value
        if empty:
            return ValidationResult(None, empty=True)
        result = self._validate_fields(top, data, issues)
        if not derived_issues:
            return result
        record = result.record if all(self.drops(rule) for rule, _ in derived_issues) else None
        return result._replace(record=record, issues=(*(entry for _, entry in derived_issues), *result.issues))

    def _validate_fields(self, top: dict[str, Any], data: dict[str, Any], issues: list[Issue]) -> ValidationResult:
        model, found = self._validate_model(top, data)
        _add(issues, found)
        if found and self._are_properties(found):
            # The model checks the whole record only when all fields are valid: take the bad ones out and repeat.
            removed = [data.pop(entry.field, None) for entry in found]
            if any(value is not None for value in removed):
                model, found = self._validate_model(top, data)
                _add(issues, found)
        if model is None or not self._droppable.issuperset(entry.field for entry in issues):
            return ValidationResult(None, tuple(issues))
        record = model.model_dump(by_alias=True, exclude_none=True)
        properties = {} if self.schema.data is None else record.get(self.schema.data, {})
        return ValidationResult(record, tuple(issues), repeatable=is_repeatable(properties))

    def _are_properties(self, issues: Sequence[Issue]) -> bool:
        return self._data_keys.issuperset(entry.field for entry in issues)

    def _validate_model(self, top: dict[str, Any], data: dict[str, Any]) -> tuple[BaseModel | None, list[Issue]]:
        fields = top if self.schema.data is None else {**top, self.schema.data: data}
        try:
            return self.schema.model.model_validate(fields, context=self.context), []
        except ValidationError as error:
            issues = [
                self._issue(str(entry["loc"][-1]) if entry["loc"] else self._identifier, entry.get("ctx", {}))
                for entry in error.errors(include_url=False, include_input=False)
            ]
            return None, issues

    def _issue(self, field: str, context: Mapping[str, Any]) -> Issue:
        field = context.get("field") or field
        code = context.get("code") or self.schema.field_codes.get(field)
        return Issue(field, code, context.get("reason", "the value does not fit the field"))


def _add(issues: list[Issue], found: Sequence[Issue]) -> None:
    """Add the issues of fields that have none yet: without its bad value a field is not missing."""
    known = {issue.field for issue in issues}
    issues += [issue for issue in found if issue.field not in known]
