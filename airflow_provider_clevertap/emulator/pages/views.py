"""The routes of the pages: the start page, a page for each list, and one for a profile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.http.admin import local_only
from airflow_provider_clevertap.emulator.pages.formatting import FILTERS, clock
from airflow_provider_clevertap.emulator.settings import MAX_INTEGER
from airflow_provider_clevertap.emulator.storage.listings import EVENTS, PROFILES, read_list
from airflow_provider_clevertap.emulator.storage.paging import SEARCHES, read_page, read_profile
from airflow_provider_clevertap.emulator.storage.queries import LISTS

LATEST = 15
"""Rows of each table of the start page."""

ROWS = 50
"""Rows of a page of a list."""

REFRESH_CHOICES = (2, 10)
"""Seconds after which the start page can reload automatically."""

MAX_SEARCH_LENGTH = 1024
"""Characters of a search: the longest identifier."""

TITLES = {
    "profiles": "Profiles",
    "events": "Events",
    "tokens": "Device tokens",
    "subscriptions": "Subscriptions",
    "refused": "Rejected records",
    "error_stream": "Error stream",
    "requests": "Requests",
}
"""The names of the lists, for people, in the order of the start page."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """The pages of an account.

    :param account: the account.
    """

    def __init__(self, account: EmulatedAccount) -> None:
        self._account = account
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= FILTERS

    async def show_start(self, request: web.Request) -> web.StreamResponse:
        """Return the start page: totals, and the latest of each list."""
        account = self._account
        requested = request.query.get("refresh", "")
        refresh = next((seconds for seconds in REFRESH_CHOICES if requested == str(seconds)), None)
        lists = {name: await account.query(read_list, LISTS[name], limit=LATEST, newest=True) for name in TITLES}
        values = {
            "settings": account.settings,
            "stats": await account.stats(),
            "faults": account.faults.to_builtins(),
            "now": clock(datetime.now(UTC).timestamp()),
            "rows": LATEST,
            "refresh": refresh,
            "refresh_choices": REFRESH_CHOICES,
            "lists": lists,
        }
        return self._render("start.html", values)

    async def show_list(self, request: web.Request) -> web.StreamResponse:
        """Return a page of a list: ``?q=`` searches, ``?before=`` and ``?after=`` are the places of other pages."""
        name = request.match_info["name"]
        if name not in TITLES:
            raise web.HTTPNotFound(text="There is no such list.\n")
        text = request.query.get("q", "").encode("utf-8", "replace").decode()[:MAX_SEARCH_LENGTH].strip()
        before, after = _place(request, "before"), _place(request, "after")
        page = await self._account.query(read_page, LISTS[name], size=ROWS, text=text, before=before, after=after)
        total = (await self._account.query(read_list, LISTS[name], limit=0))["total"]
        values = {"searched": name, "title": TITLES[name], "text": text, "finds": SEARCHES[name].finds, "total": total}
        links = _links(request.path, page, {"q": text} if text else {})
        return self._render("list.html", {**values, **links, "page": page})

    async def show_profile(self, request: web.Request) -> web.StreamResponse:
        """Return the page of a profile: its properties, tokens and events."""
        profile_id = min(int(request.match_info["id"]), MAX_INTEGER)
        profile = await self._account.query(read_profile, PROFILES, profile_id)
        if profile is None:
            return self._render("gone.html", {}, status=404)
        before, after = _place(request, "before"), _place(request, "after")
        page = await self._account.query(
            read_page, EVENTS, size=ROWS, profile_id=profile_id, before=before, after=after
        )
        return self._render("profile.html", {"profile": profile, "page": page, **_links(request.path, page, {})})

    def _render(self, name: str, values: Mapping[str, Any], status: int = 200) -> web.Response:
        shown = {"searched": "profiles", "text": "", **values}
        text = self._environment.get_template(name).render(
            shown, account_id=self._account.credentials.account_id, titles=TITLES
        )
        return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


def add_pages(app: web.Application, account: EmulatedAccount) -> None:
    """Add the pages to the application."""
    pages = Pages(account)
    app.router.add_get("/", local_only(pages.show_start))
    app.router.add_get("/list/{name}", local_only(pages.show_list))
    app.router.add_get(r"/profile/{id:\d{1,19}}", local_only(pages.show_profile))


def _place(request: web.Request, name: str) -> int | None:
    """Return a place that an address names; what is no number is none."""
    text = request.query.get(name, "")
    return min(int(text[:20]), MAX_INTEGER) if text.isascii() and text.isdigit() else None


def _links(path: str, page: Any, query: dict[str, str]) -> dict[str, str | None]:
    """Return the addresses of the pages beside this one, ``None`` where there is none."""

    def address(**place: int) -> str:
        arguments = urlencode({**query, **place})
        return f"{path}?{arguments}" if arguments else path

    return {
        "newest": None if page.newer is None else address(),
        "newer": None if page.newer is None else address(after=page.newer),
        "older": None if page.older is None else address(before=page.older),
        "oldest": None if page.older is None else address(after=0),
    }
