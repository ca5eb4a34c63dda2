"""How many batches to claim at a time: few, so that a killed process leaves little in doubt."""

from __future__ import annotations

from typing import Final

#: Seconds of sending that one claim is for. A claim is a durable write, so it must not be made for each batch.
CLAIM_SECONDS: Final = 0.09
#: The most batches claimed beyond those in flight, for each request in flight: where answers come at once.
MAX_WINDOW: Final = 4
#: Weight of the latest attempt in the average.
WEIGHT: Final = 0.1


class ClaimWindow:
    """Adapts claims to how fast answers come.

    What a killed process leaves in doubt is what is in flight, and the window: batches that are claimed and not sent,
    or answered and not saved. The window is as many batches as may be in flight where answers take 90 ms or longer,
    and grows as they come faster, to four times as many.

    :param max_in_flight: the most requests in flight.
    """

    def __init__(self, max_in_flight: int) -> None:
        self._max_in_flight = max_in_flight
        self._seconds: float | None = None
        #: claimed batches that wait for a request in flight to end, so that none is missing while a claim is written
        self.backlog = 0 if max_in_flight == 1 else max(1, max_in_flight // 2)

    def answered(self, seconds: float) -> None:
        """Record how long an attempt took."""
        self._seconds = seconds if self._seconds is None else (1 - WEIGHT) * self._seconds + WEIGHT * seconds

    @property
    def size(self) -> int:
        """How many batches to claim at once."""
        factor = 1.0 if self._seconds is None else CLAIM_SECONDS / max(self._seconds, 0.001)
        window = int(self._max_in_flight * min(max(factor, 1.0), MAX_WINDOW))
        return max(1, window - self.backlog)
