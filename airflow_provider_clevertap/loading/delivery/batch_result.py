"""The result of a batch: the outcome of each record, or that it has none yet."""

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
    """The result of a batch, also of one that was not brought to its end.

    :param batch: the batch.
    :param outcomes: of the records that were not accepted, by their position in the batch.
    :param requests: how many requests it took.
    :param retries: how many of them repeated an earlier one.
    :param unsettled: the positions of the records without an outcome.
    :param possibly_processed: the positions of the records in each request that may have been processed.
    """

    batch: Batch
    outcomes: dict[int, RowOutcome] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0
    unsettled: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    possibly_processed: list[NDArray[np.int64]] = field(default_factory=list)

    @classmethod
    def never_sent(cls, batch: Batch) -> BatchResult:
        """Return the result of a batch that was claimed and not sent."""
        return cls(batch, unsettled=np.arange(len(batch)))

    def settled(self) -> Batch:
        """Return the records that have an outcome."""
        if not len(self.unsettled):
            return self.batch
        return self.batch.select(np.setdiff1d(np.arange(len(self.batch)), self.unsettled, assume_unique=True))

    def in_doubt(self) -> NDArray[np.int64]:
        """Return the positions of the records without an outcome that may have been processed."""
        return self.unsettled[np.isin(self.unsettled, np.concatenate([self.unsettled[:0], *self.possibly_processed]))]

    def fail(self, unsettled: list[NDArray[np.int64]]) -> None:
        """Record that the batch is not brought to its end.

        :param unsettled: the positions of the records without an outcome, in parts.
        """
        self.unsettled = np.sort(np.concatenate(unsettled))
