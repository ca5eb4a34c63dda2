"""A loopback server that answers exports with pages of made-up events, and measures the requests in flight.

It must not be what limits a contender, so its pages are rendered once, and it works on raw bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from functools import cache
from typing import Any

PAGE_ROWS = 5_000
_LENGTH = re.compile(r"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
#: Pages that are rendered for a query; they are sent again and again.
_PAGES = 8


def _record(chance: random.Random, first: int, last: int) -> dict[str, Any]:
    moment = chance.randrange(86_400)
    clock = moment // 3600 * 10_000 + moment // 60 % 60 * 100 + moment % 60
    return {
        "profile": {
            "objectId": f"__a{chance.getrandbits(64):016x}",
            "platform": chance.choice(("Android", "iOS")),
            "identity": f"cust-{chance.randrange(10**7):08}",
        },
        "ts": chance.randint(first, last) * 1_000_000 + clock,
        "event_props": {
            "Price": round(chance.random() * 100, 2),
            "Product": f"sku {chance.randrange(10_000)}",
            "Category": chance.choice(("shoes", "books", "toys")),
            "CT Source": "Mobile",
            "Currency": "INR",
            "Quantity": chance.randrange(5),
        },
        "session_props": {"utm_source": "mail", "utm_medium": "newsletter", "session_source": "Others"},
    }


@cache
def _pages(first: int, last: int) -> list[bytes]:
    chance = random.Random(7)
    return [
        json.dumps([_record(chance, first, last) for _ in range(PAGE_ROWS)], separators=(",", ":")).encode()
        for _ in range(_PAGES)
    ]


class PageServer:
    """Answers queries of days with as many pages as their share of all days.

    :param pages: the pages of all days together.
    :param days: all days.
    :param seconds: how long each answer takes.
    """

    def __init__(self, pages: int, days: int, seconds: float) -> None:
        self._pages = pages
        self._days = days
        self._seconds = seconds
        self._in_flight = 0
        self._since = time.monotonic()
        #: seconds for which so many requests were in flight, from the first one to the last answer
        self.seconds_in_flight = [0.0] * 10
        self._begun = False
        self._last = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self._count(1)
                length = next((int(found) for found in _LENGTH.findall(head)), 0)
                body = await reader.readexactly(length) if length else b""
                await asyncio.sleep(self._seconds)
                answer = self._answer(head.split(" ")[1], body)
                writer.write(_HEAD % len(answer))
                writer.write(answer)
                await writer.drain()
                self._count(-1)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _count(self, change: int) -> None:
        now = time.monotonic()
        if self._begun:
            self.seconds_in_flight[self._in_flight] += now - self._since
        self._begun, self._since, self._last = True, now, now
        self._in_flight += change

    def _answer(self, target: str, body: bytes) -> bytes:
        _, _, cursor = target.partition("cursor=")
        if not cursor:
            query = json.loads(body)
            first, last = query["from"], query["to"]
            pages = round(self._pages * (last - first + 1) / self._days)
            return json.dumps({"status": "success", "cursor": f"{first}-{last}-{pages}"}).encode()
        first, last, left = map(int, cursor.split("-"))
        following = b'"next_cursor":"%d-%d-%d",' % (first, last, left - 1) if left > 1 else b""
        return b'{"status":"success",' + following + b'"records":' + _pages(first, last)[left % _PAGES] + b"}"


async def _main(pages: int, days: int, seconds: float) -> None:
    server = PageServer(pages, days, seconds)
    for first in range(1, days + 1):
        for last in range(first, days + 1):
            _pages(20_251_100 + first, 20_251_100 + last)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps({"seconds_in_flight": server.seconds_in_flight}))
    listening.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.pages, arguments.days, arguments.latency_ms / 1000))
