"""One batch under way: which of its records have an outcome, and what is sent next."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.api.answers import Ambiguous, Answer, Processed, RateLimited
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch
from airflow_provider_clevertap.loading.delivery.decision import Decision, Resend, Sent, Settle, Split

#: Seconds that a resent request gets at least, when the time for its batch is almost over.
MIN_SECONDS: Final = 5.0


@dataclass(slots=True)
class Part:
    """Some records of a batch, which are sent together.

    :param batch: the records.
    :param positions: their positions in the whole batch.
    :param server_error_resends: how often they were resent because of an error of CleverTap's own.
    :param possibly_processed: they were sent, and may have been processed.
    :param attempts: how often they were sent.
    :param failures: how many of these attempts failed; a request to wait is not a failure.
    :param started: when they were first sent, in seconds of the monotonic clock.
    """

    batch: Batch
    positions: NDArray[np.int64]
    server_error_resends: int = 0
    possibly_processed: bool = False
    attempts: int = 0
    failures: int = 0
    started: float = 0.0

    def seconds(self) -> float:
        """Return the time since the first attempt."""
        return time.monotonic() - self.started

    def sent(self, *, may_resend: bool) -> Sent:
        """Return what the decision about the latest attempt depends on.

        :param may_resend: sending any records twice is allowed.
        """
        return Sent(
            records=len(self.batch),
            may_resend=may_resend or self.batch.repeatable,
            attempts=self.attempts,
            failures=self.failures,
            seconds=self.seconds(),
            server_error_resends=self.server_error_resends,
        )


class BatchDelivery:
    """Keeps what has become of a batch, one attempt after another, until every record has an outcome.

    :param batch: the batch.
    """

    def __init__(self, batch: Batch) -> None:
        self.result = BatchResult(batch)
        self._parts = [Part(batch, np.arange(len(batch)))]

    @property
    def current(self) -> Part:
        """The records to be sent next, or being sent."""
        return self._parts[-1]

    @property
    def finished(self) -> bool:
        """Return whether every record has an outcome."""
        return not self._parts

    def seconds_left(self, policy: RetryPolicy) -> float:
        """Return the longest time for the next attempt: none for the first, else what is left for the records."""
        if not self.current.attempts:
            return math.inf
        return max(policy.total_seconds - self.current.seconds(), MIN_SECONDS)

    def begin_attempt(self) -> None:
        """Record that the current records are sent from now on."""
        part = self.current
        if not part.attempts:
            part.started = time.monotonic()
        self.result.possibly_processed.append(part.positions)

    def withdraw_attempt(self) -> None:
        """Record that the attempt was not made after all."""
        self.result.possibly_processed.pop()

    def end_attempt(self, answer: Answer, *, dry_run: bool) -> None:
        """Record that the attempt was answered.

        :param dry_run: CleverTap stores nothing.
        """
        part = self.current
        part.attempts += 1
        self.result.requests += 1
        ambiguous = isinstance(answer, Ambiguous)
        if not ambiguous:  # which says something of this attempt only, and nothing of an earlier one
            self.result.possibly_processed.pop()
        part.possibly_processed |= ambiguous and not dry_run

    def apply(self, decision: Decision, answer: Answer) -> None:
        """Record the outcomes, and what is sent next.

        :param decision: what follows from the answer; a load that stops leaves the records without an outcome.
        :param answer: the answer.
        """
        match decision:
            case Settle(outcomes=outcomes):
                part = self._parts.pop()
                self._record(part, outcomes)
            case Resend(records=None):
                self.current.failures += not isinstance(answer, RateLimited)
                self.result.retries += 1
            case Resend(records=records, outcomes=outcomes):
                part = self._parts.pop()
                self._record(part, outcomes)
                again = np.array(records, np.int64)
                resends = part.server_error_resends + 1
                self._parts.append(Part(part.batch.select(again), part.positions[again], resends))
                self.result.retries += 1
            case Split():
                part = self._parts.pop()
                for half in reversed(np.array_split(np.arange(len(part.batch)), 2)):
                    smaller = replace(
                        part,
                        batch=part.batch.select(half),
                        positions=part.positions[half],
                        attempts=0,
                        failures=0,
                    )
                    self._parts.append(smaller)

    def fail(self) -> BatchResult:
        """Return the result of a batch that is not brought to its end."""
        self.result.fail([part.positions for part in self._parts])
        self._parts.clear()
        return self.result

    def _record(self, part: Part, outcomes: object) -> None:
        for record, outcome in dict(outcomes).items():  # type: ignore[call-overload]
            self.result.outcomes[int(part.positions[record])] = outcome


def certainly_not_processed(answer: Answer) -> bool:
    """Return whether an answer says that its request had no effect."""
    return not isinstance(answer, Processed | Ambiguous)
