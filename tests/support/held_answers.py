"""An emulator that a test can bring to rest, and one whose answers it holds back until it wants them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_clevertap.emulator.faults.rules import Status
from airflow_provider_clevertap.emulator.testing import RunningEmulator

#: Turns of the emulator's loop by which all is begun that a client has sent: making the connection, reading and so on
#: take one each, and what a killed client has sent may not have been looked at yet.
_TURNS = 50


def wait_until_at_rest(emulator: RunningEmulator) -> None:
    """Wait until nothing is in flight, nor anything under way that its sender has not waited for."""

    async def turns() -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    end = time.monotonic() + 120
    while True:
        emulator._wait(turns)
        if not emulator.stats()["in_flight"]:
            return
        assert time.monotonic() < end, "a request does not end"
        time.sleep(0.005)


@contextmanager
def held_answers(emulator: RunningEmulator, may_go: Callable[[int], bool]) -> Iterator[None]:
    """Hold back uploads in the order they come, and let them go one by one. Those held are in flight.

    Uploads that are answered with another status by a fault are not held.

    :param may_go: told how many are held; says whether the first of them may go. It is asked in the emulator's thread,
        again and again.
    """
    service: Any = emulator._emulator
    upload = service.upload
    line: deque[asyncio.Event] = deque()

    async def hold(entry: Any, body: bytes, ending: Any) -> Any:
        if not isinstance(ending, Status):
            first = asyncio.Event()
            line.append(first)
            if line[0] is first:
                first.set()
            await first.wait()
            while not may_go(len(line)):
                await asyncio.sleep(0.002)
            line.popleft()
            if line:
                line[0].set()
        return await upload(entry, body, ending)

    service.upload = hold
    try:
        yield
    finally:
        del service.upload
