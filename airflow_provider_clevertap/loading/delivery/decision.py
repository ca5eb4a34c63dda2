"""What follows from the answer to an attempt: one pure function, a table of every case.

================================  ==========  ==================================================================
Answer                            Certain     Decision
================================  ==========  ==================================================================
200 ``success``                   yes         settle: every record is accepted
200 ``partial``, ``fail``         yes         settle: the listed records are rejected, the rest is accepted;
                                              records with code 555 are resent, three times at most
400, 413, several records         yes: none   split the batch in two, until the invalid record is alone
400, 413, one record              yes: none   settle: rejected; stop when fifty in succession are
401, 403, 404, a redirect         yes: none   stop the load
429, no connection made           yes: none   resend after a wait
5xx, timeout, reset, unreadable   **no**      resend after a wait where a record may be sent twice; otherwise
                                              settle as unconfirmed, and wait before sending on
counts that contradict the batch  **no**      the same, but resend only twice
================================  ==========  ==================================================================

A wait that does not fit the retry policy stops the load, so that Airflow's own retry resumes it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Forbidden,
    Malformed,
    Processed,
    RateLimited,
    TooLarge,
    Unreachable,
    to_exception,
)
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.records.error_codes import SERVER_ERROR

#: How often a record that met an error of CleverTap's own (555) is resent.
SERVER_ERROR_RESENDS: Final = 3
#: How many single records in succession may be rejected as whole requests before the request itself must be wrong.
#: An invalid record is found by splitting its batch; a service that rejects everything would be asked twice for each.
MAX_SINGLE_REJECTIONS: Final = 50
#: How often a batch is resent when CleverTap's counts contradict it: a later answer is rarely better.
CONTRADICTION_RESENDS: Final = 2


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, as far as the decision depends on it.

    :param records: how many records the attempt had.
    :param may_resend: sending them twice is harmless, or allowed (``on_unconfirmed="resend"``).
    :param attempts: attempts so far, this one included.
    :param failures: attempts before this one that failed; a request to wait (429) is not a failure.
    :param seconds: time since the first attempt began.
    :param server_error_resends: how often these records were resent because of code 555.
    """

    records: int
    may_resend: bool
    attempts: int = 1
    failures: int = 0
    seconds: float = 0.0
    server_error_resends: int = 0


@dataclass(frozen=True, slots=True)
class Streak:
    """What has happened in succession, over all batches of a load.

    :param single_rejections: single records rejected as whole requests since the last processed batch.
    :param unconfirmed_batches: batches settled as unconfirmed since the last clear answer.
    :param unconfirmed_since: when the first of them was settled.
    """

    single_rejections: int = 0
    unconfirmed_batches: int = 0
    unconfirmed_since: float = 0.0

    def following(self, answer: Answer, decision: Decision, sent: Sent, now: float) -> Streak:
        """Return the streak after one more answer.

        :param now: the time, from the clock that ``unconfirmed_since`` is read from.
        """
        if isinstance(decision, Settle) and decision.pause is not None:
            since = self.unconfirmed_since if self.unconfirmed_batches else now
            return replace(self, unconfirmed_batches=self.unconfirmed_batches + 1, unconfirmed_since=since)
        if isinstance(decision, Resend) and not isinstance(answer, Processed):
            return self
        if isinstance(answer, Processed):
            return Streak() if self.single_rejections or self.unconfirmed_batches else self
        single = self.single_rejections
        if isinstance(answer, Malformed | TooLarge) and sent.records == 1:
            single += 1
        return Streak(single)


@dataclass(frozen=True, slots=True)
class Settle:
    """The records have their outcomes.

    :param outcomes: of those not accepted, by their position among the records sent.
    :param pause: seconds to wait before another batch takes this one's turn, ``None`` for none.
    :param detail: why to wait.
    """

    outcomes: Mapping[int, RowOutcome] = field(default_factory=dict)
    pause: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Resend:
    """Some records, or all, are sent again after a wait; the others have their outcomes.

    :param after: seconds to wait.
    :param detail: why.
    :param records: their positions among the records sent, ascending; ``None`` for all.
    :param outcomes: of the others, where they are not accepted.
    """

    after: float
    detail: str
    records: tuple[int, ...] | None = None
    outcomes: Mapping[int, RowOutcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Split:
    """The records are sent again in two halves."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The load cannot continue.

    :param error: why.
    """

    error: Exception


Decision: TypeAlias = Settle | Resend | Split | Stop


def decide(answer: Answer, sent: Sent, policy: RetryPolicy, streak: Streak, now: float = 0.0) -> Decision:
    """Return what follows from an answer.

    :param answer: CleverTap's answer to one attempt.
    :param sent: what was sent.
    :param policy: how often and how long a batch is tried, and how long to wait.
    :param streak: what has happened before, over all batches.
    :param now: the time, from the clock that the streak's times are read from.
    """
    match answer:
        case Forbidden():
            return Stop(to_exception(answer))
        case Processed():
            return _after_processing(answer, sent, policy)
        case Malformed(detail) | TooLarge(detail) if sent.records == 1:
            if streak.single_rejections >= MAX_SINGLE_REJECTIONS:
                return Stop(to_exception(answer))
            return Settle({0: RowOutcome(Outcome.REJECTED, None, "", detail)})
        case Malformed() | TooLarge():
            return Split()
        case Ambiguous() if not sent.may_resend:
            return _unconfirmed(answer, sent, policy, streak, now)
        case Ambiguous(answered=True) if sent.failures >= CONTRADICTION_RESENDS:
            return _unconfirmed(answer, sent, policy, streak, now)
    failures = sent.failures + (not isinstance(answer, RateLimited))
    delay = policy.delay(sent.attempts, _asked_to_wait(answer))
    stop = _beyond_policy(answer, delay, failures, sent.seconds, policy)
    return stop or Resend(delay, answer.detail)


def _after_processing(answer: Processed, sent: Sent, policy: RetryPolicy) -> Settle | Resend:
    may_resend = sent.server_error_resends < SERVER_ERROR_RESENDS
    again = {record.index for record in answer.rejected if record.code == SERVER_ERROR and may_resend}
    outcomes = {
        record.index: RowOutcome(Outcome.REJECTED, record.code, "", record.reason)
        for record in answer.rejected
        if record.index not in again
    }
    if not again:
        return Settle(outcomes)
    delay = policy.delay(sent.server_error_resends + 1)
    detail = f"CleverTap rejected {len(again)} records with its own server error ({SERVER_ERROR})"
    return Resend(delay, detail, tuple(sorted(again)), outcomes)


def _unconfirmed(answer: Ambiguous, sent: Sent, policy: RetryPolicy, streak: Streak, now: float) -> Settle | Stop:
    """Settle records that may have been processed and must not be sent twice.

    A service that fails is asked less and less often, so that it does not leave all rows of a load unconfirmed.
    """
    held = RowOutcome(Outcome.UNCONFIRMED, None, "", f"it may or may not have been processed: {answer.detail}")
    outcomes = dict.fromkeys(range(sent.records), held)
    if answer.answered:
        return Settle(outcomes)
    batches = streak.unconfirmed_batches + 1
    seconds = now - streak.unconfirmed_since if streak.unconfirmed_batches else 0.0
    delay = policy.delay(batches, answer.retry_after)
    stop = _beyond_policy(answer, delay, batches, seconds, policy)
    return stop or Settle(outcomes, delay, answer.detail)


def _beyond_policy(
    answer: RateLimited | Unreachable | Ambiguous, delay: float, failures: int, seconds: float, policy: RetryPolicy
) -> Stop | None:
    """Return the end of the load where a wait and what follows it do not fit the policy."""
    if failures < policy.attempts and seconds + delay <= policy.total_seconds:
        return None
    asked = _asked_to_wait(answer)
    if failures < policy.attempts and asked and seconds + asked > policy.total_seconds:
        limit = f"It asks for a wait of {asked:.0f} s, and a batch is retried for at most {policy.total_seconds:.0f} s"
        answer = replace(answer, detail=f"{answer.detail.rstrip('.')}. {limit}.")
    return Stop(to_exception(answer))


def _asked_to_wait(answer: RateLimited | Unreachable | Ambiguous) -> float | None:
    return None if isinstance(answer, Unreachable) else answer.retry_after
