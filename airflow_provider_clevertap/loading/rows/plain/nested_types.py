"""What Arrow's nested types say about their values: how deep these are, and the names of their fields."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def depth_of(kind: Any) -> int:
    """Return how many lists and objects are inside one another in values of a type."""
    if not pa.types.is_nested(kind):
        return 0
    return 1 + max(map(depth_of, _inner_types(kind)), default=0)


def _inner_types(kind: Any) -> list[Any]:
    if pa.types.is_map(kind):
        return [kind.key_type, kind.item_type]
    return [kind.field(number).type for number in range(kind.num_fields)]


def names_of(kind: Any) -> list[str]:
    """Return the names of the fields of a struct. A name that is not UTF-8 is replaced."""
    return [_name(kind.field(number), number) for number in range(kind.num_fields)]


def _name(field: Any, number: int) -> str:
    try:
        return str(field.name)
    except UnicodeDecodeError:
        return f"(field {number + 1}, whose name is not UTF-8)"


def has_odd_names(kind: Any) -> bool:
    """Return whether Arrow cannot make Python objects of a struct: a name occurs twice, or is not UTF-8."""
    try:
        names = [kind.field(number).name for number in range(kind.num_fields)]
    except UnicodeDecodeError:
        return True
    return len(set(names)) < len(names)
