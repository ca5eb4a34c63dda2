"""A column that becomes a property whatever its name: the name may be that of a field, such as ``ts``."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_clevertap.columns import Column


@dataclass(frozen=True, slots=True)
class PropertyColumn(Column):
    """A column that becomes a property of exactly this name. Only specs make it.

    :param any_characters: the name may hold the characters that CleverTap forbids.
    """

    any_characters: bool = False
