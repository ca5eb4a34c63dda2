"""Pages of the lists, newest first, and what the search on the pages finds.

A page begins after the last entry of the page before it, by a column with an index: the pages of a million profiles
are as fast as those of ten.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import msgspec

from airflow_provider_clevertap.emulator.storage.listings import Listing, read_items
from airflow_provider_clevertap.emulator.validation.events import name_key

MAX_MATCHES = 10_000
"""Entries that a search by a beginning looks at, in the order of the text, so that it stays fast."""

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class Search:
    """How a list is searched. Its table is called ``t``.

    :param condition: the condition, with the parameters ``:text``, ``:end`` (after all that begin with the text),
        ``:name`` (the text as the name of an event is compared) and ``:most``.
    :param finds: what it finds, for people.
    """

    condition: str
    finds: str


_PROFILES_BY_KEY = (
    "SELECT profile_id FROM (SELECT profile_id FROM profile_keys WHERE value >= :text AND value < :end LIMIT :most)"
)

SEARCHES = {
    "profiles": Search(
        f"t.id IN ({_PROFILES_BY_KEY} UNION SELECT id FROM"  # noqa: S608 - our own names
        " (SELECT id FROM profiles WHERE email >= :text AND email < :end LIMIT :most))",
        "beginning of an identity, objectId or e-mail address",
    ),
    "events": Search(
        "(t.profile_id IN (SELECT profile_id FROM profile_keys WHERE value = :text)"
        " OR t.type_id IN (SELECT id FROM event_types WHERE compared = :name))",
        "name of an event, or identity or objectId of a profile",
    ),
    "tokens": Search(
        "t.rowid IN (SELECT rowid FROM tokens WHERE object_id >= :text AND object_id < :end LIMIT :most)",
        "beginning of an objectId",
    ),
    "subscriptions": Search(
        "t.rowid IN (SELECT rowid FROM subscriptions WHERE value >= :text AND value < :end LIMIT :most)",
        "beginning of an address or number",
    ),
    "refused": Search("(t.key = :text OR t.code = :text)", "identifier or code"),
    "error_stream": Search("(t.key = :text OR t.field = :text)", "identifier or field"),
    "requests": Search("(t.path = :text OR t.status = :text)", "path or status"),
}
"""How each list is searched, by its name."""


class Page(msgspec.Struct, kw_only=True):
    """A page of a list.

    :param items: the entries, newest first.
    :param newer: where the page before it ends, ``None`` when this is the first.
    :param older: where the next page begins, ``None`` when this is the last.
    """

    items: list[dict[str, Any]]
    newer: int | None = None
    older: int | None = None


def read_page(
    connection: sqlite3.Connection,
    listing: Listing,
    *,
    size: int,
    text: str = "",
    profile_id: int | None = None,
    before: int | None = None,
    after: int | None = None,
) -> Page:
    """Return a page of a list.

    :param size: entries of a page.
    :param text: only what this text finds.
    :param profile_id: only events of this profile.
    :param before: the page with the entries that are older than this place.
    :param after: the page with the entries that are newer.
    """
    conditions = []
    if text:
        conditions.append(SEARCHES[listing.table].condition)
    if profile_id is not None:
        conditions.append("t.profile_id = :profile")
    where = " AND ".join(conditions) or "1"
    parameters = {
        "text": text,
        "end": text + _LAST_CHARACTER,
        "name": name_key(text),
        "most": MAX_MATCHES,
        "profile": profile_id,
        "size": size + 1,
        "before": before,
        "after": after,
    }
    forward = after is None
    place = ("" if before is None else f" AND t.{listing.order} < :before") if forward else " AND t.{0} > :after"
    # The places first, then the entries: what an entry shows of other tables is read for this page only.
    rows = connection.execute(
        f"SELECT t.{listing.order} FROM {listing.table} t WHERE {where}{place.format(listing.order)}"  # noqa: S608
        f" ORDER BY t.{listing.order} {'DESC' if forward else 'ASC'} LIMIT :size",
        parameters,
    )
    places = [int(row[0]) for row in rows]
    is_more = len(places) > size
    places = places[:size] if forward else places[:size][::-1]
    items = read_items(connection, listing, places)
    if not places:
        return Page(items=items)
    newer = places[0] if (before is not None if forward else is_more) else None
    older = places[-1] if (is_more if forward else True) else None
    return Page(items=items, newer=newer, older=older)


def read_profile(connection: sqlite3.Connection, listing: Listing, profile_id: int) -> dict[str, Any] | None:
    """Return a profile as its list has it, with its tokens and the numbers of its events; ``None`` when it is gone.

    :param listing: the list of profiles.
    """
    place = connection.execute("SELECT changed FROM profiles WHERE id = ?", (profile_id,)).fetchone()
    if place is None:
        return None
    (profile,) = read_items(connection, listing, [place[0]])
    tokens = connection.execute(
        "SELECT t.object_id, t.token_type, t.token, t.uploads, t.received_at FROM profile_keys k"
        " JOIN tokens t ON t.object_id = k.value WHERE k.profile_id = ? AND k.kind = 'objectId' ORDER BY k.value",
        (profile_id,),
    )
    columns = ("object_id", "token_type", "token", "uploads", "received_at")
    counts = connection.execute(
        "SELECT y.name, count(*) FROM events e JOIN event_types y ON y.id = e.type_id WHERE e.profile_id = ?"
        " GROUP BY y.id ORDER BY 2 DESC, 1",
        (profile_id,),
    )
    return {
        **profile,
        "tokens": [dict(zip(columns, row, strict=True)) for row in tokens],
        "event_counts": dict(counts.fetchall()),
    }
