"""The exports that are being walked through, page by page: how long they live, and when a page is ready."""

from __future__ import annotations

import secrets
from typing import Literal

import msgspec

from airflow_provider_clevertap.emulator.export.paging.cursors import Cursor, Position, read_cursor
from airflow_provider_clevertap.emulator.export.rejections import (
    IN_PROGRESS,
    INCORRECT_USAGE,
    INVALIDATED,
    QueryRejected,
)
from airflow_provider_clevertap.emulator.settings import Settings

BUCKETS = 23
"""The buckets that an account's profiles lie in; every page takes the same number of rows from each."""

SMALLEST_PAGE = 23
"""A smaller ``batch_size`` is ignored: 5 was seen to give 989 rows."""

ROWS_PER_BUCKET_WHEN_IGNORED = 43
"""Rows of a page from each bucket when ``batch_size`` is ignored: 989 in all."""

DEFAULT_BATCH_SIZE = 500
MAX_BATCH_SIZE = 5000

Kind = Literal["events", "profiles"]


class PageQuery(msgspec.Struct, frozen=True):
    """How the pages of an export are read.

    :param sql: selects the rows of one bucket that follow a position: sort key, id, profile id, the device if it is
        known, the text of the record.
    :param values: its parameters, before those of the bucket, the position and the number of rows.
    :param start: the position before the first row of every bucket.
    :param heads: selects what comes before the text from the row's profile: its id, first device and other fields;
        ``None`` where the text is complete.
    """

    sql: str
    values: tuple[object, ...]
    start: tuple[int, int]
    heads: str | None = None


class Walk(msgspec.Struct):
    """One export.

    :param rows_per_bucket: rows of a page from each bucket.
    :param created: UNIX seconds.
    :param used: when its cursor was last used.
    :param calls: how often the latest page was asked for before it was ready, with the number of that page.
    """

    kind: Kind
    query: PageQuery
    rows_per_bucket: int
    created: float
    used: float
    calls: tuple[int, int] = (0, 0)

    def first_position(self) -> Position:
        """Return the position before the first page."""
        return (self.query.start,) * BUCKETS


class Walks:
    """The exports of an account. Used in the database's thread only."""

    def __init__(self) -> None:
        self._walks: dict[str, Walk] = {}

    def clear(self) -> None:
        """Forget all exports: their cursors are no longer valid."""
        self._walks = {}

    def begin(self, walk: Walk, settings: Settings) -> Cursor:
        """Add an export and return its first cursor."""
        now = walk.created
        self._walks = {name: one for name, one in self._walks.items() if not _is_over(one, settings, now)}
        name = secrets.token_hex(8)
        self._walks[name] = walk
        return Cursor(name, 0, walk.first_position())

    def find(self, kind: Kind, text: str, settings: Settings, now: float) -> tuple[Walk, Cursor]:
        """Return the export of a cursor, and the cursor.

        :param text: the cursor as the request's query has it, decoded once.
        :raises QueryRejected: the cursor is none, or no longer valid, or its page is not ready yet.
        """
        cursor = read_cursor(text)
        if cursor is None:
            raise QueryRejected(INCORRECT_USAGE)
        walk = self._walks.get(cursor.walk)
        if walk is None or _is_over(walk, settings, now):
            raise QueryRejected(INVALIDATED)
        if walk.kind != kind:
            raise QueryRejected(INCORRECT_USAGE)
        walk.used = now
        page, calls = walk.calls
        calls = calls + 1 if page == cursor.page else 1
        walk.calls = (cursor.page, calls)
        if calls <= settings.pages_not_ready:
            raise QueryRejected(IN_PROGRESS)
        return walk, cursor

    def end(self, cursor: Cursor) -> None:
        """Make the cursors of an export invalid."""
        self._walks.pop(cursor.walk, None)


def rows_per_bucket(batch_size: int) -> int:
    """Return the rows that a page takes from each bucket."""
    return batch_size // BUCKETS if batch_size >= SMALLEST_PAGE else ROWS_PER_BUCKET_WHEN_IGNORED


def _is_over(walk: Walk, settings: Settings, now: float) -> bool:
    life = settings.cursor_life if walk.kind == "events" else settings.profile_cursor_life
    return now - walk.created > life or (walk.kind == "events" and now - walk.used > settings.cursor_idle)
