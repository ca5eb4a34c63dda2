"""The bound on requests in flight finds what the account allows, and climbs again when it allows more."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from contextlib import ExitStack

from airflow_provider_clevertap.loading.delivery.concurrency import AdaptiveConcurrencyLimit

#: What a request takes at the service, and a sender before it sends again what was refused. The time is pretended.
SERVING, WAITING = 2, 1


class Service:
    """Allows so many at a time, and refuses the rest."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.now = 0
        self.refused = 0
        self.served = 0

    def takes(self) -> bool:
        if self.now >= self.ceiling:
            self.refused += 1
            return False
        self.now += 1
        return True

    def answers(self) -> None:
        self.now -= 1
        self.served += 1


def run(bound: AdaptiveConcurrencyLimit, service: Service, senders: int, requests: int) -> None:
    """Send requests as so many senders would, one event after another: neither threads nor clocks decide anything."""
    ready, begun, time_now, number = deque(range(senders)), senders, 0, 0
    events: list[tuple[int, int, int, ExitStack | None]] = []  # when, in which order, whose, and the place to leave
    while ready or events:
        while ready and service.now < bound.bound:
            sender, place = ready.popleft(), ExitStack()
            place.enter_context(bound.one())
            number += 1
            if service.takes():
                heapq.heappush(events, (time_now + SERVING, number, sender, place))
            else:
                bound.was_refused()
                place.close()
                heapq.heappush(events, (time_now + WAITING, number, sender, None))
        time_now, _, sender, answered = heapq.heappop(events)
        if answered is not None:
            service.answers()
            bound.went_well()
            answered.close()
            if begun == requests:
                continue
            begun += 1
        ready.append(sender)


def test_settles_near_a_ceiling_below_ours_with_few_refusals() -> None:
    bound, service = AdaptiveConcurrencyLimit(15), Service(3)
    run(bound, service, senders=15, requests=600)
    assert service.served == 600
    assert 2 <= bound.bound <= 5
    assert service.refused < 60


def test_climbs_again_when_there_is_room() -> None:
    bound = AdaptiveConcurrencyLimit(15)
    run(bound, Service(2), senders=15, requests=60)
    low = bound.bound
    run(bound, Service(15), senders=15, requests=3_000)
    assert low <= 4
    assert bound.bound >= 12


def test_never_goes_over_its_highest_bound() -> None:
    bound, lock = AdaptiveConcurrencyLimit(4), threading.Lock()
    now: list[int] = [0, 0]
    all_there = threading.Event()

    def work() -> None:
        for _ in range(30):
            with bound.one():
                with lock:
                    now[0] += 1
                    now[1] = max(now)
                    if now[0] == 4:
                        all_there.set()
                # the first ones wait for each other; from then on there is time for one too many to come
                all_there.wait(60)
                time.sleep(0.001)
                with lock:
                    now[0] -= 1
                bound.went_well()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not any(worker.is_alive() for worker in workers)
    assert now == [0, 4]
    assert bound.bound == 4


def test_one_request_is_always_allowed() -> None:
    bound = AdaptiveConcurrencyLimit(3)
    for _ in range(10):
        bound.was_refused()
    assert bound.bound == 1
    with bound.one():
        pass
