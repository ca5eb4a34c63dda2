"""Text of a Python value that is the same in every process: what a fingerprint is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from typing import Any, Final

#: Types whose ``repr`` says all there is of a value, and nothing else.
_PLAIN: Final = frozenset({str, bytes, int, float, bool, complex, type(None)})
_ADDRESS: Final = re.compile(r" at 0x[0-9A-Fa-f]+")


def stable_text(value: Any) -> str:
    """Write a value so that equal ones are written alike, in whatever process.

    Python's own ``repr`` writes the members of a set in an order of the process's own, and of many objects where they
    are in its memory. The order of a dictionary's keys is left out as well: it may come from a set.

    :param value: any value; a list may have itself in it.
    """
    return _written(value, ())


def _written(value: Any, within: tuple[int, ...]) -> str:
    if type(value) in _PLAIN:
        return repr(value)
    if id(value) in within:
        return "..."
    within = (*within, id(value))
    name = type(value).__name__
    if isinstance(value, list | tuple):
        if _PLAIN.issuperset(map(type, value)):
            inside = repr(list(value))
        else:
            inside = "[" + ", ".join(_written(item, within) for item in value) + "]"
        return name + inside
    if isinstance(value, Set):
        return name + "{" + ", ".join(sorted(_written(item, within) for item in value)) + "}"
    if isinstance(value, Mapping):
        return name + "{" + ", ".join(sorted(_pairs(value, within))) + "}"
    if is_dataclass(value) and not isinstance(value, type):
        return name + _written({field.name: getattr(value, field.name) for field in fields(value)}, within)
    own_repr: Any = type(value).__repr__
    if own_repr is object.__repr__ and hasattr(value, "__dict__"):
        return name + _written(vars(value), within)
    if hasattr(value, "tolist") and type(plain := value.tolist()) is not type(value):  # of NumPy
        return name + _written(plain, within)
    return _ADDRESS.sub("", repr(value))


def _pairs(value: Mapping[Any, Any], within: tuple[int, ...]) -> list[str]:
    if _PLAIN.issuperset(map(type, value)) and _PLAIN.issuperset(map(type, value.values())):
        return list(map(repr, value.items()))
    return [f"{_written(key, within)}: {_written(item, within)}" for key, item in value.items()]
