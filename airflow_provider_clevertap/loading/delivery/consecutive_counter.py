"""A thread-safe counter of consecutive failures."""

from __future__ import annotations

import threading
import time


class ConsecutiveCounter:
    """Counts failures of all threads together; a success sets the count back to 0."""

    def __init__(self) -> None:
        self._count = 0
        self._started = 0.0
        self._lock = threading.Lock()

    def add(self) -> int:
        """Count a failure, and return how many there are now."""
        with self._lock:
            if not self._count:
                self._started = time.monotonic()
            self._count += 1
            return self._count

    @property
    def seconds(self) -> float:
        """Seconds since the first of the failures counted now."""
        with self._lock:
            return time.monotonic() - self._started if self._count else 0.0

    def reset(self) -> None:
        """Set the count back to 0 after a success."""
        with self._lock:
            self._count = 0
