"""The adaptive concurrency limit finds what the account allows, and rises again when the account allows more."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from contextlib import ExitStack

from airflow_provider_clevertap.loading.delivery.concurrency import AdaptiveConcurrencyLimit

#: Simulated time that a request takes at the service, and that a sender waits after a rejected request.
SERVING, WAITING = 2, 1


class Service:
    """Allows a number of requests at a time, and rejects the others."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.in_flight = 0
        self.rejected = 0
        self.served = 0

    def accepts(self) -> bool:
        if self.in_flight >= self.ceiling:
            self.rejected += 1
            return False
        self.in_flight += 1
        return True

    def answer(self) -> None:
        self.in_flight -= 1
        self.served += 1


def run(concurrency: AdaptiveConcurrencyLimit, service: Service, senders: int, requests: int) -> None:
    """Simulate senders one event after another, so that neither threads nor clocks influence the result."""
    ready, begun, time_now, number = deque(range(senders)), senders, 0, 0
    events: list[tuple[int, int, int, ExitStack | None]] = []  # time, order, sender, and the slot to release
    while ready or events:
        while ready and service.in_flight < concurrency.limit:
            sender, slot = ready.popleft(), ExitStack()
            slot.enter_context(concurrency.slot())
            number += 1
            if service.accepts():
                heapq.heappush(events, (time_now + SERVING, number, sender, slot))
            else:
                concurrency.record_rate_limited()
                slot.close()
                heapq.heappush(events, (time_now + WAITING, number, sender, None))
        time_now, _, sender, answered = heapq.heappop(events)
        if answered is not None:
            service.answer()
            concurrency.record_success()
            answered.close()
            if begun == requests:
                continue
            begun += 1
        ready.append(sender)


def test_settles_near_a_ceiling_below_ours_with_few_rejections() -> None:
    concurrency, service = AdaptiveConcurrencyLimit(15), Service(3)
    run(concurrency, service, senders=15, requests=600)
    assert service.served == 600
    assert 2 <= concurrency.limit <= 5
    assert service.rejected < 60


def test_rises_again_when_there_is_room() -> None:
    concurrency = AdaptiveConcurrencyLimit(15)
    run(concurrency, Service(2), senders=15, requests=60)
    low = concurrency.limit
    run(concurrency, Service(15), senders=15, requests=3_000)
    assert low <= 4
    assert concurrency.limit >= 12


def test_never_exceeds_its_highest_limit() -> None:
    concurrency, lock = AdaptiveConcurrencyLimit(4), threading.Lock()
    in_flight: list[int] = [0, 0]
    all_there = threading.Event()

    def work() -> None:
        for _ in range(30):
            with concurrency.slot():
                with lock:
                    in_flight[0] += 1
                    in_flight[1] = max(in_flight)
                    if in_flight[0] == 4:
                        all_there.set()
                # the first ones wait for each other; later ones leave time for one too many to come
                all_there.wait(60)
                time.sleep(0.001)
                with lock:
                    in_flight[0] -= 1
                concurrency.record_success()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not any(worker.is_alive() for worker in workers)
    assert in_flight == [0, 4]
    assert concurrency.limit == 4


def test_a_thread_that_releases_its_slot_does_not_take_it_again_before_those_that_wait() -> None:
    concurrency = AdaptiveConcurrencyLimit(1)
    order: list[str] = []

    def wait_for_slot() -> None:
        with concurrency.slot():
            order.append("waiting")

    waiting = threading.Thread(target=wait_for_slot, daemon=True)
    with concurrency.slot():
        waiting.start()
        deadline = time.monotonic() + 60
        while not concurrency._waiting and time.monotonic() < deadline:
            time.sleep(0.001)
    with concurrency.slot():
        order.append("released")
    waiting.join(60)
    assert order == ["waiting", "released"]


def test_one_request_is_always_allowed() -> None:
    concurrency = AdaptiveConcurrencyLimit(3)
    for _ in range(10):
        concurrency.record_rate_limited()
    assert concurrency.limit == 1
    with concurrency.slot():
        pass
