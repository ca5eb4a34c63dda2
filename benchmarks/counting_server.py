"""A loopback server that takes every batch at once, and counts whom it got.

It answers as CleverTap does to a batch without a fault, and judges nothing. It is written to be no contender's limit:
raw bytes, no framework, one read of each body.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import sys
from array import array
from typing import Any

from benchmarks.people import is_bad

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
#: how each record names its person, in compact JSON or not; json.dumps escapes no character of it
_IDENTITY = re.compile(rb'"identity": ?"(?:cust-([0-9]{8})")?')
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_BODY = b'{"status":"success","processed":%d,"unprocessed":[]}'


class Tally:
    """Whom the server got, and how often.

    :param rows: how many people there are.
    """

    def __init__(self, rows: int) -> None:
        self._times = array("I", bytes(4 * (rows + 1)))
        self.requests = self.records = self.bytes = self.connections = self.in_flight = self.most_in_flight = 0

    def take(self, body: bytes) -> int:
        """Count a batch, and tell how many records it has."""
        people = _IDENTITY.findall(body)
        times = self._times
        for person in people:
            # people without an identity share place 0
            times[int(person or 0)] += 1
        self.requests += 1
        self.records += len(people)
        self.bytes += len(body)
        return len(people)

    def to_dict(self) -> dict[str, Any]:
        """Tell lost, doubled and unchecked records apart."""
        times = self._times
        counted = {
            "lost": sum(not times[row] for row in range(1, len(times)) if not is_bad(row)),
            "doubled": sum(times[row] > 1 for row in range(1, len(times))),
            "bad_rows_sent": times[0] + sum(times[row] > 0 for row in range(1, len(times)) if is_bad(row)),
        }
        used = resource.getrusage(resource.RUSAGE_SELF)
        names = ("requests", "records", "bytes", "connections", "most_in_flight")
        return counted | {name: getattr(self, name) for name in names} | {"cpu": used.ru_utime + used.ru_stime}


class Uploads(asyncio.Protocol):
    """One connection.

    :param tally: shared by all of them.
    :param latency: seconds between a request and its answer.
    """

    def __init__(self, tally: Tally, latency: float) -> None:
        self._tally = tally
        self._latency = latency
        self._buffer = bytearray()
        self._body_at = self._end = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._tally.connections += 1

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._end:
            head = buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(buffer, 0, head + 2)
            self._body_at = head + 4
            self._end = self._body_at + (int(length[1]) if length else 0)
        if len(buffer) >= self._end:
            self._answer(bytes(buffer[self._body_at : self._end]))
            # clients wait for an answer before they ask again, so nothing follows
            buffer.clear()
            self._end = 0

    def _answer(self, body: bytes) -> None:
        tally = self._tally
        tally.in_flight += 1
        tally.most_in_flight = max(tally.most_in_flight, tally.in_flight)
        answer = _BODY % tally.take(body)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        self._tally.in_flight -= 1
        if not self._transport.is_closing():
            self._transport.write(_HEAD % len(answer) + answer)


async def serve(tally: Tally, latency: float) -> None:
    """Serve until standard input is closed; the port is the first line of standard output, the tally the last."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Uploads(tally, latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    print(json.dumps(tally.to_dict()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    asked = parser.parse_args()
    asyncio.run(serve(Tally(asked.rows), asked.latency_ms / 1000))
