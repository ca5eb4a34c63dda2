"""The kinds of records the emulator takes, in one table.

To add a kind: write the function that reads its records (in ``validation/``), the one that writes them (in
``storage/record_writers.py``) and its list (in ``storage/listings.py``), and enter the three in :data:`KINDS`. Its
tables belong in ``storage/schema.sql``, its section of the start page in ``http/dashboard.html``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from airflow_provider_clevertap.emulator.storage import listings
from airflow_provider_clevertap.emulator.storage.batch_writer import BatchWriter
from airflow_provider_clevertap.emulator.storage.record_writers import write_event, write_profile, write_token
from airflow_provider_clevertap.emulator.validation.common import Key, ValidationContext
from airflow_provider_clevertap.emulator.validation.device_tokens import read_token
from airflow_provider_clevertap.emulator.validation.events import read_event
from airflow_provider_clevertap.emulator.validation.profiles import read_profile

TOKENS_PER_UPLOAD = 100
"""Device tokens (https://developer.clevertap.com/docs/upload-device-tokens-api)."""


class ValidRecord(Protocol):
    """A record that passed validation, in the form in which it is written."""

    @property
    def key(self) -> Key | None:
        """Return the identifier of the profile it changes; ``None`` when it changes none."""


R = TypeVar("R", bound=ValidRecord)


@dataclass(frozen=True)
class EmulatedKind(Generic[R]):
    """One kind of record.

    :param name: the ``type`` in a record.
    :param read: checks a record and returns it in the form in which it is written.
    :param write: writes what ``read`` returned.
    :param listing: the list of what is stored of this kind.
    :param max_per_upload: records of this kind in one upload; ``None`` when only the limit for all kinds applies.
    """

    name: str
    read: Callable[[ValidationContext, dict[str, Any]], R]
    write: Callable[[BatchWriter, R], None]
    listing: listings.Listing
    max_per_upload: int | None = None


PROFILE = EmulatedKind("profile", read_profile, write_profile, listings.PROFILES)
EVENT = EmulatedKind("event", read_event, write_event, listings.EVENTS)
TOKEN = EmulatedKind("token", read_token, write_token, listings.TOKENS, TOKENS_PER_UPLOAD)

KINDS: dict[str, EmulatedKind[Any]] = {kind.name: kind for kind in (PROFILE, EVENT, TOKEN)}
"""The kinds by name."""
