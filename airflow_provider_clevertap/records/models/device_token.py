"""The model of a device token: it decides which tokens are valid, and converts their values.

https://developer.clevertap.com/docs/upload-device-tokens-api
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from airflow_provider_clevertap.records import error_codes, fields
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import DISALLOWED_IDENTITIES, TOKEN_TYPES
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.texts.characters import BLANK
from airflow_provider_clevertap.records.texts.placeholders import is_word_for_nothing, normalize


def read_token(value: Any) -> str:
    """Read a token or a key: text of any length, unchanged except for blanks around it."""
    if not isinstance(value, str) or not value.strip(BLANK):
        raise issue("a token must be text", error_codes.TOKEN_DATA_INVALID)
    token = value.strip(BLANK)
    word = normalize(token)
    if word in DISALLOWED_IDENTITIES or is_word_for_nothing(word):
        raise issue("this value stands for 'nothing' and cannot be a token or a key", error_codes.TOKEN_ID_MISSING)
    try:
        token.encode()
    except UnicodeEncodeError:
        raise issue("the token is not valid Unicode", error_codes.TOKEN_DATA_INVALID) from None
    return token


def read_token_type(value: Any) -> str:
    """Read a token's type, in any case."""
    kind = value.strip(BLANK).lower() if isinstance(value, str) else ""
    if kind not in TOKEN_TYPES:
        raise issue(f"not a token type: use {', '.join(TOKEN_TYPES)}", error_codes.TOKEN_TYPE_MISMATCH)
    return kind


Token = Annotated[str, BeforeValidator(read_token)]
TokenType = Annotated[str, BeforeValidator(read_token_type)]


class WebPushKeys(BaseModel):
    """The keys of a browser's subscription."""

    model_config = ConfigDict(extra="forbid")

    p256dh: Token
    auth: Token

    @model_validator(mode="before")
    @classmethod
    def _has_both(cls, data: Any) -> Any:
        missing = [name for name in cls.model_fields if isinstance(data, Mapping) and name not in data]
        if missing:
            raise issue(
                f"the key {missing[0]} is missing: a token of type chrome has p256dh and auth",
                error_codes.TOKEN_DATA_INVALID,
                missing[0],
            )
        return data


class TokenData(BaseModel):
    """A token, its type, and for browsers its keys."""

    model_config = ConfigDict(extra="forbid")

    token: Token | None = Field(default=None, serialization_alias="id")
    type: TokenType | None = None
    keys: WebPushKeys | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather_keys(cls, data: Any) -> Any:
        """Move the keys from separate columns into ``keys``."""
        flat = {name: data[name] for name in ("p256dh", "auth") if name in data}
        if not flat:
            return data
        return {name: value for name, value in data.items() if name not in flat} | {"keys": flat}

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.token is None:
            raise issue("the token is missing", error_codes.TOKEN_ID_MISSING, "token")
        if self.type is None:
            raise issue("the token's type is missing", error_codes.TOKEN_TYPE_MISSING, "type")
        if self.keys is not None and self.type != "chrome":
            raise issue("only tokens of type chrome have keys", error_codes.TOKEN_DATA_INVALID, "keys")
        return self


class DeviceToken(BaseModel):
    """One token record of ``POST /1/upload``."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["token"] = "token"
    objectId: fields.Identity | None = None  # noqa: N815 (CleverTap's name)
    tokenData: TokenData  # noqa: N815 (CleverTap's name)

    @model_validator(mode="after")
    def _has_a_device(self) -> Self:
        if self.objectId is None:
            raise issue("no objectId: a token belongs to a device", error_codes.TOKEN_OBJECT_ID, "objectId")
        return self


TOKEN_SCHEMA: Final = RecordSchema(
    model=DeviceToken,
    data="tokenData",
    identifiers=("objectId",),
    top=("objectId",),
    known=("token", "type", "keys", "p256dh", "auth"),
    dates=frozenset(),
    operators={},
    field_codes={
        "objectId": error_codes.TOKEN_OBJECT_ID,
        "token": error_codes.TOKEN_ID_MISSING,
        "type": error_codes.TOKEN_TYPE_MISSING,
        **dict.fromkeys(("keys", "p256dh", "auth"), error_codes.TOKEN_DATA_INVALID),
    },
    required=("token", "type"),
    takes_operations=False,
    takes_custom=False,
    interdependent=frozenset({"keys", "p256dh", "auth"}),
    record_names={"token": "id"},
    words={"type": read_token_type},
)
