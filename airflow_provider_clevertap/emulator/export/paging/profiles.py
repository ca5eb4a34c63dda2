"""The pages of the profiles export (https://developer.clevertap.com/docs/get-user-profiles-api)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from airflow_provider_clevertap.emulator.export.paging import profile_text as text
from airflow_provider_clevertap.emulator.export.paging.walks import BUCKETS, PageQuery
from airflow_provider_clevertap.emulator.export.query import EventQuery


def profile_pages(query: EventQuery, flags: AbstractSet[str]) -> PageQuery:
    """Return how the pages of an export of profiles are read: everybody with such an event, once.

    :param flags: ``app``, ``events`` and ``profile``: what to tell about each profile.
    """
    sql = (
        f"SELECT p.id, 0, p.id, NULL, {_record(flags)} FROM profiles p"
        f" WHERE EXISTS (SELECT 1 FROM events e WHERE e.profile_id = p.id AND {query.condition.sql})"
        f" AND p.id % {BUCKETS} = ? AND p.id > ? + ? ORDER BY p.id LIMIT ?"
    )
    return PageQuery(sql, query.condition.values, (0, 0))


def _record(flags: AbstractSet[str]) -> str:
    """Return the SQL for the record of a profile. Its objectId stands at the top where it has no device."""
    fields = {"email": text.EMAIL, "identity": text.IDENTITY, "name": text.NAME}
    if "profile" in flags:
        fields["profileData"] = text.PROFILE_DATA
    if "events" in flags:
        fields["events"] = text.EVENT_SUMMARY
    fields["objectId"] = text.OBJECT_ID_WITHOUT_DEVICE
    shown = " || ".join(text.field(name, sql) for name, sql in fields.items())
    return f"""'{{"platformInfo":' || {text.platform_info(with_app="app" in flags)} || {shown} || '}}'"""
