"""The ways to send a request that are compared, each with as many in flight."""

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
#: seconds for one step of a request
_LONGEST = 20

#: Sends a body to a URL so many times and gives what that took, once the connections were there.
Send = Callable[[str, bytes, int], "Taken"]


class Taken:
    """CPU and time of what is within: user and system time of this process, all threads."""

    def __enter__(self) -> Taken:
        self.cpu, self.wall = -_cpu(), -time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += _cpu()
        self.wall += time.perf_counter()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _in_threads(send_one: Callable[[], object], requests: int) -> Taken:
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        list(threads.map(lambda _: send_one(), range(_WARM_UP)))
        with Taken() as taken:
            list(threads.map(lambda _: send_one(), range(requests)))
    return taken


async def _in_asyncio(send_one: Callable[[], Awaitable[None]], requests: int) -> Taken:
    async def send_some(count: int) -> None:
        for _ in range(count):
            await send_one()

    await asyncio.gather(*map(send_some, repeat(_WARM_UP // IN_FLIGHT, IN_FLIGHT)))
    with Taken() as taken:
        await asyncio.gather(*map(send_some, repeat(requests // IN_FLIGHT, IN_FLIGHT)))
    return taken


def _httpx_request(url: str, body: bytes) -> Any:
    import httpx

    from airflow_provider_clevertap.api.deadline import RequestState

    # the turn is what this package's own connections go by; the others take no notice of it
    extensions = {"timeout": httpx.Timeout(_LONGEST).as_dict(), "request_state": RequestState(_LONGEST, _LONGEST)}
    return httpx.Request("POST", url, content=body, headers=HEADERS, extensions=extensions)


def as_this_package(url: str, body: bytes, requests: int) -> Taken:
    from airflow_provider_clevertap.api.connection_pool import open_pool

    connections = open_pool(url, IN_FLIGHT)

    def send_one() -> None:
        with connections.acquire(_LONGEST) as transport:
            _send_through(transport, url, body)

    return _in_threads(send_one, requests)


def transport_in_threads(url: str, body: bytes, requests: int, kept: int = IN_FLIGHT) -> Taken:
    import httpx

    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=kept)
    with httpx.HTTPTransport(limits=limits) as transport:
        return _in_threads(lambda: _send_through(transport, url, body), requests)


def _send_through(transport: Any, url: str, body: bytes) -> None:
    answer = transport.handle_request(_httpx_request(url, body))
    _check(answer.read())
    answer.close()


def transport_in_asyncio(url: str, body: bytes, requests: int, **told: Any) -> Taken:
    import httpx

    async def send() -> Taken:
        limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
        async with httpx.AsyncHTTPTransport(limits=limits, **told) as transport:

            async def send_one() -> None:
                answer = await transport.handle_async_request(_httpx_request(url, body))
                _check(await answer.aread())
                await answer.aclose()

            return await _in_asyncio(send_one, requests)

    return asyncio.run(send())


def client_in_threads(url: str, body: bytes, requests: int) -> Taken:
    import httpx

    with httpx.Client(timeout=_LONGEST) as client:
        return _in_threads(lambda: _check(client.post(url, content=body, headers=HEADERS).content), requests)


def sessions_in_threads(url: str, body: bytes, requests: int) -> Taken:
    import requests as http

    own = threading.local()

    def send_one() -> None:
        own.session = getattr(own, "session", None) or http.Session()
        _check(own.session.post(url, data=body, headers=HEADERS, timeout=_LONGEST).content)

    return _in_threads(send_one, requests)


def aiohttp_in_asyncio(url: str, body: bytes, requests: int) -> Taken:
    import aiohttp

    async def send() -> Taken:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

            async def send_one() -> None:
                async with session.post(url, data=body, headers=HEADERS) as answer:
                    _check(await answer.read())

            return await _in_asyncio(send_one, requests)

    return asyncio.run(send())


def bare_in_threads(url: str, body: bytes, requests: int) -> Taken:
    own = threading.local()
    address = url.split("/")[2]

    def send_one() -> None:
        own.connection = getattr(own, "connection", None) or http.client.HTTPConnection(address, timeout=_LONGEST)
        own.connection.request("POST", "/", body, HEADERS)
        _check(own.connection.getresponse().read())

    return _in_threads(send_one, requests)


def _check(answer: bytes) -> None:
    if answer != b"{}":
        raise RuntimeError(f"The server answered {answer[:100]!r}")


#: HTTP/2 in threads is missing: httpcore's came to wait for ever, for a window that the other threads had used up. In
#: asyncio that happens now and then.
WAYS: dict[str, tuple[str, Send]] = {
    "ours": ("this package: threads, HTTP/1.1, an httpx transport for each connection", as_this_package),
    "shared": ("one httpx transport for all connections", transport_in_threads),
    "new": (
        "the same, a new connection for each request",
        lambda *told: transport_in_threads(*told, kept=0),
    ),
    "asyncio": ("the same in asyncio", transport_in_asyncio),
    "asyncio-2": ("the same in asyncio, HTTP/2", lambda *told: transport_in_asyncio(*told, http1=False, http2=True)),
    "client": ("httpx's client in threads", client_in_threads),
    "requests": ("requests, a session for each thread", sessions_in_threads),
    "aiohttp": ("aiohttp", aiohttp_in_asyncio),
    "bare": ("`http.client` in threads", bare_in_threads),
}
