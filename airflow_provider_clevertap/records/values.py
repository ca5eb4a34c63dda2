"""Plain values a property can hold: text, numbers, booleans, dates and lists, read from whatever a cell holds.

Each reader takes one cell that is not empty and gives the value CleverTap takes, or raises a fault.
"""

from __future__ import annotations

import math
import re
from datetime import date, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from airflow_provider_clevertap.records.dates import DateReader
from airflow_provider_clevertap.records.faults import fault
from airflow_provider_clevertap.records.limits import MULTI_VALUE_ITEMS, VALUE_BYTES

#: What counts as blank: a cell of nothing else is empty. Wider Unicode spaces are text.
BLANK: Final = " \t\r\n\f\v"

TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "1", "on"})
FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "0", "off"})

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: Python refuses to read longer ones from text, and no count or amount needs them.
_MAX_DIGITS: Final = 300


def is_empty(value: Any) -> bool:
    """Tell whether a cell holds nothing: missing, blank text, an empty list, or not a number."""
    if isinstance(value, str):
        return not value.strip(BLANK)
    if isinstance(value, list | tuple | dict):
        return not value
    return value is None or (isinstance(value, float) and math.isnan(value))


def read_text(value: Any) -> str:
    """Read text of at most 512 bytes; whole numbers and UUIDs are written out, everything else is refused."""
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise fault(f"text is needed here, not {type(value).__name__}")
    check_text(value)
    return value


def check_text(value: str) -> None:
    """Refuse text CleverTap would not store whole, or that UTF-8 cannot write."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise fault("the text is not valid Unicode") from None
    if size > VALUE_BYTES:
        raise fault(f"longer than {VALUE_BYTES} bytes")


def read_integer(value: Any) -> int:
    """Read a whole number; ``5.0`` is 5."""
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _INTEGER.fullmatch(value.strip(BLANK)):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float | Decimal) and _is_finite(value) and value == int(value):
        return int(value)
    raise fault("not a whole number")


def read_float(value: Any) -> int | float:
    """Read a number; infinities and thousands separators are refused."""
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _FLOAT.fullmatch(value.strip(BLANK)):
        value = int(value) if _INTEGER.fullmatch(value.strip(BLANK)) else float(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and _is_finite(value):
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        return value
    raise fault("not a number")


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def read_boolean(value: Any) -> bool:
    """Read true or false, also written yes/no, y/n, t/f, on/off or 1/0."""
    if isinstance(value, bool):
        return value
    word = str(value).strip(BLANK).lower() if isinstance(value, str | int) else ""
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise fault("not true or false (yes/no, y/n, t/f, on/off and 1/0 will do)")


def read_list(value: Any, separator: str) -> list[str]:
    """Read the items of a multi-value property: unique text, at most 100, from a list or from separated text."""
    items = value.split(separator) if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise fault(f"a list or text separated by {separator!r} is needed here")
    texts: dict[str, None] = {}
    for item in items:
        if not is_empty(item):
            texts[read_text(item.strip(BLANK) if isinstance(item, str) else item)] = None
    if not texts:
        raise fault("the list has no items")
    if len(texts) > MULTI_VALUE_ITEMS:
        raise fault(f"more than {MULTI_VALUE_ITEMS} items")
    return list(texts)


def read_as_it_stands(value: Any, dates: DateReader) -> Any:
    """Read a cell of no declared type by the type its source gave it."""
    match value:
        case bool() | int() | dict():
            return value
        case str() | UUID():
            return read_text(value)
        case float() | Decimal():
            return read_float(value)
        case date():
            return dates.read(value)
        case time():
            return value.isoformat()
        case list() | tuple():
            return {"$set": read_list(value, ",")}
    raise fault(f"a property cannot hold {type(value).__name__}")
