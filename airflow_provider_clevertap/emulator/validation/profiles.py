"""Validate a profile record (https://developer.clevertap.com/docs/upload-user-profiles-api)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from airflow_provider_clevertap.emulator.validation.common import (
    VALUE_BYTES,
    Key,
    RecordRejected,
    ValidationContext,
    identifiers_of_profile,
    identity_text,
    is_kept_key,
    is_kept_value,
    keys_of,
    time_of,
)

LIST_OPERATORS = frozenset({"$set", "$add", "$remove"})
NUMBER_OPERATORS = frozenset({"$incr", "$decr"})
DELETE_OPERATOR = "$delete"

_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W_](?:[\w-]*[^\W_])?")
_PHONE = re.compile(r"\+[1-9][0-9]{4,}")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def is_email(value: object) -> bool:
    """Return whether this is text with one ``@``, a name before it and dotted labels after it.

    The page says only that an address must be "valid".
    """
    return type(value) is str and len(value) <= VALUE_BYTES and _EMAIL.fullmatch(value) is not None


def is_phone(value: object) -> bool:
    """Return whether this is ``+``, a country code (none begins with 0) and a number: more than 4 digits in all."""
    return type(value) is str and _PHONE.fullmatch(value) is not None


def _is_age(value: object) -> bool:
    if type(value) is str:
        return _NUMBER.fullmatch(value) is not None
    return type(value) is int or type(value) is float


def _one_of(*allowed: str) -> Callable[[object], bool]:
    return lambda value: type(value) is str and value in allowed


FORMATS: dict[str, tuple[int, Callable[[object], bool]]] = {
    "Gender": (514, _one_of("M", "F")),
    "Email": (515, is_email),
    "Phone": (516, is_phone),
    "Employed": (517, _one_of("Y", "N")),
    "Education": (518, _one_of("School", "College", "Graduate")),
    "Married": (519, _one_of("Y", "N")),
    "Age": (520, _is_age),
}
"""Predefined keys for which CleverTap rejects a record: the error code, and the check of the value."""

BOOLEAN_KEYS = frozenset(
    [
        "MSG-email",
        "MSG-push",
        "MSG-sms",
        "MSG-whatsapp",
        "MSG-webpush",
        "MSG-dndPhone",
        "MSG-dndEmail",
        "MSG-dndWhatsApp",
    ]
)
_TEXT_FLAGS = frozenset({"true", "false", "1", "0"})
SUBSCRIPTION_KEYS = frozenset({"category-unsubscribe", "category-resubscribe"})
PREDEFINED_KEYS = (
    frozenset(FORMATS)
    | BOOLEAN_KEYS
    | SUBSCRIPTION_KEYS
    | {"Name", "DOB", "Photo", "Customer Type", "Tz", "ct_is_test_user", "identity"}
)


class ProfileRecord(NamedTuple):
    """A profile record that passed validation.

    :param changes: values and operators by property; empty for a profile without properties.
    :param ts: UNIX seconds.
    :param device: an objectId that leads to the profile as well.
    """

    number: int
    key: Key
    changes: dict[str, Any]
    ts: int
    device: Key | None = None

    @property
    def profile_keys(self) -> tuple[Key, ...]:
        """Return the identifiers of the profile."""
        return keys_of(self.key, self.device)


def read_profile(context: ValidationContext, record: dict[str, Any]) -> ProfileRecord:
    """Read one profile record.

    :raises RecordRejected: the record is rejected.
    """
    key, device = identifiers_of_profile(context, record)
    ts = time_of(context, record)
    data = record.get("profileData")
    if not isinstance(data, dict):
        context.undocumented("profileData", "missing or not an object")
        return ProfileRecord(context.number, key, {}, ts, device)
    changes = {name: value for name, value in data.items() if _is_kept(context, name, value)}
    for name, value in changes.items():
        if is_operator(value):
            changes[name] = _valid_items(context, name, value)
    return ProfileRecord(context.number, key, changes, ts, device)


def _is_kept(context: ValidationContext, name: str, value: object) -> bool:
    if name in PREDEFINED_KEYS:
        return _is_kept_predefined(context, name, value)
    if not is_kept_key(context, name):
        return False
    if type(value) is dict:
        return is_operator(value) or context.undocumented(name, "an object that is not one operator")
    return is_kept_value(context, name, value)


def _is_kept_predefined(context: ValidationContext, name: str, value: object) -> bool:
    if _is_delete(value):
        return True
    if value is None:
        return is_kept_value(context, name, value)
    if name in FORMATS:
        code, is_valid = FORMATS[name]
        if not is_valid(value) and not (name == "Age" and is_operator(value, NUMBER_OPERATORS)):
            raise RecordRejected(code)
        context.has_valid_phone = context.has_valid_phone or name == "Phone"
        return is_kept_value(context, name, value) if type(value) is str else True
    if name in BOOLEAN_KEYS:
        accepts_text = context.settings.flags_as_text == "accept" and type(value) is str
        is_flag = type(value) is bool or (accepts_text and str(value).lower() in _TEXT_FLAGS)
        return is_flag or context.undocumented(name, "not a boolean")
    if name in SUBSCRIPTION_KEYS:
        return _are_groups(value) or context.undocumented(name, "not lists of groups by channel")
    if name == "identity":
        return identity_text(value) is not None or context.undocumented(name, "not a valid identity", 523)
    if name == "DOB" and not (type(value) is str and value.startswith("$D_")):
        context.undocumented(name, "not a $D_ date, kept as it is")
    if type(value) is dict:
        return is_operator(value) or context.undocumented(name, "an object that is not one operator")
    return is_kept_value(context, name, value)


def is_operator(value: object, names: frozenset[str] = LIST_OPERATORS | NUMBER_OPERATORS) -> bool:
    """Return whether this is one operator with an operand of the documented type."""
    if type(value) is not dict or len(value) != 1:
        return False
    (name, operand) = next(iter(value.items()))
    if name in LIST_OPERATORS & names:
        return type(operand) is list
    if name in NUMBER_OPERATORS & names:
        return type(operand) is int or type(operand) is float
    return _is_delete(value)


def _is_delete(value: object) -> bool:
    return (
        type(value) is dict
        and len(value) == 1
        and type(value.get(DELETE_OPERATOR)) is int
        and value[DELETE_OPERATOR] == 1
    )


def _valid_items(context: ValidationContext, name: str, operator: dict[str, Any]) -> dict[str, Any]:
    """Return a list operator without the items that are not text of at most 512 bytes."""
    (operation, operand) = next(iter(operator.items()))
    if type(operand) is not list:
        return operator
    return {operation: [item for item in operand if _is_kept_item(context, name, item)]}


def _is_kept_item(context: ValidationContext, name: str, item: object) -> bool:
    if type(item) is not str:
        return context.undocumented(name, "an item of the list is not a text")
    fits = len(item) * 4 <= VALUE_BYTES or len(item.encode()) <= VALUE_BYTES
    return fits or context.undocumented(name, f"an item of the list is longer than {VALUE_BYTES} bytes")


def _are_groups(value: object) -> bool:
    return type(value) is dict and all(
        type(groups) is list and all(type(group) is str for group in groups) for groups in value.values()
    )
