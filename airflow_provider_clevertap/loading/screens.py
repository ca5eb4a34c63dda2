"""Screens: whole columns turned into JSON at once, where they are certainly fine.

A screen may be narrow but never wrong: what it does not mark as doubtful, the law of :mod:`records` would accept and
turn into the same value. Everything else goes to the law, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.list_columns import choose_items_screen
from airflow_provider_clevertap.loading.phone_columns import choose_number_screen
from airflow_provider_clevertap.loading.text_columns import Mask, TextColumn, as_mask, blank_out, either, escape
from airflow_provider_clevertap.loading.time_columns import choose_date_screen
from airflow_provider_clevertap.records import fields, values
from airflow_provider_clevertap.records.cells import CellRule, DeclaredType
from airflow_provider_clevertap.records.limits import (
    IDENTITY_CHARACTERS,
    PHONE_MAX_DIGITS,
    PHONE_MIN_DIGITS,
    REFUSED_IDENTITIES,
    TS_MILLISECONDS_FROM,
    VALUE_BYTES,
)
from airflow_provider_clevertap.records.operations import LIST_OPERATORS, NUMBER_OPERATORS


class Screened(NamedTuple):
    """A column as JSON.

    :param text: each cell's JSON without ``before`` and ``after``; null leaves the field out.
    :param doubtful: the rows only the law can judge; ``None`` when there are none.
    :param before: JSON text that stands before every value.
    :param after: JSON text that stands after every value.
    """

    text: Any
    doubtful: Mask | None = None
    before: str = ""
    after: str = ""


Screen: TypeAlias = Callable[[Any], Screened]

_EXACT_FLOATS = 2**53
_WIDEST = 64
_LONGEST_REFUSED = max(map(len, REFUSED_IDENTITIES))
_REFUSED = pa.array(sorted(REFUSED_IDENTITIES))

#: Narrower than the law's own shape of an address, so that RE2 and Python cannot disagree on it.
_PLAIN_EMAIL = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+$"
_PLAIN_PHONE = rf"^\+[1-9][0-9]{{{PHONE_MIN_DIGITS - 1},{PHONE_MAX_DIGITS - 1}}}$"
_PLAIN_URL = r"^https?://[A-Za-z0-9._\-]+(:[0-9]+)?(/[A-Za-z0-9._~%!$&'()*+,;=:@/?#\-]*)?$"
_PLAIN_INTEGER = r"^-?(0|[1-9][0-9]{0,17})$"
_PLAIN_AGE = r"^(0|[1-9][0-9]{0,2})$"
_PLAIN_FLOAT = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$"
_PLAIN_SECONDS = r"^[1-9][0-9]{0,9}$"


def _text(column: Any) -> Screened:
    view = TextColumn(column)
    too_long = view.longer_than(VALUE_BYTES)
    column = blank_out(column, too_long)
    doubtful = either(too_long, view.blank_at_start())
    if view.needs_escaping():
        column, control = escape(column)
        doubtful = either(doubtful, control)
    return Screened(column, doubtful, '"', '"')


def _identity(column: Any) -> Screened:
    view = TextColumn(column)
    too_long = view.longer_than(IDENTITY_CHARACTERS - 1)
    doubtful = either(too_long, view.odd_at_an_end())
    if view.shorter_than(_LONGEST_REFUSED + 1) is not None:
        doubtful = either(doubtful, as_mask(pc.is_in(pc.utf8_lower(column), value_set=_REFUSED)))
    column = blank_out(column, too_long)
    if view.needs_escaping():
        column, control = escape(column)
        doubtful = either(doubtful, control)
    return Screened(column, doubtful, '"', '"')


def _matching(pattern: str, before: str = "", after: str = "", limit: int = VALUE_BYTES) -> Screen:
    """Take cells that match a pattern whose every character may stand in JSON as it is."""

    def screen(column: Any) -> Screened:
        fits = as_mask(pc.match_substring_regex(column, pattern))
        if column.null_count:
            fits = fits | as_mask(column.is_null())
        doubtful = either(None if fits.all() else ~fits, TextColumn(column).longer_than(limit))
        return Screened(blank_out(column, doubtful), doubtful, before, after)

    return screen


def _words(words: Mapping[str, str], before: str = "", after: str = "") -> Screen:
    """Take cells that are one of a few words, in the cases people type."""
    spellings = {
        spelling: word for key, word in words.items() for spelling in {key, key.upper(), key.title(), key.capitalize()}
    }
    known = pa.array(list(spellings))
    meaning = pa.array(list(spellings.values()))

    def screen(column: Any) -> Screened:
        places = pc.index_in(column, value_set=known)
        unknown = places.null_count > column.null_count
        doubtful = as_mask(pc.and_(places.is_null(), column.is_valid())) if unknown else None
        return Screened(meaning.take(places), doubtful, before, after)

    return screen


def _whole_numbers(column: Any) -> Screened:
    return Screened(column.cast(pa.string()))


def _numbers_between(low: int, high: int | None = None, before: str = "", after: str = "") -> Screen:
    def screen(column: Any) -> Screened:
        outside = as_mask(pc.less(column, pa.scalar(low, column.type)))
        if high is not None and column.type.bit_width == _WIDEST:
            outside = outside | as_mask(pc.greater(column, pa.scalar(high, column.type)))
        return Screened(column.cast(pa.string()), outside if outside.any() else None, before, after)

    return screen


def _floats(column: Any) -> Screened:
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    infinite = as_mask(pc.is_inf(column))
    return Screened(column.cast(pa.string()), infinite if infinite.any() else None)


def _whole_floats(column: Any) -> Screened:
    """Take floats that are whole: what pandas makes of integers with gaps."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _EXACT_FLOATS))
    doubtful = ~as_mask(whole) & as_mask(column.is_valid())
    column = blank_out(column, doubtful if doubtful.any() else None)
    return Screened(column.cast(pa.int64()).cast(pa.string()), doubtful if doubtful.any() else None)


def _flags(column: Any) -> Screened:
    return Screened(column.cast(pa.string()))


def _written_out(screen: Screen) -> Screen:
    """Take a column as the text of its cells."""
    return lambda column: screen(column.cast(pa.string()))


_FLAG_FIELDS = (
    "MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp", "MSG-webpush",
    "MSG-dndPhone", "MSG-dndEmail", "MSG-dndWhatsApp",
)  # fmt: skip
_TRUTH = {**dict.fromkeys(values.TRUE_WORDS, "true"), **dict.fromkeys(values.FALSE_WORDS, "false")}

#: Fields CleverTap knows, when the column is text of no declared type.
_KNOWN_TEXT: Mapping[str, Screen] = {
    "Email": _matching(_PLAIN_EMAIL, '"', '"'),
    "Phone": _matching(_PLAIN_PHONE, '"', '"'),
    "Gender": _words(fields.GENDER_WORDS, '"', '"'),
    "Employed": _words(fields.YES_NO_WORDS, '"', '"'),
    "Married": _words(fields.YES_NO_WORDS, '"', '"'),
    "Education": _words(fields.EDUCATION_WORDS, '"', '"'),
    "Age": _matching(_PLAIN_AGE),
    "Photo": _matching(_PLAIN_URL, '"', '"'),
    "ts": _matching(_PLAIN_SECONDS),
    "Name": _text,
    "Customer Type": _text,
    "Tz": _text,
    "ct_is_test_user": _text,
    **dict.fromkeys(_FLAG_FIELDS, _words(_TRUTH)),
    **dict.fromkeys(("identity", "objectId", "FBID", "GPID"), _identity),
}

#: Declared types, when the column is text and the field is a custom attribute.
_DECLARED_TEXT: Mapping[DeclaredType | None, Screen] = {
    None: _text,
    DeclaredType.TEXT: _text,
    DeclaredType.INTEGER: _matching(_PLAIN_INTEGER),
    DeclaredType.FLOAT: _matching(_PLAIN_FLOAT),
    DeclaredType.BOOLEAN: _words(_TRUTH),
}


#: Declared types, when the source says the column is whole numbers and the field is a custom attribute.
_DECLARED_INTEGERS: Mapping[DeclaredType | None, Screen] = {
    **dict.fromkeys((None, DeclaredType.INTEGER, DeclaredType.FLOAT), _whole_numbers),
    DeclaredType.TEXT: lambda column: Screened(column.cast(pa.string()), None, '"', '"'),
    DeclaredType.BOOLEAN: _written_out(_words(_TRUTH)),
}

#: Fields CleverTap knows that take true and false, or 1 and 0, too.
_TRUTH_FIELDS = (*_FLAG_FIELDS, "Employed", "Married")

#: Fields CleverTap knows, when the source says the column is whole numbers.
_KNOWN_NUMBERS: Mapping[str, Screen] = {
    # 0 and -1 stand for nobody.
    **dict.fromkeys(("identity", "objectId", "FBID", "GPID"), _numbers_between(1, before='"', after='"')),
    "Age": _numbers_between(0),
    "ts": _numbers_between(1, TS_MILLISECONDS_FROM - 1),
}

_KNOWN_DATES = ("DOB", "ts")

#: Declared types that say no more than the field itself does.
_OWN_TYPES: Mapping[str, DeclaredType] = {"Age": DeclaredType.INTEGER, "ts": DeclaredType.INTEGER} | dict.fromkeys(
    _FLAG_FIELDS, DeclaredType.BOOLEAN
)


def choose_screen(rule: CellRule, column_type: Any, default_country: str | None = None) -> Screen | None:
    """Find the screen for a column.

    :param rule: how the column is read.
    :param column_type: the Arrow type of its cells.
    :param default_country: ISO country of phone numbers written without ``+``.
    :returns: the screen; ``None`` when every cell that is not empty must go to the law.
    """
    if rule.problem is not None:
        return None
    if rule.operator is not None:
        return _operation_screen(rule, column_type)
    if rule.key == "Phone" and not rule.custom and pa.types.is_string(column_type) and default_country is not None:
        return _phone_screen(default_country) if rule.type in (None, DeclaredType.TEXT) else None
    if rule.custom or rule.key in _KNOWN_DATES:
        holds_dates = pa.types.is_timestamp(column_type) or pa.types.is_date(column_type)
        if rule.type is DeclaredType.DATE or (rule.type is None and holds_dates):
            return _date_screen(rule, column_type)
    return _custom_screen(rule, column_type) if rule.custom else _known_screen(rule, column_type)


def _custom_screen(rule: CellRule, column_type: Any) -> Screen | None:
    if pa.types.is_string(column_type):
        return _list_screen(rule, "$set") if rule.type is DeclaredType.LIST else _DECLARED_TEXT.get(rule.type)
    if pa.types.is_integer(column_type):
        return _DECLARED_INTEGERS.get(rule.type)
    if pa.types.is_decimal(column_type) and rule.type in (None, DeclaredType.FLOAT):
        return _written_out(_matching(_PLAIN_FLOAT))
    if pa.types.is_floating(column_type):
        return {None: _floats, DeclaredType.FLOAT: _floats, DeclaredType.INTEGER: _whole_floats}.get(rule.type)
    if pa.types.is_boolean(column_type) and rule.type in (None, DeclaredType.BOOLEAN):
        return _flags
    return None


def _known_screen(rule: CellRule, column_type: Any) -> Screen | None:
    own = _OWN_TYPES.get(rule.key)
    if rule.type not in (None, DeclaredType.TEXT, own):
        return None
    if pa.types.is_string(column_type):
        return _KNOWN_TEXT.get(rule.key)
    if rule.key in _TRUTH_FIELDS and (pa.types.is_integer(column_type) or pa.types.is_boolean(column_type)):
        return _written_out(_KNOWN_TEXT[rule.key])
    return _KNOWN_NUMBERS.get(rule.key) if pa.types.is_integer(column_type) else None


def _operation_screen(rule: CellRule, column_type: Any) -> Screen | None:
    if rule.operator in LIST_OPERATORS and pa.types.is_string(column_type):
        return _list_screen(rule, rule.operator)
    operand = _number_screen(column_type) if rule.operator in NUMBER_OPERATORS else None
    if operand is None:
        return None
    return lambda column: operand(column)._replace(before=f'{{"{rule.operator}":', after="}")


def _list_screen(rule: CellRule, operator: str) -> Screen | None:
    items = choose_items_screen(rule.separator)
    return None if items is None else lambda column: Screened(*items(column), f'{{"{operator}":["', '"]}')


def _number_screen(column_type: Any) -> Screen | None:
    if pa.types.is_string(column_type):
        return _matching(_PLAIN_FLOAT)
    if pa.types.is_integer(column_type):
        return _whole_numbers
    return _floats if pa.types.is_floating(column_type) else None


def _phone_screen(country: str) -> Screen:
    """Take international numbers, and what is doubtful among them as local ones."""
    international = _KNOWN_TEXT["Phone"]
    local = choose_number_screen(country)

    def screen(column: Any) -> Screened:
        screened = international(column)
        if screened.doubtful is None or local is None:
            return screened
        numbers, doubtful = local(pc.if_else(pa.array(screened.doubtful), column, pa.scalar(None, pa.string())))
        written = pc.binary_join_element_wise("+", numbers, "")
        return screened._replace(text=pc.coalesce(screened.text, written), doubtful=doubtful)

    return screen


def _date_screen(rule: CellRule, column_type: Any) -> Screen | None:
    seconds_of = choose_date_screen(rule.dates, column_type)
    if seconds_of is None:
        return None

    def screen(column: Any) -> Screened:
        seconds, doubtful = seconds_of(column)
        if rule.key != "ts":
            return Screened(seconds.cast(pa.string()), doubtful, '"$D_', '"')
        times = _KNOWN_NUMBERS["ts"](seconds)
        return times._replace(doubtful=either(doubtful, times.doubtful))

    return screen
