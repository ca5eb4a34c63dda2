"""Operator arguments as templates and trigger forms give them: everything may arrive as text.

Values of the right type pass through; text is read strictly, so that a slip is an error and not another meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_clevertap.exceptions import ConfigurationError

_WHOLE = re.compile(r"[0-9]{1,18}")
_NOTHING = ("", "none", "null")


def optional_text(value: Any) -> Any:
    """Read an argument that may be left out: a template that renders to nothing or to ``None`` leaves it out."""
    return None if isinstance(value, str) and value.strip().lower() in _NOTHING else value


def whole_number(name: str, value: Any) -> Any:
    """Read a whole number: ``8`` or ``"8"``.

    :raises ConfigurationError: when text is anything else.
    """
    value = optional_text(value)
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value.strip()):
        raise ConfigurationError(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def true_or_false(name: str, value: Any) -> Any:
    """Read a choice: ``True``, or ``"true"`` as templates and trigger forms write it.

    :raises ConfigurationError: when text is anything else.
    """
    value = optional_text(value)
    if not isinstance(value, str):
        return value
    read = {"true": True, "false": False}.get(value.strip().lower())
    if read is None:
        raise ConfigurationError(f"{name} must be true or false, not {value!r}.")
    return read


def column_mapping(value: Any) -> Mapping[str, Any] | None:
    """Read the column mapping: a mapping, or the JSON of one, as ``{{ params.columns | tojson }}`` gives it.

    :raises ConfigurationError: when it is neither.
    """
    value = _from_json(value)
    if value is not None and not isinstance(value, Mapping):
        raise ConfigurationError(
            "columns must be a mapping from source columns to CleverTap fields, or its JSON text. In a template write "
            "{{ params.columns | tojson }}."
        )
    return value


def columns_or_names(name: str, value: Any) -> Mapping[str, Any] | Sequence[str] | None:
    """Read columns that may also be a list of names: a mapping, a list, or the JSON of either.

    :raises ConfigurationError: when it is something else.
    """
    value = _from_json(value)
    if value is None or isinstance(value, Mapping | list | tuple):
        return value
    raise ConfigurationError(
        f"{name} must be a mapping from source columns to CleverTap fields, a list of columns, or the JSON text of "
        f"either. In a template write {{{{ params.{name} | tojson }}}}."
    )


def _from_json(value: Any) -> Any:
    """Read the JSON of an argument that came as text; other text stays text."""
    value = optional_text(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
