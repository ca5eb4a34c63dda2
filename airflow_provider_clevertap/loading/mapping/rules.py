"""Make the rule of one column from what the user has declared, and find options that do not suit its field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic_core import PydanticCustomError

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.mapping.cell_options import check_cell_options, declared_numbers
from airflow_provider_clevertap.loading.mapping.property_column import PropertyColumn
from airflow_provider_clevertap.records.column_rules import CellRule, DeclaredType
from airflow_provider_clevertap.records.dates import DateReader
from airflow_provider_clevertap.records.fields import read_key
from airflow_provider_clevertap.records.limits import DISALLOWED_IDENTITIES
from airflow_provider_clevertap.records.operations import OPERATORS
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.texts.placeholders import normalize
from airflow_provider_clevertap.records.written.value_map import read_value_map

#: The options of a column that are text.
_TEXT_OPTIONS = (
    "name", "type", "timezone", "separator", "operator", "empty", "on_bad_value", "decimal", "thousands",
)  # fmt: skip


def make_rule(source: str, choice: Column, schema: RecordSchema, latest_birth: int | None = None) -> CellRule:
    """Return the rule of a column.

    :param source: the column.
    :param choice: what it becomes.
    :param schema: the kind of record.
    :param latest_birth: the latest date of birth that is possible, in seconds since 1970; ``None`` for no limit.
    :raises MappingError: when an option is not known, or does not suit the field.
    """
    try:
        _check_option_types(choice)
        is_property = isinstance(choice, PropertyColumn)
        key = source if choice.name is None else choice.name
        key = key if is_property else schema.canonical(key)
        in_data = is_property or key not in schema.top
        custom = in_data and key not in schema.known
        if not is_property:
            _check_operator(choice, key, schema)
        declared = _declared_type(choice, is_date=key in schema.dates)
        if not is_property:
            _check_type(declared, key, schema)
        numbers = declared_numbers(choice, declared, key, custom=custom)
        if numbers is not None and declared is None and custom and choice.operator is None:
            declared = DeclaredType.FLOAT
        check_cell_options(choice, key, schema)
        of_birth = key in schema.dates
        dates = DateReader(
            _formats(choice), choice.timezone, of_birth=of_birth, latest=latest_birth if of_birth else None
        )
        values = None if choice.values is None else read_value_map(choice.values)
        allowed = _allowed_identities(choice, key, schema)
    except ValueError as error:
        raise MappingError(f"column {source!r}: {error}") from None
    return CellRule(
        key=key,
        in_data=in_data,
        custom=custom,
        type=declared,
        dates=dates,
        separator=choice.separator,
        operator=choice.operator,
        delete_empty=choice.empty == "delete",
        allowed_identities=allowed,
        problem=_key_problem(key) if in_data and not _takes_any_name(choice) else None,
        values=values,
        default=choice.default,
        drop=None if choice.on_bad_value is None else choice.on_bad_value == "drop",
        numbers=numbers,
    )


def _takes_any_name(choice: Column) -> bool:
    """Return whether the name of a property may hold any characters."""
    return isinstance(choice, PropertyColumn) and choice.any_characters


def _check_option_types(choice: Column) -> None:
    for option in _TEXT_OPTIONS:
        value = getattr(choice, option)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{option} must be text, not {type(value).__name__}")


def _check_type(declared: DeclaredType | None, key: str, schema: RecordSchema) -> None:
    if declared is DeclaredType.LIST and (key in schema.top or "$set" not in schema.operators.get(key, OPERATORS)):
        raise ValueError(f"{key} cannot be a list")
    if declared is DeclaredType.DATE and key in schema.identifiers:
        raise ValueError(f"{key} cannot be a date: ids would be sent as $D_ and seconds. Leave out type and format")


def _check_operator(choice: Column, key: str, schema: RecordSchema) -> None:
    if choice.empty not in ("omit", "delete"):
        raise ValueError(f"empty={choice.empty!r} is not known; use 'omit' or 'delete'")
    if choice.operator is not None and choice.operator not in OPERATORS:
        raise ValueError(f"operator {choice.operator!r} is not known; use {_sorted_list(OPERATORS)}")
    if not schema.takes_operations and (choice.operator is not None or choice.empty == "delete"):
        raise ValueError("only properties of profiles take operators or can be deleted")
    if not schema.takes_operations and choice.type == DeclaredType.LIST.value:
        raise ValueError("only profiles have properties that hold lists")
    if not schema.takes_custom and key not in (*schema.top, *schema.known):
        raise ValueError(f"{key} is none of {', '.join((*schema.top, *schema.known))}")
    if key in schema.top and (choice.operator is not None or choice.empty == "delete"):
        raise ValueError(f"{key} is not a property: it takes no operator and cannot be deleted")
    allowed = schema.operators.get(key, OPERATORS)
    if choice.operator is not None and choice.operator not in allowed:
        raise ValueError(f"{key} has a fixed format and does not take {choice.operator}, only {_sorted_list(allowed)}")


def _declared_type(choice: Column, *, is_date: bool) -> DeclaredType | None:
    if not choice.separator:
        raise ValueError("the separator cannot be empty")
    if choice.type is not None and choice.type not in set(DeclaredType):
        raise ValueError(f"type {choice.type!r} is not known; use {', '.join(DeclaredType)}")
    if choice.format is not None and choice.type not in (None, DeclaredType.DATE):
        raise ValueError(f"a date format cannot be used with type {choice.type!r}")
    # A zone alone does not make a column a date: its cells may be datetimes already.
    if choice.format is not None or (is_date and choice.type in (None, DeclaredType.TEXT)):
        return DeclaredType.DATE
    return None if choice.type is None else DeclaredType(choice.type)


def _allowed_identities(choice: Column, key: str, schema: RecordSchema) -> frozenset[str]:
    words = choice.allowed_identities
    if isinstance(words, str) or not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
        raise ValueError("allowed_identities must be a list of identities")
    if words and (key not in schema.identifiers or key == "value"):
        raise ValueError(f"allowed_identities is for columns that become an identifier, not for {key}")
    allowed = frozenset(map(normalize, words))
    listed = sorted(allowed & DISALLOWED_IDENTITIES)
    if listed:
        raise ValueError(f"allowed_identities: CleverTap accepts no identity {listed[0]!r}")
    return allowed


def _formats(choice: Column) -> tuple[str, ...]:
    if choice.format is None:
        return ()
    formats = (choice.format,) if isinstance(choice.format, str) else choice.format
    if not isinstance(formats, Sequence) or not formats or not all(isinstance(pattern, str) for pattern in formats):
        raise ValueError("format must be a date pattern or a list of them")
    return tuple(formats)


def _sorted_list(operators: Iterable[str]) -> str:
    return ", ".join(sorted(operators))


def _key_problem(key: str) -> str | None:
    try:
        read_key(key)
    except PydanticCustomError as error:
        return str(error.message())
    return None
