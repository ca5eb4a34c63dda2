"""What the values and operators of a profile record do to the profile that is stored.

``$set``, ``$add``, ``$remove`` and ``$delete`` come to the same when repeated; ``$incr`` and ``$decr`` count twice
(https://developer.clevertap.com/docs/upload-user-profiles-api).
"""

from __future__ import annotations

from typing import Any

from airflow_provider_clevertap.emulator.validation.profiles import PREDEFINED_KEYS, is_operator

LIST_ITEMS = 100
"""Items of a multi-value property; the oldest go first (https://developer.clevertap.com/docs/concepts-user-profiles)."""

LARGEST = 1e300
"""Sums from here on are not kept: the next one might no longer be a number JSON can hold."""


def apply_changes(profile: dict[str, Any], changes: dict[str, Any], max_custom: int) -> list[tuple[str, str]]:
    """Change a stored profile in place.

    :param profile: the stored properties.
    :param changes: values and operators by property.
    :param max_custom: custom attribute keys a profile may have; what is above is left out.
    :returns: what could not be done, as (property, reason).
    """
    problems: list[tuple[str, str]] = []
    for name, value in changes.items():
        if name not in profile and not _has_room(profile, name, max_custom):
            problems.append((name, f"the profile has {max_custom} custom attributes already"))
        elif is_operator(value):
            problem = _operate(profile, name, *next(iter(value.items())))
            if problem:
                problems.append((name, problem))
        else:
            profile[name] = value
    return problems


def _has_room(profile: dict[str, Any], name: str, max_custom: int) -> bool:
    if len(profile) < max_custom or name in PREDEFINED_KEYS:
        return True
    return sum(key not in PREDEFINED_KEYS for key in profile) < max_custom


def _operate(profile: dict[str, Any], name: str, operator: str, operand: Any) -> str | None:
    if operator == "$delete":
        profile.pop(name, None)
        return None
    if operator in {"$incr", "$decr"}:
        return _count(profile, name, operand if operator == "$incr" else -operand)
    _change_list(profile, name, operator, operand)
    return None


def _count(profile: dict[str, Any], name: str, by: float) -> str | None:
    """Add to a number; a property that does not exist yet counts from 0 (our choice)."""
    present = profile.get(name, 0)
    if type(present) not in (int, float):
        return "the stored value is not a number"
    try:
        total = present + by
    except OverflowError:
        total = LARGEST
    if abs(total) >= LARGEST:
        return "the sum is too large a number"
    profile[name] = total
    return None


def _change_list(profile: dict[str, Any], name: str, operator: str, operand: list[str]) -> None:
    """Change a list of unique texts; a single value becomes a list first, and an empty list disappears."""
    present = profile.get(name, [])
    items = present if isinstance(present, list) else [_as_text(present)]
    if operator == "$remove":
        gone = set(operand)
        items = [item for item in items if item not in gone]
    else:
        items = list(dict.fromkeys([*(items if operator == "$add" else []), *operand]))[-LIST_ITEMS:]
    if items:
        profile[name] = items
    else:
        profile.pop(name, None)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
