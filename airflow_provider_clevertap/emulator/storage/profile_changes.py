"""Apply the values and operators of a profile record to the stored profile.

Repeating ``$set``, ``$add``, ``$remove`` or ``$delete`` changes nothing; repeating ``$incr`` or ``$decr`` counts twice
(https://developer.clevertap.com/docs/upload-user-profiles-api).
"""

from __future__ import annotations

from typing import Any

from airflow_provider_clevertap.emulator.validation.profiles import PREDEFINED_KEYS, is_operator

MAX_LIST_ITEMS = 100
"""Items of a multi-value property; the oldest are removed first (https://developer.clevertap.com/docs/concepts-user-profiles)."""

MAX_SUM = 1e300
"""Sums from here on are not stored: the next one might no longer be a number JSON can hold."""


def apply_changes(profile: dict[str, Any], changes: dict[str, Any], max_custom: int) -> list[tuple[str, str]]:
    """Change a stored profile in place.

    :param profile: the stored properties.
    :param changes: values and operators by property.
    :param max_custom: custom attribute keys a profile may have; attributes above it are left out.
    :returns: what could not be done, as (property, reason).
    """
    problems: list[tuple[str, str]] = []
    for name, value in changes.items():
        if name not in profile and not _may_add(profile, name, max_custom):
            problems.append((name, f"the profile has {max_custom} custom attributes already"))
        elif is_operator(value):
            problem = _apply_operator(profile, name, *next(iter(value.items())))
            if problem:
                problems.append((name, problem))
        else:
            profile[name] = value
    return problems


def _may_add(profile: dict[str, Any], name: str, max_custom: int) -> bool:
    if len(profile) < max_custom or name in PREDEFINED_KEYS:
        return True
    return sum(key not in PREDEFINED_KEYS for key in profile) < max_custom


def _apply_operator(profile: dict[str, Any], name: str, operator: str, operand: Any) -> str | None:
    if operator == "$delete":
        profile.pop(name, None)
        return None
    if operator in {"$incr", "$decr"}:
        return _add_number(profile, name, operand if operator == "$incr" else -operand)
    _change_list(profile, name, operator, operand)
    return None


def _add_number(profile: dict[str, Any], name: str, by: float) -> str | None:
    """Add to a number; a property that does not exist yet counts from 0 (our choice)."""
    stored = profile.get(name, 0)
    if type(stored) not in (int, float):
        return "the stored value is not a number"
    try:
        total = stored + by
    except OverflowError:
        total = MAX_SUM
    if abs(total) >= MAX_SUM:
        return "the sum is too large a number"
    profile[name] = total
    return None


def _change_list(profile: dict[str, Any], name: str, operator: str, operand: list[str]) -> None:
    """Change a list of unique texts; a single value becomes a list first, and an empty list disappears."""
    stored = profile.get(name, [])
    items = stored if isinstance(stored, list) else [_as_text(stored)]
    if operator == "$remove":
        removed = set(operand)
        items = [item for item in items if item not in removed]
    else:
        items = list(dict.fromkeys([*(items if operator == "$add" else []), *operand]))[-MAX_LIST_ITEMS:]
    if items:
        profile[name] = items
    else:
        profile.pop(name, None)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
