"""Read cells as the values of properties: text, numbers, booleans, dates and lists.

Each reader takes one cell that is not empty. It returns the value for CleverTap, or raises an issue.
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
from airflow_provider_clevertap.records.texts.characters import BLANK, TEXT_BLANK
from airflow_provider_clevertap.records.unreadable import check_readable
from airflow_provider_clevertap.records.written.lists import split_items

TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "1", "on"})
FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "0", "off"})

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: More than any count or amount needs, and just below the limit of JSON readers that keep numbers as floats.
_MAX_DIGITS: Final = 300
_NUMBER_LIMIT: Final = 10**_MAX_DIGITS

#: A whole number with more bits has more digits than a text may have. It is never converted to text, as Python raises
#: an error for very long ones.
_MAX_TEXT_BITS: Final = VALUE_BYTES * 4


def is_empty(value: Any) -> bool:
    """Return whether a cell is empty: missing, blank text, a list of empty items, an object without keys, or NaN."""
    if isinstance(value, str):
        return not value.strip(BLANK)
    if isinstance(value, list | tuple):
        return all(map(is_empty, value))
    if isinstance(value, dict):
        return not value
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or (isinstance(value, float) and math.isnan(value))


def read_text(value: Any) -> str:
    """Read text of at most 512 bytes; whole numbers and UUIDs become text, other types are not allowed."""
    text = value if isinstance(value, str) else _to_text(value)
    check_text(text)
    return text


def whole_number(value: Decimal) -> int | None:
    """Return a decimal as a whole number; ``None`` when it has decimals, or more digits than text may have."""
    if not value.is_finite() or value.adjusted() >= VALUE_BYTES or value != value.to_integral_value():
        return None
    return int(value)


def _to_text(value: Any) -> str:
    check_readable(value)
    if isinstance(value, Decimal) and (number := whole_number(value)) is not None:
        # Whether there are zeros behind the point depends on the other values of a database's column.
        value = number
    if isinstance(value, bool) or not isinstance(value, int | UUID):
        raise issue(f"must be text, not {type(value).__name__}")
    if isinstance(value, int) and value.bit_length() > _MAX_TEXT_BITS:
        raise issue(f"longer than {VALUE_BYTES} bytes")
    return str(value)


def check_text(value: str) -> None:
    """Check that CleverTap stores the text completely and that UTF-8 can encode it."""
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
    """Read a number; infinities and thousands separators are not allowed."""
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _FLOAT.fullmatch(value.strip(BLANK)):
        text = value.strip(BLANK)
        value = int(text) if _INTEGER.fullmatch(text) else float(text)
    if not _is_number(value):
        raise issue("not a number")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return cast("int | float", value)


def _is_number(value: Any) -> bool:
    """Return whether a value is a number that JSON can represent and other programs can read."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return -_NUMBER_LIMIT < value < _NUMBER_LIMIT


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
    raise issue("not true or false (yes/no, y/n, t/f, on/off and 1/0 also work)")


def read_list(value: Any, separator: str) -> list[str]:
    """Read the items of a multi-value property: unique text, at most 100, from a list or from the text of one."""
    if isinstance(value, str):
        return _read_items(split_items(value, separator))
    if not isinstance(value, list | tuple):
        raise issue(f"must be a list, or text separated by {separator!r}")
    return _read_items(value)


def _read_items(items: Iterable[Any]) -> list[str]:
    texts: dict[str, None] = {}
    for item in items:
        if not is_empty(item):
            texts[read_text(item.strip(TEXT_BLANK) if isinstance(item, str) else item)] = None
        if len(texts) > MULTI_VALUE_ITEMS:
            raise issue(f"more than {MULTI_VALUE_ITEMS} items")
    if not texts:
        raise issue("the list has no items")
    return list(texts)


def read_untyped(value: Any, dates: DateReader) -> Any:
    """Read a cell of a column without a declared type, by the type that its source returned."""
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
    raise issue(f"a property cannot hold a value of type {type(value).__name__}")
