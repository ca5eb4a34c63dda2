"""The adaptive concurrency limit finds what the account allows, and rises again when the account allows more."""

from __future__ import annotations

import heapq
from collections import deque

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
    events: list[tuple[int, int, int, bool]] = []  # time, order, sender, and whether a request ends then
    while ready or events:
        while ready and service.in_flight < concurrency.limit:
            sender = ready.popleft()
            number += 1
            if service.accepts():
                heapq.heappush(events, (time_now + SERVING, number, sender, True))
            else:
                concurrency.throttled(service.in_flight + 1)
                heapq.heappush(events, (time_now + WAITING, number, sender, False))
        time_now, _, sender, ends = heapq.heappop(events)
        if ends:
            concurrency.succeeded(service.in_flight)
            service.answer()
            if begun == requests:
                continue
            begun += 1
        ready.append(sender)


def test_settles_near_a_lower_ceiling_with_few_rejected_requests() -> None:
    concurrency, service = AdaptiveConcurrencyLimit(15), Service(3)
    run(concurrency, service, senders=15, requests=600)
    assert service.served == 600
    assert 2 <= concurrency.limit <= 5
    assert service.rejected < 60


def test_rises_again_when_the_account_allows_more() -> None:
    concurrency = AdaptiveConcurrencyLimit(15)
    run(concurrency, Service(2), senders=15, requests=60)
    low = concurrency.limit
    run(concurrency, Service(15), senders=15, requests=3_000)
    assert low <= 4
    assert concurrency.limit >= 12


def test_never_exceeds_its_highest_limit() -> None:
    concurrency = AdaptiveConcurrencyLimit(4)
    for _ in range(1_000):
        concurrency.succeeded(4)
        assert concurrency.limit <= 4


def test_one_request_is_always_allowed() -> None:
    concurrency = AdaptiveConcurrencyLimit(3)
    for _ in range(10):
        concurrency.throttled(1)
    assert concurrency.limit == 1
