"""Requests that wait as long as a busy machine needs; what is broken fails all the same, only later."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import httpx

#: Seconds for what comes at once on an idle machine.
TIMEOUT = 60.0

get = partial(httpx.get, timeout=TIMEOUT)
post = partial(httpx.post, timeout=TIMEOUT)


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds; it is an error when it never does."""
    end = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < end, f"not after {TIMEOUT:.0f} seconds: {what}"
        time.sleep(0.005)
