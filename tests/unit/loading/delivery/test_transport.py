"""Attempts are made several at a time within the limit, and every one of them is reported."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import pytest

from airflow_provider_clevertap.api.answers import Answer, Processed, RateLimited
from airflow_provider_clevertap.loading.delivery.transport import Completed, Transport

SECONDS = 60


def run(send: Callable[[int], Answer], threads: int, attempts: int, limit: int | None = None) -> list[Completed[int]]:
    """Make so many attempts, and return what has become of each, in the order in which they ended."""
    completed: queue.SimpleQueue[Completed[int]] = queue.SimpleQueue()
    with Transport(send, threads, completed.put) as transport:
        if limit is not None:
            transport.set_limit(limit)
        for attempt in range(attempts):
            transport.submit(attempt)
        return [completed.get(timeout=SECONDS) for _ in range(attempts)]


def test_every_attempt_is_reported_with_its_answer() -> None:
    answers = {number: Processed() for number in range(500)}
    completed = run(answers.__getitem__, 4, 500)
    assert sorted(one.attempt for one in completed) == list(range(500))
    assert all(one.answer is answers[one.attempt] for one in completed)


@pytest.mark.parametrize(("threads", "limit"), [(4, None), (8, 3), (1, None)])
def test_as_many_are_in_flight_as_the_limit_allows_and_never_more(threads: int, limit: int | None) -> None:
    most, lock, in_flight, peak = limit or threads, threading.Lock(), 0, 0
    all_there = threading.Event()

    def send(_: int) -> Answer:
        nonlocal in_flight, peak
        with lock:
            in_flight += 1
            peak = max(peak, in_flight)
            if in_flight == most:
                all_there.set()
        assert all_there.wait(SECONDS)
        with lock:
            in_flight -= 1
        return Processed()

    completed = run(send, threads, 40, limit)
    assert peak == most
    assert max(one.in_flight for one in completed) == most
    assert all(1 <= one.in_flight <= most for one in completed)


def test_after_an_answer_that_is_no_success_nothing_begins_before_it_is_allowed() -> None:
    completed: queue.SimpleQueue[Completed[int]] = queue.SimpleQueue()
    begun: list[int] = []

    def send(attempt: int) -> Answer:
        begun.append(attempt)
        return RateLimited("429") if attempt < 2 else Processed()

    with Transport(send, 1, completed.put) as transport:
        for attempt in range(4):
            transport.submit(attempt)
        for attempt in range(2):
            assert completed.get(timeout=SECONDS).attempt == attempt
            assert begun == list(range(attempt + 1))
            transport.resume()
        assert [completed.get(timeout=SECONDS).attempt for _ in range(2)] == [2, 3]


def test_what_has_not_begun_can_be_withdrawn() -> None:
    completed: queue.SimpleQueue[Completed[int]] = queue.SimpleQueue()
    begun, may_end = threading.Event(), threading.Event()

    def send(_: int) -> Answer:
        begun.set()
        assert may_end.wait(SECONDS)
        return Processed()

    with Transport(send, 1, completed.put) as transport:
        for attempt in range(3):
            transport.submit(attempt)
        assert begun.wait(SECONDS)
        assert transport.withdraw() == [1, 2]
        may_end.set()
    assert completed.get(timeout=SECONDS).attempt == 0
    assert completed.empty()


def test_an_error_in_a_thread_is_reported_whatever_it_is() -> None:
    def send(_: int) -> Answer:
        raise SystemExit(7)

    (completed,) = run(send, 2, 1)
    assert isinstance(completed.answer, SystemExit)


def test_leaving_waits_for_what_is_in_flight() -> None:
    ended: list[int] = []
    begun = threading.Event()

    def send(attempt: int) -> Answer:
        begun.set()
        ended.append(attempt)
        return Processed()

    with Transport(send, 1, lambda _: None) as transport:
        transport.submit(0)
        assert begun.wait(SECONDS)
    assert ended == [0]
