"""The kinds of records the emulator takes, in one table.

To add a kind: write the function that reads its records (in ``validation/``), the one that writes them (in
``storage/record_writers.py``) and its list (in ``storage/listings.py``), and enter the three in :data:`KINDS`. Its
tables belong in ``storage/schema.sql``, its table in ``pages/tables.html``, and how it is
searched in ``storage/paging.py``. If its records arrive at a path of their own, add a route to ``http/routes.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from airflow_provider_clevertap.emulator.storage import listings
from airflow_provider_clevertap.emulator.storage.batch_writer import BatchWriter
from airflow_provider_clevertap.emulator.storage.record_writers import (
    write_event,
    write_profile,
    write_subscription,
    write_token,
)
from airflow_provider_clevertap.emulator.validation.common import Key, ValidationContext
from airflow_provider_clevertap.emulator.validation.device_tokens import read_token
from airflow_provider_clevertap.emulator.validation.events import read_event
from airflow_provider_clevertap.emulator.validation.profiles import read_profile
from airflow_provider_clevertap.emulator.validation.subscriptions import read_subscription

UPLOAD = "/1/upload"
"""The path of uploads: profiles, events and device tokens, also mixed. The ``type`` of a record names its kind."""

SUBSCRIBE = "/1/subscribe"
"""The path of subscriptions (https://developer.clevertap.com/docs/subscribe-api)."""

TOKENS_PER_REQUEST = 100
"""Device tokens (https://developer.clevertap.com/docs/upload-device-tokens-api)."""

SUBSCRIPTIONS_PER_REQUEST = 1000
"""Subscriptions (https://developer.clevertap.com/docs/subscribe-api)."""

NO_KIND = "other"
"""The kind of a record whose ``type`` is missing or unknown."""


class ValidRecord(Protocol):
    """A record that passed validation, in the form in which it is written."""

    @property
    def profile_keys(self) -> tuple[Key, ...]:
        """Return the identifiers of the profile it changes; none when it changes no profile."""


R = TypeVar("R", bound=ValidRecord)


@dataclass(frozen=True)
class EmulatedKind(Generic[R]):
    """One kind of record.

    :param name: the ``type`` in an uploaded record, and the kind's name in totals, lists and fault rules.
    :param read: checks a record and returns it in the form in which it is written.
    :param write: writes what ``read`` returned.
    :param listing: the list of what is stored of this kind.
    :param max_per_request: records of this kind in one request; ``None`` when only the limit for all kinds applies.
    :param path: where its records arrive. All records that arrive at a path other than :data:`UPLOAD` are of one kind.
    """

    name: str
    read: Callable[[ValidationContext, dict[str, Any]], R]
    write: Callable[[BatchWriter, R], None]
    listing: listings.Listing
    max_per_request: int | None = None
    path: str = UPLOAD


PROFILE = EmulatedKind("profile", read_profile, write_profile, listings.PROFILES)
EVENT = EmulatedKind("event", read_event, write_event, listings.EVENTS)
TOKEN = EmulatedKind("token", read_token, write_token, listings.TOKENS, TOKENS_PER_REQUEST)
SUBSCRIPTION = EmulatedKind(
    "subscription",
    read_subscription,
    write_subscription,
    listings.SUBSCRIPTIONS,
    SUBSCRIPTIONS_PER_REQUEST,
    path=SUBSCRIBE,
)

KINDS: dict[str, EmulatedKind[Any]] = {kind.name: kind for kind in (PROFILE, EVENT, TOKEN, SUBSCRIPTION)}
"""The kinds by name."""


def kinds_at(path: str) -> list[EmulatedKind[Any]]:
    """Return the kinds whose records arrive at a path."""
    return [kind for kind in KINDS.values() if kind.path == path]


def kind_of(path: str, record: object) -> str:
    """Return the name of a record's kind, or ``other``.

    :param path: where the record arrived.
    """
    if path != UPLOAD:
        return next((kind.name for kind in kinds_at(path)), NO_KIND)
    name = record.get("type") if isinstance(record, dict) else None
    kind = KINDS.get(name) if type(name) is str else None
    return kind.name if kind is not None and kind.path == path else NO_KIND
