"""Text of a Python value that is the same in every process; fingerprints are made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from typing import Any, Final

#: Types whose ``repr`` is the whole value, and nothing else.
_PLAIN: Final = frozenset({str, bytes, int, float, bool, complex, type(None)})
_ADDRESS: Final = re.compile(r" at 0x[0-9A-Fa-f]+")


def stable_text(value: Any) -> str:
    """Return the same text for equal values, in every process.

    Python's ``repr`` writes the members of a set in an order that differs between processes, and the memory address of
    many objects. The order of a dictionary's keys is ignored as well: it may come from a set.

    :param value: any value; a list may contain itself. The type stands for a value that cannot be written.
    """
    return _text(value, ())


def _text(value: Any, parents: tuple[int, ...]) -> str:
    if type(value) in _PLAIN:
        return repr(value)
    try:
        return _text_of_object(value, parents)
    except MemoryError:
        raise
    except Exception:  # whatever the value's class does
        return f"({type(value).__name__})"


def _text_of_object(value: Any, parents: tuple[int, ...]) -> str:
    if id(value) in parents:
        return "..."
    parents = (*parents, id(value))
    name = type(value).__name__
    if isinstance(value, list | tuple):
        if _PLAIN.issuperset(map(type, value)):
            inside = repr(list(value))
        else:
            inside = "[" + ", ".join(_text(item, parents) for item in value) + "]"
        return name + inside
    if isinstance(value, Set):
        return name + "{" + ", ".join(sorted(_text(item, parents) for item in value)) + "}"
    if isinstance(value, Mapping):
        return name + "{" + ", ".join(sorted(_pairs(value, parents))) + "}"
    if is_dataclass(value) and not isinstance(value, type):
        return name + _text({field.name: getattr(value, field.name) for field in fields(value)}, parents)
    own_repr: Any = type(value).__repr__
    if own_repr is object.__repr__ and hasattr(value, "__dict__"):
        return name + _text(vars(value), parents)
    if hasattr(value, "tolist") and type(listed := value.tolist()) is not type(value):  # of NumPy
        return name + _text(listed, parents)
    return _ADDRESS.sub("", repr(value))


def _pairs(value: Mapping[Any, Any], parents: tuple[int, ...]) -> list[str]:
    if _PLAIN.issuperset(map(type, value)) and _PLAIN.issuperset(map(type, value.values())):
        return list(map(repr, value.items()))
    return [f"{_text(key, parents)}: {_text(item, parents)}" for key, item in value.items()]
