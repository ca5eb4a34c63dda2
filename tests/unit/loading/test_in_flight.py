"""The bound on requests in flight finds what the account allows, and climbs again when it allows more."""

from __future__ import annotations

import threading
import time

from airflow_provider_clevertap.loading.in_flight import InFlight


class Service:
    """Allows so many at a time, and refuses the rest."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.now = 0
        self.refused = 0
        self.served = 0
        self._lock = threading.Lock()

    def ask(self) -> bool:
        with self._lock:
            if self.now >= self.ceiling:
                self.refused += 1
                return False
            self.now += 1
        time.sleep(0.002)
        with self._lock:
            self.now -= 1
            self.served += 1
        return True


def run(bound: InFlight, service: Service, threads: int, requests: int) -> None:
    left = iter(range(requests))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if next(left, None) is None:
                    return
            while True:
                with bound.one():
                    served = service.ask()
                if served:
                    bound.went_well()
                    break
                bound.was_refused()
                time.sleep(0.001)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert not any(worker.is_alive() for worker in workers)


def test_settles_near_a_ceiling_below_ours_with_few_refusals() -> None:
    bound, service = InFlight(15), Service(3)
    run(bound, service, threads=15, requests=600)
    assert service.served == 600
    assert 2 <= bound.bound <= 5
    assert service.refused < 60


def test_climbs_again_when_there_is_room() -> None:
    bound = InFlight(15)
    run(bound, Service(2), threads=15, requests=60)
    low = bound.bound
    run(bound, Service(15), threads=15, requests=3_000)
    assert low <= 4
    assert bound.bound >= 12


def test_never_goes_over_its_highest_bound() -> None:
    bound, service = InFlight(4), Service(4)
    run(bound, service, threads=10, requests=300)
    assert service.refused == 0
    assert bound.bound == 4


def test_one_request_is_always_allowed() -> None:
    bound = InFlight(3)
    for _ in range(10):
        bound.was_refused()
    assert bound.bound == 1
    with bound.one():
        pass
