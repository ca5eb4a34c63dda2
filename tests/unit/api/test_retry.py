from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import ConfigurationError


def longest(_low: float, high: float) -> float:
    return high


def test_the_wait_doubles_up_to_the_cap() -> None:
    policy = RetryPolicy(base=0.5, cap=10, uniform=longest)
    assert [policy.delay(attempt) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_the_jitter_spreads_over_the_whole_wait() -> None:
    policy = RetryPolicy(base=1, cap=8)
    waits = [policy.delay(3) for _ in range(400)]
    assert all(0 <= wait <= 4 for wait in waits)
    assert min(waits) < 0.5
    assert max(waits) > 3.5


def test_the_service_gets_at_least_the_wait_it_asked_for() -> None:
    policy = RetryPolicy(base=1, cap=2, uniform=longest)
    assert policy.delay(1, 60.0) == 61.0
    assert policy.delay(1, 0.0) == 1.0
    assert RetryPolicy(uniform=lambda low, high: low).delay(1, 7.0) == 7.0


@given(st.integers(-5, 10**9), st.none() | st.floats(0, 86_400))
def test_every_wait_is_finite_and_bounded(attempt: int, retry_after: float | None) -> None:
    wait = RetryPolicy().delay(attempt, retry_after)
    assert math.isfinite(wait)
    assert (retry_after or 0) <= wait <= (retry_after or 0) + RetryPolicy().cap


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"total_seconds": -1},
        {"total_seconds": math.nan},
        {"base": 0},
        {"base": 5, "cap": 1},
        {"cap": math.inf},
    ],
)
def test_impossible_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


def test_the_defaults_are_what_is_documented() -> None:
    policy = RetryPolicy()
    assert (policy.attempts, policy.total_seconds) == (8, 300.0)
    assert policy == RetryPolicy(uniform=longest)
