"""Connections that the emulator closes although its answer promised to keep them open."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from aiohttp import web


class IdleConnections:
    """The connections to close while no request is in flight on them. Used from the event loop only."""

    def __init__(self) -> None:
        self._timers: WeakKeyDictionary[asyncio.Transport, asyncio.TimerHandle | None] = WeakKeyDictionary()

    def close_later(self, transport: asyncio.Transport, seconds: float | None) -> None:
        """Close a connection on which an answer has just been sent.

        :param seconds: after so long without a request; ``None`` closes it at the moment the next request comes.
        """
        timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, transport.close)
        self._timers[transport] = timer

    def must_close(self, transport: asyncio.Transport | None) -> bool:
        """Register that a request came; return whether to close its connection instead of answering."""
        if transport is None or transport not in self._timers:
            return False
        timer = self._timers.pop(transport)
        if timer is not None:
            timer.cancel()
        return timer is None


IDLE_CONNECTIONS = web.AppKey("idle_connections", IdleConnections)
