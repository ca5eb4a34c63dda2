"""Writes the records of one batch: reads the profiles they touch once, changes them, writes them once."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.settings import Settings
from airflow_provider_clevertap.emulator.storage.profile_changes import apply_changes
from airflow_provider_clevertap.emulator.storage.sequences import Sequences
from airflow_provider_clevertap.emulator.validation.batch import Arrival
from airflow_provider_clevertap.emulator.validation.common import Key, StreamError, identity_text
from airflow_provider_clevertap.emulator.validation.device_tokens import TokenArrival
from airflow_provider_clevertap.emulator.validation.events import EventArrival
from airflow_provider_clevertap.emulator.validation.profiles import ProfileUpdate

_FIND_PROFILES = (
    "SELECT k.value, p.id, p.data, p.created_at, p.uploads FROM profile_keys k"
    " JOIN profiles p ON p.id = k.profile_id WHERE k.kind = ? AND k.value IN ({})"
)


class StoredProfile(msgspec.Struct):
    """A profile while a batch changes it."""

    id: int
    data: dict[str, Any]
    created_at: float
    uploads: int
    is_changed: bool


def as_json(value: Any) -> str:
    """Return a value as JSON text."""
    return msgspec.json.encode(value).decode()


class BatchWriter:
    """One batch on its way into the database, inside a transaction of the caller.

    :param connection: the database.
    :param sequences: the next numbers for new rows.
    :param request_id: the request the batch came with.
    :param now: UNIX seconds.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        sequences: Sequences,
        request_id: int,
        now: float,
        settings: Settings,
    ) -> None:
        self.connection = connection
        self.sequences = sequences
        self.request_id = request_id
        self.now = now
        self.settings = settings
        self.profiles: dict[Key, StoredProfile] = {}
        self.profiles_by_id: dict[int, StoredProfile] = {}
        self.new_keys: list[tuple[str, str, int]] = []
        self.events: list[tuple[Any, ...]] = []
        self.findings: list[StreamError] = []

    def write(self, passed: list[Arrival]) -> list[StreamError]:
        """Write the records and return what could not be done with them."""
        self._load({one.key for one in passed if not isinstance(one, TokenArrival)})
        for one in passed:
            if isinstance(one, ProfileUpdate):
                self._update_profile(one)
            elif isinstance(one, EventArrival):
                self._add_event(one)
        self._write_profiles()
        self.connection.executemany("INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self.events)
        self._write_tokens([one for one in passed if isinstance(one, TokenArrival)])
        return self.findings

    def _load(self, keys: set[Key]) -> None:
        for kind, group in groupby(sorted(keys), key=lambda key: key.kind):
            values = [key.value for key in group]
            query = _FIND_PROFILES.format(",".join("?" * len(values)))
            rows = self.connection.execute(query, (kind, *values))
            for value, profile_id, data, created_at, uploads in rows:
                if profile_id not in self.profiles_by_id:
                    stored = StoredProfile(profile_id, msgspec.json.decode(data), created_at, uploads, False)
                    self.profiles_by_id[profile_id] = stored
                self.profiles[Key(kind, value)] = self.profiles_by_id[profile_id]

    def _profile(self, key: Key) -> StoredProfile:
        profile = self.profiles.get(key)
        if profile is None:
            profile = StoredProfile(self.sequences.next_profile(), {}, self.now, 0, True)
            self.profiles_by_id[profile.id] = profile
            self._attach(key, profile)
        return profile

    def _attach(self, key: Key, profile: StoredProfile) -> None:
        self.profiles[key] = profile
        self.new_keys.append((key.kind, key.value, profile.id))

    def _update_profile(self, update: ProfileUpdate) -> None:
        profile = self._profile(update.key)
        profile.uploads += 1
        profile.is_changed = True
        changes = update.changes
        if "identity" in changes:
            changes = dict(changes)
            self._identify(update, profile, changes.pop("identity"))
        for field, note in apply_changes(profile.data, changes, self.settings.max_custom_attributes):
            self._find(update.number, "profile", update.key, field, note)

    def _identify(self, update: ProfileUpdate, profile: StoredProfile, value: Any) -> None:
        """Give a profile addressed by another key its identity; two profiles are never merged (our choice)."""
        identity = identity_text(value)
        if identity is None or update.key == ("identity", identity):
            return
        key = Key("identity", identity)
        self._load({key} - self.profiles.keys())
        owner = self.profiles.get(key)
        if owner is profile:
            return
        has_one = self.connection.execute(
            "SELECT 1 FROM profile_keys WHERE profile_id = ? AND kind = 'identity'", (profile.id,)
        ).fetchone() or any(kind == "identity" and owner_id == profile.id for kind, _, owner_id in self.new_keys)
        if owner is not None or has_one:
            self._find(
                update.number, "profile", update.key, "identity", "belongs to, or would be a second one of, a profile"
            )
        else:
            self._attach(key, profile)

    def _add_event(self, event: EventArrival) -> None:
        type_id = None if event.is_dropped else self.sequences.event_type(event.name, self.settings.max_event_types)
        if type_id is None:
            if not event.is_dropped:
                self._find(
                    event.number, "event", event.key, "evtName", "the account has no room for another event type"
                )
            return
        profile = self._profile(event.key)
        self.events.append(
            (self.request_id, self.now, event.ts, profile.id, *event.key, type_id, event.name, as_json(event.data))
        )

    def _write_profiles(self) -> None:
        self.connection.executemany(
            "INSERT INTO profiles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET"
            " email = ?2, data = ?3, updated_at = ?5, uploads = ?6, changed = ?7",
            [
                (
                    one.id,
                    one.data.get("Email"),
                    as_json(one.data),
                    one.created_at,
                    self.now,
                    one.uploads,
                    self.sequences.next_change(),
                )
                for one in self.profiles_by_id.values()
                if one.is_changed
            ],
        )
        self.connection.executemany("INSERT INTO profile_keys VALUES (?, ?, ?)", self.new_keys)

    def _write_tokens(self, tokens: list[TokenArrival]) -> None:
        self.connection.executemany(
            "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, 1) ON CONFLICT (object_id) DO UPDATE SET"
            " token_type = ?2, token = ?3, keys = ?4, received_at = ?5, uploads = uploads + 1",
            [
                (one.object_id, one.token_type, one.token, as_json(one.keys) if one.keys else None, self.now)
                for one in tokens
            ],
        )

    def _find(self, number: int, kind: str, key: Key, field: str, note: str) -> None:
        self.findings.append(StreamError(number, kind, key.value, field, note))
