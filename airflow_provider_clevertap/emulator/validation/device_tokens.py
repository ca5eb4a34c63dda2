"""Validate a device token record (https://developer.clevertap.com/docs/upload-device-tokens-api)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from airflow_provider_clevertap.emulator.validation.common import Key, RecordRejected, ValidationContext, is_object_id

TOKEN_TYPES = frozenset({"apns", "fcm", "gcm", "wns", "mpns", "chrome"})
"""Token types of the current and the older samples, which differ in case."""

WEB_KEYS = ("p256dh", "auth")
"""The key pair a ``chrome`` token needs."""


class TokenRecord(NamedTuple):
    """A token record that passed validation."""

    number: int
    object_id: str
    token_type: str
    token: str
    keys: dict[str, str] | None

    @property
    def profile_keys(self) -> tuple[Key, ...]:
        """Return nothing: a token belongs to a device, so it changes no profile."""
        return ()


def read_token(context: ValidationContext, record: dict[str, Any]) -> TokenRecord:
    """Read one token record.

    :raises RecordRejected: the record is rejected.
    """
    object_id = record.get("objectId")
    if not is_object_id(object_id):
        raise RecordRejected(530)
    object_id = str(object_id)
    context.key = object_id
    data = record.get("tokenData")
    if type(data) is not dict:
        raise RecordRejected(531)
    token = data.get("id")
    if token is None or token == "":
        raise RecordRejected(532)
    if type(token) is not str:
        raise RecordRejected(535, "token id is not a text")
    token_type = _type_of(data, object_id, context.settings.device_types)
    return TokenRecord(context.number, object_id, token_type, token, _keys_of(context, data, token_type))


def _type_of(data: dict[str, Any], object_id: str, device_types: Mapping[str, tuple[str, ...]]) -> str:
    given = data.get("type")
    if given is None or given == "":
        raise RecordRejected(533)
    token_type = given.lower() if type(given) is str else ""
    allowed = device_types.get(object_id, TOKEN_TYPES)
    if token_type not in TOKEN_TYPES or token_type not in {name.lower() for name in allowed}:
        raise RecordRejected(534)
    return token_type


def _keys_of(context: ValidationContext, data: dict[str, Any], token_type: str) -> dict[str, str] | None:
    keys = data.get("keys")
    if token_type != "chrome":
        if keys is not None:
            context.undocumented("keys", "keys are for chrome tokens only", 535)
        return None
    if type(keys) is not dict or not all(type(keys.get(name)) is str and keys[name] for name in WEB_KEYS):
        raise RecordRejected(535, "a chrome token needs the keys p256dh and auth")
    return {name: keys[name] for name in WEB_KEYS}
