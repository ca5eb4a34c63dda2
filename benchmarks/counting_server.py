"""A loopback server that takes every batch at once, and counts which rows it got, how often, and how many at a time.

It answers as CleverTap does to a batch without a fault, and judges nothing. Where it is given a ceiling it refuses the
request that is one too many, as CleverTap does; the ceiling may be lifted after a while. It can fail a share of the
requests, always the same ones, before it takes what they hold. It is written to be no contender's limit: raw bytes, no
framework, one read of each body.
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
_TAKEN = b'{"status":"success","processed":%d,"unprocessed":[]}'
_GZIP = re.compile(rb"\r\ncontent-encoding: *gzip *\r\n", re.IGNORECASE)
_TOO_MANY = b'{"status":"fail","error":"Too many requests","code":429}'
_FAILED = b'{"status":"fail","error":"Service Unavailable","code":503}'


class Tally:
    """Which rows the server got, and how often.

    :param dataset: what is loaded.
    :param rows: how many rows there are.
    """

    def __init__(self, dataset: Dataset, rows: int) -> None:
        self._times = array("I", bytes(4 * (rows + 1)))
        self._key = re.compile(dataset.key)
        # as compact writers and as json.dumps write it
        self._record = [form % dataset.record_type.encode() for form in (b'"type":"%s"', b'"type": "%s"')]
        self._dirt = dataset.dirt
        self.requests = self.refused = self.failed = self.records = self.bytes = self.connections = 0

    def take(self, body: bytes) -> int:
        """Count a batch, and tell how many records it has."""
        times = self._times
        for row in self._key.findall(body):
            # bad rows that lack their number share place 0
            times[int(row or 0)] += 1
        records = sum(map(body.count, self._record))
        self.records += records
        return records

    def to_dict(self) -> dict[str, Any]:
        """Tell lost, doubled and unchecked rows apart."""
        rows, (every, places) = self._times[1:], self._dirt
        bad = [rows[place - 1 :: every] for place in places]
        counted = {
            "lost": rows.count(0) - sum(some.count(0) for some in bad),
            "doubled": len(rows) - rows.count(0) - rows.count(1),
            "bad_rows_sent": self._times[0] + sum(len(some) - some.count(0) for some in bad),
        }
        used = resource.getrusage(resource.RUSAGE_SELF)
        names = ("requests", "refused", "failed", "records", "bytes", "connections")
        return counted | {name: getattr(self, name) for name in names} | {"cpu": used.ru_utime + used.ru_stime}


class Crowd:
    """The requests in flight, and how long there were so many.

    A request is in flight from its first byte until its answer is written. The time before the first request and after
    the last one is not counted.
    """

    def __init__(self) -> None:
        self.now = 0
        self.answering = 0
        #: for each number of requests, how long after the ceiling was lifted so many waited for an answer
        self.climb: list[float] = []
        self._lifted: float | None = None
        self._seconds: list[float] = []
        self._changed: float | None = None

    def change(self, by: int) -> None:
        """Note a request that came or went."""
        moment = time.perf_counter()
        if self._changed is not None:
            self._seconds.extend([0.0] * (self.now + 1 - len(self._seconds)))
            self._seconds[self.now] += moment - self._changed
        self._changed = moment
        self.now += by

    def answer(self, by: int) -> None:
        """Note a request that begins to wait for its answer, or no longer does."""
        self.answering += by
        if self._lifted is not None and self.answering > len(self.climb):
            self.climb.append(round(time.perf_counter() - self._lifted, 4))

    def lift(self) -> None:
        """Note that from now on any number is taken."""
        self._lifted = time.perf_counter()

    def seconds(self) -> list[float]:
        """Give for each number of requests how long there were so many."""
        return [round(seconds, 4) for seconds in self._seconds]


@dataclass(slots=True)
class Conduct:
    """How the server answers.

    :param latency: seconds between a request and its answer.
    :param ceiling: how many requests may wait for an answer, 0 for any number.
    :param ceiling_seconds: the ceiling is lifted so long after the first request, 0 for never.
    :param fault: what befalls some requests, of ``FAULTS``.
    :param share: how many.
    """

    latency: float = 0
    ceiling: int = 0
    ceiling_seconds: float = 0
    fault: str = ""
    share: float = 0
    chance: random.Random = field(default_factory=lambda: random.Random(15))


class Uploads(asyncio.Protocol):
    """One connection.

    :param tally: shared by all of them.
    :param crowd: so is this.
    :param conduct: and this.
    """

    def __init__(self, tally: Tally, crowd: Crowd, conduct: Conduct) -> None:
        self._tally = tally
        self._crowd = crowd
        self._conduct = conduct
        self._buffer = bytearray()
        self._body_at = self._end = 0
        self._gzip = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._tally.connections += 1

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        if not buffer:
            self._crowd.change(+1)
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
            # clients wait for an answer before they ask again, so nothing follows
            buffer.clear()
            self._end = 0

    def _answer(self, body: bytes) -> None:
        tally, crowd, conduct = self._tally, self._crowd, self._conduct
        tally.requests += 1
        tally.bytes += len(body)
        if tally.requests == 1 and conduct.ceiling_seconds:
            asyncio.get_running_loop().call_later(conduct.ceiling_seconds, self._lift_ceiling)
        if conduct.ceiling and crowd.answering >= conduct.ceiling:
            tally.refused += 1
            self._write(b"429 Too Many Requests", _TOO_MANY)
        elif conduct.share and conduct.chance.random() < conduct.share:
            self._fail()
        else:
            taken = _TAKEN % tally.take(zlib.decompress(body, wbits=31) if self._gzip else body)
            self._write_late(b"200 OK", taken)

    def _fail(self) -> None:
        """Answer with the fault; one that is no refusal takes as long as an answer."""
        fault = self._conduct.fault
        if fault == "429":
            self._tally.refused += 1
            self._write(b"429 Too Many Requests", _TOO_MANY)
            return
        self._tally.failed += 1
        self._write_late(b"503 Service Unavailable" if fault == "503" else b"", _FAILED)

    def _lift_ceiling(self) -> None:
        self._conduct.ceiling = 0
        self._crowd.lift()

    def _write_late(self, status: bytes, answer: bytes) -> None:
        if self._conduct.latency:
            self._crowd.answer(+1)
            asyncio.get_running_loop().call_later(self._conduct.latency, self._write_waited, status, answer)
        else:
            self._write(status, answer)

    def _write_waited(self, status: bytes, answer: bytes) -> None:
        self._crowd.answer(-1)
        self._write(status, answer)

    def _write(self, status: bytes, answer: bytes) -> None:
        self._crowd.change(-1)
        if not status:
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        elif not self._transport.is_closing():
            self._transport.write(_ANSWER % (status, len(answer), answer))


async def serve(tally: Tally, conduct: Conduct) -> None:
    """Serve until standard input is closed; the port is the first line of standard output, the counts are the last."""
    loop, crowd = asyncio.get_running_loop(), Crowd()
    server = await loop.create_server(lambda: Uploads(tally, crowd, conduct), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    print(json.dumps(tally.to_dict() | {"seconds_in_flight": crowd.seconds(), "climb": crowd.climb}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--dataset", choices=DATASETS, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--ceiling", type=int, default=0)
    parser.add_argument("--ceiling-seconds", type=float, default=0)
    parser.add_argument("--fault", choices=FAULTS, default="503")
    parser.add_argument("--fault-share", type=float, default=0)
    asked = parser.parse_args()
    told = Conduct(asked.latency_ms / 1000, asked.ceiling, asked.ceiling_seconds, asked.fault, asked.fault_share)
    asyncio.run(serve(Tally(DATASETS[asked.dataset], asked.rows), told))
