"""Walk through exports of an emulator, as a client would that knows nothing of its own."""

from __future__ import annotations

from typing import Any

import httpx

NOVEMBER_1 = 1761955200
"""2025-11-01 00:00:00 UTC."""

DAYS = {"event_name": "Product Viewed", "from": 20251101, "to": 20251103}


def begin(api: httpx.Client, path: str = "/1/events.json", params: str = "batch_size=5000", **query: Any) -> Any:
    """Return the answer to a query."""
    return api.post(f"{path}?{params}", json={**DAYS, **query}).json()


def read_page(api: httpx.Client, cursor: str, path: str = "/1/events.json") -> Any:
    """Return the answer to a cursor, which is sent as it came."""
    return api.get(f"{path}?cursor={cursor}").json()


def walk(
    api: httpx.Client, path: str = "/1/events.json", params: str = "batch_size=5000", **query: Any
) -> list[list[dict[str, Any]]]:
    """Return the records of each page of an export."""
    answer = begin(api, path, params, **query)
    assert answer["status"] == "success", answer
    cursor = answer.get("cursor")
    pages = []
    while cursor:
        page = read_page(api, cursor, path)
        assert page["status"] == "success", page
        pages.append(page.get("records", []))
        assert page.get("next_cursor") != cursor
        cursor = page.get("next_cursor")
    return pages


def exported(
    api: httpx.Client, path: str = "/1/events.json", params: str = "batch_size=5000", **query: Any
) -> list[dict[str, Any]]:
    """Return all records of an export."""
    return [record for page in walk(api, path, params, **query) for record in page]


def prices(records: list[dict[str, Any]]) -> list[int]:
    """Return the property ``Price`` of all records, sorted."""
    return sorted(record["event_props"]["Price"] for record in records)
