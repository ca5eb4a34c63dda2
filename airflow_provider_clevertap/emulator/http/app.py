"""The HTTP server: credentials, concurrency limit, faults and request log around the endpoints of CleverTap's API."""

from __future__ import annotations

import asyncio
import hmac
import time
import zlib
from collections.abc import Mapping
from functools import partial

from aiohttp import ClientError, web

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.faults.conditions import FaultTarget
from airflow_provider_clevertap.emulator.faults.registry import Injection
from airflow_provider_clevertap.emulator.faults.responses import apply_fault, send
from airflow_provider_clevertap.emulator.faults.rules import CloseIdle, name_of
from airflow_provider_clevertap.emulator.http.admin import add_admin_routes
from airflow_provider_clevertap.emulator.http.calls import Call, Route
from airflow_provider_clevertap.emulator.http.concurrency import TooManyRequestsError
from airflow_provider_clevertap.emulator.http.idle_connections import IDLE_CONNECTIONS, IdleConnections
from airflow_provider_clevertap.emulator.http.routes import routes_by_path
from airflow_provider_clevertap.emulator.pages.views import add_pages
from airflow_provider_clevertap.emulator.replies import (
    INVALID_CREDENTIALS,
    MALFORMED,
    TOO_MANY_REQUESTS,
    Reply,
    failure,
)
from airflow_provider_clevertap.emulator.settings import Compressed
from airflow_provider_clevertap.emulator.storage.database import RequestEntry

MAX_BODY_BYTES = 256 * 1024 * 1024
"""A larger request gets 413. CleverTap documents no size, so this is our choice, far above any real batch."""

STOP_SECONDS = 2.0
"""How long requests in flight may take to finish when the emulator stops."""

ACCOUNT = web.AppKey("account", EmulatedAccount)


class _ClientDisconnectedError(Exception):
    """The client closed the connection before its request was complete."""


class _RejectedRequest(Exception):  # noqa: N818 - carries an answer, not a failure of the program
    def __init__(self, status: int, error: str, reply: Reply | None = None) -> None:
        super().__init__(error)
        self.reply = reply or failure(status, error)


def build_app(account: EmulatedAccount) -> web.Application:
    """Return the web application that serves an account."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[ACCOUNT] = account
    app[IDLE_CONNECTIONS] = IdleConnections()
    for path, routes in routes_by_path().items():
        app.router.add_route("*", path, partial(_serve, routes))
    app.router.add_route("*", "/1/{rest:.*}", partial(_serve, {}))
    add_admin_routes(app, account)
    add_pages(app, account)

    async def stop(_: web.Application) -> None:
        account.stopping.set()

    app.on_shutdown.append(stop)
    return app


def build_runner(account: EmulatedAccount) -> web.AppRunner:
    """Return a runner for :func:`build_app`.

    Bodies arrive as they were sent: a setting decides whether compressed ones are read.
    """
    return web.AppRunner(build_app(account), access_log=None, auto_decompress=False, shutdown_timeout=STOP_SECONDS)


async def _serve(routes: Mapping[str, Route], request: web.Request) -> web.StreamResponse:
    """Answer any request to the API. The log line is written before the answer, so a client can rely on it.

    :param routes: the routes of the request's path, by method; empty for an unknown path.
    """
    account = request.app[ACCOUNT]
    entry = account.new_entry(request.method, request.path)
    started = time.perf_counter()
    injection = Injection()
    error_reply: Reply | None = None
    if request.app[IDLE_CONNECTIONS].must_close(request.transport):
        entry.result = "The connection was closed as this request came"
        await _log(account, entry, None, Injection(fault=CloseIdle()), started)
        return await send(request, None, None, account.stopping)
    try:
        _check_credentials(request, account)
        if not routes and account.settings.unknown_paths == "empty":
            raise _RejectedRequest(200, "Unknown path", Reply(200, b""))
        route = _find_route(routes, request.method)
        with account.in_flight.admit(route.path, route.max_in_flight(account.settings)) as entry.in_flight:
            body = await _read_body(request, entry, account)
            target = FaultTarget(request.method, request.path, body, route.has_records, "cursor" in request.query)
            injection = account.faults.inject(target)
            await asyncio.sleep(account.settings.latency + injection.delay)
            call = Call(
                account, entry, route.method, route.path, request.match_info, request.query, body, injection.fault
            )
            reply = await route.answer(call)
            sent = apply_fault(injection.fault, reply, entry.records)
            await _log(account, entry, sent, injection, started)
            return await send(request, injection.fault, sent, account.stopping)
    except TooManyRequestsError:
        entry.in_flight = account.in_flight.now(route.path)
        error_reply = failure(429, TOO_MANY_REQUESTS)
        entry.result = TOO_MANY_REQUESTS
    except _RejectedRequest as rejected:
        error_reply = rejected.reply
        entry.result = str(rejected)
    except _ClientDisconnectedError as disconnected:
        entry.result = str(disconnected)
    await _log(account, entry, error_reply, injection, started)
    return await send(request, None, error_reply, account.stopping)


async def _log(
    account: EmulatedAccount, entry: RequestEntry, reply: Reply | None, injection: Injection, started: float
) -> None:
    entry.status = reply.status if reply else None
    entry.fault = name_of(injection.fault) if injection.fault else "delay" if injection.delay else ""
    entry.seconds = time.perf_counter() - started
    await account.log(entry)


def _check_credentials(request: web.Request, account: EmulatedAccount) -> None:
    """Check the account id first, then the passcode: each has its own error text."""
    given = request.headers.get("X-CleverTap-Account-Id", "")
    if not _is_same(given, account.credentials.account_id):
        raise _RejectedRequest(401, "Account ID is not valid")
    if not _is_same(request.headers.get("X-CleverTap-Passcode", ""), account.credentials.passcode):
        raise _RejectedRequest(401, INVALID_CREDENTIALS)


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _find_route(routes: Mapping[str, Route], method: str) -> Route:
    if not routes:
        raise _RejectedRequest(404, "Not Found")
    if method not in routes:
        raise _RejectedRequest(405, "Method Not Allowed")
    return routes[method]


async def _read_body(request: web.Request, entry: RequestEntry, account: EmulatedAccount) -> bytes:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _RejectedRequest(413, "Request Entity Too Large") from None
    except (OSError, ClientError):
        raise _ClientDisconnectedError("The client left before its request was complete") from None
    entry.body_bytes = len(body)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    return body if encoding == "identity" else _decompress(body, encoding, account.settings.compressed)


def _decompress(body: bytes, encoding: str, compressed: Compressed) -> bytes:
    match compressed:
        case "malformed":
            return body
        case "unsupported":
            raise _RejectedRequest(415, "Unsupported Media Type")
    if encoding != "gzip":
        raise _RejectedRequest(415, "Unsupported Media Type")
    decompressor = zlib.decompressobj(wbits=31)
    try:
        content = decompressor.decompress(body, MAX_BODY_BYTES)
    except zlib.error:
        raise _RejectedRequest(400, MALFORMED) from None
    if decompressor.unconsumed_tail:
        raise _RejectedRequest(413, "Request Entity Too Large")
    return content
