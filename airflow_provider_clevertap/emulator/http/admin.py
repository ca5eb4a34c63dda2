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

    :raises ValueError: the text is no whole number, or too large a one.
    """
    number = int(text)
    if abs(number) > MAX_INTEGER:
        raise ValueError
    return number


def _json(content: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(content), content_type="application/json")


def add_admin_routes(app: web.Application, account: EmulatedAccount) -> None:
    """Add the admin endpoints to the application."""

    async def show_stats(_: web.Request) -> web.StreamResponse:
        return _json(await account.stats())

    async def show_faults(_: web.Request) -> web.StreamResponse:
        return _json(account.faults.to_builtins())

    async def add_faults(request: web.Request) -> web.StreamResponse:
        try:
            account.faults.add(read_rules(await request.read()))
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return _json(account.faults.to_builtins())

    async def clear_faults(_: web.Request) -> web.StreamResponse:
        account.faults.clear()
        return _json([])

    async def show_settings(_: web.Request) -> web.StreamResponse:
        return _json(account.settings)

    async def change_settings(request: web.Request) -> web.StreamResponse:
        try:
            changes = msgspec.json.decode(await request.read(), type=dict[str, Any])
            account.settings = account.settings.changed(changes)
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return _json(account.settings)

    async def show_messages(_: web.Request) -> web.StreamResponse:
        return _json(await account.query(read_messages))

    async def add_messages_of(request: web.Request) -> web.StreamResponse:
        try:
            await account.query(add_messages, await request.read())
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return _json(await account.query(read_messages))

    async def run_night(_: web.Request) -> web.StreamResponse:
        return _json({"changed": await account.run_night()})

    async def reset(_: web.Request) -> web.StreamResponse:
        await account.reset()
        return _json(await account.stats())

    async def show_list(request: web.Request) -> web.StreamResponse:
        listing = LISTS.get(request.match_info["name"])
        if listing is None:
            raise web.HTTPNotFound
        try:
            limit = _whole_number(request.query.get("limit", PAGE_SIZE))
            offset = _whole_number(request.query.get("offset", 0))
        except ValueError:
            return _json({"error": f"limit and offset are whole numbers, at most {MAX_INTEGER}"}, 400)
        page = await account.query(
            read_list,
            listing,
            limit=max(0, min(limit, MAX_PAGE_SIZE)),
            offset=max(0, offset),
            newest=request.query.get("newest") == "1",
            only=request.query.get("only"),
        )
        return _json(page)

    for method, path, handler in (
        ("GET", "/admin/stats", show_stats),
        ("GET", "/admin/faults", show_faults),
        ("POST", "/admin/faults", add_faults),
        ("DELETE", "/admin/faults", clear_faults),
        ("GET", "/admin/settings", show_settings),
        ("POST", "/admin/settings", change_settings),
        ("GET", "/admin/messages", show_messages),
        ("POST", "/admin/messages", add_messages_of),
        ("POST", "/admin/night", run_night),
        ("POST", "/admin/reset", reset),
        ("GET", "/admin/{name}", show_list),
    ):
        app.router.add_route(method, path, local_only(handler))
