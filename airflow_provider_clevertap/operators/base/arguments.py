"""Read operator arguments that may be text, as templates and trigger forms produce them.

Values that are not text are returned unchanged. Text is read strictly, so that a typing mistake is an error and not a
different value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.sources.described import FileSource

_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
_NO_VALUE = ("", "none", "null")


def optional_text(value: Any) -> Any:
    """Read an optional argument: a template that renders to nothing or to ``None`` means that it is not given."""
    return None if isinstance(value, str) and value.strip().lower() in _NO_VALUE else value


def source_or_list(value: Any) -> Any:
    """Read a source: a template may render a list of paths as text, as JSON with ``tojson``.

    The same holds for the path of a source object.

    :raises ConfigurationError: when the template rendered to nothing, or to the text of a list that is not JSON.
    """
    if isinstance(value, FileSource):
        return replace(value, path=source_or_list(value.path))
    if optional_text(value) is None:
        raise ConfigurationError("source is empty. If it is a template, it rendered to nothing.")
    text = value.strip() if isinstance(value, str) else ""
    if not (text.startswith("[") and text.endswith("]") and (text == "[]" or '"' in text or "'" in text)):
        return value
    try:
        return json.loads(text)
    except ValueError:
        raise ConfigurationError(
            "source is the text of a list. Write {{ ... | tojson }} in the template, or give the list itself, such as "
            "the output of a task."
        ) from None


def whole_number(name: str, value: Any) -> int | None:
    """Read a whole number: ``8`` or ``"8"``.

    :raises ConfigurationError: when it is anything else.
    """
    value = optional_text(value)
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value.strip()):
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ConfigurationError(f"{name} must be a whole number, not {value!r}.")


def true_or_false(name: str, value: Any) -> bool | None:
    """Read a truth value: ``True``, or ``"true"`` as templates and trigger forms write it.

    :raises ConfigurationError: when it is anything else.
    """
    value = optional_text(value)
    if value is None or isinstance(value, bool):
        return value
    choice = {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None
    if choice is None:
        raise ConfigurationError(f"{name} must be true or false, not {value!r}.")
    return choice


def column_mapping(value: Any) -> Mapping[str, Any] | None:
    """Read the column mapping: a mapping, or the JSON of one, as ``{{ params.columns | tojson }}`` renders it.

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


def names(name: str, value: Any) -> Any:
    """Read a name, a list of names, or the JSON text of a list.

    :raises ConfigurationError: when it is the text of a list that is not JSON, as a template without ``tojson`` writes
        it: CleverTap would be asked for a name such as ``['Charged', 'Viewed']``.
    """
    value = optional_text(value)
    text = value.strip() if isinstance(value, str) else ""
    if not text.startswith("["):
        return value
    read = _from_json(text)
    if read == text and text.endswith("]") and ("'" in text or '"' in text):
        raise ConfigurationError(
            f"{name} is the text of a list. Write {{{{ ... | tojson }}}} in the template, or give the list itself."
        )
    return value if read == text else read


def mapping(name: str, value: Any) -> Mapping[str, Any] | None:
    """Read a mapping, or the JSON text of one.

    :raises ConfigurationError: when it is neither.
    """
    value = _from_json(value)
    if value is not None and not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{name} must be a mapping or the JSON text of one. In a template write {{{{ params.{name} | tojson }}}}."
        )
    return value


def share(name: str, value: Any) -> Any:
    """Read a share: ``0.01`` or ``"0.01"``.

    :raises ConfigurationError: when text is anything else.
    """
    value = optional_text(value)
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        raise ConfigurationError(f"{name} must be a share such as 0.01, not {value!r}.") from None


def days(name: str, value: Any) -> timedelta | None:
    """Read a duration: a timedelta, or a number of days, also as text.

    :raises ConfigurationError: when it is anything else.
    """
    if isinstance(value, timedelta):
        return value
    number = whole_number(name, value)
    try:
        return None if number is None else timedelta(days=number)
    except OverflowError:
        raise ConfigurationError(f"{name} must be a duration, and {number:,} days are too many.") from None


def _from_json(value: Any) -> Any:
    """Read an argument given as JSON text; text that is not JSON is returned unchanged."""
    value = optional_text(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, object_pairs_hook=_object)
    except ValueError:
        return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON text. Python itself would silently keep the last value of a repeated key.

    :raises ConfigurationError: when a key occurs twice.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ConfigurationError(f"The JSON text has the key {key!r} twice in one object: only one can be meant.")
        found[key] = value
    return found


def duration(name: str, value: Any) -> timedelta | None:
    """Read a duration: a timedelta, or a number of seconds, also as text.

    :raises ConfigurationError: when it is anything else, or not above 0.
    """
    value = optional_text(value)
    if value is None:
        return None
    try:
        length = value if isinstance(value, timedelta) else timedelta(seconds=float(value))
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(f"{name} must be a timedelta or a number of seconds, not {value!r}.") from None
    if length <= timedelta(0):
        raise ConfigurationError(f"{name} must be above 0, not {length}.")
    return length
