"""What CleverTap must get for a column, computed without the package."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tests.support.fuzz.columns.arrow_arrays import UNITS
from tests.support.fuzz.columns.examples import Example


def check_unchanged(example: Example, found: list[Any]) -> None:
    """Check that what is sent for the column is what it holds, computed without the package."""
    if example.form not in ("table", "batches", "pandas", "parquet", "parquet without a schema"):
        return
    column = example.column.slice(example.start)
    expected = _expected(column)
    if expected is None:
        return
    sent: list[Any] = []
    for records, unsent, *_ in found:
        rows = range(len(records) + len(unsent))
        sent += [records[row]["profileData"].get("Tier") if row in records else _NOT_SENT for row in rows]
    for row, (value, wanted) in enumerate(zip(sent, expected, strict=True)):
        if wanted is _NOT_SENT:
            # Parquet has other units, and stores other numbers then.
            assert value in (_NOT_SENT, None) or "parquet" in example.form, (row, value)
        elif value is not _NOT_SENT:
            assert value == wanted or example.on_bad_value == "drop", (row, value, wanted)
        else:
            assert example.refused[row] or isinstance(wanted, str), (row, wanted)


_NOT_SENT = object()
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799


def _expected(column: pa.Array) -> list[Any] | None:
    """Return what CleverTap must get for each cell of a column; ``None`` where that is not as simple."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date32(kind):
        stored = column.view(pa.int32()).cast(pa.int64()) if pa.types.is_date32(kind) else column.view(pa.int64())
        numbers = stored.to_pylist()
        seconds = [
            number if number is None else number * 86_400 if pa.types.is_date32(kind) else number // UNITS[kind.unit]
            for number in numbers
        ]
        return [
            None if second is None else f"$D_{second}" if _FIRST_SECOND <= second <= _LAST_SECOND else _NOT_SENT
            for second in seconds
        ]
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return list(column.to_pylist())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return [_expected_text(text) for text in column.view(_BINARY[kind]).to_pylist()]
    return None


_BINARY = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}


def _expected_text(encoded: bytes | None) -> Any:
    if encoded is None or not encoded.strip(b" \t\r\n\f\v"):
        return None
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return _NOT_SENT
