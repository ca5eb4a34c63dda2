"""How many people are active now (https://developer.clevertap.com/docs/real-time-counts-api)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

ACTIVE_SECONDS = 300
"""People with an event in the last five minutes are active."""

USER_TYPES = ("new", "repeat", "addressable", "customer")
BREAKDOWNS = {
    "session_source": ("direct", "others", "search", "social", "email", "unavailable"),
    "browser": ("others", "firefox", "chrome", "ie", "mobileapp"),
    "os": ("others", "android", "ios", "windows", "mac", "linux"),
    "device": ("desktop", "mobile", "tablet"),
}
"""What people are counted by, and the values, of which uploads tell little."""

_PEOPLE = (
    "SELECT p.created_at >= :start, p.email IS NOT NULL, EXISTS (SELECT 1 FROM events c JOIN event_types t"
    " ON t.id = c.type_id WHERE c.profile_id = p.id AND t.compared = 'charged'),"
    " (SELECT t.token_type FROM profile_keys k JOIN tokens t ON t.object_id = k.value"
    " WHERE k.profile_id = p.id AND k.kind = 'objectId' ORDER BY k.value LIMIT 1)"
    " FROM profiles p WHERE p.id IN (SELECT e.profile_id FROM events e WHERE e.ts > :start AND e.ts <= :now)"
)
_OS_OF_TOKENS = {"fcm": "android", "gcm": "android", "apns": "ios", "wns": "windows", "mpns": "windows"}


def count_active(connection: sqlite3.Connection, flags: dict[str, Any], now: float) -> dict[str, Any]:
    """Answer a count of active people, and of kinds of them that the flags ask for.

    :param flags: ``user_type``, ``session_source``, ``browser``, ``os``, ``device`` and ``new``, each ``true`` or not.
    :param now: UNIX seconds.
    """
    people = connection.execute(_PEOPLE, {"start": now - ACTIVE_SECONDS, "now": now}).fetchall()
    answer: dict[str, Any] = {"status": "success", "count": len(people)}
    if flags.get("user_type") is True:
        types = Counter(
            "new" if is_new else "customer" if has_charged else "addressable" if has_email else "repeat"
            for is_new, has_email, has_charged, _ in people
        )
        answer["user_type"] = {name: types[name] for name in USER_TYPES}
    wanted = [name for name in BREAKDOWNS if flags.get(name) is True]
    answer |= _breakdowns(wanted, [person[3] for person in people])
    if flags.get("new") is True:
        answer["new"] = _breakdowns(wanted, [person[3] for person in people if person[0]])
    return {**answer, "last_processed_ts": int(now)}


def _breakdowns(wanted: list[str], token_types: list[str | None]) -> dict[str, dict[str, int]]:
    counted = {
        "session_source": Counter("unavailable" for _ in token_types),
        "browser": Counter("chrome" if type_ == "chrome" else "mobileapp" for type_ in token_types if type_),
        "os": Counter(_OS_OF_TOKENS.get(type_ or "", "others") for type_ in token_types),
        "device": Counter("desktop" if type_ == "chrome" else "mobile" for type_ in token_types if type_),
    }
    return {name: {value: counted[name][value] for value in BREAKDOWNS[name]} for name in wanted}
