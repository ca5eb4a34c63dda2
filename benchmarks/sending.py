"""The cost of a request for its client: HTTP/1.1 and HTTP/2, threads and asyncio, and other clients.

Each way sends the same prepared bodies to one server in another process that answers in a few bytes. The server also
speaks HTTP/2 without TLS, so that the ways differ in nothing else.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.measuring import ROOT
from benchmarks.reporting import Table, spread
from benchmarks.ways_to_send import IN_FLIGHT, WAYS

TITLE = "Ways to send a request, 10 in flight"
#: The bytes of 100 device tokens and of 1,000 profiles, and how often each body is sent.
SIZES = {"20 kB": (20_000, 3_000), "300 kB": (300_000, 600)}


def measure(turns: int, scale: float = 1) -> list[dict[str, dict[str, Any]]]:
    """Send by each way in turn, each time in a fresh process.

    :param turns: how many times.
    :param scale: multiplies the usual number of requests.
    """
    with _server() as url:
        return [{way: _in_own_process(way, url, scale) for way in WAYS} for _ in range(turns)]


def table(turns: Sequence[dict[str, dict[str, Any]]]) -> Table:
    """Return a table of the medians."""
    rows = [["", *(f"{size}, {what}" for size in SIZES for what in ("CPU µs", "CPU, times ours", "requests/s"))]]
    for way, (title, _) in WAYS.items():
        cells = []
        for size in SIZES:
            completed = [turn for turn in turns if size in turn[way]]
            if not completed:
                cells += ["failed", "", ""]
                continue
            runs = [turn[way][size] for turn in completed]
            ratios = [turn[way][size]["cpu"] / turn["ours"][size]["cpu"] for turn in completed]
            cells += [
                spread((run["cpu"] * 1e6 for run in runs), "{:.0f}"),
                f"{statistics.median(ratios):.2f}",
                f"{statistics.median(run['per_second'] for run in runs):,.0f}",
            ]
        rows.append([title, *cells])
    return rows


def _in_own_process(way: str, url: str, scale: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.sending", way, url, str(scale)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300, cwd=ROOT)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Read a whole request and answer in two bytes; an ASGI application."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


#: Keeps a connection open for any number of requests.
_SERVE = """
import asyncio
from hypercorn.asyncio import serve
from hypercorn.config import Config
from benchmarks.sending import answer
config = Config()
config.bind, config.loglevel, config.keep_alive_max_requests = ["fd://{bound}"], "ERROR", 10**9
asyncio.run(serve(answer, config))
"""


@contextmanager
def _server() -> Iterator[str]:
    with (
        socket.socket() as bound
    ):  # passed on while it is bound: a port that is released could be used by another program
        bound.bind(("127.0.0.1", 0))
        port, number = bound.getsockname()[1], bound.fileno()
        process = subprocess.Popen([sys.executable, "-c", _SERVE.format(bound=number)], cwd=ROOT, pass_fds=[number])
    with ExitStack() as stopping:
        stopping.callback(process.wait)
        stopping.callback(process.kill)
        deadline = time.monotonic() + 30
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("hypercorn does not answer")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return not client.connect_ex(("127.0.0.1", port))


def main() -> None:
    """Send by one way in this process, and print its times as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("url")
    parser.add_argument("scale", type=float)
    arguments = parser.parse_args()
    measured = {}
    for size, (count, usual) in SIZES.items():
        requests = max(round(usual * arguments.scale / IN_FLIGHT), 1) * IN_FLIGHT
        try:
            used = WAYS[arguments.way][1](arguments.url, b"x" * count, requests)
        except Exception as error:  # the table shows it as failed, and the other ways are measured
            print(f"{arguments.way}, {size}: {type(error).__name__}", file=sys.stderr)
            continue
        measured[size] = {"cpu": used.cpu / requests, "per_second": requests / used.wall}
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
