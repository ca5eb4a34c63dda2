"""Messages of customer data platforms, for tests that load them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TIME = "2026-11-20T10:00:00.123Z"
SECONDS = 1795168800

LoadMessages = Callable[..., dict[str, Any]]


def track(event: Any = "Song Played", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "u1", "event": event, "timestamp": TIME, **fields}


def page(**fields: Any) -> dict[str, Any]:
    return {"type": "page", "userId": "u1", "timestamp": TIME, **fields}


def identify(**fields: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": "u1", "timestamp": TIME, **fields}
