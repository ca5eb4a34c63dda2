"""Parse what columns become, in every form in which a user may write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from airflow_provider_clevertap.arguments import number_as_text
from airflow_provider_clevertap.columns import Column, ColumnChoice
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError
from airflow_provider_clevertap.records.column_rules import DeclaredType
from airflow_provider_clevertap.records.texts.names import visible_name
from airflow_provider_clevertap.records.written.value_map import read_value_map

#: The types of CleverTap's SFTP manifest (https://developer.clevertap.com/docs/imports-via-sftp).
_MANIFEST_TYPES: Mapping[str, DeclaredType] = {
    "STRING": DeclaredType.TEXT,
    "INTEGER": DeclaredType.INTEGER,
    "LONG": DeclaredType.INTEGER,
    "FLOAT": DeclaredType.FLOAT,
    "BOOLEAN": DeclaredType.BOOLEAN,
    "DATE": DeclaredType.DATE,
}
_MANIFEST_KEYS = frozenset({"ctName", "dataType"})
#: Options of a column that are text; a template may have made a number of it.
_TEXTS = frozenset({"name", "separator"})


def parse_columns(columns: Mapping[str, ColumnChoice] | None) -> dict[str, Column | None]:
    """Parse every form in which a user may write a column; ``None`` leaves the column out.

    :raises MappingError: when a form is not known, or two names of columns look the same.
    """
    if columns is not None and not isinstance(columns, Mapping):
        raise MappingError(f"columns must be a mapping from source columns to fields, not {type(columns).__name__}")
    choices: dict[str, Column | None] = {}
    for given, choice in (columns or {}).items():
        source = number_as_text(given)
        source = visible_name(source) if isinstance(source, str) else source
        if source in choices:
            raise MappingError(f"column {source!r} is named twice, in ways that look the same")
        choices[source] = _parse_choice(source, number_as_text(choice))
    return choices


def _parse_choice(source: str, choice: ColumnChoice) -> Column | None:
    column = _parse_form(source, choice)
    if column is None or column.values is None:
        return column
    try:
        # By their texts, so that equal mappings are written alike, whatever form the keys had.
        return replace(column, values=read_value_map(column.values).replacements)
    except ValueError as error:
        raise MappingError(f"column {source!r}: {error}") from None


def _parse_form(source: str, choice: ColumnChoice) -> Column | None:
    if choice is None or isinstance(choice, Column):
        return choice
    if isinstance(choice, str):
        return Column(choice)
    if isinstance(choice, Mapping):
        return _from_manifest(source, choice) if _MANIFEST_KEYS & set(choice) else _from_object(source, choice)
    raise MappingError(f"column {source!r}: expected a name or a Column, not {type(choice).__name__}")


def _from_object(source: str, choice: Mapping[str, Any]) -> Column:
    allowed = [field.name for field in fields(Column)]
    unknown = [name for name in choice if name not in allowed]
    if unknown:
        raise MappingError(f"column {source!r}: {unknown[0]!r} is not an option; use {', '.join(allowed)}")
    return Column(**{option: number_as_text(value) if option in _TEXTS else value for option, value in choice.items()})


def _from_manifest(source: str, choice: Mapping[str, Any]) -> Column:
    unknown = [name for name in choice if name not in _MANIFEST_KEYS]
    if unknown:
        raise MappingError(f"column {source!r}: {unknown[0]!r} cannot be used together with ctName and dataType")
    name, declared = number_as_text(choice.get("ctName")), str(choice.get("dataType", "STRING"))
    known = _MANIFEST_TYPES.get(declared.upper())
    if known is not None:
        return Column(name, type=known.value)
    if "yy" in declared:
        return Column(name, type="date", format=declared)
    raise MappingError(
        f"column {source!r}: dataType {declared!r} is not known; use {', '.join(_MANIFEST_TYPES)} or a date pattern"
    )


def parse_named_columns(argument: str, columns: Mapping[str, ColumnChoice] | Sequence[str]) -> dict[str, Column | None]:
    """Parse columns that may also be a list of names; these columns keep their names.

    :param argument: the name of the user's argument; every message begins with it.
    :raises ConfigurationError: when there is no column, or the argument is neither a mapping nor a list.
    :raises MappingError: when a form is not known, or a column is named twice.
    """
    if not isinstance(columns, Mapping):
        columns = _from_names(argument, columns)
    if not columns:
        raise ConfigurationError(f"{argument} is empty: name at least one column, or leave the argument out")
    try:
        return parse_columns(columns)
    except MappingError as error:
        raise MappingError(f"{argument}: {error}") from None


def _from_names(argument: str, names: Any) -> dict[str, ColumnChoice]:
    if isinstance(names, list | tuple):
        names = [number_as_text(name) for name in names]
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{argument} must be a mapping from source columns to fields, or a list of columns")
    duplicates = [name for index, name in enumerate(names) if name in names[:index]]
    if duplicates:
        raise MappingError(f"{argument}: column {duplicates[0]!r} is named twice")
    return {name: Column() for name in names}
