"""Names of events from pages and screens, by a pattern such as ``Web Page Viewed: {name}``."""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter
from typing import Any

import msgspec

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.records.texts.characters import TEXT_BLANK

#: What separates a name's parts, and is left out at its end where the last part is missing.
_SEPARATORS = " :-|,"


class NamePattern:
    """A pattern with ``{name}`` and any property in braces.

    :param option: the option it comes from, for messages.
    :param pattern: the pattern.
    :raises ConfigurationError: when it is not text, or its braces do not match.
    """

    def __init__(self, option: str, pattern: Any) -> None:
        try:
            parts = list(Formatter().parse(pattern))
        except (TypeError, ValueError):
            parts = []
        if not parts or any(field == "" or form or conversion for _, field, form, conversion in parts):
            raise ConfigurationError(
                f"{option}={pattern!r} is not a pattern: write a text with properties in braces, such as "
                "'Page: {name}' or 'Page {path}'"
            )
        self.pattern: str = pattern
        self._parts = [(literal, field) for literal, field, _, _ in parts]

    def fill(self, value_of: Callable[[str], Any]) -> str:
        """Return the name for one message. A part without a value is left out, and so is what separates it.

        :param value_of: returns the value of a part, ``None`` for none.
        """
        text, missing = "", False
        for literal, field in self._parts:
            text += literal
            if field is not None:
                value = value_of(field)
                missing = value is None or (isinstance(value, str) and not value.strip(TEXT_BLANK))
                text += "" if missing else _as_text(value)
            elif literal:
                missing = False
        return text.rstrip(_SEPARATORS) if missing else text


def _as_text(value: Any) -> str:
    """Return a value as the platforms' own programs write it into a text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
