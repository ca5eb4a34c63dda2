"""One batch brought to its end: sent, sent again where that is safe, split where one record spoils it."""

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


#: How often a record that met an error of CleverTap's own (555) is sent again.
_SERVER_ERROR_REPEATS = 3
#: How many single records may be refused as whole requests, one after another, before it is the request that is wrong.
#: One bad record is found by halving its batch; a service that refuses everything would be asked twice for each row.
_MOST_LONE_REFUSALS = 50
#: How often a batch is sent again when CleverTap's accounts of it do not add up: a later answer is rarely better.
_CONTRADICTION_REPEATS = 2
#: Seconds that a request gets at least, when the time for its batch is almost over.
_LEAST_SECONDS = 5.0


@dataclass(slots=True)
class _Part:
    """Some records of a batch.

    :param batch: the records.
    :param places: their places in the whole batch.
    :param repeats: how often they may yet meet an error of CleverTap's own.
    :param in_doubt: they were sent, and may have been processed.
    """

    batch: Batch
    places: NDArray[np.int64]
    repeats: int = _SERVER_ERROR_REPEATS
    in_doubt: bool = False


#: What a batch can be gone on with.
_Bearable: TypeAlias = "Processed | Malformed | TooLarge | RateLimited | Unreachable | Ambiguous"


@dataclass(frozen=True, slots=True)
class BatchDelivery:
    """Delivers batches; shared by all the threads that send.

    :param client: the API.
    :param concurrency: limits the requests of all threads together.
    :param policy: how often and how long one batch is tried.
    :param dry_run: CleverTap validates and stores nothing, so that everything may be repeated.
    :param on_unconfirmed: what happens to records that must not be sent twice when their fate is unknown.
    :param resending: told, before records are sent again that may have been processed, how many they are, and whether
        that does harm; and told of so many fewer when that sending has certainly done nothing.
    :param trouble: told of every wait: what the answer was, how many seconds, and what comes then.
    :param stopping: set when the load is to end: waits are cut short and nothing is tried again.
    :param deadline: when requests in flight must have ended; it comes near when the load is stopped.
    :param failures: of batches that have no end, the first one first. With one nothing more is sent.
    """

    client: CleverTapClient
    concurrency: AdaptiveConcurrencyLimit
    policy: RetryPolicy
    dry_run: bool
    on_unconfirmed: OnUnconfirmed
    resending: Callable[[int, bool], None]
    trouble: Callable[[str, float, str], None]
    stopping: threading.Event
    deadline: Deadline = field(default_factory=Deadline)
    lone_refusals: ConsecutiveCounter = field(default_factory=ConsecutiveCounter)
    held_batches: ConsecutiveCounter = field(default_factory=ConsecutiveCounter)
    failures: list[Exception] = field(default_factory=list)
    _waits: list[float] = field(default_factory=list)

    @property
    def backing_off(self) -> int:
        """How many batches wait to be sent again."""
        return len(self._waits)

    def deliver(self, batch: Batch) -> BatchResult:
        """Bring a batch to its end, or as far as it goes.

        The result has a failure when CleverTap refuses the account, the passcode or the rights
        (``AccessDeniedError``), when the tries ended without an answer that settles the batch
        (``CleverTapUnavailableError``), or when the load was told to stop (``LoadStoppedError``).
        """
        result = BatchResult(batch)
        parts = [_Part(batch, np.arange(len(batch)))]
        while parts:
            part = parts.pop()
            try:
                parts += self._settle(part, self._answer(part, result), result)
            except Exception as failure:  # whatever it is, what came before it must not be forgotten
                if failure not in self.failures:
                    self.failures.append(failure)
                result.fail(failure, [left.places for left in (part, *parts)])
                break
        return result

    def _settle(self, part: _Part, answer: Answer, result: BatchResult) -> list[_Part]:
        """Note what an answer settles; give the parts that are to be sent again."""
        batch, places = part.batch, part.places
        if isinstance(answer, Ambiguous) and not answer.answered:
            self._wait_after_held(answer)
        else:
            self.held_batches.end()
        match answer:
            case Processed(refused):
                self.lone_refusals.end()
                again = self._note_refusals(refused, places, part.repeats, result)
                if len(again):
                    result.retries += 1
                    delay = self.policy.delay(_SERVER_ERROR_REPEATS - part.repeats + 1)
                    self._wait(f"CleverTap refused {len(again)} records for an error of its own", delay)
                    return [_Part(batch.select(again), places[again], part.repeats - 1)]
            case Malformed(detail) | TooLarge(detail) if len(batch) == 1:
                if self.lone_refusals.add() > _MOST_LONE_REFUSALS:
                    raise to_exception(answer)
                result.verdicts[int(places[0])] = RowOutcome(Outcome.REJECTED, None, "", detail)
            case Malformed() | TooLarge():
                halves = np.array_split(np.arange(len(batch)), 2)
                return [replace(part, batch=batch.select(half), places=places[half]) for half in reversed(halves)]
            case Ambiguous(detail=detail):
                held = RowOutcome(Outcome.UNCONFIRMED, None, "", f"it may or may not have been processed: {detail}")
                result.verdicts.update(dict.fromkeys(places.tolist(), held))
        return []

    @staticmethod
    def _note_refusals(
        refused: tuple[RejectedRecord, ...], places: NDArray[np.int64], repeats: int, result: BatchResult
    ) -> NDArray[np.int64]:
        """Note the refused records; give those to be sent again."""
        again = [refusal.index for refusal in refused if refusal.code == SERVER_ERROR and repeats > 0]
        for refusal in refused:
            if refusal.code != SERVER_ERROR or repeats == 0:
                result.verdicts[int(places[refusal.index])] = RowOutcome(
                    Outcome.REJECTED, refusal.code, "", refusal.reason
                )
        return np.array(sorted(again), np.int64)

    def _answer(self, part: _Part, result: BatchResult) -> Answer:
        """Send a batch until its answer settles it, or until it must not be sent again."""
        started, attempt, failures = time.monotonic(), 0, 0
        while True:
            with self.concurrency.slot(), limit_requests(self.deadline, self._seconds(attempt, started)):
                answer = self._send(part, result)
            attempt += 1
            # Being told to wait is no failure, so only time bounds it.
            failures += not isinstance(answer, RateLimited)
            match answer:
                case Processed() | Malformed() | TooLarge():
                    return answer
                case Ambiguous() if not self._may_resend(part.batch):
                    return answer
                case Ambiguous(answered=True) if failures > _CONTRADICTION_REPEATS:
                    return answer
            self._wait_to_retry(answer, attempt, failures, started)
            result.retries += 1

    def _seconds(self, attempt: int, started: float) -> float:
        """Give the most seconds for a request: to a repetition what is left for its batch, but enough for an answer."""
        if attempt == 0:
            return math.inf
        return max(self.policy.total_seconds - (time.monotonic() - started), _LEAST_SECONDS)

    def _send(self, part: _Part, result: BatchResult) -> _Bearable:
        """Send a request, and note what its answer says of those to come while it still has its place among them."""
        if self.stopping.is_set() or self.failures:
            raise LoadStoppedError("The load was told to stop.")
        again, records = part.in_doubt, len(part.batch)
        try:
            if again:
                self.resending(records, not part.batch.repeatable)
            result.in_doubt.append(part.places)
            # The body is a copy of the records, so there is one for each place and none for batches that wait.
            answer = self.client.upload(part.batch.body(), records, dry_run=self.dry_run)
            result.requests += 1
            if not isinstance(answer, Ambiguous):  # which tells of this request alone, and not of an earlier one
                result.in_doubt.pop()
            if again and not isinstance(answer, Processed | Ambiguous):  # it has certainly done nothing
                self.resending(-records, False)
            if isinstance(answer, Forbidden):
                raise to_exception(answer)
        except Exception as failure:
            self.failures.append(failure)
            raise
        part.in_doubt = again or (isinstance(answer, Ambiguous) and not self.dry_run)
        if isinstance(answer, RateLimited):
            self.concurrency.record_rate_limited()
        else:
            self.concurrency.record_success()
        return answer

    def _wait_after_held(self, answer: Ambiguous) -> None:
        """Wait as before a repetition: a service that fails is not to get, and leave in doubt, all the rows there are.

        :raises CleverTapUnavailableError: when batch after batch has had no clear answer.
        """
        held = self.held_batches.add()
        delay = self.policy.delay(held, answer.retry_after)
        self._check_bounds(answer, delay, held, self.held_batches.seconds)
        self._wait(answer.detail, delay, "sending on")

    def _may_resend(self, batch: Batch) -> bool:
        return batch.repeatable or self.dry_run or self.on_unconfirmed == "resend"

    def _wait_to_retry(
        self, answer: RateLimited | Unreachable | Ambiguous, attempt: int, failures: int, started: float
    ) -> None:
        """Wait before the next attempt.

        :raises CleverTapUnavailableError: when there is to be none.
        """
        delay = self.policy.delay(attempt, None if isinstance(answer, Unreachable) else answer.retry_after)
        self._check_bounds(answer, delay, failures, time.monotonic() - started)
        self._wait(answer.detail, delay)

    def _check_bounds(
        self, answer: RateLimited | Unreachable | Ambiguous, delay: float, failures: int, spent: float
    ) -> None:
        """Check that there may be a wait and what comes after it.

        :raises CleverTapUnavailableError: when it is not to be, so that Airflow tries again later.
        """
        if failures < self.policy.attempts and spent + delay <= self.policy.total_seconds:
            return
        asked = None if isinstance(answer, Unreachable) else answer.retry_after
        if failures < self.policy.attempts and asked and spent + asked > self.policy.total_seconds:
            words = f"It asks for a wait of {asked:.0f} s, and a batch is tried for {self.policy.total_seconds:.0f} s"
            answer = replace(answer, detail=f"{answer.detail.rstrip('.')}. {words}.")
        raise to_exception(answer)

    def _wait(self, detail: str, seconds: float, then: str = "trying again") -> None:
        self.trouble(detail, seconds, then)
        self._waits.append(seconds)
        try:
            self.stopping.wait(seconds)
        finally:
            self._waits.pop()
