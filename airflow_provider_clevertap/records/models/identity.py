"""The owner and the time of a record: the fields that profiles and events share.

https://developer.clevertap.com/docs/upload-user-profiles-api
"""

from __future__ import annotations

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator

from airflow_provider_clevertap.records import error_codes, fields
from airflow_provider_clevertap.records.issues import issue

#: Exactly one of these names the owner of a record. Which one counts when several are sent is not documented.
IDENTIFIERS: Final = ("identity", "objectId", "FBID", "GPID")

#: The setting with which a record may have ``identity`` and ``objectId``, as CleverTap's own shop integration sends it.
IDENTITY_AND_OBJECT_ID: Final = "identity_and_object_id"
_BOTH: Final = ["identity", "objectId"]

#: The error codes of these fields.
OWNER_CODES: Final = {
    **dict.fromkeys(IDENTIFIERS, error_codes.IDENTITY),
    "objectId": error_codes.OBJECT_ID,
    "ts": error_codes.TIMESTAMP,
}


class OwnedRecord(BaseModel):
    """Base model of a record with an owner."""

    model_config = ConfigDict(extra="forbid")

    identity: fields.Identity | None = None
    objectId: fields.Identity | None = None  # noqa: N815 (CleverTap's name)
    FBID: fields.Identity | None = None
    GPID: fields.Identity | None = None
    ts: fields.Ts | None = None

    @model_validator(mode="after")
    def _belongs_to_one(self, info: ValidationInfo) -> Self:
        filled = [name for name in IDENTIFIERS if getattr(self, name) is not None]
        if not filled:
            raise issue("no identity: one of identity, objectId, FBID or GPID must be filled", error_codes.IDENTITY)
        may_have_both = bool((info.context or {}).get(IDENTITY_AND_OBJECT_ID))
        if len(filled) > 1 and not (filled == _BOTH and may_have_both):
            hint = f' ({IDENTITY_AND_OBJECT_ID}="send" sends both)' if filled == _BOTH else ""
            raise issue(
                f"{' and '.join(filled)} are both filled: which one counts is not documented{hint}",
                error_codes.IDENTITY,
            )
        return self
