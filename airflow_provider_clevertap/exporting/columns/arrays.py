"""Arrow arrays from the values of records: texts as they are, and JSON text without decoding it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.exported.project_time import NO_TIME, Seconds
from airflow_provider_clevertap.loading.rows.conversion import (
    array_from_encoded,
    array_from_numpy,
    array_from_texts,
    null_scalar,
    scalar,
)

#: Times of events in UTC, and as the project's clock showed them.
INSTANT: Final = pa.timestamp("us", tz="UTC")
LOCAL_TIME: Final = pa.timestamp("us")
MICROSECONDS: Final = 1_000_000


def texts(values: Sequence[Any]) -> pa.Array:
    """Return a column of text. Numbers become their digits, anything nested its JSON; ``None`` is null."""
    try:
        return array_from_texts(values)
    except (TypeError, AttributeError, UnicodeError):
        return array_from_texts([_text(value) for value in values])


def json_texts(parts: Sequence[msgspec.Raw]) -> pa.Array:
    """Return a column of JSON text from parts that were left undecoded; missing parts and JSON's null are null."""
    encoded = list(map(bytes, parts))
    array = array_from_encoded(encoded)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:  # text that is not UTF-8
        array = array_from_encoded([text.decode("utf-8", "replace").encode() for text in encoded])
    if b"" in encoded or b"null" in encoded:
        missing = np.fromiter((text in (b"", b"null") for text in encoded), np.bool_, len(encoded))
        return pc.if_else(array_from_numpy(missing), null_scalar(pa.string()), array)
    return array


def instants(seconds: Seconds, kind: pa.DataType = INSTANT) -> pa.Array:
    """Return a column of times from seconds; null where there is none."""
    missing = seconds == NO_TIME
    values = np.where(missing, 0, seconds) * MICROSECONDS
    return array_from_numpy(values, missing if missing.any() else None).cast(kind)


def constant(text: str, rows: int) -> pa.Array:
    """Return a column that has one text in every row."""
    return pa.repeat(scalar(text), rows)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return msgspec.json.encode(value).decode() if isinstance(value, bool | dict | list) else str(value)
