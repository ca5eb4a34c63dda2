"""Counts what must not happen on and on."""

from __future__ import annotations

import threading


class InARow:
    """Counts how often something has happened with nothing better in between, in all threads together."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def add(self) -> int:
        """Count one; give how many there are by now."""
        with self._lock:
            self._count += 1
            return self._count

    def end(self) -> None:
        """Note that something better has happened."""
        with self._lock:
            self._count = 0
