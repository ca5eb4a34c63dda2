"""Counts what must not happen on and on."""

from __future__ import annotations

import threading
import time


class ConsecutiveCounter:
    """Counts how often something has happened with nothing better in between, in all threads together."""

    def __init__(self) -> None:
        self._count = 0
        self._began = 0.0
        self._lock = threading.Lock()

    def add(self) -> int:
        """Count one; give how many there are by now."""
        with self._lock:
            if not self._count:
                self._began = time.monotonic()
            self._count += 1
            return self._count

    @property
    def seconds(self) -> float:
        """How long it has been happening."""
        with self._lock:
            return time.monotonic() - self._began if self._count else 0.0

    def end(self) -> None:
        """Note that something better has happened."""
        with self._lock:
            self._count = 0
