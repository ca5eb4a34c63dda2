"""Read one page of an export. Rows are joined as JSON text: no record is decoded."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from airflow_provider_clevertap.emulator.export.paging.cursors import Position
from airflow_provider_clevertap.emulator.export.paging.walks import Walk

MAX_HEADS = 200_000
"""Texts of profiles that are kept from page to page."""

_PARAMETERS = 30_000
"""Parameters of one statement; SQLite takes 32,766."""


Row = tuple[int, int, int, str | None, str]


class Page(NamedTuple):
    """One page.

    :param records: the JSON text of each record.
    :param next: where the next page begins; ``None`` after the last.
    """

    records: list[str]
    next: Position | None


class PageReader:
    """Reads pages from the database.

    :param connection: the database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._heads: dict[int, tuple[str, str]] = {}
        self._heads_sql = ""

    def forget(self) -> None:
        """Read the profiles again, because something was stored."""
        self._heads = {}

    def read(self, walk: Walk, position: Position) -> Page:
        """Return the page of a position: the same number of rows of every bucket."""
        limit = walk.rows_per_bucket
        rows: list[Row] = []
        after: list[tuple[int, int] | None] = []
        for bucket, begin in enumerate(position):
            found = [] if begin is None else self._read_bucket(walk, bucket, begin, limit + 1)
            has_more = len(found) > limit
            del found[limit:]
            rows += found
            after.append((found[-1][0], found[-1][1]) if has_more else None)
        return Page(self._records(walk, rows), tuple(after) if any(after) else None)

    def _read_bucket(self, walk: Walk, bucket: int, begin: tuple[int, int], limit: int) -> list[Row]:
        return self._connection.execute(walk.query.sql, (*walk.query.values, bucket, *begin, limit)).fetchall()

    def _records(self, walk: Walk, rows: list[Row]) -> list[str]:
        if walk.query.heads is None:
            return [row[-1] for row in rows]
        heads = self._read_heads(walk.query.heads, {row[2] for row in rows})
        records = []
        for _, _, profile_id, device, text in rows:
            first_device, fields = heads[profile_id]
            records.append(f'{{"profile":{{"objectId":{device or first_device}{fields}}},{text}')
        return records

    def _read_heads(self, sql: str, profiles: set[int]) -> dict[int, tuple[str, str]]:
        """Return what comes from the profiles of a page."""
        if sql != self._heads_sql or len(self._heads) > MAX_HEADS:
            self._heads, self._heads_sql = {}, sql
        missing = list(profiles - self._heads.keys())
        for start in range(0, len(missing), _PARAMETERS):
            part = missing[start : start + _PARAMETERS]
            marks = ",".join("?" * len(part))
            found = self._connection.execute(f"{sql} WHERE p.id IN ({marks})", part)
            self._heads |= {profile_id: (device, fields) for profile_id, device, fields in found}
        return self._heads
