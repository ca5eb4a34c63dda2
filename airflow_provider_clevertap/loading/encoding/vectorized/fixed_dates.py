"""Read whole columns of dates whose text has a fixed width, such as ``dd/MM/yyyy``, from the bytes of their digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.rows.text_arrays import Mask, TextArray, as_mask

#: The digits of each part of a date.
_WIDTHS: Final = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
#: Python reads a run of blanks in a format as any blanks, and ignores the case of letters: only what can be written
#: in one way has a fixed width.
_FIXED: Final = re.compile(r"%[YmdHMS](?:(?:[!-$&-/:-@\[-`{-~T]| (?! ))*%[YmdHMS])*")
_PART: Final = re.compile(r"%(.)")
_ZERO, _NINE = ord("0"), 9

#: The years in which dates are read here: all that Python both reads and writes with four digits.
_FIRST_YEAR, _LAST_YEAR = 1000, 9999
#: Months.
_YEAR: Final = 12
#: The calendar repeats after this many years, which have this many days.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
_MONTHS: Final = np.arange("2000-01", "2400-02", dtype="datetime64[M]").astype("datetime64[D]")
#: Days from 1970 to the day before each month of a cycle, and the number of days in each month.
_FIRST_DAYS: Final = _MONTHS[:-1].astype(np.int64) - 1
_DAYS_IN_MONTH: Final = np.diff(_MONTHS).astype(np.int16)


@dataclass(frozen=True, slots=True)
class FixedDates:
    """A format in which every date is written with the same number of digits.

    :param date_format: with Python's directives.
    :param separators: everything in it but the digits. Text that fits two such formats has the same in both.
    :param width: the length of its text.
    :param parts: the place of each part's first digit, by the letter of its directive.
    :param literals: the places of the separators, and their bytes.
    """

    date_format: str
    separators: str
    width: int
    parts: dict[str, int]
    literals: tuple[tuple[int, int], ...]

    def read(self, column: Any) -> tuple[NDArray[np.int64], Mask]:
        """Return each cell's seconds since 1970, as if its clock showed UTC, and a mask of the cells that are dates."""
        text = TextArray(column)
        fits = (text.lengths == self.width) & as_mask(column.is_valid())
        # One array for each place: NumPy then works on many cells at once.
        places = np.ascontiguousarray(text.bytes_of(fits, self.width).T)
        good = np.ones(places.shape[1], np.bool_)
        for place, byte in self.literals:
            good &= places[place] == byte
        numbers = {part: _number(places[first : first + _WIDTHS[part]], good) for part, first in self.parts.items()}
        years, months, days = numbers["Y"], numbers.get("m", 1), numbers.get("d", 1)
        good &= (years >= _FIRST_YEAR) & (years <= _LAST_YEAR) & (months >= 1) & (months <= _YEAR)
        cycles, years = np.divmod(years, np.int16(_CYCLE_YEARS))
        month = np.where(good, years * _YEAR + months - 1, 0)
        good &= (days >= 1) & (days <= _DAYS_IN_MONTH[month])
        seconds = _FIRST_DAYS[month] + days + (cycles - 2000 // _CYCLE_YEARS) * np.int64(_CYCLE_DAYS)
        for part, limit in (("H", 24), ("M", 60), ("S", 60)):
            number = numbers.get(part, 0)
            good &= number < limit
            seconds = seconds * limit + number
        found = np.zeros(len(column), np.int64)
        found[fits] = seconds
        fits[fits] = good
        return found, fits


def _number(digits: NDArray[np.uint8], good: Mask) -> Any:
    """Return the numbers with these digits; clear the marks of those with a byte that is not a digit."""
    values = digits - np.uint8(_ZERO)  # other bytes become more than 9
    good &= (values <= _NINE).all(axis=0)
    pairs = [tens * np.uint8(10) + ones for tens, ones in zip(values[::2], values[1::2], strict=True)]
    return pairs[0].astype(np.int16) if len(pairs) == 1 else pairs[0] * np.int16(100) + pairs[1]


@lru_cache(maxsize=64)
def fixed_dates(date_format: str) -> FixedDates | None:
    """Return a format as one of fixed width; ``None`` when its dates can be written in more than one width."""
    directives = _PART.findall(date_format)
    if not _FIXED.fullmatch(date_format) or "Y" not in directives:
        return None
    parts: dict[str, int] = {}
    literals: list[tuple[int, int]] = []
    width = 0
    for piece in re.findall(r"%.|.", date_format):
        if len(piece) > 1:
            parts[piece[1]] = width
            width += _WIDTHS[piece[1]]
        else:
            literals.append((width, ord(piece)))
            width += 1
    return FixedDates(date_format, _PART.sub("", date_format), width, parts, tuple(literals))
