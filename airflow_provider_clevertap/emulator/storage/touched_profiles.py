"""The profiles one batch changes: each is read from the database once, changed in memory, and written once."""

from __future__ import annotations

import sqlite3
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.storage.sequences import Sequences
from airflow_provider_clevertap.emulator.validation.common import Key

_FIND_PROFILES = (
    "SELECT k.value, p.id, p.data, p.created_at, p.uploads FROM profile_keys k"
    " JOIN profiles p ON p.id = k.profile_id WHERE k.kind = ? AND k.value IN ({})"
)
_WRITE_PROFILE = (
    "INSERT INTO profiles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET"
    " email = ?2, data = ?3, updated_at = ?5, uploads = ?6, changed = ?7"
)


class StoredProfile(msgspec.Struct):
    """A profile while a batch changes it."""

    id: int
    data: dict[str, Any]
    created_at: float
    uploads: int
    is_changed: bool


class TouchedProfiles:
    """The profiles a batch reads and changes, by key.

    :param connection: the database.
    :param sequences: the next numbers for new rows.
    :param now: UNIX seconds.
    """

    def __init__(self, connection: sqlite3.Connection, sequences: Sequences, now: float) -> None:
        self._connection = connection
        self._sequences = sequences
        self._now = now
        self._by_key: dict[Key, StoredProfile] = {}
        self._by_id: dict[int, StoredProfile] = {}
        self._new_keys: list[tuple[str, str, int]] = []

    def load(self, keys: AbstractSet[Key]) -> None:
        """Read those profiles that exist already."""
        for kind, group in groupby(sorted(keys), key=lambda key: key.kind):
            values = [key.value for key in group]
            query = _FIND_PROFILES.format(",".join("?" * len(values)))
            for value, profile_id, data, created_at, uploads in self._connection.execute(query, (kind, *values)):
                if profile_id not in self._by_id:
                    stored = StoredProfile(profile_id, msgspec.json.decode(data), created_at, uploads, False)
                    self._by_id[profile_id] = stored
                self._by_key[Key(kind, value)] = self._by_id[profile_id]

    def find_or_create(self, key: Key, device: Key | None = None) -> StoredProfile:
        """Return the profile of a key that was loaded, a new one if there is none.

        :param device: a key of the same profile. It leads there from now on, unless it leads to another profile. A
            profile that only its device was known of gets the identity (our choice).
        """
        profile = self._by_key.get(key)
        if profile is None and device in self._by_key and self.set_identity(self._by_key[device], key.value):
            return self._by_key[device]
        if profile is None:
            profile = StoredProfile(self._sequences.next_profile(), {}, self._now, 0, True)
            self._by_id[profile.id] = profile
            self._add_key(key, profile)
        if device is not None and device not in self._by_key:
            self._add_key(device, profile)
        return profile

    def leads_to(self, key: Key, profile: StoredProfile) -> bool:
        """Return whether a key that was loaded leads to a profile."""
        return self._by_key.get(key) is profile

    def set_identity(self, profile: StoredProfile, identity: str) -> bool:
        """Make an identity lead to a profile.

        :returns: whether it does now. Not when it belongs to another profile, or when the profile has another identity:
            two profiles are never merged (our choice).
        """
        key = Key("identity", identity)
        self.load({key} - self._by_key.keys())
        owner = self._by_key.get(key)
        if owner is None and not self._has_identity(profile):
            self._add_key(key, profile)
            return True
        return owner is profile

    def _has_identity(self, profile: StoredProfile) -> bool:
        query = "SELECT 1 FROM profile_keys WHERE profile_id = ? AND kind = 'identity'"
        if self._connection.execute(query, (profile.id,)).fetchone():
            return True
        return any(kind == "identity" and profile_id == profile.id for kind, _, profile_id in self._new_keys)

    def _add_key(self, key: Key, profile: StoredProfile) -> None:
        self._by_key[key] = profile
        self._new_keys.append((key.kind, key.value, profile.id))

    def write(self) -> None:
        """Write the new and the changed profiles."""
        self._connection.executemany(
            _WRITE_PROFILE, [self._row(profile) for profile in self._by_id.values() if profile.is_changed]
        )
        self._connection.executemany("INSERT INTO profile_keys VALUES (?, ?, ?)", self._new_keys)

    def _row(self, profile: StoredProfile) -> tuple[Any, ...]:
        return (
            profile.id,
            profile.data.get("Email"),
            msgspec.json.encode(profile.data).decode(),
            profile.created_at,
            self._now,
            profile.uploads,
            self._sequences.next_change(),
        )
