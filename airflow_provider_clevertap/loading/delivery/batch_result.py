"""The result of delivering a batch: the outcome of each record, or that it has none yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.loading.outcomes.outcome import RowOutcome

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.delivery.batches import Batch


@dataclass(slots=True)
class BatchResult:
    """The result of delivering a batch.

    A batch whose delivery could not be finished has a failure. Records that had an outcome before it keep it.

    :param batch: the batch.
    :param outcomes: the outcomes of the records that were not accepted, by their position in the batch.
    :param requests: how many requests were sent.
    :param retries: how many of them repeated an earlier one.
    :param unsettled: the positions of the records without an outcome.
    :param ambiguous_requests: for each request whose effect is unknown, the positions of its records.
    :param failure: why the delivery could not be finished.
    """

    batch: Batch
    outcomes: dict[int, RowOutcome] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    unsettled: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    ambiguous_requests: list[NDArray[np.int64]] = field(default_factory=list)
    failure: Exception | None = None

    @classmethod
    def never_sent(cls, batch: Batch) -> BatchResult:
        """Return the result of a batch of which nothing was sent."""
        return cls(batch, unsettled=np.arange(len(batch)))

    def settled(self) -> Batch:
        """Return the records that have an outcome, as a batch."""
        if not len(self.unsettled):
            return self.batch
        return self.batch.select(np.setdiff1d(np.arange(len(self.batch)), self.unsettled))

    def possibly_processed(self) -> NDArray[np.int64]:
        """Return the positions of the records without an outcome that CleverTap may have processed."""
        return np.intersect1d(self.unsettled, np.concatenate([self.unsettled[:0], *self.ambiguous_requests]))

    def fail(self, failure: Exception, unsettled: list[NDArray[np.int64]]) -> None:
        """Record that the delivery cannot be finished.

        :param failure: the reason.
        :param unsettled: the positions of the records that were being sent, and of those that were to follow.
        """
        self.failure = failure
        self.unsettled = np.sort(np.concatenate(unsettled))
