"""The kind of record of profiles, whose options belong to one load."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.record_kinds.kind import RecordKind
from airflow_provider_clevertap.records.limits import PROFILES_PER_CALL
from airflow_provider_clevertap.records.models.identity import IDENTITY_AND_OBJECT_ID
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA

#: Profiles with exactly one identifier each.
PROFILES: Final = RecordKind(
    name="profiles",
    record_type="profile",
    schema=PROFILE_SCHEMA,
    records_per_call=PROFILES_PER_CALL,
    repeatable=True,
)


def profiles(*, identity_and_object_id: Literal["reject", "send"] = "reject") -> RecordKind:
    """Return the kind of record for one load of profiles.

    :param identity_and_object_id: what happens to rows that fill both: they are invalid, or both are sent.
    :raises ConfigurationError: when an argument is not allowed.
    """
    return replace(PROFILES, settings=owner_settings(identity_and_object_id))


def owner_settings(identity_and_object_id: str) -> dict[str, bool]:
    """Return the settings of the models for records that have an owner.

    :raises ConfigurationError: when the argument is not allowed.
    """
    if identity_and_object_id not in ("reject", "send"):
        raise ConfigurationError(
            f"{IDENTITY_AND_OBJECT_ID}={identity_and_object_id!r} is not known; use 'reject' or 'send'"
        )
    return {IDENTITY_AND_OBJECT_ID: True} if identity_and_object_id == "send" else {}
