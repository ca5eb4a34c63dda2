"""Read the fields of messages by their paths, whatever form the messages have: nested objects, or rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import itemgetter
from types import NoneType
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from airflow_provider_clevertap.loading.rows.arrays import from_values
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.loading.rows.conversion import numpy_from_array, scalar
from airflow_provider_clevertap.loading.sources.message_lines import MessageLines

#: Where a user id may be, in the order in which the platforms look for it.
USER_ID_PATHS: Final = ("userId", "traits.userId", "traits.id", "context.traits.userId", "context.traits.id")
_OBJECTS: Final = frozenset({dict, NoneType})
_decode: Final = msgspec.json.Decoder().decode


class NestedMessages:
    """Messages as the platforms send them: objects with ``properties``, ``traits`` and ``context``.

    :param block: the rows.
    """

    property_prefix = "properties."
    trait_prefix = "traits."
    user_ids: Sequence[str] = USER_ID_PATHS

    def __init__(self, block: RowBlock) -> None:
        self._block = block
        self._values: dict[str, list[Any] | None] = {}
        self._parts_of_context: Mapping[str, list[Any]] | None = None

    def types(self) -> list[Any] | None:
        """Return the type of each message; ``None`` where no message has one."""
        return self.values("type")

    def column(self, path: str) -> Any:
        """Return a field as the source has it, an Arrow array or Python values; ``None`` where no message has it."""
        if path in self._block.columns:
            return self._block.columns[path]
        values = self.values(path)
        return None if values is None else from_values(values)

    def values(self, path: str) -> list[Any] | None:
        """Return a field's values, ``None`` for missing; nothing at all where no message has it."""
        if path not in self._values:
            self._values[path] = self._find(path)
        return self._values[path]

    def _find(self, path: str) -> list[Any] | None:
        block = self._block
        if path in block.columns:
            column = block.columns[path]
            return None if column.null_count == len(column) else column.to_pylist()
        if path in block.objects:
            return block.objects[path]
        parent, _, key = path.rpartition(".")
        if isinstance(block, MessageLines):
            if not parent:
                return _present(block.values(path))
            if parent == "context" and (values := self._parts(block).get(key)) is not None:
                return _present(values)
        objects = self.objects(parent) if parent else None
        return None if objects is None else _present([value.get(key) if value else None for value in objects])

    def _parts(self, block: MessageLines) -> Mapping[str, list[Any]]:
        if self._parts_of_context is None:
            self._parts_of_context = block.parts_of_context()
        return self._parts_of_context

    def objects(self, path: str) -> list[dict[str, Any] | None] | None:
        """Return a field that holds objects; ``None`` for everything else."""
        values = self.values(path)
        if values is None:
            return None
        if set(map(type, values)) <= _OBJECTS:
            return values
        return [object_of(value) for value in values]

    def properties(self) -> list[dict[str, Any] | None]:
        """Return the properties of each message."""
        return self.objects("properties") or [None] * len(self._block)

    def traits(self) -> tuple[list[dict[str, Any] | None] | None, list[dict[str, Any] | None] | None]:
        """Return the traits of each message, and those of its context."""
        return self.objects("traits"), self.objects("context.traits")


def _present(values: list[Any]) -> list[Any] | None:
    return values if any(value is not None for value in values) else None


def object_of(value: Any) -> dict[str, Any] | None:
    """Return an object, also one that a table holds as JSON text; ``None`` for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str) and value.startswith("{"):
        try:
            found = _decode(value)
        except msgspec.DecodeError:
            return None
        return found if isinstance(found, dict) else None
    return None


def flatten(objects: list[dict[str, Any] | None]) -> dict[str, list[Any]]:
    """Return the values of each key of some objects, ``None`` where one has no such key."""
    orders = dict.fromkeys(tuple(value) for value in objects if value)
    names = dict.fromkeys(chain.from_iterable(orders))
    if len(orders) == 1 and all(objects):
        return {name: [value[name] for value in objects] for name in names}  # type: ignore[index]
    full = [value or {} for value in objects]
    everywhere = set.intersection(*map(set, orders)) if orders and all(objects) else ()
    return {
        name: list(map(itemgetter(name), full)) if name in everywhere else [value.get(name) for value in full]
        for name in names
    }


def first_filled(messages: Any, paths: Sequence[str], rows: int) -> Any:
    """Return for each message the first of some fields that is filled, an Arrow array or Python values."""
    found: list[Any] | None = None
    for path in paths:
        column = messages.column(path)
        if column is None:
            continue
        if found is None:
            if isinstance(column, pa.Array) and column.null_count == 0 and not _has_empty(column):
                return column
            found = [value or None for value in _listed(column)]
        else:
            found = [value or other or None for value, other in zip(found, _listed(column), strict=True)]
        if None not in found:
            return found
    return [None] * rows if found is None else found


def _has_empty(column: pa.Array) -> bool:
    if not pa.types.is_string(column.type):
        return True
    return bool(numpy_from_array(pc.equal(column, scalar(""))).any())


def _listed(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.to_pylist()
