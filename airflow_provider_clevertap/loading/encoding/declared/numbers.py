"""Convert whole columns of numbers as people write them, such as ``1.234,56 €``, into numbers as JSON has them."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.encoding.declared.frames import Frames
from airflow_provider_clevertap.loading.encoding.vectorized.converters import ConvertedColumn, Converter, or_else
from airflow_provider_clevertap.loading.rows.conversion import array_from_numpy
from airflow_provider_clevertap.loading.rows.text_arrays import (
    Mask,
    TextArray,
    as_mask,
    blank_out,
    either,
    marks_of_false,
    none_if_clear,
)
from airflow_provider_clevertap.records.written.numbers import GROUP_MARKS, NumberStyle

_ZERO, _TEN, _HYPHEN, _POINT = np.uint8(ord("0")), np.uint8(10), np.uint8(ord("-")), np.uint8(ord("."))
#: A whole number that a double surely holds: in one piece, in groups of three digits, and in India's groups.
_UNGROUPED: Final = "0|[1-9][0-9]{0,14}"
_GROUPED: Final = "[1-9][0-9]{{0,2}}(?:[{marks}][0-9]{{3}}){{1,4}}"
_INDIAN: Final = "[1-9][0-9]?(?:,[0-9]{2}){1,5},[0-9]{3}"
_DECIMALS: Final = "[0-9]{1,25}"
#: Moves the decimal point of a number two places to the left.
_HUNDREDTH: Final = "e-2"
#: Behind the end of any number.
_END: Final = 1000


class WrittenNumbers:
    """Converts a column of numbers.

    :param style: how they are written.
    :param whole: only whole numbers are converted.
    """

    def __init__(self, style: NumberStyle, *, whole: bool = False) -> None:
        self._style = style
        self._whole = whole
        self._frames = Frames(style)
        number = _number(style)
        self._converters = {
            negative: _converter(style, f"^{'-?' if negative else ''}{number}", whole=whole)
            for negative in (True, False)
        }

    def convert(self, column: Any) -> ConvertedColumn:
        """Convert the cells that are numbers."""
        filled = as_mask(column.is_valid())
        if not filled.any():
            return ConvertedColumn(column)
        if not [*self._frames]:
            self._frames.find_in(column, filled)
        converted = self._convert(column)
        if converted.undecided is None or not self._frames.find_in(column, converted.undecided):
            return converted
        return or_else(lambda _: converted, self._convert)(column)

    def _convert(self, column: Any) -> ConvertedColumn:
        """Convert the cells in the frames that are known."""
        if self._frames.only_hyphens:
            return self._converters[True](column)
        cores = pc.utf8_trim(column, self._frames.characters)
        around = TextArray(column).lengths - TextArray(cores).lengths
        framed, negative, percent = (np.zeros(len(column), np.bool_) for _ in range(3))
        for frame in self._frames:
            found = frame.encloses(column, around)
            framed |= found
            if frame.negative:
                negative |= found
            if frame.percent and self._style.fraction:
                percent |= found
        if self._whole:
            framed &= ~percent  # a hundredth of a whole number is mostly not whole
        left = none_if_clear(~framed & as_mask(column.is_valid()))
        converted = self._converters[False](blank_out(cores, left))
        text = _where(negative, lambda text: pc.binary_replace_slice(text, 0, 0, "-"), converted.text)
        text = _where(percent, _in_hundredths, text)
        return ConvertedColumn(text, either(left, converted.undecided))


def _where(rows: Mask, change: Any, text: Any) -> Any:
    """Return texts of which those of some rows are changed."""
    return pc.if_else(array_from_numpy(rows), change(text), text) if rows.any() else text


def _in_hundredths(text: Any) -> Any:
    return pc.utf8_replace_slice(text, _END, _END, _HUNDREDTH)


def _number(style: NumberStyle) -> str:
    wholes = [_UNGROUPED]
    if style.thousands is not None:
        wholes.append(_GROUPED.format(marks=re.escape(GROUP_MARKS[style.thousands])))
    if style.thousands == ",":
        wholes.append(_INDIAN)
    return f"(?:{'|'.join(wholes)})"


def _converter(style: NumberStyle, number: str, *, whole: bool) -> Converter:
    """Return the converter of numbers without anything around them."""
    decimal = re.escape(style.decimal)

    def convert_matching(pattern: str, rewrite: Any) -> Converter:
        def convert(column: Any) -> ConvertedColumn:
            undecided = marks_of_false(pc.match_substring_regex(column, pattern))
            return ConvertedColumn(_digits(rewrite(blank_out(column, undecided)), style), undecided)

        return convert

    if not whole:
        return convert_matching(f"{number}(?:{decimal}{_DECIMALS})?$", lambda column: column)
    return or_else(
        convert_matching(f"{number}$", lambda column: column),
        convert_matching(
            f"{number}{decimal}0+$", lambda column: pc.utf8_rtrim(pc.utf8_rtrim(column, "0"), style.decimal)
        ),
    )


def _digits(column: Any, style: NumberStyle) -> Any:
    """Keep the digits of each cell, the decimal sign among them as a point, and the hyphen before them."""
    text, decimal = TextArray(column), ord(style.decimal)
    data = text.data
    points = data == decimal
    replaced = data if decimal == _POINT else np.where(points, _POINT, data)
    if style.thousands is not None:
        kept = (data - _ZERO < _TEN) | points | (data == _HYPHEN)  # smaller bytes wrap around
        if not kept.all():
            return text.reduced(replaced, kept)
    return column if decimal == _POINT else text.with_data(replaced)
