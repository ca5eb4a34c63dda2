"""Connections to CleverTap as the environment holds them."""

from __future__ import annotations

import json
from typing import Any


def connection_json(**fields: Any) -> str:
    """Return a ``clevertap`` connection as the JSON an ``AIRFLOW_CONN_...`` variable holds."""
    return json.dumps({"conn_type": "clevertap", **fields})
