"""What a request costs the one who sends it: HTTP/1.1 and HTTP/2, threads and asyncio, and other clients.

Every way sends the same bodies, ready made, to one server in another process that answers in a few bytes. It speaks
HTTP/2 without TLS as well, so that the ways differ in nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import repeat
from typing import Any

from benchmarks.reporting import Table, spread

TITLE = "Ways to send a request, 10 in flight"
IN_FLIGHT = 10
#: bytes of 100 device tokens and of 1,000 profiles, and how often each is sent
SIZES = {"20 kB": (20_000, 3_000), "300 kB": (300_000, 600)}
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


def _httpx_request(url: str, body: bytes) -> Any:
    import httpx

    extensions = {"timeout": httpx.Timeout(_LONGEST).as_dict()}
    return httpx.Request("POST", url, content=body, headers=HEADERS, extensions=extensions)


def as_this_package(url: str, body: bytes, requests: int) -> Taken:
    from airflow_provider_clevertap.api.transport import open_connections

    connections = open_connections(url, IN_FLIGHT)

    def send_one() -> None:
        with connections.one(_LONGEST) as transport:
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

            async def send_some(count: int) -> None:
                for _ in range(count):
                    answer = await transport.handle_async_request(_httpx_request(url, body))
                    _check(await answer.aread())
                    await answer.aclose()

            await asyncio.gather(*map(send_some, repeat(_WARM_UP // IN_FLIGHT, IN_FLIGHT)))
            with Taken() as taken:
                await asyncio.gather(*map(send_some, repeat(requests // IN_FLIGHT, IN_FLIGHT)))
            return taken

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

            async def send_some(count: int) -> None:
                for _ in range(count):
                    async with session.post(url, data=body, headers=HEADERS) as answer:
                        _check(await answer.read())

            await asyncio.gather(*map(send_some, repeat(_WARM_UP // IN_FLIGHT, IN_FLIGHT)))
            with Taken() as taken:
                await asyncio.gather(*map(send_some, repeat(requests // IN_FLIGHT, IN_FLIGHT)))
            return taken

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


def measure(turns: int, scale: float = 1) -> list[dict[str, dict[str, Any]]]:
    """Send by each way so many times in turn, each time in a fresh process.

    :param scale: times the usual number of requests.
    """
    with _server() as url:
        return [{way: _in_own_process(way, url, scale) for way in WAYS} for _ in range(turns)]


def table(turns: Sequence[dict[str, dict[str, Any]]]) -> Table:
    """Show the medians."""
    rows = [["", *(f"{size}, {what}" for size in SIZES for what in ("CPU µs", "CPU, times ours", "requests/s"))]]
    for way, (title, _) in WAYS.items():
        cells = []
        for size in SIZES:
            ended = [turn for turn in turns if size in turn[way]]
            if not ended:
                cells += ["failed", "", ""]
                continue
            runs = [turn[way][size] for turn in ended]
            ratios = [turn[way][size]["cpu"] / turn["ours"][size]["cpu"] for turn in ended]
            cells += [
                spread((run["cpu"] * 1e6 for run in runs), "{:.0f}"),
                f"{statistics.median(ratios):.2f}",
                f"{statistics.median(run['per_second'] for run in runs):,.0f}",
            ]
        rows.append([title, *cells])
    return rows


def _in_own_process(way: str, url: str, scale: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.sending", way, url, str(scale)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Take a whole request and answer in two bytes; an ASGI application."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


#: A connection is kept for any number of requests.
_SERVE = """
import asyncio
from hypercorn.asyncio import serve
from hypercorn.config import Config
from benchmarks.sending import answer
config = Config()
config.bind, config.loglevel, config.keep_alive_max_requests = ["127.0.0.1:{port}"], "ERROR", 10**9
asyncio.run(serve(answer, config))
"""


@contextmanager
def _server() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", _SERVE.format(port=port)])
    with ExitStack() as stopping:
        stopping.callback(process.wait)
        stopping.callback(process.kill)
        end = time.monotonic() + 30
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("hypercorn does not answer")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return not asking.connect_ex(("127.0.0.1", port))


def main() -> None:
    """Send by one way in this process, and print what it took as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("url")
    parser.add_argument("scale", type=float)
    asked = parser.parse_args()
    found = {}
    for size, (count, usual) in SIZES.items():
        requests = max(round(usual * asked.scale / IN_FLIGHT), 1) * IN_FLIGHT
        try:
            taken = WAYS[asked.way][1](asked.url, b"x" * count, requests)
        except Exception as error:  # the others go on; the table says so
            print(f"{asked.way}, {size}: {type(error).__name__}", file=sys.stderr)
            continue
        found[size] = {"cpu": taken.cpu / requests, "per_second": requests / taken.wall}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
