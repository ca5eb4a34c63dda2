"""Find the columns that fill one field: lines of JSON may spell a key in several ways, such as email and Email."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.mapping.property_column import PropertyColumn
from airflow_provider_clevertap.loading.options import Unmapped
from airflow_provider_clevertap.records.record_validation import RecordSchema


def spellings_of_fields(
    names: Sequence[str],
    choices: Mapping[str, Column | None],
    *,
    schema: RecordSchema,
    unmapped: Unmapped,
    defaults: Mapping[str, Column | None] = MappingProxyType({}),
) -> dict[str, list[str]]:
    """Return the columns that fill a field together, by the one whose options apply to all of them.

    :param names: the source's columns.
    :param choices: what they become, as far as the user has chosen it.
    :param schema: the kind of record.
    :param unmapped: what happens to columns without a choice.
    :param defaults: what columns become without a choice of the user.
    :raises MappingError: when the user has chosen different options for two of them.
    """
    by_field: dict[tuple[bool, str], list[str]] = {}
    for name in names:
        choice = choices.get(name, defaults.get(name, Column() if unmapped == "send" else None))
        field = None if choice is None else name if choice.name is None else choice.name
        if isinstance(field, str):  # the plan reports other types
            is_property = isinstance(choice, PropertyColumn)
            by_field.setdefault((is_property, field if is_property else schema.canonical(field)), []).append(name)
    return {
        _leading(field, spellings, choices): spellings
        for (_, field), spellings in by_field.items()
        if len(spellings) > 1
    }


def _leading(field: str, spellings: Sequence[str], choices: Mapping[str, Column | None]) -> str:
    chosen = {name: choice for name in spellings if (choice := choices.get(name)) is not None}
    options = [replace(choice, name=field) for choice in chosen.values()]
    if any(option != options[0] for option in options):
        raise MappingError(
            f"columns {', '.join(map(repr, chosen))} would all become {field}, with different options: use the same "
            "options, or map the others to None or to other names"
        )
    return next(iter(chosen), spellings[0])
