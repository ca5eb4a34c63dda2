"""Convert whole columns of numbers as people write them, such as ``1.234,56 €``, into numbers as JSON has them."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.vectorized.converters import (
    ConvertedColumn,
    Converter,
    matching,
    or_else,
)
from airflow_provider_clevertap.loading.rows.conversion import scalar
from airflow_provider_clevertap.loading.rows.text_arrays import (
    TextArray,
    as_mask,
    blank_out,
    either,
    marks_of_false,
    none_if_clear,
)
from airflow_provider_clevertap.records.texts.characters import BLANK
from airflow_provider_clevertap.records.written.numbers import GROUP_MARKS, MINUS, NumberStyle

_ZERO, _TEN, _HYPHEN, _POINT = np.uint8(ord("0")), np.uint8(10), np.uint8(ord("-")), np.uint8(ord("."))
#: A whole number that a double surely holds: in one piece, in groups of three digits, and in India's groups.
_UNGROUPED: Final = "0|[1-9][0-9]{0,14}"
_GROUPED: Final = "[1-9][0-9]{{0,2}}(?:[{marks}][0-9]{{3}}){{1,4}}"
_INDIAN: Final = "[1-9][0-9]?(?:,[0-9]{2}){1,5},[0-9]{3}"
_DECIMALS: Final = "[0-9]{1,25}"


def select_written_converter(style: NumberStyle, *, whole: bool = False) -> Converter:
    """Return the converter of a column of numbers.

    :param style: how they are written.
    :param whole: only whole numbers are converted.
    """
    number, mark, gap = _number(style, whole=whole), _mark(style), f"[{re.escape(BLANK)}]*"
    dash, minus = f"[{re.escape(MINUS)}]", MINUS[-1]
    unsigned = (f"{number}(?:{gap}{mark})?", f"{mark}{gap}{number}")
    # The hyphen stays where it is; all other ways to write a negative number are rarer.
    plain = (f"[+-]?{gap}{unsigned[0]}", f"[+-]?{gap}{unsigned[1]}", f"{mark}{gap}[+-]{gap}{number}")
    negative = [
        *(f"{minus}{gap}{form}" for form in unsigned),
        *(f"{form}{gap}{dash}" for form in unsigned),
        f"{mark}{gap}{minus}{gap}{number}",
        f"{number}{gap}{dash}{gap}{mark}",
    ]
    if style.parentheses:
        negative += [rf"\({gap}{form}{gap}\)" for form in unsigned]
        negative += [rf"{mark}{gap}\({gap}{number}{gap}\)", rf"\({gap}{number}{gap}\){gap}{mark}"]
    converter = or_else(
        _converter(style, rf"^{gap}(?:{'|'.join(plain)}){gap}$", whole=whole),
        _converter(style, rf"^{gap}(?:{'|'.join(negative)}){gap}$", whole=whole, negative=True),
    )
    return converter if style.thousands is not None or style.currencies else or_else(_bare(style, number), converter)


def _bare(style: NumberStyle, number: str) -> Converter:
    """Return the converter of numbers without anything around or between their digits, as most are."""
    bare = matching(f"^-?{number}$")

    def convert(column: Any) -> ConvertedColumn:
        converted = bare(column)
        return converted._replace(text=pc.replace_substring(converted.text, style.decimal, "."))

    return convert if style.decimal != "." else bare


def _number(style: NumberStyle, *, whole: bool) -> str:
    wholes = [_UNGROUPED]
    if style.thousands is not None:
        wholes.append(_GROUPED.format(marks=re.escape(GROUP_MARKS[style.thousands])))
    if style.thousands == ",":
        wholes.append(_INDIAN)
    decimals = "" if whole else f"(?:{re.escape(style.decimal)}{_DECIMALS})?"
    return f"(?:{'|'.join(wholes)}){decimals}"


def _mark(style: NumberStyle) -> str:
    """Return a pattern of what may stand beside a number: a currency in its usual spellings, or a per cent sign."""
    signs = [one for one in style.currencies if len(one) == 1]
    words = [one for one in style.currencies if len(one) > 1]
    spellings = {
        spelling
        for word in words
        for spelling in (word, word.lower(), word.upper())
        if re.fullmatch(re.escape(word), spelling, re.IGNORECASE)
    }
    marks = [f"[{re.escape(''.join(signs))}%]", *map(re.escape, sorted(spellings, key=len, reverse=True))]
    return f"(?:{'|'.join(marks)})"


def _converter(style: NumberStyle, pattern: str, *, whole: bool, negative: bool = False) -> Converter:
    def convert(column: Any) -> ConvertedColumn:
        undecided = marks_of_false(pc.match_substring_regex(column, pattern))
        percent = pc.match_substring(column, "%") if style.fraction else None
        if percent is not None and whole:
            # A hundredth of a whole number mostly is none.
            undecided, percent = either(undecided, none_if_clear(as_mask(percent))), None
        column = blank_out(column, undecided)
        numbers = _digits(column, style, with_hyphen=not negative)
        if percent is not None:
            numbers = _hundredths(numbers, pc.and_(percent, numbers.is_valid()))
        if negative:
            numbers = pc.binary_join_element_wise(scalar("-"), numbers, scalar(""))
        return ConvertedColumn(numbers, undecided)

    return convert


def _digits(column: Any, style: NumberStyle, *, with_hyphen: bool) -> Any:
    """Keep the digits of each cell, the decimal sign among them as a point, and the hyphen before them."""
    text, decimal = TextArray(column), ord(style.decimal)
    data = text.data
    digits = data - _ZERO < _TEN  # smaller bytes wrap around
    points = data == decimal
    if any(style.decimal in currency for currency in style.currencies):
        # As in Rs.500: only a sign between two digits is the decimal sign.
        points[1:-1] &= digits[:-2] & digits[2:]
        points[:1] = points[-1:] = False
    kept = digits | points
    if with_hyphen:
        kept |= data == _HYPHEN
    return text.reduced(data if decimal == _POINT else np.where(points, _POINT, data), kept)


def _hundredths(numbers: Any, selected: Any) -> Any:
    """Move the decimal point of the selected numbers two places to the left."""
    if not pc.any(selected).as_py():
        return numbers
    selected = selected.fill_null(scalar(False))
    moved = numbers.filter(selected)
    for pattern, written in (
        ("^(-?)", r"\100"),
        (r"^(-?[0-9]*)([0-9]{2})(?:\.([0-9]*))?$", r"\1.\2\3"),
        ("^(-?)0+([0-9])", r"\1\2"),
    ):
        moved = pc.replace_substring_regex(moved, pattern, written)
    return pc.replace_with_mask(numbers, selected, moved)
