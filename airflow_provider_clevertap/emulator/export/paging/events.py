"""The pages of the events export (https://developer.clevertap.com/docs/get-events-api)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from airflow_provider_clevertap.emulator.export.paging import profile_text as text
from airflow_provider_clevertap.emulator.export.paging.walks import BUCKETS, PageQuery
from airflow_provider_clevertap.emulator.export.project_time import ProjectTime
from airflow_provider_clevertap.emulator.export.query import EventQuery


def event_pages(query: EventQuery, time: ProjectTime, flags: AbstractSet[str]) -> PageQuery:
    """Return how the pages of an export of events are read: each bucket by time, so a page is in no order.

    :param time: the time zone in which records have their times.
    :param flags: ``app``, ``events`` and ``profile``: what to tell about the profile of each event.
    """
    local = f"strftime('%Y%m%d%H%M%S', {time.local_seconds('e.ts', query.range)}, 'unixepoch')"
    sql = (
        "SELECT e.ts, e.id, e.profile_id, CASE e.key_kind WHEN 'objectId' THEN json_quote(e.key) END,"
        f""" '"ts":' || {local} || ',"event_props":' || e.data || ',"session_props":{{}}}}'"""
        f" {query.source} WHERE {query.condition.sql}"
        f" AND e.profile_id % {BUCKETS} = ? AND (e.ts, e.id) > (?, ?) ORDER BY e.ts, e.id LIMIT ?"
    )
    return PageQuery(sql, query.condition.values, (query.range.start, 0), _heads(flags))


def _heads(flags: AbstractSet[str]) -> str:
    """Return the SQL of what each event tells about its profile, as it is now: its first device, and the rest."""
    fields = {"platform": text.PLATFORM, "email": text.EMAIL, "identity": text.IDENTITY}
    if "profile" in flags:
        fields["profileData"] = text.PROFILE_DATA
    if "events" in flags:
        fields["events"] = text.EVENT_SUMMARY
    if "app" in flags:
        fields["push_token"] = text.PUSH_TOKEN
    shown = " || ".join(text.field(name, sql) for name, sql in fields.items())
    return f"SELECT p.id, {text.OBJECT_ID}, {shown} FROM profiles p"
