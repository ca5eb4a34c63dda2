"""The admin endpoints: faults, settings, lists and totals.

They need no credentials, so they answer only clients on this machine that also address it by a loopback name (a web
page elsewhere cannot make a browser do that), and no request that a browser sends on behalf of another site.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.export.lists.messages import add_messages, read_messages
from airflow_provider_clevertap.emulator.faults.registry import read_rules
from airflow_provider_clevertap.emulator.settings import MAX_INTEGER
from airflow_provider_clevertap.emulator.storage.listings import read_list
from airflow_provider_clevertap.emulator.storage.queries import LISTS

PAGE_SIZE = 1000
"""Items of a list in one answer, unless ``?limit=`` asks for another number."""

MAX_PAGE_SIZE = 100_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str | None) -> bool:
    """Return whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def local_only(handler: Handler) -> Handler:
    """Return a handler that answers only requests from this machine."""

    async def answer(request: web.Request) -> web.StreamResponse:
        name = urlsplit(f"//{request.host}").hostname
        origin = request.headers.get("Origin")
        is_foreign = origin is not None and urlsplit(origin).netloc != request.host
        if not is_loopback(request.remote) or not is_loopback(name) or is_foreign:
            raise web.HTTPForbidden(text="This page answers only on the emulator's own machine.\n")
        return await handler(request)

    return answer


def _whole_number(text: str | int) -> int:
    """Read a number that the database can hold.

    :raises ValueError: the text is not a whole number, or too large a one.
    """
    number = int(text)
    if abs(number) > MAX_INTEGER:
        raise ValueError
    return number


def _json(content: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(content), content_type="application/json")


class AdminHandlers:
    """Answers the requests to the admin endpoints.

    :param account: the emulated account.
    """

    def __init__(self, account: EmulatedAccount) -> None:
        self._account = account

    async def show_stats(self, _: web.Request) -> web.StreamResponse:
        """Return the totals."""
        return _json(await self._account.stats())

    async def show_faults(self, _: web.Request) -> web.StreamResponse:
        """Return the rules of the faults."""
        return _json(self._account.faults.to_builtins())

    async def add_faults(self, request: web.Request) -> web.StreamResponse:
        """Add rules of faults, and return all of them."""
        try:
            self._account.faults.add(read_rules(await request.read()))
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return _json(self._account.faults.to_builtins())

    async def clear_faults(self, _: web.Request) -> web.StreamResponse:
        """Remove all rules of faults."""
        self._account.faults.clear()
        return _json([])

    async def show_settings(self, _: web.Request) -> web.StreamResponse:
        """Return the settings."""
        return _json(self._account.settings)

    async def change_settings(self, request: web.Request) -> web.StreamResponse:
        """Change some settings, and return all of them."""
        try:
            changes = msgspec.json.decode(await request.read(), type=dict[str, Any])
            self._account.settings = self._account.settings.changed(changes)
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return _json(self._account.settings)

    async def show_messages(self, _: web.Request) -> web.StreamResponse:
        """Return the messages of the report."""
        return _json(await self._account.query(read_messages))

    async def add_report_messages(self, request: web.Request) -> web.StreamResponse:
        """Add messages to the report, and return all of them."""
        try:
            await self._account.query(add_messages, await request.read())
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return _json(await self._account.query(read_messages))

    async def run_night(self, _: web.Request) -> web.StreamResponse:
        """Do what CleverTap does at night, and return how much has changed."""
        return _json({"changed": await self._account.run_night()})

    async def reset(self, _: web.Request) -> web.StreamResponse:
        """Remove everything that was stored, and return the totals."""
        await self._account.reset()
        return _json(await self._account.stats())

    async def show_list(self, request: web.Request) -> web.StreamResponse:
        """Return a part of a list."""
        listing = LISTS.get(request.match_info["name"])
        if listing is None:
            raise web.HTTPNotFound
        try:
            limit = _whole_number(request.query.get("limit", PAGE_SIZE))
            offset = _whole_number(request.query.get("offset", 0))
        except ValueError:
            return _json({"error": f"limit and offset are whole numbers, at most {MAX_INTEGER}"}, 400)
        page = await self._account.query(
            read_list,
            listing,
            limit=max(0, min(limit, MAX_PAGE_SIZE)),
            offset=max(0, offset),
            newest=request.query.get("newest") == "1",
            only=request.query.get("only"),
        )
        return _json(page)


def add_admin_routes(app: web.Application, account: EmulatedAccount) -> None:
    """Add the admin endpoints to the application."""
    handlers = AdminHandlers(account)
    for method, path, handler in (
        ("GET", "/admin/stats", handlers.show_stats),
        ("GET", "/admin/faults", handlers.show_faults),
        ("POST", "/admin/faults", handlers.add_faults),
        ("DELETE", "/admin/faults", handlers.clear_faults),
        ("GET", "/admin/settings", handlers.show_settings),
        ("POST", "/admin/settings", handlers.change_settings),
        ("GET", "/admin/messages", handlers.show_messages),
        ("POST", "/admin/messages", handlers.add_report_messages),
        ("POST", "/admin/night", handlers.run_night),
        ("POST", "/admin/reset", handlers.reset),
        ("GET", "/admin/{name}", handlers.show_list),
    ):
        app.router.add_route(method, path, local_only(handler))
