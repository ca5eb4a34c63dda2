"""The list of content blocks, of which an emulator has none; only its pages and dates are checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_clevertap.emulator.export.rejections import QueryRejected, invalid
from airflow_provider_clevertap.emulator.replies import failure

MAX_PAGE_SIZE = 100

_DATES = ("updatedFrom", "updatedTo")
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
"""Dates need milliseconds."""


def list_content_blocks(query: Mapping[str, str]) -> dict[str, Any]:
    """Answer a call for a page of the list.

    :raises QueryRejected: the page or a date is wrong.
    """
    page, size = query.get("pageNumber", "1"), query.get("pageSize", str(MAX_PAGE_SIZE))
    if not _is_between(page, 10**6) or not _is_between(size, MAX_PAGE_SIZE):
        raise invalid("Invalid page")
    for name in _DATES:
        if name in query and not _is_date(query[name]):
            raise QueryRejected(failure(200, "Enter date in ISO format", 400))
    return {"status": "success", "contentBlocks": [], "total": 0}


def _is_between(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, _FORMAT)
    except ValueError:
        return False
    return True
