"""An account that other programs use too, and a service with bad moments: what is allowed is found and made use of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.exceptions import AccessDeniedError
from airflow_provider_clevertap.loading.kinds import DEVICE_TOKENS, PROFILES
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.rows import RowBlock
from tests.support.plain_rows import QUICK, Rows, people

MakeLoad = Callable[..., Load]

#: seconds of an answer: long enough that a busy machine keeps 15 requests in flight
LATENCY = 0.08


class Tokens(Rows):
    """Device tokens, a hundred to a request, for as long as a test wants more of them."""

    def __init__(self, more: Callable[[int], bool]) -> None:
        super().__init__([])
        self.more = more

    def blocks(self) -> Iterator[RowBlock]:
        first = 0
        while self.more(first):
            rows = [{"objectId": f"dev{n:08}", "token": f"t{n}", "type": "fcm"} for n in range(first, first + 500)]
            for block in Rows(rows, block_rows=500).blocks():
                yield RowBlock("tokens.csv", first + 1, block.names, block.columns)
            first += 500


@pytest.fixture
def slow(emulator: RunningEmulator) -> Iterator[RunningEmulator]:
    emulator.change_settings(latency=LATENCY)
    yield emulator
    emulator.change_settings(latency=0)


def load_tokens(make_load: MakeLoad, more: Callable[[int], bool], **options: Any) -> Load:
    load = make_load(Tokens(more), kind=DEVICE_TOKENS, max_in_flight=15, **options)
    load.run()
    assert load.summary.accepted == load.summary.rows
    assert load.summary.resent == 0
    return load


def share_above(crowd: int, requests: list[dict[str, Any]]) -> float:
    """Give the share of the requests taken that made it more than so many in flight.

    Requests answered together are followed by others together, so even at a steady three a third come as the third.
    """
    taken = [request["in_flight"] > crowd for request in requests if request["status"] == 200]
    return sum(taken) / len(taken)


def test_settles_at_what_others_leave_free_with_few_refusals(make_load: MakeLoad, slow: RunningEmulator) -> None:
    slow.set_max_in_flight(3)
    load_tokens(make_load, lambda rows: rows < 30_000)
    requests = slow.requests()
    refused = [place for place, request in enumerate(requests) if request["status"] == 429]
    # All fifteen go out at first. From then on one more is tried now and then.
    assert 12 <= len(refused) <= 60
    assert len([place for place in refused if place >= 100]) <= 24
    assert share_above(2, requests[100:]) > 0.2


def test_climbs_again_when_others_are_done(make_load: MakeLoad, slow: RunningEmulator) -> None:
    slow.set_max_in_flight(3)
    patience = time.monotonic() + 120
    allowed_at = 0

    def more(rows: int) -> bool:
        nonlocal allowed_at
        if not allowed_at and rows >= 15_000:
            allowed_at = slow.stats()["requests"]
            slow.set_max_in_flight(15)
        reached = allowed_at and slow.stats()["in_flight"] == 15
        return not reached and time.monotonic() < patience

    load_tokens(make_load, more)
    climb = slow.requests()[allowed_at:]
    assert max(request["in_flight"] for request in climb) == 15
    assert not [request for request in climb[60:] if request["status"] == 429]


def test_refusals_now_and_then_do_not_slow_a_load_down(make_load: MakeLoad, slow: RunningEmulator) -> None:
    slow.inject({"do": "status", "status": 429, "probability": 0.05, "seed": 4})
    load_tokens(make_load, lambda rows: rows < 60_000, retries=RetryPolicy())
    requests = slow.requests()
    assert len([request for request in requests if request["status"] == 429]) > 15
    assert share_above(9, requests[300:]) > 0.1


def test_batches_that_wait_leave_their_places_to_others(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject(
        {"do": "status", "status": 503, "identity": "cust-00000", "times": 1},
        {"do": "status", "status": 429, "identity": "cust-01000", "times": 1},
    )
    wait = RetryPolicy(base=6.0, cap=6.0, uniform=lambda _, most: most)
    assert make_load(people(20_000), max_in_flight=2, retries=wait).run().accepted == 20_000
    assert sorted(request["status"] for request in emulator.requests()[:2]) == [429, 503]
    # Both came again after all the others, which took less than six seconds.
    assert {profile["identity"] for profile in emulator.profiles()[-2_000:]} == {f"cust-{n:05}" for n in range(2_000)}


def test_one_at_a_time_none_overtakes_another(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 503, "probability": 0.3, "seed": 3})
    assert make_load(people(10_000), max_in_flight=1, retries=QUICK).run().accepted == 10_000
    assert [profile["identity"] for profile in emulator.profiles()] == [f"cust-{n:05}" for n in range(10_000)]


def test_what_ends_a_load_is_answered_to_no_more_than_were_in_flight(emulator: RunningEmulator) -> None:
    emulator.change_settings(latency=LATENCY)
    try:
        with CleverTapClient(emulator.account_id, "WRONG-CODE", emulator.url, max_in_flight=3) as client:
            load = Load(PROFILES, Rows(people(50_000)), client, LoadOptions(max_in_flight=3))
            with pytest.raises(AccessDeniedError):
                load.run()
    finally:
        emulator.change_settings(latency=0)
    assert len(emulator.requests()) <= 3
