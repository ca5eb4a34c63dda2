"""Connections the emulator promised to keep open, and closes all the same."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from aiohttp import web


class IdleConnections:
    """The connections that are to be closed while nothing is asked on them. Used from the event loop only."""

    def __init__(self) -> None:
        self._ending: WeakKeyDictionary[asyncio.Transport, asyncio.TimerHandle | None] = WeakKeyDictionary()

    def close_later(self, transport: asyncio.Transport, seconds: float | None) -> None:
        """Close a connection on which an answer has just been sent.

        :param seconds: after so long without a request; ``None`` closes it at the moment the next request comes.
        """
        timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, transport.close)
        self._ending[transport] = timer

    def is_over(self, transport: asyncio.Transport | None) -> bool:
        """Note that a request comes; tell whether its connection is to be closed instead of answering."""
        if transport is None or transport not in self._ending:
            return False
        timer = self._ending.pop(transport)
        if timer is not None:
            timer.cancel()
        return timer is None


IDLE_CONNECTIONS = web.AppKey("idle_connections", IdleConnections)
