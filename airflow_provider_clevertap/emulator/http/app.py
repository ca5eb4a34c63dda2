"""The HTTP side of CleverTap's API: credentials, the ceiling, faults, and the request log."""

from __future__ import annotations

import asyncio
import hmac
import time
import zlib
from collections.abc import Awaitable, Callable

from aiohttp import ClientError, web

from airflow_provider_clevertap.emulator.account import PROFILE, UPLOAD, EmulatedAccount, Reply, failure
from airflow_provider_clevertap.emulator.faults.registry import Injection
from airflow_provider_clevertap.emulator.faults.responses import (
    INVALID_CREDENTIALS,
    TOO_MANY_REQUESTS,
    deliver,
    shaped,
)
from airflow_provider_clevertap.emulator.faults.rules import CloseIdle, name_of
from airflow_provider_clevertap.emulator.http.admin import add_admin_routes
from airflow_provider_clevertap.emulator.http.concurrency import TooManyRequestsError
from airflow_provider_clevertap.emulator.http.dashboard import add_page
from airflow_provider_clevertap.emulator.http.idle_connections import IDLE_CONNECTIONS, IdleConnections
from airflow_provider_clevertap.emulator.storage.database import RequestEntry
from airflow_provider_clevertap.emulator.validation.batch import MALFORMED

LARGEST_BODY = 256 * 1024 * 1024
"""Bytes of a request; above it 413. CleverTap documents no size, so this is our choice, far above any real batch."""

STOP_SECONDS = 2.0
"""How long requests in flight may take to end when the emulator stops."""

EMULATOR = web.AppKey("emulator", EmulatedAccount)


class _ClientLeftError(Exception):
    """The client went away in the middle of its request."""


class _RefusedRequest(Exception):  # noqa: N818 - carries an answer, not a failure of the program
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.reply = failure(status, error)


def build_app(emulator: EmulatedAccount) -> web.Application:
    """Return the web application in front of an emulator."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app[EMULATOR] = emulator
    app[IDLE_CONNECTIONS] = IdleConnections()
    app.router.add_route("*", "/1/{rest:.*}", _serve)
    add_admin_routes(app, emulator)
    add_page(app, emulator)

    async def stop(_: web.Application) -> None:
        emulator.stopping.set()

    app.on_shutdown.append(stop)
    return app


def build_runner(emulator: EmulatedAccount) -> web.AppRunner:
    """Return a runner for :func:`build_app`.

    Bodies come as they were sent: what becomes of compressed ones is a setting.
    """
    return web.AppRunner(build_app(emulator), access_log=None, auto_decompress=False, shutdown_timeout=STOP_SECONDS)


async def _serve(request: web.Request) -> web.StreamResponse:
    """Answer any request to the API. The log line is written before the answer, so a client can rely on it."""
    emulator = request.app[EMULATOR]
    entry = emulator.new_entry(request.method, request.path)
    started = time.perf_counter()
    strike = Injection()
    refusal: Reply | None = None
    if request.app[IDLE_CONNECTIONS].is_over(request.transport):
        entry.result = "The connection was closed as this request came"
        await _log(emulator, entry, None, Injection(ending=CloseIdle()), started)
        return await deliver(request, None, None, emulator.stopping)
    try:
        _check_credentials(request, emulator)
        answer = _find_answer(request)
        ceiling = emulator.settings.max_in_flight if request.path == UPLOAD else emulator.settings.max_in_flight_other
        with emulator.in_flight.admit(request.path, ceiling) as entry.in_flight:
            body = await _body_of(request, entry)
            if request.headers.get("Content-Encoding", "identity").lower() != "identity":
                body = _unpacked(body, request, emulator)
            strike = emulator.faults.strike(request.path, body, request.path == UPLOAD)
            await asyncio.sleep(emulator.settings.latency + strike.delay)
            right = await answer(request, emulator, entry, body, strike)
            reply = shaped(strike.ending, right, entry.records)
            await _log(emulator, entry, reply, strike, started)
            return await deliver(request, strike.ending, reply, emulator.stopping)
    except TooManyRequestsError:
        entry.in_flight = emulator.in_flight.now(request.path)
        refusal = failure(429, TOO_MANY_REQUESTS)
        entry.result = TOO_MANY_REQUESTS
    except _RefusedRequest as refused:
        refusal = refused.reply
        entry.result = str(refused)
    except _ClientLeftError as left:
        entry.result = str(left)
    await _log(emulator, entry, refusal, strike, started)
    return await deliver(request, None, refusal, emulator.stopping)


async def _log(
    emulator: EmulatedAccount, entry: RequestEntry, reply: Reply | None, strike: Injection, started: float
) -> None:
    entry.status = reply.status if reply else None
    entry.fault = name_of(strike.ending) if strike.ending else "delay" if strike.delay else ""
    entry.seconds = time.perf_counter() - started
    await emulator.log(entry)


def _check_credentials(request: web.Request, emulator: EmulatedAccount) -> None:
    """Check the account id, then the passcode, as each has its own text."""
    given = request.headers.get("X-CleverTap-Account-Id", "")
    if not _is_same(given, emulator.credentials.account_id):
        raise _RefusedRequest(401, "Account ID is not valid")
    if not _is_same(request.headers.get("X-CleverTap-Passcode", ""), emulator.credentials.passcode):
        raise _RefusedRequest(401, INVALID_CREDENTIALS)


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


async def _body_of(request: web.Request, entry: RequestEntry) -> bytes:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _RefusedRequest(413, "Request Entity Too Large") from None
    except (OSError, ClientError):
        raise _ClientLeftError("The client left before its request was complete") from None
    entry.body_bytes = len(body)
    return body


def _unpacked(body: bytes, request: web.Request, emulator: EmulatedAccount) -> bytes:
    match emulator.settings.compressed:
        case "malformed":
            return body
        case "unsupported":
            raise _RefusedRequest(415, "Unsupported Media Type")
    if request.headers["Content-Encoding"].lower() != "gzip":
        raise _RefusedRequest(415, "Unsupported Media Type")
    unpacking = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacking.decompress(body, LARGEST_BODY)
    except zlib.error:
        raise _RefusedRequest(400, MALFORMED) from None
    if unpacking.unconsumed_tail:
        raise _RefusedRequest(413, "Request Entity Too Large")
    return unpacked


Answer = Callable[[web.Request, EmulatedAccount, RequestEntry, bytes, Injection], Awaitable[Reply]]


async def _upload(
    request: web.Request, emulator: EmulatedAccount, entry: RequestEntry, body: bytes, strike: Injection
) -> Reply:
    entry.dry_run = request.query.get("dryRun") == "1"
    return await emulator.upload(entry, body, strike.ending)


async def _profile(
    request: web.Request, emulator: EmulatedAccount, entry: RequestEntry, _body: bytes, _strike: Injection
) -> Reply:
    reply = await emulator.profile(dict(request.query))
    entry.result = "success" if reply.status == 200 else "fail"  # noqa: PLR2004 - the plainest of numbers
    return reply


_ANSWERS: dict[str, tuple[str, Answer]] = {UPLOAD: ("POST", _upload), PROFILE: ("GET", _profile)}


def _find_answer(request: web.Request) -> Answer:
    if request.path not in _ANSWERS:
        raise _RefusedRequest(404, "Not Found")
    (method, answer) = _ANSWERS[request.path]
    if request.method != method:
        raise _RefusedRequest(405, "Method Not Allowed")
    return answer
