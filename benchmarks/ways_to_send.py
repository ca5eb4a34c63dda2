"""The ways to send requests that are compared, each with the same number in flight."""

from __future__ import annotations

import asyncio
import http.client
import resource
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

IN_FLIGHT = 10
HEADERS = {"Content-Type": "application/json", "X-CleverTap-Account-Id": "BENCHMARK"}
_WARM_UP = 50
#: Seconds for one step of a request.
_TIMEOUT = 20

#: Sends a body to a URL so many times; returns the CPU time and time used after the connections were opened.
Send = Callable[[str, bytes, int], "Usage"]


class Usage:
    """CPU time (user and system, all threads of this process) and wall time of a ``with`` block."""

    def __enter__(self) -> Usage:
        self.cpu, self.wall = -_cpu(), -time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += _cpu()
        self.wall += time.perf_counter()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _in_threads(send_one: Callable[[], object], requests: int) -> Usage:
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        list(threads.map(lambda _: send_one(), range(_WARM_UP)))
        with Usage() as usage:
            list(threads.map(lambda _: send_one(), range(requests)))
    return usage


async def _in_asyncio(send_one: Callable[[], Awaitable[None]], requests: int) -> Usage:
    async def send_some(count: int) -> None:
        for _ in range(count):
            await send_one()

    await asyncio.gather(*map(send_some, repeat(_WARM_UP // IN_FLIGHT, IN_FLIGHT)))
    with Usage() as usage:
        await asyncio.gather(*map(send_some, repeat(requests // IN_FLIGHT, IN_FLIGHT)))
    return usage


def _httpx_request(url: str, body: bytes) -> Any:
    import httpx

    from airflow_provider_clevertap.api.deadline import RequestState

    # The request state is for this package's own connections; the others ignore it.
    extensions = {"timeout": httpx.Timeout(_TIMEOUT).as_dict(), "request_state": RequestState(_TIMEOUT, _TIMEOUT)}
    return httpx.Request("POST", url, content=body, headers=HEADERS, extensions=extensions)


def as_this_package(url: str, body: bytes, requests: int) -> Usage:
    from airflow_provider_clevertap.api.network.connection_pool import open_pool

    connections = open_pool(url, IN_FLIGHT)

    def send_one() -> None:
        with connections.acquire(_TIMEOUT) as transport:
            _send_through(transport, url, body)

    return _in_threads(send_one, requests)


def transport_in_threads(url: str, body: bytes, requests: int, keepalive: int = IN_FLIGHT) -> Usage:
    import httpx

    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=keepalive)
    with httpx.HTTPTransport(limits=limits) as transport:
        return _in_threads(lambda: _send_through(transport, url, body), requests)


def _send_through(transport: Any, url: str, body: bytes) -> None:
    answer = transport.handle_request(_httpx_request(url, body))
    _check(answer.read())
    answer.close()


def transport_in_asyncio(url: str, body: bytes, requests: int, **options: Any) -> Usage:
    import httpx

    async def send() -> Usage:
        limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
        async with httpx.AsyncHTTPTransport(limits=limits, **options) as transport:

            async def send_one() -> None:
                answer = await transport.handle_async_request(_httpx_request(url, body))
                _check(await answer.aread())
                await answer.aclose()

            return await _in_asyncio(send_one, requests)

    return asyncio.run(send())


def client_in_threads(url: str, body: bytes, requests: int) -> Usage:
    import httpx

    with httpx.Client(timeout=_TIMEOUT) as client:
        return _in_threads(lambda: _check(client.post(url, content=body, headers=HEADERS).content), requests)


def sessions_in_threads(url: str, body: bytes, requests: int) -> Usage:
    import requests as http

    own = threading.local()

    def send_one() -> None:
        own.session = getattr(own, "session", None) or http.Session()
        _check(own.session.post(url, data=body, headers=HEADERS, timeout=_TIMEOUT).content)

    return _in_threads(send_one, requests)


def aiohttp_in_asyncio(url: str, body: bytes, requests: int) -> Usage:
    import aiohttp

    async def send() -> Usage:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

            async def send_one() -> None:
                async with session.post(url, data=body, headers=HEADERS) as answer:
                    _check(await answer.read())

            return await _in_asyncio(send_one, requests)

    return asyncio.run(send())


def bare_in_threads(url: str, body: bytes, requests: int) -> Usage:
    own = threading.local()
    address = url.split("/")[2]

    def send_one() -> None:
        own.connection = getattr(own, "connection", None) or http.client.HTTPConnection(address, timeout=_TIMEOUT)
        own.connection.request("POST", "/", body, HEADERS)
        _check(own.connection.getresponse().read())

    return _in_threads(send_one, requests)


def _check(answer: bytes) -> None:
    if answer != b"{}":
        raise RuntimeError(f"The server answered {answer[:100]!r}")


#: HTTP/2 in threads is missing: with httpcore it waited forever for a flow-control window that the other threads had
#: used up. In asyncio that happens occasionally.
WAYS: dict[str, tuple[str, Send]] = {
    "ours": ("this package: threads, HTTP/1.1, an httpx transport for each connection", as_this_package),
    "shared": ("one httpx transport for all connections", transport_in_threads),
    "new": (
        "the same, a new connection for each request",
        lambda *arguments: transport_in_threads(*arguments, keepalive=0),
    ),
    "asyncio": ("the same in asyncio", transport_in_asyncio),
    "asyncio-2": (
        "the same in asyncio, HTTP/2",
        lambda *arguments: transport_in_asyncio(*arguments, http1=False, http2=True),
    ),
    "client": ("httpx's client in threads", client_in_threads),
    "requests": ("requests, a session for each thread", sessions_in_threads),
    "aiohttp": ("aiohttp", aiohttp_in_asyncio),
    "bare": ("`http.client` in threads", bare_in_threads),
}
