"""Replace values that the mapping names, such as ``weiblich`` by ``F``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from airflow_provider_clevertap.records.texts.characters import BLANK
from airflow_provider_clevertap.records.values import is_empty

#: Whole numbers beyond this are not exact as floats.
_EXACT_FLOATS: Final = 2**53
#: The end of the text of a date with time that stands for the day.
MIDNIGHT: Final = " 00:00:00"
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Python raises an error for the text of very long whole numbers.
_MAX_BITS: Final = 1024


@dataclass(frozen=True, slots=True)
class ValueMap:
    """What some values of a column stand for.

    :param replacements: by the text of the value; ``None`` leaves the value out.
    """

    replacements: Mapping[str, Any]

    def replace(self, cell: Any) -> Any:
        """Return what a cell stands for, or each item of a list; what is not named stands for itself."""
        if isinstance(cell, list | tuple):
            return [item for item in map(self._replace_one, cell) if not is_empty(item)]
        return self._replace_one(cell)

    def _replace_one(self, cell: Any) -> Any:
        text = key_text(cell)
        return cell if text is None else self.replacements.get(text, cell)


def read_value_map(values: Any) -> ValueMap:
    """Read a map as users write it.

    :raises ValueError: when it is not a map, or maps a value twice.
    """
    if not isinstance(values, Mapping) or not values:
        raise ValueError("values must map cells to what they stand for, such as {'weiblich': 'F', 'divers': None}")
    replacements: dict[str, Any] = {}
    for key, replacement in values.items():
        text = key_text(key)
        if text is None:
            raise ValueError(f"values: {key!r} is not a value of a cell; for empty cells write default=...")
        if text in replacements:
            raise ValueError(f"values: {text!r} is mapped twice; blanks around it and its type make no difference")
        if replacement is not None and (not isinstance(replacement, str | int | float) or is_empty(replacement)):
            raise ValueError(f"values maps {text!r} to {replacement!r}: use text, a number, true, false or None")
        replacements[text] = replacement
    for text in [*replacements]:
        if _DAY.fullmatch(text):  # databases and DataFrames often hold a day as its midnight
            replacements.setdefault(text + MIDNIGHT, replacements[text])
    return ValueMap(replacements)


def key_text(cell: Any) -> str | None:
    """Return the text by which a map names a cell; ``None`` when no map can name it.

    Numbers, truth values and dates from sources with types have the text that CSV would have: ``1``, ``1.5``, ``true``,
    ``2026-03-21``. A float that is a whole number has no decimals, as it is an integer in most exports.
    """
    match cell:
        case str():
            return cell.strip(BLANK) or None
        case bool():
            return str(cell).lower()
        case int():
            return str(cell) if cell.bit_length() <= _MAX_BITS else None
        case float() | Decimal():
            return _number_text(cell)
        case datetime():
            return cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case UUID():
            return str(cell)
    return None


def _number_text(number: float | Decimal) -> str | None:
    finite = number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)
    if not finite or not -_EXACT_FLOATS < number < _EXACT_FLOATS:
        return None
    return str(int(number)) if number == int(number) else str(number)
