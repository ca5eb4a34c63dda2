"""The JSON text of what exports tell about a profile, as SQL on a profile ``p``."""

from __future__ import annotations

_KEYS = "FROM profile_keys k WHERE k.profile_id = p.id AND k.kind = "

_GIVEN_ID = "printf('__%032x', p.id)"
"""CleverTap gives an id to a profile without devices too."""

OBJECT_ID = f"json_quote(coalesce((SELECT min(k.value) {_KEYS} 'objectId'), {_GIVEN_ID}))"
"""The CleverTap ID of a profile's first device, or the one it was given."""

OBJECT_ID_WITHOUT_DEVICE = f"CASE WHEN NOT EXISTS (SELECT 1 {_KEYS} 'objectId') THEN json_quote({_GIVEN_ID}) END"

IDENTITY = f"(SELECT json_quote(k.value) {_KEYS} 'identity' LIMIT 1)"

EMAIL = "CASE WHEN p.email IS NOT NULL THEN json_quote(p.email) END"

NAME = (
    "CASE WHEN json_valid(p.data) AND json_type(p.data, '$.Name') = 'text'"
    " THEN json_quote(json_extract(p.data, '$.Name')) END"
)

PROFILE_DATA = "p.data"

EVENT_SUMMARY = (
    "(SELECT json_group_object(s.name, json(s.summary)) FROM (SELECT t.name, json_object('count', count(*),"
    " 'first_seen', min(x.ts), 'last_seen', max(x.ts)) AS summary FROM events x"
    " JOIN event_types t ON t.id = x.type_id WHERE x.profile_id = p.id GROUP BY t.id) s)"
)

_PLATFORM = (
    "CASE t.token_type WHEN 'apns' THEN 'iOS' WHEN 'fcm' THEN 'Android' WHEN 'gcm' THEN 'Android'"
    " WHEN 'chrome' THEN 'Web' ELSE 'Windows' END"
)

_FIRST_TOKEN = (
    "FROM profile_keys k JOIN tokens t ON t.object_id = k.value"
    " WHERE k.profile_id = p.id AND k.kind = 'objectId' ORDER BY k.value LIMIT 1"
)

PLATFORM = f"(SELECT json_quote({_PLATFORM}) {_FIRST_TOKEN})"

PUSH_TOKEN = f"(SELECT json_quote(t.token) {_FIRST_TOKEN})"


def platform_info(*, with_app: bool) -> str:
    """Return the SQL for the list of a profile's devices, and what is known of each.

    :param with_app: with the push tokens.
    """
    token = ", 'push_token', t.token" if with_app else ""
    known = f"json_object('platform', {_PLATFORM}, 'objectId', k.value{token})"
    device = f"CASE WHEN t.token IS NULL THEN json_object('objectId', k.value) ELSE {known} END AS device"
    devices = "FROM profile_keys k LEFT JOIN tokens t ON t.object_id = k.value"
    of_profile = "WHERE k.profile_id = p.id AND k.kind = 'objectId' ORDER BY k.value"
    return f"(SELECT json_group_array(json(d.device)) FROM (SELECT {device} {devices} {of_profile}) d)"


def field(name: str, sql: str) -> str:
    """Return the SQL for a field with a comma before it, and nothing when it has no value.

    :param sql: the JSON of its value; NULL when it has none.
    """
    return f"""coalesce(',"{name}":' || {sql}, '')"""
