"""What became of a batch: the outcome of each record, or that it has none yet."""

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
    """What became of a batch.

    A batch that could not be brought to its end has a failure. What had been settled by then stays settled.

    :param batch: the batch.
    :param verdicts: the records that were not accepted, by their place in the batch.
    :param requests: how many requests it took.
    :param retries: how many of them repeated an earlier one.
    :param unsettled: the places in the batch of records without an outcome.
    :param in_doubt: the places of records in each request whose fate is unknown.
    :param failure: why the batch has no end.
    """

    batch: Batch
    verdicts: dict[int, RowOutcome] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    unsettled: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    in_doubt: list[NDArray[np.int64]] = field(default_factory=list)
    failure: Exception | None = None

    @classmethod
    def never_sent(cls, batch: Batch) -> BatchResult:
        """Give the result of a batch that was made ready and not begun."""
        return cls(batch, unsettled=np.arange(len(batch)))

    def settled(self) -> Batch:
        """Give the records that have an outcome."""
        if not len(self.unsettled):
            return self.batch
        return self.batch.select(np.setdiff1d(np.arange(len(self.batch)), self.unsettled))

    def doubtful(self) -> NDArray[np.int64]:
        """Give the places of the records without an outcome that may have been processed."""
        return np.intersect1d(self.unsettled, np.concatenate([self.unsettled[:0], *self.in_doubt]))

    def fail(self, failure: Exception, unsettled: list[NDArray[np.int64]]) -> None:
        """Note that the batch cannot be brought to its end.

        :param unsettled: the places of the records that were being sent, and of those whose turn would have come.
        """
        self.failure = failure
        self.unsettled = np.sort(np.concatenate(unsettled))
