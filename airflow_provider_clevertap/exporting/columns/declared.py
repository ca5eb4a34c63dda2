"""Columns declared for properties, and the column ``properties`` with the JSON text of the others.

A declared column has one type in every file. A value that does not have this type exactly stays in ``properties`` and
is counted, so that nothing is rounded, cut or guessed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa

from airflow_provider_clevertap.api.response_body import UNREADABLE
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.exporting.columns.arrays import INSTANT, MICROSECONDS, json_texts, texts
from airflow_provider_clevertap.loading.rows.conversion import array_from_numbers

_MAX_INTEGER: Final = 2**63
#: CleverTap's form of a date: seconds since 1970 after this mark (DEV upload-user-profiles-api).
_DATE: Final = re.compile(r"\$D_(-?[0-9]{1,12})")
#: Times are in the years 1 to 9999, which Python and most readers know.
_FIRST_SECOND, _END_SECOND = -62_135_596_800, 253_402_300_800
_NO_VALUE: Final = object()
#: Digits that distinguish all floating-point numbers.
_FLOAT_DIGITS: Final = 17
_NO_DIGITS: Final = str.maketrans("", "", "+-.")
_EMPTY: Final = b"{}"


def _read_integer(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_VALUE
    if isinstance(value, _Decimal):
        number = float(value)
        value = int(number) if number.is_integer() and abs(number) < 2**53 else _MAX_INTEGER
    return value if type(value) is int and -_MAX_INTEGER <= value < _MAX_INTEGER else _NO_VALUE


def _read_float(value: Any) -> Any:
    if isinstance(value, _Decimal):
        number = float(value)
        is_exact = value.significant_digits <= _FLOAT_DIGITS and math.isfinite(number)
        return number if is_exact else _NO_VALUE
    if type(value) is not int or abs(value) > _MAX_INTEGER or int(float(value)) != value:
        return _NO_VALUE
    return float(value)


def _read_boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else _NO_VALUE


def _read_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | _Decimal) else _NO_VALUE


def _read_timestamp(value: Any) -> Any:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    return _NO_VALUE if found is None else _instant(int(found[1]))


def _read_epoch_seconds(value: Any) -> Any:
    return _instant(value) if type(value) is int else _NO_VALUE


def _instant(seconds: int) -> Any:
    return seconds * MICROSECONDS if _FIRST_SECOND <= seconds < _END_SECOND else _NO_VALUE


class _Decimal:
    """A number with a decimal point or an exponent, as its digits."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    @property
    def significant_digits(self) -> int:
        """The number of digits without zeros at the start."""
        mantissa = self._digits.lower().partition("e")[0]
        return len(mantissa.translate(_NO_DIGITS).lstrip("0"))

    def __float__(self) -> float:
        return float(self._digits)

    def __str__(self) -> str:
        return self._digits


#: The types of declared columns: the Arrow type, the type of the values that are read, and the reader of a value.
TYPES: Final[Mapping[str, tuple[pa.DataType, type, Callable[[Any], Any]]]] = {
    "text": (pa.string(), str, _read_text),
    "integer": (pa.int64(), int, _read_integer),
    "float": (pa.float64(), float, _read_float),
    "boolean": (pa.bool_(), bool, _read_boolean),
    "timestamp": (INSTANT, int, _read_timestamp),
    "epoch_seconds": (INSTANT, int, _read_epoch_seconds),
}
_VALUE: Final = msgspec.json.Decoder(float_hook=_Decimal)
_PROPERTIES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class _Declared:
    property: str
    column: str
    type: pa.DataType
    kind: type
    read: Callable[[Any], Any]

    def array(self, values: Sequence[Any]) -> pa.Array:
        """Return values that were read as a column."""
        if self.kind is str:
            return texts(values)
        array = array_from_numbers(values, self.kind)
        return array if array.type == self.type else array.cast(self.type)


class DeclaredColumns:
    """The columns declared for properties.

    :param schema: the type of each property, a key of ``TYPES``; or a mapping with ``type`` and ``column``, the name of
        its column.
    :param reserved: names that other columns have.
    :raises ConfigurationError: when a type is unknown, or two columns have one name.
    """

    def __init__(self, schema: Mapping[str, Any] | None = None, reserved: Collection[str] = ()) -> None:
        self._declared = [_declare(name, value) for name, value in (schema or {}).items()]
        taken = set(reserved)
        for each in self._declared:
            if each.column in taken:
                raise ConfigurationError(
                    f"schema: the column {each.column!r} exists already. Give it another name: "
                    f'{{{each.property!r}: {{"type": ..., "column": "property_{each.column}"}}}}.'
                )
            taken.add(each.column)

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """The columns with their types."""
        return {**{each.column: each.type for each in self._declared}, "properties": pa.string()}

    def columns(self, properties: Sequence[msgspec.Raw], unfit: Counter[str] | None = None) -> dict[str, pa.Array]:
        """Return the declared columns, and ``properties`` with the rest.

        :param properties: the properties of each row as JSON.
        :param unfit: gets the number of values of each property that do not have its type.
        """
        if not self._declared:
            return {"properties": json_texts(properties)}
        values: list[list[Any]] = [[] for _ in self._declared]
        rests: list[msgspec.Raw] = []
        for part in properties:
            rest = self._take(part, values, unfit)
            rests.append(rest)
        arrays = {each.column: each.array(column) for each, column in zip(self._declared, values, strict=True)}
        return {**arrays, "properties": json_texts(rests)}

    def _take(self, part: msgspec.Raw, values: list[list[Any]], unfit: Counter[str] | None) -> msgspec.Raw:
        """Take the declared values out of one row's properties, and return what is left of them."""
        try:
            left = _PROPERTIES.decode(part) if memoryview(part) else None
        except UNREADABLE:  # not an object
            left = None
        if left is None:
            for column in values:
                column.append(None)
            return part
        before = len(left)
        for each, column in zip(self._declared, values, strict=True):
            raw = left.get(each.property)
            value = None if raw is None else _decoded(raw)
            if value is not None:
                value = _NO_VALUE if value is _NO_VALUE else each.read(value)
                if value is _NO_VALUE:
                    value = None
                    if unfit is not None:
                        unfit[each.property] += 1
                else:
                    del left[each.property]
            column.append(value)
        return part if len(left) == before else msgspec.Raw(_ENCODER.encode(left) if left else _EMPTY)


def _decoded(text: msgspec.Raw) -> Any:
    try:
        return _VALUE.decode(text)
    except UNREADABLE:  # not UTF-8
        return _NO_VALUE


def _declare(name: Any, value: Any) -> _Declared:
    if not isinstance(name, str) or not name:
        raise ConfigurationError("schema must be a mapping from the names of properties to types.")
    column, kind = name, value
    if isinstance(value, Mapping):
        if not {"type"} <= value.keys() <= {"type", "column"} or not isinstance(value.get("column", name), str):
            raise ConfigurationError(f'schema[{name!r}] must be a type, or {{"type": ..., "column": ...}}.')
        column, kind = value.get("column", name), value["type"]
    if not isinstance(kind, str) or kind not in TYPES:
        raise ConfigurationError(f"schema[{name!r}] is {kind!r}, which is not a type; use {', '.join(TYPES)}.")
    return _Declared(name, column, *TYPES[kind])
