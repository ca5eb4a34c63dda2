"""Parquet of cloud exports: maps from a name to a struct ``member0`` to ``memberN``, of which one is set.

Which member has which type differs between columns and accounts, so the first one that is set is taken, whatever its
number. Members may be lists and maps of such structs again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_MEMBER: Final = re.compile(r"member[0-9]+")


def plain(value: Any) -> Any:
    """Return a value of such a column as plain Python: maps as dictionaries, unions as the member that is set."""
    if isinstance(value, Mapping):
        if value and all(isinstance(name, str) and _MEMBER.fullmatch(name) for name in value):
            return plain(next((member for member in value.values() if member is not None), None))
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):  # noqa: PLR2004 - a map
            return {name: plain(member) for name, member in value}
        return [plain(item) for item in value]
    return value
