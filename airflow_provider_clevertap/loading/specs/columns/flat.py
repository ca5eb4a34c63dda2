"""The flat columns that messages become, with what each of them fills, and the messages that do not become a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.mapping.property_column import PropertyColumn
from airflow_provider_clevertap.loading.rows.arrays import from_database_values, from_values
from airflow_provider_clevertap.loading.rows.block import RowError
from airflow_provider_clevertap.loading.rows.plain.values import TOO_DEEP
from airflow_provider_clevertap.loading.rows.text_arrays import Mask
from airflow_provider_clevertap.records.limits import FORBIDDEN_KEY_CHARACTERS
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.texts.characters import TEXT_BLANK
from airflow_provider_clevertap.records.unreadable import UnreadableValue

_BLANKS: Final = str.maketrans(dict.fromkeys(FORBIDDEN_KEY_CHARACTERS, " "))
_NESTED: Final = frozenset({dict, list})
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Mapped:
    """What flat columns become, for all blocks of a load.

    :param chosen: the user's columns, by path.
    :param schema: the kind of record.
    :param constants: the fields that are the same in every record.
    :param unmapped: whether properties that nobody named are sent, left out, or not allowed.
    :param note: takes what the user should know, each text once.
    :param is_strict: names are sent as they are.
    """

    chosen: Mapping[str, Column | None]
    schema: RecordSchema
    constants: Mapping[str, Any]
    unmapped: str
    note: Callable[[str], None]
    is_strict: bool = False
    #: What each flat column becomes that the user has not named.
    choices: dict[str, Column | None] = field(default_factory=dict)
    _fields: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Collect the fields that the user's own columns fill."""
        names = [path if choice.name is None else choice.name for path, choice in self.chosen.items() if choice]
        self._fields = frozenset(self.schema.canonical(name) for name in names if isinstance(name, str))

    def is_taken(self, target: str) -> bool:
        """Return whether the user's own columns, or a constant, fill a field."""
        return target in self._fields or target in self.constants

    @property
    def owner_is_chosen(self) -> bool:
        """Return whether the user's own columns name the owner of each record."""
        return not self._fields.isdisjoint(self.schema.identifiers)


class FlatColumns:
    """The flat columns of one block.

    :param mapped: what they become.
    :param rows: the number of rows.
    """

    def __init__(self, mapped: Mapped, rows: int) -> None:
        self._mapped = mapped
        self.rows = rows
        self.columns: dict[str, Any] = {}

    def add_field(
        self, path: str, target: str, values: Any, choice: Column | None = None, *, is_plain: bool = False
    ) -> None:
        """Add a column that fills a field of CleverTap, unless the user's own columns do.

        :param path: the name of the column.
        :param target: the field.
        :param values: an Arrow array or Python values; ``None`` for no column.
        :param choice: how it is read, if not as any column for the field.
        :param is_plain: the values are of the types that JSON has, so that none has to be converted.
        """
        mapped = self._mapped
        if values is None or mapped.is_taken(target):
            return
        if path in mapped.chosen:  # what the user makes of it is a column of its own
            path = f"{path} ({target})"
        mapped.choices.setdefault(path, choice or Column(target))
        if isinstance(values, list):
            values = from_values(values) if is_plain else from_database_values(values)
        self.columns[path] = values

    def add_property(
        self, path: str, key: str, values: list[Any], *, is_literal: bool = True, is_nested: bool = False
    ) -> None:
        """Add a column that becomes a property, with nested values as JSON text.

        :param key: its name in the message.
        :param is_literal: the name is not another spelling of a field of CleverTap.
        :param is_nested: nested values are sent as they are.
        """
        mapped = self._mapped
        if path in mapped.chosen:
            self.add_chosen(path, values)
            return
        if mapped.unmapped != "send":
            if mapped.unmapped == "error":  # the plan of the columns names it
                self.columns[path] = self._column(values)
            return
        name = key if mapped.is_strict else self.clean(key)
        if not name:
            mapped.note(f"The property {key!r} has no name without the characters that CleverTap forbids: left out")
            return
        if path not in mapped.choices:
            canonical = mapped.schema.canonical(name)
            literal = canonical in mapped.schema.top or (is_literal and canonical != name)
            is_unusual = literal or not FORBIDDEN_KEY_CHARACTERS.isdisjoint(name)
            if is_unusual and mapped.is_strict and canonical not in mapped.schema.known:
                mapped.choices[path] = PropertyColumn(name, any_characters=True)
            else:
                mapped.choices[path] = PropertyColumn(name) if literal else Column(name)
        self.columns[path] = from_values(values) if is_nested else self._column(values)

    def fill(self, path: str, values: list[Any]) -> bool:
        """Fill the empty cells of a column that was added, and return whether there is one.

        :param path: the name of the column.
        :param values: what its empty cells get.
        """
        column = self.columns.get(path)
        if column is None:
            return False
        known = column if isinstance(column, list) else column.to_pylist()
        filled = [other if value in (None, "") else value for value, other in zip(known, values, strict=True)]
        self.columns[path] = self._column(filled)
        return True

    def is_chosen(self, path: str) -> bool:
        """Return whether the user has named a path."""
        return path in self._mapped.chosen

    @property
    def owner_is_chosen(self) -> bool:
        """Return whether the user's own columns name the owner of each record."""
        return self._mapped.owner_is_chosen

    def add_chosen(self, path: str, values: Any) -> None:
        """Add a column that the user has named by its path."""
        if self._mapped.chosen[path] is not None:
            self.columns[path] = self._column(values) if isinstance(values, list) else values

    def clean(self, key: str) -> str:
        """Return a name with blanks in place of the characters that CleverTap forbids."""
        name = key.translate(_BLANKS).strip(TEXT_BLANK)
        if name != key and name:
            self._mapped.note(
                f"The name {key!r} has characters that CleverTap forbids: it is sent as {name!r}. To choose another "
                "name, use columns"
            )
        return name

    @staticmethod
    def _column(values: list[Any]) -> Any:
        if not _NESTED.isdisjoint(map(type, values)):
            values = [json_text(value) if isinstance(value, dict | list) else value for value in values]
        return from_database_values(values)


@dataclass(slots=True)
class Unsent:
    """The messages of one block that become no record.

    :param selected: marks the other messages.
    :param errors: why messages are invalid, by their position.
    """

    selected: Mask
    errors: dict[int, RowError]
    skipped: dict[str, list[int]] = field(default_factory=dict)

    def skip(self, rows: list[int], reason: str) -> None:
        """Skip some messages for a reason, unless they are settled already."""
        found = [row for row in rows if self.selected[row]]
        if found:
            self.selected[found] = False
            self.skipped.setdefault(reason, []).extend(found)

    def reject(self, rows: list[int], error: RowError) -> None:
        """Make some messages invalid for a reason, unless they are settled already."""
        for row in rows:
            if self.selected[row]:
                self.errors[row] = error
        self.selected[rows] = False

    def blank_out(self, values: list[Any]) -> list[Any]:
        """Return values, ``None`` for messages that become no record."""
        if self.selected.all():
            return values
        return [value if kept else None for value, kept in zip(values, self.selected.tolist(), strict=True)]


def select_all(rows: int, errors: Mapping[int, RowError]) -> Unsent:
    """Return the state of a block of which only the unreadable rows become no record."""
    selected = np.ones(rows, np.bool_)
    selected[list(errors)] = False
    return Unsent(selected, dict(errors))


def json_text(value: Any) -> str | UnreadableValue:
    """Return a nested value as the JSON text that the platforms send."""
    try:
        return _encode(value).decode()
    except RecursionError:
        return UnreadableValue("(nested too deeply)", TOO_DEEP)
