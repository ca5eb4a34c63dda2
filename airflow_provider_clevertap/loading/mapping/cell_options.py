"""Check the options of a column that say how its cells are written, and what replaces them."""

from __future__ import annotations

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.records.column_rules import DeclaredType
from airflow_provider_clevertap.records.operations import DELETE, NUMBER_OPERATORS
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.values import is_empty
from airflow_provider_clevertap.records.written.numbers import NumberStyle, make_style

_NUMBERS = (DeclaredType.INTEGER, DeclaredType.FLOAT)
#: Fields CleverTap knows that are numbers, and the options that suit them.
_NUMBER_FIELDS = {"Age": ("decimal", "thousands")}


def declared_numbers(choice: Column, declared: DeclaredType | None, key: str, *, custom: bool) -> NumberStyle | None:
    """Return how the numbers of a column are written; ``None`` when it holds no declared numbers.

    :param declared: the column's type.
    :param key: the field it fills.
    :param custom: CleverTap does not know the field by name.
    :raises ValueError: when an option is not known, or does not suit the field.
    """
    options = ("decimal", "thousands", "currency", "percent", "parentheses")
    given = [option for option in options if getattr(choice, option) not in (None, False)]
    style = make_style(
        choice.decimal, choice.thousands, choice.currency, choice.percent, parentheses=choice.parentheses
    )
    if not given:
        return style if custom and choice.operator is None and declared in _NUMBERS else None
    if choice.operator is not None and choice.operator not in NUMBER_OPERATORS:
        raise ValueError(f"{given[0]} is for numbers, not for {choice.operator}")
    if choice.operator is None and declared not in (None, *_NUMBERS):
        raise ValueError(f"{given[0]} is for numbers: it cannot be used with type {declared.value!r}")
    unsuitable = [option for option in given if not custom and option not in _NUMBER_FIELDS.get(key, ())]
    if unsuitable:
        raise ValueError(f"{unsuitable[0]} does not suit {key}: it is for amounts in properties of your own")
    return style


def check_cell_options(choice: Column, key: str, schema: RecordSchema) -> None:
    """Check the options that replace cells, or leave them out.

    :param key: the field that the column fills.
    :raises ValueError: when an option is not known, or does not suit the field.
    """
    if choice.on_bad_value not in (None, "reject", "drop"):
        raise ValueError(f"on_bad_value={choice.on_bad_value!r} is not known; use 'reject' or 'drop'")
    if choice.on_bad_value == "drop" and key in (*schema.identifiers, *schema.top, *schema.required):
        raise ValueError(f"on_bad_value='drop' does not suit {key}: no record is sent without a valid one")
    if choice.default is None:
        return
    if key in schema.identifiers:
        raise ValueError(f"{key} cannot have a default: all rows without one would belong to the same owner")
    if key in schema.interdependent:
        raise ValueError(f"{key} cannot have a default: it belongs to the value of another column")
    if choice.empty == "delete":
        raise ValueError("an empty cell cannot both have a default and delete the property")
    if choice.operator == DELETE:
        raise ValueError(f"{DELETE} cannot have a default: every row with an empty cell would lose the property")
    if not isinstance(choice.default, str | int | float | list) or is_empty(choice.default):
        raise ValueError("default must be text, a number, true, false or a list, and not empty")
