"""Plain values a property can hold: text, numbers, booleans, dates and lists, read from whatever a cell holds.

Each reader takes one cell that is not empty and gives the value CleverTap takes, or raises a fault.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from airflow_provider_clevertap.records.dates import DateReader
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import MULTI_VALUE_ITEMS, VALUE_BYTES

#: What counts as blank: a cell of nothing else is empty. Wider Unicode spaces are text.
BLANK: Final = " \t\r\n\f\v"

TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "1", "on"})
FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "0", "off"})

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: No count or amount needs more; JSON readers that keep numbers as floats end soon after.
_MAX_DIGITS: Final = 300
_LARGEST: Final = 10**_MAX_DIGITS

#: A whole number of more bits has more digits than a text may have; Python refuses to write out the longest at all.
_TEXT_BITS: Final = VALUE_BYTES * 4


def is_empty(value: Any) -> bool:
    """Tell whether a cell holds nothing: missing, blank text, an empty list, or not a number."""
    if isinstance(value, str):
        return not value.strip(BLANK)
    if isinstance(value, list | tuple | dict):
        return not value
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or (isinstance(value, float) and math.isnan(value))


def read_text(value: Any) -> str:
    """Read text of at most 512 bytes; whole numbers and UUIDs are written out, everything else is refused."""
    text = value if isinstance(value, str) else _written_out(value)
    check_text(text)
    return text


def _written_out(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | UUID):
        raise issue(f"text is needed here, not {type(value).__name__}")
    if isinstance(value, int) and value.bit_length() > _TEXT_BITS:
        raise issue(f"longer than {VALUE_BYTES} bytes")
    return str(value)


def check_text(value: str) -> None:
    """Refuse text CleverTap would not store whole, or that UTF-8 cannot write."""
    try:
        size = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError:
        raise issue("the text is not valid Unicode") from None
    if size > VALUE_BYTES:
        raise issue(f"longer than {VALUE_BYTES} bytes")


def read_integer(value: Any) -> int:
    """Read a whole number; ``5.0`` is 5."""
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _WHOLE.fullmatch(value.strip(BLANK)):
        return int(value.strip(BLANK).partition(".")[0])
    if _is_number(value) and value == int(value):
        return int(value)
    raise issue("not a whole number")


def read_float(value: Any) -> int | float:
    """Read a number; infinities and thousands separators are refused."""
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _FLOAT.fullmatch(value.strip(BLANK)):
        value = int(value) if _INTEGER.fullmatch(value.strip(BLANK)) else float(value)
    if not _is_number(value):
        raise issue("not a number")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return cast("int | float", value)


def _is_number(value: Any) -> bool:
    """Tell whether a value is a number that JSON can write and others can read."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return -_LARGEST < value < _LARGEST


def read_boolean(value: Any) -> bool:
    """Read true or false, also written yes/no, y/n, t/f, on/off or 1/0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip(BLANK).lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
    elif _is_number(value) and value in (0, 1):
        return bool(value)
    raise issue("not true or false (yes/no, y/n, t/f, on/off and 1/0 will do)")


def read_list(value: Any, separator: str) -> list[str]:
    """Read the items of a multi-value property: unique text, at most 100, from a list or from separated text."""
    if isinstance(value, str):
        return _read_items(_split(value, separator))
    if not isinstance(value, list | tuple):
        raise issue(f"a list or text separated by {separator!r} is needed here")
    return _read_items(value)


def _split(text: str, separator: str) -> list[str]:
    if len(text) > MULTI_VALUE_ITEMS * (VALUE_BYTES + len(separator)):
        raise issue(f"longer than {MULTI_VALUE_ITEMS} items of {VALUE_BYTES} bytes")
    return text.split(separator)


def _read_items(items: Iterable[Any]) -> list[str]:
    texts: dict[str, None] = {}
    for item in items:
        if not is_empty(item):
            texts[read_text(item.strip(BLANK) if isinstance(item, str) else item)] = None
        if len(texts) > MULTI_VALUE_ITEMS:
            raise issue(f"more than {MULTI_VALUE_ITEMS} items")
    if not texts:
        raise issue("the list has no items")
    return list(texts)


def read_untyped(value: Any, dates: DateReader) -> Any:
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
    raise issue(f"a property cannot hold {type(value).__name__}")
