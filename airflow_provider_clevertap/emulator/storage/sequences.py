"""The next numbers of profiles, changes and event types, counted in memory and read from the database at the start."""

from __future__ import annotations

import sqlite3

from airflow_provider_clevertap.emulator.validation.events import name_key


class Sequences:
    """The next profile id, the next change number, and the id of every event type.

    :param connection: the database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.reread()

    def reread(self) -> None:
        """Read the numbers from the database again, after a rollback or a reset."""
        execute = self._connection.execute
        (self._last_profile, self._last_change) = execute(
            "SELECT coalesce(max(id), 0), coalesce(max(changed), 0) FROM profiles"
        ).fetchone()
        self._event_types: dict[str, int] = dict(execute("SELECT compared, id FROM event_types").fetchall())

    def next_profile(self) -> int:
        """Return the id of a new profile."""
        self._last_profile += 1
        return int(self._last_profile)

    def next_change(self) -> int:
        """Return the number of a change: one more than that of the change before it."""
        self._last_change += 1
        return int(self._last_change)

    def event_type(self, name: str, limit: int) -> int | None:
        """Return the id of an event's type, which is added when it is new.

        :param limit: event types an account may have; a new type above it gets ``None``.
        """
        compared = name_key(name)
        known = self._event_types.get(compared)
        if known is not None or len(self._event_types) >= limit:
            return known
        cursor = self._connection.execute("INSERT INTO event_types VALUES (NULL, ?, ?)", (compared, name))
        self._event_types[compared] = int(cursor.lastrowid or 0)
        return self._event_types[compared]
