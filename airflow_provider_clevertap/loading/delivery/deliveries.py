"""The batches under way: which may be sent now, which wait to be sent again, and what their answers mean."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_clevertap.api.answers import Answer, Processed, RateLimited
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.loading.delivery.batch_delivery import BatchDelivery, certainly_not_processed
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch
from airflow_provider_clevertap.loading.delivery.claims import ClaimWindow
from airflow_provider_clevertap.loading.delivery.concurrency import AdaptiveConcurrencyLimit
from airflow_provider_clevertap.loading.delivery.decision import Resend, Settle, Stop, Streak, decide
from airflow_provider_clevertap.loading.delivery.transport import Completed, Transport


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to make.

    :param delivery: the batch it belongs to.
    :param batch: the records to send.
    :param max_seconds: the longest time it may take.
    """

    delivery: BatchDelivery
    batch: Batch
    max_seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """What one answer has brought about.

    :param result: of the batch, when all its records have an outcome.
    :param send_next: the batch, when more of its records are to be sent at once.
    :param not_resent: records whose resending has certainly had no effect.
    :param wait: seconds until the batch, or another one in its turn, is sent; ``None`` for no wait.
    :param detail: why to wait.
    :param then: what follows the wait.
    :param error: why the load must stop.
    """

    result: BatchResult | None = None
    send_next: BatchDelivery | None = None
    not_resent: int = 0
    wait: float | None = None
    detail: str = ""
    then: str = ""
    error: BaseException | None = None


class Deliveries:
    """Keeps the batches that are under way. Used by one thread.

    Each batch has one attempt at a time. While some batches wait to be sent again, as many others may be sent; with
    ``max_in_flight=1`` each batch is finished before the next one begins.

    :param transport: makes the attempts.
    :param max_in_flight: the most requests in flight.
    :param policy: how often and how long a batch is tried.
    :param may_resend: records that may have been processed are resent in any case.
    :param dry_run: CleverTap stores nothing.
    """

    def __init__(
        self,
        transport: Transport[Attempt],
        max_in_flight: int,
        policy: RetryPolicy,
        *,
        may_resend: bool,
        dry_run: bool,
    ) -> None:
        self._transport = transport
        self.max_in_flight = max_in_flight
        self._policy = policy
        self._may_resend = may_resend or dry_run
        self._dry_run = dry_run
        self._limit = AdaptiveConcurrencyLimit(max_in_flight)
        self._streak = Streak()
        self._under_way: set[BatchDelivery] = set()
        #: by the time when it ends: the wait of a batch to be sent again, or a pause in which nothing takes its turn
        self._waits: list[tuple[float, int, BatchDelivery | None]] = []
        self._pauses = 0
        #: attempts without an answer
        self._attempts = 0
        self._numbers = itertools.count()
        self.claims = ClaimWindow(max_in_flight)

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def may_begin(self) -> bool:
        """Return whether one more batch may be sent now."""
        backlog = self.claims.backlog
        waiting = min(len(self._waits), self.max_in_flight) if self.max_in_flight > 1 else 0
        return (
            self._attempts < self._limit.limit + backlog
            and len(self._under_way) + self._pauses < self.max_in_flight + backlog + waiting
        )

    def begin(self, batch: Batch) -> BatchDelivery:
        """Take a batch; :meth:`send` sends it."""
        delivery = BatchDelivery(batch)
        self._under_way.add(delivery)
        return delivery

    def send(self, delivery: BatchDelivery) -> None:
        """Send the records of a batch that are next."""
        attempt = Attempt(delivery, delivery.current.batch, delivery.seconds_left(self._policy))
        delivery.begin_attempt()
        self._attempts += 1
        self._transport.submit(attempt)

    def due(self) -> Iterator[BatchDelivery]:
        """Return the batches whose wait is over; each must be sent."""
        while self._waits and self._waits[0][0] <= time.monotonic():
            _, _, delivery = heapq.heappop(self._waits)
            if delivery is None:
                self._pauses -= 1
            else:
                yield delivery

    def seconds_to_next_wait(self) -> float | None:
        """Return the seconds until a wait is over, ``None`` when there is none."""
        return max(0.0, self._waits[0][0] - time.monotonic()) if self._waits else None

    def complete(self, completed: Completed[Attempt]) -> Step:
        """Record the answer to an attempt, and return what follows from it."""
        delivery, answer = completed.attempt.delivery, completed.answer
        self._attempts -= 1
        if isinstance(answer, BaseException):
            return Step(error=answer)
        self._adapt_limit(answer, completed)
        part = delivery.current
        resent = len(part.batch) if part.possibly_processed else 0
        delivery.end_attempt(answer, dry_run=self._dry_run)
        now = time.monotonic()
        sent = part.sent(may_resend=self._may_resend)
        decision = decide(answer, sent, self._policy, self._streak, now)
        self._streak = self._streak.following(answer, decision, sent, now)
        not_resent = resent if certainly_not_processed(answer) else 0
        if isinstance(decision, Stop):
            return Step(not_resent=not_resent, error=decision.error)
        if not isinstance(answer, Processed):
            self._transport.resume()
        delivery.apply(decision, answer)
        if isinstance(decision, Resend):
            self._wait(decision.after, delivery)
            return Step(not_resent=not_resent, wait=decision.after, detail=decision.detail, then="retrying")
        paused: float | None = None
        if isinstance(decision, Settle) and decision.pause is not None:
            paused = decision.pause
            self._pauses += 1
            self._wait(paused, None)
        if not delivery.finished:
            return Step(send_next=delivery, not_resent=not_resent)
        self._under_way.discard(delivery)
        detail = decision.detail if isinstance(decision, Settle) else ""
        return Step(delivery.result, not_resent=not_resent, wait=paused, detail=detail, then="sending the next batch")

    def withdraw(self) -> int:
        """Send nothing more; what is in flight may still end. Return how many records are not resent by that."""
        withdrawn = self._transport.withdraw()
        self._attempts -= len(withdrawn)
        for attempt in withdrawn:
            attempt.delivery.withdraw_attempt()
        self._waits.clear()
        return sum(len(attempt.batch) for attempt in withdrawn if attempt.delivery.current.possibly_processed)

    @property
    def in_flight(self) -> bool:
        """Return whether an attempt has no answer yet."""
        return self._attempts > 0

    def fail_rest(self) -> list[BatchResult]:
        """Return the results of the batches that are not brought to their end."""
        results = [delivery.fail() for delivery in sorted(self._under_way, key=lambda one: one.result.batch.number)]
        self._under_way.clear()
        return results

    def _adapt_limit(self, answer: Answer, completed: Completed[Attempt]) -> None:
        before = self._limit.limit
        if isinstance(answer, RateLimited):
            self._limit.throttled(completed.in_flight)
        else:
            self.claims.answered(completed.seconds)
            self._limit.succeeded(completed.in_flight)
        if self._limit.limit != before:
            self._transport.set_limit(self._limit.limit)

    def _wait(self, seconds: float, delivery: BatchDelivery | None) -> None:
        heapq.heappush(self._waits, (time.monotonic() + seconds, next(self._numbers), delivery))
