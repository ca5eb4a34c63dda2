"""Answers to the calls about what is stored: exports, counts, reports and lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_clevertap.emulator.export.counting.active_now import count_active
from airflow_provider_clevertap.emulator.export.counting.counts import Counts
from airflow_provider_clevertap.emulator.export.lists.content_blocks import list_content_blocks
from airflow_provider_clevertap.emulator.export.lists.messages import report_messages
from airflow_provider_clevertap.emulator.export.lists.names import read_groups, read_schema
from airflow_provider_clevertap.emulator.export.paging.cursors import Cursor, write_cursor
from airflow_provider_clevertap.emulator.export.paging.events import event_pages
from airflow_provider_clevertap.emulator.export.paging.profiles import profile_pages
from airflow_provider_clevertap.emulator.export.paging.walks import (
    DEFAULT_BATCH_SIZE,
    MAX_BATCH_SIZE,
    Kind,
    Walk,
    rows_per_bucket,
)
from airflow_provider_clevertap.emulator.export.project_time import ProjectTime
from airflow_provider_clevertap.emulator.export.query import QueryReader, read_body
from airflow_provider_clevertap.emulator.export.rejections import (
    INVALIDATED,
    QueryRejected,
    invalid,
    malformed,
    not_exportable,
)
from airflow_provider_clevertap.emulator.export.state import Moment
from airflow_provider_clevertap.emulator.faults.export_rules import EmptyPage, InvalidateCursor, RepeatCursor
from airflow_provider_clevertap.emulator.faults.rules import ResponseFault
from airflow_provider_clevertap.emulator.replies import Reply, json_reply

FLAGS = ("app", "events", "profile")
"""What the address of a query asks for besides the basic fields; each is ``true`` or left out."""

COUNTS: dict[str, Callable[[Counts, dict[str, Any]], dict[str, Any]]] = {
    "/1/counts/events.json": Counts.events,
    "/1/counts/profiles.json": Counts.profiles,
    "/1/counts/trends.json": Counts.trends,
    "/1/counts/top.json": Counts.top,
}
"""What counts, by path."""

_DATE = re.compile(rb'(?<=[:,\[])"\$D_(-?[0-9]+)"')


def begin_export(moment: Moment, kind: Kind, query: Mapping[str, str], body: bytes) -> Reply:
    """Answer a query with the cursor of its first page, or without one when it selects nothing.

    :param query: that of the address: the size of pages and what they hold.
    :param body: the query of events, as JSON.
    :raises QueryRejected: the query is rejected.
    """
    connection, state, settings, now = moment
    batch_size = _batch_size(query.get("batch_size"))
    fields = read_body(body)
    if fields.get("event_name") in settings.unexportable_events:
        raise not_exportable()
    reader = QueryReader(connection, settings, now)
    flags = {name for name in FLAGS if query.get(name, "").lower() == "true"}
    if kind == "events":
        pages = event_pages(reader.read(fields), ProjectTime(settings.project_timezone), flags)
    else:
        pages = profile_pages(reader.read_for_profiles(fields), flags)
    walk = Walk(kind, pages, rows_per_bucket(batch_size), created=now, used=now)
    if not state.pages.read(walk, walk.first_position()).records:
        return json_reply(200, {"status": "success"})
    return json_reply(200, {"status": "success", "cursor": write_cursor(state.walks.begin(walk, settings))})


def read_page(moment: Moment, kind: Kind, text: str, fault: ResponseFault | None) -> Reply:
    """Answer a cursor with its page, and the cursor of the next one if there is one.

    :param text: the cursor, decoded once.
    :param fault: the fault of this request: it may change the page or end the export.
    :raises QueryRejected: the cursor is none, or no longer valid, or its page is not ready.
    """
    walk, cursor = moment.state.walks.find(kind, text, moment.settings, moment.now)
    if isinstance(fault, InvalidateCursor):
        moment.state.walks.end(cursor)
        raise QueryRejected(INVALIDATED)
    if isinstance(fault, EmptyPage):
        return _page_reply([], Cursor(cursor.walk, cursor.page + 1, cursor.position))
    page = moment.state.pages.read(walk, cursor.position)
    following = None if page.next is None else Cursor(cursor.walk, cursor.page + 1, page.next)
    if isinstance(fault, RepeatCursor):
        following = cursor
    reply = _page_reply(page.records, following, has_empty_end=moment.settings.last_cursor == "empty")
    if moment.settings.exported_dates == "seconds":
        reply.body = _DATE.sub(rb"\1", reply.body)
    return reply


def count(moment: Moment, path: str, body: bytes) -> Reply:
    """Answer a query of a count with its result, or with the number to ask for.

    :param path: which count; see :data:`COUNTS`.
    :raises QueryRejected: the query is rejected.
    """
    counts = Counts(moment.connection, moment.settings, moment.now)
    result = COUNTS[path](counts, read_body(body))
    return moment.state.pending.begin(path, result, moment.settings, moment.now)


def read_count(moment: Moment, path: str, number: str | None) -> Reply:
    """Answer a call with the number of a result.

    :raises QueryRejected: there is no such result.
    """
    if number is None:
        raise malformed()
    return moment.state.pending.find(path, number, moment.settings, moment.now)


def active_now(moment: Moment, body: bytes) -> Reply:
    """Answer a count of the people who are active now.

    :raises QueryRejected: the body is not a JSON object.
    """
    return json_reply(200, count_active(moment.connection, read_body(body), moment.now))


def messages(moment: Moment, body: bytes) -> Reply:
    """Answer a call for the report on messages.

    :raises QueryRejected: the query is rejected.
    """
    return json_reply(200, report_messages(moment.connection, read_body(body)))


def schema(moment: Moment, kind: str | None) -> Reply:
    """Answer a call for the names of events or properties.

    :raises QueryRejected: the kind is unknown.
    """
    return json_reply(200, read_schema(moment.connection, kind, moment.settings))


def content_blocks(_: Moment, query: Mapping[str, str]) -> Reply:
    """Answer a call for content blocks.

    :raises QueryRejected: the query is rejected.
    """
    return json_reply(200, list_content_blocks(query))


def groups(moment: Moment) -> Reply:
    """Answer a call for the subscription groups."""
    return json_reply(200, read_groups(moment.connection))


def _page_reply(records: list[str], following: Cursor | None, *, has_empty_end: bool = False) -> Reply:
    """Return a page as CleverTap sends it: without records when there are none, without a cursor at the end.

    :param has_empty_end: the last page has an empty cursor instead of none.
    """
    fields = ['"status":"success"']
    if following is None and has_empty_end:
        fields.append('"next_cursor":""')
    if following is not None:
        fields.append(f'"next_cursor":"{write_cursor(following)}"')
    if records:
        fields.append(f'"records":[{",".join(records)}]')
    return Reply(200, f"{{{','.join(fields)}}}".encode())


def _batch_size(text: str | None) -> int:
    if text is None:
        return DEFAULT_BATCH_SIZE
    size = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_BATCH_SIZE)) else 0
    if not 1 <= size <= MAX_BATCH_SIZE:
        raise invalid(f"batch_size must be between 1 and {MAX_BATCH_SIZE}")
    return size
