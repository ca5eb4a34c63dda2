"""Select the converter of a column by the field it fills, its declared type, and the type its source gave it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.vectorized import converters as columns
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn, Converter
from airflow_provider_clevertap.loading.encoding.vectorized.lists import select_items_converter
from airflow_provider_clevertap.loading.encoding.vectorized.phones import (
    NumberConverter,
    convert_international,
    select_number_converter,
    select_rewriting,
)
from airflow_provider_clevertap.loading.encoding.vectorized.times import select_days_converter, select_times_converter
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.conversion import numpy_from_array, scalar
from airflow_provider_clevertap.loading.rows.text_arrays import none_if_clear
from airflow_provider_clevertap.records import fields, values
from airflow_provider_clevertap.records.column_rules import CellRule, DeclaredType
from airflow_provider_clevertap.records.limits import PHONE_MAX_DIGITS, PHONE_MIN_DIGITS
from airflow_provider_clevertap.records.operations import LIST_OPERATORS, NUMBER_OPERATORS

#: Narrower than the models' own pattern of an address, so that RE2 and Python cannot disagree on it.
_PLAIN_EMAIL = r"^[A-Za-z0-9._%+'&/=?!#$*^`{|}~\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+$"
_PLAIN_PHONE = rf"^\+[1-9][0-9]{{{PHONE_MIN_DIGITS - 1},{PHONE_MAX_DIGITS - 1}}}$"
_PLAIN_URL = r"^https?://[A-Za-z0-9._\-]+(:[0-9]+)?(/[A-Za-z0-9._~%!$&'()*+,;=:@/?#\-]*)?$"
_PLAIN_AGE = r"^(0|[1-9][0-9]{0,2})$"
_PLAIN_FLOAT = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?$"

_FLAG_FIELDS = (
    "MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp", "MSG-webpush",
    "MSG-dndPhone", "MSG-dndEmail", "MSG-dndWhatsApp",
)  # fmt: skip
_IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
_TRUTH = {**dict.fromkeys(values.TRUE_WORDS, "true"), **dict.fromkeys(values.FALSE_WORDS, "false")}

#: Fields CleverTap knows, when the column is text of no declared type.
_KNOWN_TEXT: Mapping[str, Converter] = {
    "Email": columns.trimmed(columns.matching(_PLAIN_EMAIL, '"', '"')),
    "Gender": columns.words(fields.GENDER_WORDS, '"', '"'),
    "Employed": columns.words(fields.YES_NO_WORDS, '"', '"'),
    "Married": columns.words(fields.YES_NO_WORDS, '"', '"'),
    "Education": columns.words(fields.EDUCATION_WORDS, '"', '"'),
    "Age": columns.matching(_PLAIN_AGE),
    "Photo": columns.trimmed(columns.matching(_PLAIN_URL, '"', '"')),
    "Name": columns.text,
    "Customer Type": columns.text,
    "Tz": columns.text,
    "ct_is_test_user": columns.text,
    **dict.fromkeys(_FLAG_FIELDS, columns.words(_TRUTH)),
    **dict.fromkeys(_IDENTIFIERS, columns.identity),
    **dict.fromkeys(("token", "p256dh", "auth"), columns.token),
}

#: Declared types, when the column is text and the field is a custom attribute.
_DECLARED_TEXT: Mapping[DeclaredType | None, Converter] = {
    None: columns.text,
    DeclaredType.TEXT: columns.text,
    DeclaredType.INTEGER: columns.integers,
    DeclaredType.FLOAT: columns.trimmed(columns.matching(_PLAIN_FLOAT)),
    DeclaredType.BOOLEAN: columns.words(_TRUTH),
}


#: Declared types, when the source says the column is whole numbers and the field is a custom attribute.
_DECLARED_INTEGERS: Mapping[DeclaredType | None, Converter] = {
    **dict.fromkeys((None, DeclaredType.INTEGER, DeclaredType.FLOAT), columns.whole_numbers),
    DeclaredType.TEXT: lambda column: ConvertedColumn(column.cast(pa.string()), None, '"', '"'),
    DeclaredType.BOOLEAN: columns.as_text(columns.words(_TRUTH)),
}

#: Fields CleverTap knows that take true and false, or 1 and 0, too.
_TRUTH_FIELDS = (*_FLAG_FIELDS, "Employed", "Married")

#: Fields CleverTap knows, when the source says the column is whole numbers.
_KNOWN_NUMBERS: Mapping[str, Converter] = {
    # 0 and -1 identify nobody.
    **dict.fromkeys(_IDENTIFIERS, columns.numbers_between(1, before='"', after='"')),
    "Age": columns.numbers_between(0),
}


def _whole_decimals(converter: Converter) -> Converter:
    """Return a converter of decimals, written as text, that are whole numbers."""
    return columns.rewritten(lambda column: pc.replace_substring_regex(column, r"\.0+$", ""), converter)


_decimal_ids = _whole_decimals(columns.matching(r"^[1-9][0-9]*$", '"', '"'))
_decimals_as_text = _whole_decimals(columns.matching(r"^(0|-?[1-9][0-9]*)$", '"', '"'))

#: The type of fields that have one of their own: declaring it changes nothing.
_FIELD_TYPES: Mapping[str, DeclaredType] = {"Age": DeclaredType.INTEGER} | dict.fromkeys(
    _FLAG_FIELDS, DeclaredType.BOOLEAN
)


def select_converter(
    rule: CellRule,
    column_type: Any,
    settings: Mapping[str, Any],
    words: Mapping[str, Callable[[Any], str]] = MappingProxyType({}),
) -> Converter | None:
    """Return the converter for a column.

    :param rule: how the column is read.
    :param column_type: the Arrow type of its cells.
    :param settings: what the models know besides the row.
    :param words: the fields that have few distinct values, and the function with which the models read each.
    :returns: the converter of cells that are not blank; ``None`` when the models must decide every cell that is not
        empty.
    """
    if rule.problem is not None:
        return None
    if rule.operator is not None:
        return _operation_converter(rule, column_type)
    if rule.custom:
        return _custom_converter(rule, column_type)
    if rule.is_time:
        return select_times_converter(rule, column_type, settings.get("latest_ts"))
    if rule.key in ("Phone", "value"):
        return _phone_converter(rule, column_type, settings)
    if rule.key == "DOB" and rule.type is DeclaredType.DATE:
        return select_days_converter(rule, column_type)
    return _known_field_converter(rule, column_type, words)


def convert_column(block: RowBlock, name: str, converter: Converter | None) -> ConvertedColumn:
    """Convert one of a block's columns; without a converter, every cell that is not empty is undecided.

    :param converter: converts cells as the source returned them, of which some may be blank.
    """
    column = block.columns.get(name)
    if column is None:
        return (converter or columns.undecided_values)(block.objects[name])
    if converter is None:
        return ConvertedColumn(pa.nulls(len(block), pa.string()), none_if_clear(numpy_from_array(column.is_valid())))
    return converter(column)


def _custom_converter(rule: CellRule, column_type: Any) -> Converter | None:
    holds_dates = pa.types.is_timestamp(column_type) or pa.types.is_date(column_type)
    if rule.type is DeclaredType.DATE or (rule.type is None and holds_dates):
        return select_days_converter(rule, column_type)
    if pa.types.is_string(column_type):
        return _list_converter(rule, "$set") if rule.type is DeclaredType.LIST else _DECLARED_TEXT.get(rule.type)
    if pa.types.is_integer(column_type):
        return _DECLARED_INTEGERS.get(rule.type)
    if pa.types.is_decimal(column_type) and rule.type in (None, DeclaredType.FLOAT):
        return columns.as_text(columns.matching(_PLAIN_FLOAT))
    if pa.types.is_decimal(column_type) and rule.type is DeclaredType.TEXT:
        return columns.as_text(_decimals_as_text)
    if pa.types.is_floating(column_type):
        return {
            None: columns.floats,
            DeclaredType.FLOAT: columns.floats,
            DeclaredType.INTEGER: columns.whole_floats,
        }.get(rule.type)
    if pa.types.is_boolean(column_type) and rule.type in (None, DeclaredType.BOOLEAN):
        return columns.flags
    return None


def _known_field_converter(
    rule: CellRule, column_type: Any, words: Mapping[str, Callable[[Any], str]]
) -> Converter | None:
    field_type = _FIELD_TYPES.get(rule.key)
    if rule.type not in (None, DeclaredType.TEXT, field_type):
        return None
    if pa.types.is_string(column_type):
        return columns.names(words[rule.key]) if rule.key in words else _KNOWN_TEXT.get(rule.key)
    if rule.key in _FLAG_FIELDS and pa.types.is_boolean(column_type):
        return columns.flags
    if rule.key in _TRUTH_FIELDS and (pa.types.is_integer(column_type) or pa.types.is_boolean(column_type)):
        return columns.as_text(_KNOWN_TEXT[rule.key])
    if pa.types.is_decimal(column_type):
        return columns.as_text(_decimal_ids) if rule.key in _IDENTIFIERS else None
    return _KNOWN_NUMBERS.get(rule.key) if pa.types.is_integer(column_type) else None


def _operation_converter(rule: CellRule, column_type: Any) -> Converter | None:
    if rule.operator in LIST_OPERATORS and pa.types.is_string(column_type):
        return _list_converter(rule, rule.operator)
    number = _number_converter(column_type) if rule.operator in NUMBER_OPERATORS else None
    if number is None:
        return None
    return lambda column: number(column)._replace(before=f'{{"{rule.operator}":', after="}")


def _list_converter(rule: CellRule, operator: str) -> Converter | None:
    items = select_items_converter(rule.separator)
    return None if items is None else lambda column: ConvertedColumn(*items(column), f'{{"{operator}":["', '"]}')


def _number_converter(column_type: Any) -> Converter | None:
    if pa.types.is_string(column_type):
        return columns.matching(_PLAIN_FLOAT)
    if pa.types.is_integer(column_type):
        return columns.whole_numbers
    return columns.floats if pa.types.is_floating(column_type) else None


def _phone_converter(rule: CellRule, column_type: Any, settings: Mapping[str, Any]) -> Converter | None:
    """Select converters for international numbers, and for local ones where the country is known.

    The value of a subscription is a phone number or an e-mail address; only the latter contains ``@``.
    """
    if rule.type not in (None, DeclaredType.TEXT):
        return None
    country = settings.get("default_country")
    local = None if country is None else select_number_converter(country, settings.get("phone_check", "valid"))
    if pa.types.is_decimal(column_type):
        return None if local is None else columns.as_text(_whole_decimals(_number_column(local)))
    if pa.types.is_integer(column_type):
        return None if local is None else columns.as_text(_number_column(local))
    if not pa.types.is_string(column_type):
        return None
    converter = columns.matching(_PLAIN_PHONE, '"', '"')
    if rule.key == "value":
        converter = columns.or_else(_KNOWN_TEXT["Email"], converter)
    for numbers in (local, convert_international):
        converter = converter if numbers is None else columns.or_else(converter, _number_column(numbers))
    return columns.or_else(converter, columns.rewritten(select_rewriting(country), converter))


def _number_column(convert_numbers: NumberConverter) -> Converter:
    def convert(column: Any) -> ConvertedColumn:
        numbers, undecided = convert_numbers(column)
        return ConvertedColumn(pc.binary_join_element_wise(scalar("+"), numbers, scalar("")), undecided, '"', '"')

    return convert
