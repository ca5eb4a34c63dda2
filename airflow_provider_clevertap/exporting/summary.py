"""Counts of an export, shared by the threads that work on it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """What an export has done so far.

    :param rows: rows in the partitions of the output.
    :param files: files that hold them.
    :param partitions: partitions that were replaced.
    :param empty: those of them without rows.
    :param received: rows that CleverTap has returned so far.
    :param trimmed: rows outside of the interval.
    :param without_time: rows without a time.
    :param resumed: partitions that an earlier attempt had replaced.
    :param superseded: partitions that another export has replaced meanwhile.
    :param restarts: walks that began again.
    :param requests: requests, with those that were repeated.
    :param retries: repeated requests, also those for an answer in preparation.
    :param unfit: values by property that do not have the declared type.
    """

    rows: int = 0
    files: int = 0
    partitions: int = 0
    empty: int = 0
    received: int = 0
    trimmed: int = 0
    without_time: int = 0
    resumed: int = 0
    superseded: int = 0
    restarts: int = 0
    requests: int = 0
    retries: int = 0
    unfit: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: float = field(default_factory=time.monotonic)

    def add(self, unfit: Mapping[str, int] | None = None, /, **numbers: int) -> None:
        """Add to the counts; threads may call it at the same time."""
        with self._lock:
            for name, number in numbers.items():
                setattr(self, name, getattr(self, name) + number)
            self.unfit.update(unfit or {})

    @property
    def seconds(self) -> float:
        """The seconds since the export started."""
        return time.monotonic() - self._started

    def to_dict(self) -> dict[str, Any]:
        """Return the counts for XCom."""
        names = (
            "rows", "files", "partitions", "empty", "trimmed", "without_time", "resumed", "superseded", "restarts",
            "requests", "retries",
        )  # fmt: skip
        return {
            **{name: getattr(self, name) for name in names},
            "unfit": dict(self.unfit),
            "seconds": round(self.seconds, 3),
        }
