"""Delivers a batch: sends it, retries it where that is safe, splits it when CleverTap rejects the whole request."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Forbidden,
    Malformed,
    Processed,
    RateLimited,
    RejectedRecord,
    TooLarge,
    Unreachable,
    to_exception,
)
from airflow_provider_clevertap.api.deadline import Deadline, limit_requests
from airflow_provider_clevertap.exceptions import LoadStoppedError
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.consecutive_counter import ConsecutiveCounter
from airflow_provider_clevertap.loading.options import OnUnconfirmed
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.records.error_codes import SERVER_ERROR

if TYPE_CHECKING:
    from airflow_provider_clevertap.api.client import CleverTapClient
    from airflow_provider_clevertap.api.retry import RetryPolicy
    from airflow_provider_clevertap.loading.delivery.batches import Batch
    from airflow_provider_clevertap.loading.delivery.concurrency import AdaptiveConcurrencyLimit


#: How often a record with CleverTap's own server error (555) is retried.
_SERVER_ERROR_RETRIES = 3
#: How many requests with a single record may be rejected consecutively before the load fails: then the cause is not in
#: the records. One bad record is found by halving its batch; if CleverTap rejects everything, that takes two requests
#: for each row.
_MAX_SINGLE_RECORD_REJECTIONS = 50
#: How often a batch is retried when CleverTap's answer contradicts itself: later answers are rarely better.
_CONTRADICTION_RETRIES = 2
#: Seconds that a request gets at least, even when the time for its batch is almost over.
_MIN_REQUEST_SECONDS = 5.0


@dataclass(slots=True)
class _Part:
    """Some records of a batch.

    :param batch: the records.
    :param positions: their positions in the whole batch.
    :param server_error_retries: how often they may still be retried after CleverTap's own server error.
    :param possibly_processed: they were sent, and CleverTap may have processed them.
    """

    batch: Batch
    positions: NDArray[np.int64]
    server_error_retries: int = _SERVER_ERROR_RETRIES
    possibly_processed: bool = False


#: Answers after which the delivery continues.
_RetryableAnswer: TypeAlias = "Processed | Malformed | TooLarge | RateLimited | Unreachable | Ambiguous"


@dataclass(frozen=True, slots=True)
class BatchDelivery:
    """Delivers batches; shared by all sending threads.

    :param client: the API.
    :param concurrency: limits the requests of all threads together.
    :param policy: how often and how long one batch is retried.
    :param dry_run: CleverTap validates and stores nothing, so that any request may be repeated.
    :param on_unconfirmed: what happens to records that a retry may duplicate, when it is unknown whether CleverTap
        processed them.
    :param record_resend: called before a possibly processed batch is resent, with the number of records and whether
        duplicates could result; called with a negative number if that request was certainly not processed.
    :param report_wait: called before each wait, with the answer, the seconds, and what follows.
    :param stopping: set when the load is to end: waits end at once and nothing is retried.
    :param deadline: when requests in flight must have ended; it is brought forward when the load is stopped.
    :param failures: why deliveries could not be finished, the first one first. After a failure nothing more is sent.
    """

    client: CleverTapClient
    concurrency: AdaptiveConcurrencyLimit
    policy: RetryPolicy
    dry_run: bool
    on_unconfirmed: OnUnconfirmed
    record_resend: Callable[[int, bool], None]
    report_wait: Callable[[str, float, str], None]
    stopping: threading.Event
    deadline: Deadline = field(default_factory=Deadline)
    single_record_rejections: ConsecutiveCounter = field(default_factory=ConsecutiveCounter)
    unconfirmed_batches: ConsecutiveCounter = field(default_factory=ConsecutiveCounter)
    failures: list[Exception] = field(default_factory=list)
    _waits: list[float] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """How many batches wait before a retry."""
        return len(self._waits)

    def deliver(self, batch: Batch) -> BatchResult:
        """Deliver a batch, or as much of it as possible.

        The result has a failure when CleverTap rejects the account, the passcode or the permissions
        (``AccessDeniedError``), when no attempt got an answer that settles the batch (``CleverTapUnavailableError``),
        or when the load was stopped (``LoadStoppedError``).
        """
        result = BatchResult(batch)
        parts = [_Part(batch, np.arange(len(batch)))]
        while parts:
            part = parts.pop()
            try:
                parts += self._apply(self._send_until_answered(part, result), part, result)
            except Exception as failure:  # of any kind: the outcomes before it must not be lost
                if failure not in self.failures:
                    self.failures.append(failure)
                result.fail(failure, [unsettled.positions for unsettled in (part, *parts)])
                break
        return result

    def _apply(self, answer: Answer, part: _Part, result: BatchResult) -> list[_Part]:
        """Record the outcomes that an answer decides, and return the parts that are to be sent again."""
        batch, positions = part.batch, part.positions
        if isinstance(answer, Ambiguous) and not answer.answered:
            self._wait_after_unconfirmed(answer)
        else:
            self.unconfirmed_batches.reset()
        match answer:
            case Processed(rejected):
                self.single_record_rejections.reset()
                to_retry = self._record_rejections(rejected, part, result)
                if len(to_retry):
                    result.retries += 1
                    delay = self.policy.delay(_SERVER_ERROR_RETRIES - part.server_error_retries + 1)
                    self._wait(f"CleverTap rejected {len(to_retry)} records with its own server error (555)", delay)
                    return [_Part(batch.select(to_retry), positions[to_retry], part.server_error_retries - 1)]
            case Malformed(detail) | TooLarge(detail) if len(batch) == 1:
                if self.single_record_rejections.add() > _MAX_SINGLE_RECORD_REJECTIONS:
                    raise to_exception(answer)
                result.outcomes[int(positions[0])] = RowOutcome(Outcome.REJECTED, None, "", detail)
            case Malformed() | TooLarge():
                halves = np.array_split(np.arange(len(batch)), 2)
                return [replace(part, batch=batch.select(half), positions=positions[half]) for half in reversed(halves)]
            case Ambiguous(detail=detail):
                reason = f"it may or may not have been processed: {detail}"
                unconfirmed = RowOutcome(Outcome.UNCONFIRMED, None, "", reason)
                result.outcomes.update(dict.fromkeys(positions.tolist(), unconfirmed))
        return []

    @staticmethod
    def _record_rejections(rejected: tuple[RejectedRecord, ...], part: _Part, result: BatchResult) -> NDArray[np.int64]:
        """Record the rejected records, and return the positions in the part of those to retry."""
        to_retry = []
        for record in rejected:
            if record.code == SERVER_ERROR and part.server_error_retries > 0:
                to_retry.append(record.index)
            else:
                outcome = RowOutcome(Outcome.REJECTED, record.code, "", record.reason)
                result.outcomes[int(part.positions[record.index])] = outcome
        return np.array(sorted(to_retry), np.int64)

    def _send_until_answered(self, part: _Part, result: BatchResult) -> Answer:
        """Send a request, and retry it until an answer settles its records or it must not be sent again."""
        started, attempt, failures = time.monotonic(), 0, 0
        while True:
            with self.concurrency.slot(), limit_requests(self.deadline, self._max_seconds(attempt, started)):
                answer = self._send(part, result)
            attempt += 1
            # A 429 answer is no failure, so only time limits its retries.
            failures += not isinstance(answer, RateLimited)
            match answer:
                case Processed() | Malformed() | TooLarge():
                    return answer
                case Ambiguous() if not self._may_resend(part.batch):
                    return answer
                case Ambiguous(answered=True) if failures > _CONTRADICTION_RETRIES:
                    return answer
            self._wait_to_retry(answer, attempt, failures, started)
            result.retries += 1

    def _max_seconds(self, attempt: int, started: float) -> float:
        """Return the time limit of a request: for a retry the rest of its batch's time, but enough for an answer."""
        if attempt == 0:
            return math.inf
        return max(self.policy.total_seconds - (time.monotonic() - started), _MIN_REQUEST_SECONDS)

    def _send(self, part: _Part, result: BatchResult) -> _RetryableAnswer:
        """Send a request. Update the state shared with other threads while the request still holds its slot."""
        if self.stopping.is_set() or self.failures:
            raise LoadStoppedError("The load was stopped.")
        resend, records = part.possibly_processed, len(part.batch)
        try:
            if resend:
                self.record_resend(records, not part.batch.repeatable)
            result.ambiguous_requests.append(part.positions)
            # The body is a copy of the records: made here, there is one for each slot and none for waiting batches.
            answer = self.client.upload(part.batch.body(), records, dry_run=self.dry_run)
            result.requests += 1
            if not isinstance(answer, Ambiguous):  # decides about this request only, not about an earlier one
                result.ambiguous_requests.pop()
            if resend and not isinstance(answer, Processed | Ambiguous):  # certainly not processed
                self.record_resend(-records, False)
            if isinstance(answer, Forbidden):
                raise to_exception(answer)
        except Exception as failure:
            self.failures.append(failure)
            raise
        part.possibly_processed = resend or (isinstance(answer, Ambiguous) and not self.dry_run)
        if isinstance(answer, RateLimited):
            self.concurrency.record_rate_limited()
        else:
            self.concurrency.record_success()
        return answer

    def _wait_after_unconfirmed(self, answer: Ambiguous) -> None:
        """Wait after an unconfirmed batch as before a retry, so that an outage does not make every row unconfirmed.

        :raises CleverTapUnavailableError: when too many consecutive batches were unconfirmed.
        """
        batches = self.unconfirmed_batches.add()
        delay = self.policy.delay(batches, answer.retry_after)
        self._check_retry_limits(answer, delay, batches, self.unconfirmed_batches.seconds)
        self._wait(answer.detail, delay, "sending the next batch")

    def _may_resend(self, batch: Batch) -> bool:
        return batch.repeatable or self.dry_run or self.on_unconfirmed == "resend"

    def _wait_to_retry(
        self, answer: RateLimited | Unreachable | Ambiguous, attempt: int, failures: int, started: float
    ) -> None:
        """Wait before the next attempt.

        :raises CleverTapUnavailableError: when no further attempt is allowed.
        """
        delay = self.policy.delay(attempt, None if isinstance(answer, Unreachable) else answer.retry_after)
        self._check_retry_limits(answer, delay, failures, time.monotonic() - started)
        self._wait(answer.detail, delay)

    def _check_retry_limits(
        self, answer: RateLimited | Unreachable | Ambiguous, delay: float, failures: int, spent: float
    ) -> None:
        """Check that the retry policy allows the next wait.

        :raises CleverTapUnavailableError: when it does not, so that Airflow retries the task later.
        """
        if failures < self.policy.attempts and spent + delay <= self.policy.total_seconds:
            return
        requested = None if isinstance(answer, Unreachable) else answer.retry_after
        if failures < self.policy.attempts and requested and spent + requested > self.policy.total_seconds:
            limit = self.policy.total_seconds
            explanation = f"It asks for a wait of {requested:.0f} s, and a batch is retried for at most {limit:.0f} s"
            answer = replace(answer, detail=f"{answer.detail.rstrip('.')}. {explanation}.")
        raise to_exception(answer)

    def _wait(self, detail: str, seconds: float, then: str = "retrying") -> None:
        self.report_wait(detail, seconds, then)
        self._waits.append(seconds)
        try:
            self.stopping.wait(seconds)
        finally:
            self._waits.pop()
