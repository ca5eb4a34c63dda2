"""What an answer means: the table of docs and design, one line a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

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
)
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapUnavailableError,
    ConfigurationError,
)
from airflow_provider_clevertap.loading.delivery.decision import (
    MAX_SINGLE_REJECTIONS,
    Decision,
    Resend,
    Sent,
    Settle,
    Split,
    Stop,
    Streak,
    decide,
)
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome

#: No jitter: the wait is 0.5 s after the first attempt, 1 s after the second, and so on; six attempts in 100 s.
POLICY = RetryPolicy(attempts=6, total_seconds=100.0, base=0.5, cap=30.0, uniform=lambda _, most: most)

BAD = RejectedRecord(1, 516, "phone")
SERVER_ERROR = RejectedRecord(2, 555, "internal")
TIMEOUT = Ambiguous(None, "no answer")
FAILED = Ambiguous(503, "HTTP 503")
CONTRADICTION = Ambiguous(200, "counts", answered=True)
BUSY = RateLimited("429")
NOBODY = Unreachable("refused")

MAY, MUST_NOT = True, False  # be sent twice

TABLE: list[tuple[str, Answer, dict[str, Any], str]] = [
    # Answer                         what was sent                                        decision
    ("200 success", Processed(), {}, "settle: all accepted"),
    ("200 partial", Processed((BAD,)), {}, "settle: 1 rejected 516"),
    ("200 with code 555", Processed((BAD, SERVER_ERROR)), {}, "resend 2 after 0.5: 1 rejected 516"),
    ("the same, once resent", Processed((SERVER_ERROR,)), {"server_error_resends": 1}, "resend 2 after 1.0: "),
    ("the same, three times", Processed((SERVER_ERROR,)), {"server_error_resends": 3}, "settle: 2 rejected 555"),
    ("400", Malformed("400"), {}, "split"),
    ("400, one record", Malformed("400"), {"records": 1}, "settle: 0 rejected None"),
    ("413", TooLarge("413"), {}, "split"),
    ("413, one record", TooLarge("413"), {"records": 1}, "settle: 0 rejected None"),
    ("401", Forbidden(401, "401"), {}, "stop: AccessDeniedError"),
    ("403", Forbidden(403, "403"), {}, "stop: AccessDeniedError"),
    ("404", Forbidden(404, "404"), {}, "stop: ConfigurationError"),
    ("429", BUSY, {}, "resend all after 0.5"),
    ("429, must not be sent twice", BUSY, {"may_resend": MUST_NOT}, "resend all after 0.5"),
    ("429, Retry-After", RateLimited("429", 7.0), {}, "resend all after 7.5"),
    ("429 is not a failure", BUSY, {"attempts": 9, "failures": 0}, "resend all after 30.0"),
    ("429 for too long", BUSY, {"seconds": 99.6}, "stop: CleverTapUnavailableError"),
    ("429, Retry-After too long", RateLimited("429", 101.0), {}, "stop: CleverTapUnavailableError"),
    ("no connection", NOBODY, {}, "resend all after 0.5"),
    ("no connection, must not be sent twice", NOBODY, {"may_resend": MUST_NOT}, "resend all after 0.5"),
    ("no connection, last attempt", NOBODY, {"attempts": 6, "failures": 5}, "stop: CleverTapUnavailableError"),
    ("5xx", FAILED, {}, "resend all after 0.5"),
    ("5xx, Retry-After", Ambiguous(503, "503", 3.0), {}, "resend all after 3.5"),
    ("5xx, last attempt", FAILED, {"attempts": 6, "failures": 5}, "stop: CleverTapUnavailableError"),
    ("5xx, must not be sent twice", FAILED, {"may_resend": MUST_NOT}, "unconfirmed, pause 0.5"),
    ("timeout", TIMEOUT, {"attempts": 2, "failures": 1}, "resend all after 1.0"),
    ("timeout, must not be sent twice", TIMEOUT, {"may_resend": MUST_NOT}, "unconfirmed, pause 0.5"),
    ("contradiction", CONTRADICTION, {}, "resend all after 0.5"),
    ("contradiction, twice", CONTRADICTION, {"attempts": 2, "failures": 1}, "resend all after 1.0"),
    ("contradiction, three times", CONTRADICTION, {"attempts": 3, "failures": 2}, "unconfirmed"),
    ("contradiction, must not be sent twice", CONTRADICTION, {"may_resend": MUST_NOT}, "unconfirmed"),
]


def written(decision: Decision) -> str:
    match decision:
        case Split():
            return "split"
        case Stop(error):
            return f"stop: {type(error).__name__}"
        case Resend(after, _, None, outcomes) if not outcomes:
            return f"resend all after {after}"
        case Resend(after, _, records, outcomes):
            return f"resend {', '.join(map(str, records or ()))} after {after}: {listed(outcomes)}"
        case Settle(outcomes, pause):
            if any(row.outcome is Outcome.UNCONFIRMED for row in outcomes.values()):
                assert list(outcomes) == [0, 1, 2, 3]
                return "unconfirmed" + ("" if pause is None else f", pause {pause}")
            return f"settle: {listed(outcomes) or 'all accepted'}"


def listed(outcomes: Mapping[int, Any]) -> str:
    return ", ".join(f"{position} {row.outcome.value} {row.code}" for position, row in outcomes.items())


@pytest.mark.parametrize(("answer", "sent", "expected"), [line[1:] for line in TABLE], ids=[line[0] for line in TABLE])
def test_what_follows_from_an_answer(answer: Answer, sent: dict[str, Any], expected: str) -> None:
    assert written(decide(answer, Sent(**{"records": 4, "may_resend": MAY, **sent}), POLICY, Streak())) == expected


def test_a_wait_that_is_too_long_is_named() -> None:
    decision = decide(RateLimited("Too many requests.", 3600.0), Sent(4, MAY), POLICY, Streak())
    assert isinstance(decision, Stop)
    assert str(decision.error) == (
        "Too many requests. It asks for a wait of 3600 s, and a batch is retried for at most 100 s."
    )


def follow(answers: list[tuple[Answer, Sent]], policy: RetryPolicy = POLICY) -> tuple[Decision, Streak]:
    """Return the last decision, and the streak after it; a second passes between two answers."""
    streak = Streak()
    for now, (answer, sent) in enumerate(answers):
        decision = decide(answer, sent, policy, streak, float(now))
        streak = streak.following(answer, decision, sent, float(now))
    return decision, streak


def test_single_records_rejected_as_requests_stop_the_load_when_there_is_no_end_of_them() -> None:
    lone = (Malformed("400"), Sent(1, MAY))
    assert isinstance(follow([lone] * MAX_SINGLE_REJECTIONS)[0], Settle)
    last, _ = follow([lone] * (MAX_SINGLE_REJECTIONS + 1))
    assert isinstance(last, Stop)
    assert isinstance(last.error, ConfigurationError)
    others = [(Malformed("400"), Sent(8, MAY)), (FAILED, Sent(8, MAY)), (BUSY, Sent(1, MAY))]
    assert isinstance(follow([*[lone] * MAX_SINGLE_REJECTIONS, *others, lone])[0], Stop)
    processed = [(Processed((BAD,)), Sent(8, MAY))]
    assert isinstance(follow([*[lone] * MAX_SINGLE_REJECTIONS, *processed, lone])[0], Settle)


def test_batches_without_a_clear_answer_are_further_and_further_apart_and_then_stop_the_load() -> None:
    held = (FAILED, Sent(4, MUST_NOT))
    pauses = [
        decision.pause for decision in (follow([held] * n)[0] for n in range(1, 6)) if isinstance(decision, Settle)
    ]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0]
    last, _ = follow([held] * 6)
    assert isinstance(last, Stop)
    assert isinstance(last.error, CleverTapUnavailableError)
    for clear in (Processed(), Malformed("400"), CONTRADICTION):
        assert follow([*[held] * 5, (clear, Sent(4, MUST_NOT)), held])[0] == follow([held])[0]
    busy = (BUSY, Sent(4, MUST_NOT))  # says nothing of the batches
    assert isinstance(follow([*[held] * 5, busy, held])[0], Stop)


def test_wrong_credentials_say_so() -> None:
    decision = decide(Forbidden(401, "wrong passcode"), Sent(4, MAY), POLICY, Streak())
    assert isinstance(decision, Stop)
    assert isinstance(decision.error, AccessDeniedError)
