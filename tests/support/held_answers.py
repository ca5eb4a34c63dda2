"""Wait until an emulator is idle, and hold back its answers until a test releases them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_clevertap.emulator.faults.rules import Status
from airflow_provider_clevertap.emulator.testing import RunningEmulator

#: Turns of the emulator's event loop after which every request that was sent has begun: accepting the connection,
#: reading and so on take one each, and requests of a killed client may still be unread.
_TURNS = 50


def requests_in_flight(emulator: RunningEmulator) -> int:
    """Return how many requests are in flight, to any path."""
    return sum(path["in_flight"] for path in emulator.stats()["paths"].values())


def wait_until_at_rest(emulator: RunningEmulator) -> None:
    """Wait until no request is in flight, also none whose sender no longer waits for it."""

    async def turns() -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    end = time.monotonic() + 120
    while True:
        emulator._wait(turns)
        if not requests_in_flight(emulator):
            return
        assert time.monotonic() < end, "a request did not end"
        time.sleep(0.005)


@contextmanager
def held_answers(emulator: RunningEmulator, may_go: Callable[[int], bool]) -> Iterator[None]:
    """Hold back uploads in the order of their arrival and release them one by one. Held uploads are in flight.

    Uploads that are answered with another status by a fault are not held.

    :param may_go: called with the number of held uploads, returns whether the first of them may continue. It is called
        repeatedly, in the emulator's thread.
    """
    account: Any = emulator._account
    receive = account.receive
    line: deque[asyncio.Event] = deque()

    async def hold(entry: Any, path: str, body: bytes, ending: Any) -> Any:
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
        return await receive(entry, path, body, ending)

    account.receive = hold
    try:
        yield
    finally:
        del account.receive
