"""How many rows a load had settled, over time: a series that stays small however long the load runs."""

from __future__ import annotations

from typing import Final

#: Points of a series. When it is full, every second one is left out, and the next ones are twice as far apart.
MAX_POINTS: Final = 100
#: Seconds between two points at first.
FIRST_INTERVAL: Final = 1.0


class RateSeries:
    """Keeps points of time and rows, the latest always among them."""

    def __init__(self) -> None:
        self._interval = FIRST_INTERVAL
        self._points: list[tuple[float, int]] = [(0.0, 0)]
        self._latest: tuple[float, int] = (0.0, 0)

    def add(self, seconds: float, rows: int) -> None:
        """Add a point; it is kept if the one before it is far enough away.

        :param seconds: the time since the load began.
        :param rows: the rows settled until then.
        """
        self._latest = (round(seconds, 2), rows)
        if seconds - self._points[-1][0] < self._interval:
            return
        self._points.append(self._latest)
        if len(self._points) >= MAX_POINTS:
            self._points = self._points[::2]
            self._interval *= 2

    def points(self) -> list[list[float | int]]:
        """Return the points as JSON can hold them."""
        points = self._points if self._points[-1] == self._latest else [*self._points, self._latest]
        return [list(point) for point in points]
