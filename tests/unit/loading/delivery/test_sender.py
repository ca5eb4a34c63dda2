"""Several batches are sent at a time, and no result is lost, whatever the result and whenever it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch
from airflow_provider_clevertap.loading.delivery.sender import Sender

SECONDS = 60


class BatchError(Exception):
    """The failure of a batch."""


class ScriptedDelivery:
    """Replaces a batch delivery: a function for each batch number returns the result."""

    def __init__(self, script: dict[int, Callable[[Batch], Any]]) -> None:
        self.stopping = threading.Event()
        self.failures: list[Exception] = []
        self.waiting = 0
        self._script = script

    def deliver(self, batch: Batch) -> BatchResult:
        if self.stopping.is_set():
            return self.fail(batch)
        return cast("BatchResult", self._script.get(batch.number, BatchResult)(batch))

    def fail(self, batch: Batch) -> BatchResult:
        self.failures.append(BatchError(batch.number))
        return BatchResult(batch, failure=self.failures[-1])


def sender_of(delivery: ScriptedDelivery, max_in_flight: int) -> Sender:
    return Sender(cast("Any", delivery), max_in_flight)


def send(sender: Sender, *numbers: int) -> list[int]:
    return [result.batch.number for number in numbers for result in sender.send(Batch(number, ()))]


def test_every_batch_has_its_result() -> None:
    with sender_of(ScriptedDelivery({}), 4) as sender:
        numbers = send(sender, *range(500))
        numbers += [result.batch.number for result in sender.drain()]
        assert sender.idle
    assert sorted(numbers) == list(range(500))
    assert sender.finished == 500


def test_a_failure_that_comes_while_another_result_is_handled_is_raised() -> None:
    sent, may_fail, failed = (threading.Event() for _ in range(3))

    def first(batch: Batch) -> BatchResult:
        sent.wait(SECONDS)
        return BatchResult(batch)

    def second(batch: Batch) -> BatchResult:
        may_fail.wait(SECONDS)
        return delivery.fail(batch)

    def third(batch: Batch) -> BatchResult:  # one at a time: it starts when the second has its result
        failed.set()
        return BatchResult(batch)

    delivery = ScriptedDelivery({1: first, 2: second, 3: third})
    with sender_of(delivery, 1) as sender:
        assert send(sender, 1, 2, 3) == []
        sent.set()
        results = sender.drain()
        assert next(results).batch.number == 1
        may_fail.set()
        assert failed.wait(SECONDS)
        with pytest.raises(BatchError):
            list(results)


def test_other_batches_are_sent_while_batches_wait_before_a_retry() -> None:
    resumed = threading.Event()

    def pause(batch: Batch) -> BatchResult:
        delivery.waiting += 1
        assert resumed.wait(SECONDS)
        return BatchResult(batch)

    def proceed(batch: Batch) -> BatchResult:
        resumed.set()
        return BatchResult(batch)

    delivery = ScriptedDelivery({1: pause, 2: pause, 3: proceed})
    with sender_of(delivery, 2) as sender:
        numbers = [*send(sender, 1, 2, 3), *(result.batch.number for result in sender.drain())]
    assert sorted(numbers) == [1, 2, 3]


def test_an_error_in_a_thread_reaches_the_load() -> None:
    def die(batch: Batch) -> BatchResult:
        raise SystemExit(7)

    with pytest.raises(SystemExit), sender_of(ScriptedDelivery({1: die}), 2) as sender:  # noqa: PT012
        send(sender, 1, 2)
        list(sender.drain())
