"""Values of a source that no rule can read, such as a database's infinite date, or text that is not UTF-8."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_clevertap.records.issues import issue


@dataclass(frozen=True, slots=True)
class UnreadableValue:
    """Stands for such a value in a cell, or inside a list or an object. Its row is invalid where a field needs it.

    :param text: the value as text, for the rejects file only.
    :param reason: why it cannot be read and what to do, without the value.
    """

    text: str = field(repr=False)
    reason: str

    def __str__(self) -> str:
        return self.text


def check_readable(value: Any) -> None:
    """Raise the issue of an unreadable value."""
    if isinstance(value, UnreadableValue):
        raise issue(value.reason)
