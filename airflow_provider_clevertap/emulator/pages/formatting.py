"""How values are shown on the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

MAX_VALUE_LENGTH = 80
"""Characters of a value in a table."""

MAX_KEY_LENGTH = 36
"""Characters of an identifier in a table: enough for a UUID."""

MAX_TEXT_LENGTH = 5_000
"""Characters of a value on the page of a profile."""


def clock(seconds: float) -> str:
    """Return a UNIX time as text, and a number that is none as it is."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def short(value: Any) -> str:
    """Return a property's value as short text."""
    return _cut(_text(value), MAX_VALUE_LENGTH)


def whole(value: Any) -> str:
    """Return a property's value as text of the length that a page of its own has room for."""
    return _cut(_text(value), MAX_TEXT_LENGTH)


def key(value: str) -> str:
    """Return the beginning of an identifier, so that tables stay narrow."""
    return _cut(value, MAX_KEY_LENGTH)


def token(value: str) -> str:
    """Return enough of a device token to recognize it, too little to use it."""
    return f"{value[:6]}…{value[-4:]}" if len(value) > 16 else f"{value[:3]}…"  # noqa: PLR2004 - 6 and 4 of it


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}".replace(",", "\u2009")


FILTERS = {"clock": clock, "short": short, "whole": whole, "key": key, "token": token, "number": number}
"""The functions by their names in templates."""


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    if isinstance(value, str) and value.startswith("$D_") and value[3:].lstrip("-").isdigit():
        return clock(int(value[3:]))
    return str(value)
