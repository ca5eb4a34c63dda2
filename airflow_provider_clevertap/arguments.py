"""Read arguments that must be text, although a template may have turned them into something else.

Airflow renders the templates of a DAG with ``render_template_as_native_obj=True`` to Python values: the text ``2024``
becomes a number, and ``[a]`` a list.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.locations import is_location

__all__ = ["number_as_text", "read_location", "read_text"]


def number_as_text(value: Any) -> Any:
    """Return the text of a whole number, and anything else unchanged."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def read_text(argument: str, value: Any) -> str | None:
    """Read an argument that is text: text, or a whole number that stands for its text; ``None`` when it is not given.

    :raises ConfigurationError: when it is anything else, such as a fraction: ``1.50`` would have become ``1.5``.
    """
    value = number_as_text(value)
    if value is None or isinstance(value, str):
        return value
    raise ConfigurationError(f"{argument} must be text, not {type(value).__name__}. {_hint(argument)}")


def read_location(argument: str, value: Any) -> Any:
    """Read an argument that is a path, a URI or a path object; ``None`` when it is not given.

    :raises ConfigurationError: when it is anything else, or blank: an empty path would be the current directory.
    """
    value = number_as_text(value)
    if isinstance(value, str) and not value.strip():
        raise ConfigurationError(f"{argument} is empty. Set a path, or leave it out.")
    if value is None or is_location(value):
        return value
    raise ConfigurationError(f"{argument} must be a path or URI, not {type(value).__name__}. {_hint(argument)}")


def _hint(argument: str) -> str:
    return (
        "In a DAG with render_template_as_native_obj=True, Airflow makes Python values of text such as 1.50 or [a]: "
        f"leave that option out, or write quotes inside the quotes: {argument}=\"'1.50'\"."
    )
