"""Plain Python values: the few types that all stages of a load handle, in place of whatever a library puts into a row.

DataFrames of objects and database drivers return values of any class: NumPy's scalars, subclasses of text, records,
objects whose comparison or text fails. What has a plain form gets it. Everything else becomes an
:class:`UnreadableValue`, so that it makes its own row invalid where a field needs it, and does nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import NoneType
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from airflow_provider_clevertap.loading.rows.conversion import shortest_floats
from airflow_provider_clevertap.loading.rows.stable_text import stable_text
from airflow_provider_clevertap.records.unreadable import UnreadableValue

#: Maximum nesting of lists and objects in a cell. Later stages handle values by recursion, and CleverTap accepts no
#: more than a list in an object.
MAX_DEPTH: Final = 32
#: Python raises an error for the text of a number with more than 4,300 digits.
_MAX_BITS: Final = 14_000

OUT_OF_RANGE: Final = (
    "a date before the year 1 or after 9999, such as a database's infinity: leave the cell empty, or write another date"
)
NO_TIME_OF_DAY: Final = "not a time of day: it must be at least 00:00:00 and before 24:00:00"
SPAN_OF_TIME: Final = "a span of time cannot be sent: write it as text or as a number"
NOT_UTF_8: Final = "the text is not valid UTF-8: write it again from the text it was meant to be"
TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep: put the parts into separate columns"
_COMPOSITE: Final = "a composite value cannot be sent: put its parts into separate columns"
_TOO_LONG: Final = "a number of thousands of digits cannot be sent"

#: Types whose values are plain whatever they are.
_PLAIN: Final = frozenset({NoneType, str, bool, float, Decimal, date, bytes, UnreadableValue})
_TEXT: Final = frozenset({str})
_KEYS: Final = (str, int, float, bool, NoneType)
#: The years of Python's dates, at the start of a text of NumPy.
_YEAR: Final = re.compile(r"(?!0000)[0-9]{4}(?![0-9])")
_DOUBLE_BYTES: Final = 8
_ZONES: Final = (NoneType, timezone, ZoneInfo)
#: Missing values of pandas, which need not be imported to be recognised.
_MISSING: Final = frozenset({"NaTType", "NAType"})


def plain_values(values: list[Any]) -> list[Any]:
    """Return values in plain form.

    :param values: any Python values, ``None`` for missing.
    """
    return values if _are_plain(values) else [plain_value(value) for value in values]


def plain_value(value: Any, depth: int = 0) -> Any:
    """Return a value in plain form; an :class:`UnreadableValue` when it has none.

    :param depth: how many lists and objects it is inside of.
    """
    kind = type(value)
    if kind in _PLAIN or ((is_plain := _TESTS.get(kind)) is not None and is_plain(value)):
        return value
    try:
        return _converted(value, depth)
    except MemoryError:
        raise
    except Exception:  # whatever the value's class does
        return UnreadableValue(f"({kind.__name__})", _unknown(kind))


def _are_plain(values: Collection[Any]) -> bool:
    kinds = set(map(type, values)) - _PLAIN
    return not kinds or (kinds == {int} and all(map(_is_short, (value for value in values if type(value) is int))))


def _is_short(number: int) -> bool:
    return number.bit_length() <= _MAX_BITS


def composite(value: Any) -> UnreadableValue:
    """Return what stands for a value of several parts that is not a list, such as a record of a database."""
    return UnreadableValue(stable_text(value), _COMPOSITE)


def _converted(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind.__name__ in _MISSING and kind.__module__.startswith("pandas."):
        return None
    if isinstance(value, np.ndarray | np.generic):
        return _of_numpy(value, depth)
    for types, convert in _CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    if isinstance(value, list | tuple | dict):
        return _nested(value, depth)
    return UnreadableValue(stable_text(value), _unknown(kind))


def _unknown(kind: type) -> str:
    return f"a value of type {kind.__name__} cannot be sent: convert it into text, a number or a date"


def _nested(value: Any, depth: int) -> Any:
    if depth >= MAX_DEPTH:
        return UnreadableValue("...", TOO_DEEP)
    if isinstance(value, dict):
        pairs = {plain_value(key): plain_value(inner, depth + 1) for key, inner in dict.items(value)}
        if all(isinstance(key, _KEYS) for key in pairs):
            return pairs
        return UnreadableValue(stable_text(value), _COMPOSITE)
    if hasattr(value, "_fields"):  # a named tuple has parts, not items
        return composite(value)
    items = value if _are_plain(value) else [plain_value(item, depth + 1) for item in value]
    return list(items) if isinstance(value, list) else tuple(items)


def _of_numpy(value: Any, depth: int) -> Any:
    if value.dtype.kind == "f" and value.dtype.itemsize < _DOUBLE_BYTES:
        return plain_value(shortest_floats(np.asarray(value)).tolist(), depth)
    if isinstance(value, np.ndarray):
        # NumPy's own conversion makes numbers of dates with nanoseconds.
        return plain_value(list(value) if value.dtype.kind in "mM" else value.tolist(), depth)
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return None
        # NumPy converts a date that is out of range into another one.
        in_range = _YEAR.match(str(value)) is not None
        return value.astype("datetime64[us]").item() if in_range else UnreadableValue(str(value), OUT_OF_RANGE)
    if isinstance(value, np.timedelta64):
        return None if np.isnat(value) else UnreadableValue(str(value), SPAN_OF_TIME)
    if isinstance(value, np.longdouble):
        return float(value)
    return plain_value(value.item(), depth)


def _integer(value: int) -> Any:
    plain = int.__int__(value)
    return plain if _is_short(plain) else UnreadableValue(hex(plain), _TOO_LONG)


def _moment(value: datetime) -> datetime:
    zone: Any = value.tzinfo
    if not isinstance(zone, _ZONES):
        offset = value.utcoffset()
        zone = None if offset is None else timezone(offset)
    plain = datetime.combine(date(value.year, value.month, value.day), time(value.hour, value.minute, value.second))
    return plain.replace(microsecond=value.microsecond, tzinfo=zone, fold=value.fold)


def _time_of_day(value: time) -> Any:
    value.isoformat()  # it fails here if its zone fails
    return value


#: Tests of the commonest values of some types, to save the time of converting these.
_TESTS: Final[Mapping[type, Callable[[Any], bool]]] = {
    int: _is_short,
    list: _are_plain,
    dict: lambda value: _TEXT.issuperset(map(type, value)) and _are_plain(value.values()),
    time: lambda value: value.tzinfo is None,
    datetime: lambda value: type(value.tzinfo) in _ZONES,
}
#: The first type that a value is an instance of counts.
_CONVERSIONS: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (str, str.__str__),
    (int, _integer),
    (float, float.__float__),
    (Decimal, Decimal),
    (datetime, _moment),
    (date, lambda value: date(value.year, value.month, value.day)),
    (time, _time_of_day),
    (timedelta, lambda value: UnreadableValue(str(value), SPAN_OF_TIME)),
    (UUID, lambda value: str(UUID(int=value.int))),
    (bytes | bytearray | memoryview, bytes),
)
