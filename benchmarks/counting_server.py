"""A loopback server that accepts every batch, and counts the rows it received and the requests in flight.

It answers as CleverTap does to a valid batch, and validates nothing. With a ceiling it answers 429 to a request above
it, as CleverTap does; the ceiling can end after some time. It can also fail a share of the requests, always the same
ones, before it counts their rows. It must not be what limits a contender, so it works on raw bytes, without a
framework, and searches each body once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import resource
import socket
import struct
import sys
import time
import zlib
from array import array
from dataclasses import dataclass, field
from typing import Any

from benchmarks.data import DATASETS, Dataset

FAULTS = ("503", "429", "reset")

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_SUCCESS = b'{"status":"success","processed":%d,"unprocessed":[]}'
_GZIP = re.compile(rb"\r\ncontent-encoding: *gzip *\r\n", re.IGNORECASE)
_TOO_MANY = b'{"status":"fail","error":"Too many requests","code":429}'
_FAILED = b'{"status":"fail","error":"Service Unavailable","code":503}'


class Tally:
    """The rows the server received, and how often.

    :param dataset: the data that is loaded.
    :param rows: the number of rows.
    """

    def __init__(self, dataset: Dataset, rows: int) -> None:
        self._times = array("I", bytes(4 * (rows + 1)))
        self._key = re.compile(dataset.key)
        # With and without the blank that json.dumps writes.
        self._record = (dataset.record, dataset.record.replace(b'":"', b'": "'))
        self._unsent = (dataset.dirt, dataset.replaced)
        self.requests = self.refused = self.failed = self.records = self.bytes = self.connections = 0

    def count(self, body: bytes) -> int:
        """Count the rows of a batch, and return its number of records."""
        times = self._times
        for row in self._key.findall(body):
            # Invalid rows without a number are counted at index 0.
            times[int(row or 0)] += 1
        records = sum(map(body.count, self._record))
        self.records += records
        return records

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of lost and doubled rows, of invalid rows received, and of requests."""
        rows = self._times[1:]
        invalid, replaced = ([rows[place - 1 :: every] for place in places] for every, places in self._unsent)
        counted = {
            "lost": rows.count(0) - sum(counts.count(0) for counts in (*invalid, *replaced)),
            "doubled": len(rows) - rows.count(0) - rows.count(1),
            "bad_rows_sent": self._times[0] + sum(len(counts) - counts.count(0) for counts in invalid),
        }
        used = resource.getrusage(resource.RUSAGE_SELF)
        names = ("requests", "refused", "failed", "records", "bytes", "connections")
        return counted | {name: getattr(self, name) for name in names} | {"cpu": used.ru_utime + used.ru_stime}


class InFlight:
    """The requests in flight, and for how long each number of them was.

    A request is in flight from its first byte until its answer is written. The time before the first request and after
    the last one is not counted.
    """

    def __init__(self) -> None:
        self.now = 0
        self.answering = 0
        #: For each number of requests, how long after the end of the ceiling so many waited for an answer.
        self.climb: list[float] = []
        self._ceiling_ended: float | None = None
        self._seconds: list[float] = []
        self._changed: float | None = None

    def change(self, by: int) -> None:
        """Count a request that arrived (+1) or was answered (-1)."""
        moment = time.perf_counter()
        if self._changed is not None:
            self._seconds.extend([0.0] * (self.now + 1 - len(self._seconds)))
            self._seconds[self.now] += moment - self._changed
        self._changed = moment
        self.now += by

    def answer(self, by: int) -> None:
        """Count a request that starts (+1) or stops (-1) to wait for its answer."""
        self.answering += by
        if self._ceiling_ended is not None and self.answering > len(self.climb):
            self.climb.append(round(time.perf_counter() - self._ceiling_ended, 4))

    def end_ceiling(self) -> None:
        """Record that any number of requests is accepted from now on."""
        self._ceiling_ended = time.perf_counter()

    def seconds(self) -> list[float]:
        """Return, for each number of requests, for how many seconds so many were in flight."""
        return [round(seconds, 4) for seconds in self._seconds]


@dataclass(slots=True)
class Behaviour:
    """How the server answers.

    :param latency: seconds between a request and its answer.
    :param ceiling: how many requests may wait for an answer, 0 for any number.
    :param ceiling_seconds: the ceiling ends so long after the first request, 0 for never.
    :param fault: how some requests fail, one of ``FAULTS``.
    :param share: the share of requests that fail.
    """

    latency: float = 0
    ceiling: int = 0
    ceiling_seconds: float = 0
    fault: str = ""
    share: float = 0
    chance: random.Random = field(default_factory=lambda: random.Random(15))


class Uploads(asyncio.Protocol):
    """One connection. All connections share the parameters.

    :param tally: the rows received.
    :param in_flight: the requests in flight.
    :param behaviour: how to answer.
    """

    def __init__(self, tally: Tally, in_flight: InFlight, behaviour: Behaviour) -> None:
        self._tally = tally
        self._in_flight = in_flight
        self._behaviour = behaviour
        self._buffer = bytearray()
        self._body_at = self._end = 0
        self._gzip = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._tally.connections += 1

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        if not buffer:
            self._in_flight.change(+1)
        buffer += data
        if not self._end:
            head = buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(buffer, 0, head + 2)
            self._body_at = head + 4
            self._end = self._body_at + (int(length[1]) if length else 0)
            self._gzip = _GZIP.search(buffer, 0, head + 2) is not None
        if len(buffer) >= self._end:
            self._answer(bytes(buffer[self._body_at : self._end]))
            # A client waits for the answer before its next request, so nothing follows in the buffer.
            buffer.clear()
            self._end = 0

    def _answer(self, body: bytes) -> None:
        tally, in_flight, behaviour = self._tally, self._in_flight, self._behaviour
        tally.requests += 1
        tally.bytes += len(body)
        if tally.requests == 1 and behaviour.ceiling_seconds:
            asyncio.get_running_loop().call_later(behaviour.ceiling_seconds, self._end_ceiling)
        if behaviour.ceiling and in_flight.answering >= behaviour.ceiling:
            tally.refused += 1
            self._write(b"429 Too Many Requests", _TOO_MANY)
        elif behaviour.share and behaviour.chance.random() < behaviour.share:
            self._fail()
        else:
            success = _SUCCESS % tally.count(zlib.decompress(body, wbits=31) if self._gzip else body)
            self._write_late(b"200 OK", success)

    def _fail(self) -> None:
        """Answer with the fault. All but 429 take as long as an ordinary answer."""
        fault = self._behaviour.fault
        if fault == "429":
            self._tally.refused += 1
            self._write(b"429 Too Many Requests", _TOO_MANY)
            return
        self._tally.failed += 1
        self._write_late(b"503 Service Unavailable" if fault == "503" else b"", _FAILED)

    def _end_ceiling(self) -> None:
        self._behaviour.ceiling = 0
        self._in_flight.end_ceiling()

    def _write_late(self, status: bytes, answer: bytes) -> None:
        if self._behaviour.latency:
            self._in_flight.answer(+1)
            asyncio.get_running_loop().call_later(self._behaviour.latency, self._write_delayed, status, answer)
        else:
            self._write(status, answer)

    def _write_delayed(self, status: bytes, answer: bytes) -> None:
        self._in_flight.answer(-1)
        self._write(status, answer)

    def _write(self, status: bytes, answer: bytes) -> None:
        self._in_flight.change(-1)
        if not status:
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        elif not self._transport.is_closing():
            self._transport.write(_ANSWER % (status, len(answer), answer))


async def serve(tally: Tally, behaviour: Behaviour) -> None:
    """Serve until standard input is closed. The first line of standard output is the port, the last one the counts."""
    loop, in_flight = asyncio.get_running_loop(), InFlight()
    server = await loop.create_server(lambda: Uploads(tally, in_flight, behaviour), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    print(
        json.dumps(tally.to_dict() | {"seconds_in_flight": in_flight.seconds(), "climb": in_flight.climb}), flush=True
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--dataset", choices=DATASETS, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--ceiling", type=int, default=0)
    parser.add_argument("--ceiling-seconds", type=float, default=0)
    parser.add_argument("--fault", choices=FAULTS, default="503")
    parser.add_argument("--fault-share", type=float, default=0)
    arguments = parser.parse_args()
    behaviour = Behaviour(
        arguments.latency_ms / 1000,
        arguments.ceiling,
        arguments.ceiling_seconds,
        arguments.fault,
        arguments.fault_share,
    )
    asyncio.run(serve(Tally(DATASETS[arguments.dataset], arguments.rows), behaviour))
