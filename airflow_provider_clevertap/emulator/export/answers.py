"""Answers to the calls of exports: a query gets a cursor, a cursor a page and the next cursor."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping

from airflow_provider_clevertap.emulator.export.cursors import Cursor, write_cursor
from airflow_provider_clevertap.emulator.export.events import event_pages
from airflow_provider_clevertap.emulator.export.pages import PageReader
from airflow_provider_clevertap.emulator.export.profiles import profile_pages
from airflow_provider_clevertap.emulator.export.project_time import ProjectTime
from airflow_provider_clevertap.emulator.export.query import QueryReader, read_body
from airflow_provider_clevertap.emulator.export.rejections import INVALIDATED, QueryRejected, invalid, not_exportable
from airflow_provider_clevertap.emulator.export.walks import (
    DEFAULT_BATCH_SIZE,
    MAX_BATCH_SIZE,
    Kind,
    Walk,
    Walks,
    rows_per_bucket,
)
from airflow_provider_clevertap.emulator.faults.export_rules import EmptyPage, InvalidateCursor, RepeatCursor
from airflow_provider_clevertap.emulator.faults.rules import ResponseFault
from airflow_provider_clevertap.emulator.replies import Reply, json_reply
from airflow_provider_clevertap.emulator.settings import Settings

FLAGS = ("app", "events", "profile")
"""What the address of a query asks for besides the basic fields; each is ``true`` or left out."""

_DATE = re.compile(rb'(?<=[:,\[])"\$D_(-?[0-9]+)"')


class Exports:
    """The exports of an account. Used in the database's thread only.

    :param connection: the database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._walks = Walks()
        self._pages = PageReader(connection)

    def clear(self) -> None:
        """Forget everything, with what is stored."""
        self._walks.clear()
        self._pages.forget()

    def forget_profiles(self) -> None:
        """Read profiles again, because some were stored."""
        self._pages.forget()

    def begin(self, kind: Kind, query: Mapping[str, str], body: bytes, settings: Settings, now: float) -> Reply:
        """Answer a query with the cursor of its first page, or without one when it selects nothing.

        :param query: that of the address: the size of pages and what they hold.
        :param body: the query of events, as JSON.
        :raises QueryRejected: the query is rejected.
        """
        batch_size = _batch_size(query.get("batch_size"))
        fields = read_body(body)
        if fields.get("event_name") in settings.unexportable_events:
            raise not_exportable()
        reader = QueryReader(self._connection, settings, now)
        events = reader.read_for_profiles(fields) if kind == "profiles" else reader.read(fields)
        flags = {name for name in FLAGS if query.get(name, "").lower() == "true"}
        if kind == "events":
            pages = event_pages(events, ProjectTime(settings.project_timezone), flags)
        else:
            pages = profile_pages(events, flags)
        walk = Walk(kind, pages, rows_per_bucket(batch_size), created=now, used=now)
        if not self._pages.read(walk, walk.first_position()).records:
            return json_reply(200, {"status": "success"})
        return json_reply(200, {"status": "success", "cursor": write_cursor(self._walks.begin(walk, settings))})

    def page(self, kind: Kind, text: str, settings: Settings, now: float, fault: ResponseFault | None) -> Reply:
        """Answer a cursor with its page, and the cursor of the next one if there is one.

        :param text: the cursor, decoded once.
        :param fault: the fault of this request: it may change the page or end the export.
        :raises QueryRejected: the cursor is none, or no longer valid, or its page is not ready.
        """
        walk, cursor = self._walks.find(kind, text, settings, now)
        if isinstance(fault, InvalidateCursor):
            self._walks.end(cursor)
            raise QueryRejected(INVALIDATED)
        if isinstance(fault, EmptyPage):
            return _page_reply([], Cursor(cursor.walk, cursor.page + 1, cursor.position))
        page = self._pages.read(walk, cursor.position)
        following = None if page.next is None else Cursor(cursor.walk, cursor.page + 1, page.next)
        if isinstance(fault, RepeatCursor):
            following = cursor
        reply = _page_reply(page.records, following)
        if settings.exported_dates == "seconds":
            reply.body = _DATE.sub(rb"\1", reply.body)
        return reply


def _page_reply(records: list[str], following: Cursor | None) -> Reply:
    """Return a page as CleverTap sends it: without records when there are none, without a cursor at the end."""
    fields = ['"status":"success"']
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
