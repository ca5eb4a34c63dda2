"""JSON values of Python types that JSON does not have."""

from __future__ import annotations

import base64
from datetime import date, time
from typing import Any


def to_json_value(value: Any) -> Any:
    """Return a JSON value for a type that JSON does not have; to be the ``default`` of ``json.dumps``."""
    if isinstance(value, date | time):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
