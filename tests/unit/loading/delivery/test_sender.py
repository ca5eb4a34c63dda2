"""Batches go out several at a time, and no result is lost, whatever becomes of a batch and whenever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch
from airflow_provider_clevertap.loading.delivery.sender import Sender

SECONDS = 60


class Told(Exception):  # noqa: N818
    """What a batch fails with."""


class Orders:
    """Stands in for a courier: each batch does what it is told by its number."""

    def __init__(self, orders: dict[int, Callable[[Batch], Any]]) -> None:
        self.stopping = threading.Event()
        self.failures: list[Exception] = []
        self.backing_off = 0
        self._orders = orders

    def deliver(self, batch: Batch) -> BatchResult:
        if self.stopping.is_set():
            return self.fail(batch)
        return cast("BatchResult", self._orders.get(batch.number, BatchResult)(batch))

    def fail(self, batch: Batch) -> BatchResult:
        self.failures.append(Told(batch.number))
        return BatchResult(batch, failure=self.failures[-1])


def sender_of(orders: Orders, max_in_flight: int) -> Sender:
    return Sender(cast("Any", orders), max_in_flight)


def send(sender: Sender, *numbers: int) -> list[int]:
    return [result.batch.number for number in numbers for result in sender.send(Batch(number, ()))]


def test_every_batch_has_its_result() -> None:
    with sender_of(Orders({}), 4) as sender:
        given = send(sender, *range(500))
        given += [result.batch.number for result in sender.drain()]
        assert sender.idle
    assert sorted(given) == list(range(500))
    assert sender.answered == 500


def test_a_failure_counts_that_comes_while_another_result_is_looked_at() -> None:
    sent, may_fail, failed = (threading.Event() for _ in range(3))

    def first(batch: Batch) -> BatchResult:
        sent.wait(SECONDS)
        return BatchResult(batch)

    def second(batch: Batch) -> BatchResult:
        may_fail.wait(SECONDS)
        return orders.fail(batch)

    def third(batch: Batch) -> BatchResult:  # one at a time: it begins when the result of the second is there
        failed.set()
        return BatchResult(batch)

    orders = Orders({1: first, 2: second, 3: third})
    with sender_of(orders, 1) as sender:
        assert send(sender, 1, 2, 3) == []
        sent.set()
        results = sender.drain()
        assert next(results).batch.number == 1
        may_fail.set()
        assert failed.wait(SECONDS)
        with pytest.raises(Told):
            list(results)


def test_others_go_out_while_a_batch_waits_to_be_sent_again() -> None:
    went_on = threading.Event()

    def pause(batch: Batch) -> BatchResult:
        orders.backing_off += 1
        assert went_on.wait(SECONDS)
        return BatchResult(batch)

    def go_on(batch: Batch) -> BatchResult:
        went_on.set()
        return BatchResult(batch)

    orders = Orders({1: pause, 2: pause, 3: go_on})
    with sender_of(orders, 2) as sender:
        given = [*send(sender, 1, 2, 3), *(result.batch.number for result in sender.drain())]
    assert sorted(given) == [1, 2, 3]


def test_an_error_in_a_thread_reaches_the_load() -> None:
    def die(batch: Batch) -> BatchResult:
        raise SystemExit(7)

    with pytest.raises(SystemExit), sender_of(Orders({1: die}), 2) as sender:  # noqa: PT012
        send(sender, 1, 2)
        list(sender.drain())
