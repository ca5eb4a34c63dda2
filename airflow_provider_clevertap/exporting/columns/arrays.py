"""Arrow arrays from the values of records: texts as they are, and JSON text without decoding it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.exporting.project_time import NO_TIME, Seconds

#: Times of events in UTC, and as the project's clock showed them.
INSTANT: Final = pa.timestamp("us", tz="UTC")
LOCAL_TIME: Final = pa.timestamp("us")
_MICROSECONDS: Final = 1_000_000


def texts(values: Sequence[Any]) -> pa.Array:
    """Return a column of text. Numbers become their digits, anything nested its JSON; ``None`` is null."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeError):
        return pa.array([_text(value) for value in values], pa.string())


def json_texts(parts: Sequence[msgspec.Raw]) -> pa.Array:
    """Return a column of JSON text from parts that were left undecoded; missing parts and JSON's null are null."""
    encoded = [text or None for text in map(bytes, parts)]
    try:
        array = pa.array(encoded, pa.string())
    except pa.ArrowInvalid:  # text that is not UTF-8
        array = pa.array([text and text.decode("utf-8", "replace") for text in encoded], pa.string())
    nulls = pc.equal(array, "null")
    return pc.if_else(nulls, pa.scalar(None, pa.string()), array) if pc.any(nulls).as_py() else array


def instants(seconds: Seconds, kind: pa.DataType = INSTANT) -> pa.Array:
    """Return a column of times from seconds; null where there is none."""
    missing = seconds == NO_TIME
    values = np.where(missing, 0, seconds) * _MICROSECONDS
    return pa.array(values, pa.int64(), mask=missing if missing.any() else None).cast(kind)


def constant(text: str, rows: int) -> pa.Array:
    """Return a column that has one text in every row."""
    return pa.repeat(pa.scalar(text, pa.string()), rows)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return msgspec.json.encode(value).decode() if isinstance(value, bool | dict | list) else str(value)
