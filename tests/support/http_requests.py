"""HTTP requests and waits with a timeout that is long enough for a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import httpx

#: Seconds for what takes no time on an idle machine.
TIMEOUT = 60.0

get = partial(httpx.get, timeout=TIMEOUT)
post = partial(httpx.post, timeout=TIMEOUT)


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until ``holds`` returns something true; fail after the timeout."""
    end = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < end, f"not after {TIMEOUT:.0f} seconds: {what}"
        time.sleep(0.005)
