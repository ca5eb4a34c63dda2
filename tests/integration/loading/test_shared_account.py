"""An account that other programs use too, and a service with bad moments: what is allowed is found and made use of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import AccessDeniedError
from airflow_provider_clevertap.loading.delivery.concurrency import AdaptiveConcurrencyLimit
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, PROFILES
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.held_answers import held_answers
from tests.support.plain_rows import PATIENT, Rows, people

MakeLoad = Callable[..., Load]


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
def limits(monkeypatch: pytest.MonkeyPatch) -> list[AdaptiveConcurrencyLimit]:
    """Return the concurrency limits of the loads, in the order in which they start."""
    made: list[AdaptiveConcurrencyLimit] = []

    def make_limit(max_limit: int) -> AdaptiveConcurrencyLimit:
        made.append(AdaptiveConcurrencyLimit(max_limit))
        return made[-1]

    monkeypatch.setattr("airflow_provider_clevertap.loading.delivery.deliveries.AdaptiveConcurrencyLimit", make_limit)
    return made


@pytest.fixture
def slow(emulator: RunningEmulator, limits: list[AdaptiveConcurrencyLimit]) -> Iterator[Slow]:
    with Slow(emulator, limits) as slowly:
        yield slowly


class Slow:
    """An emulator so slow that a load always has as many requests in flight as it will.

    It answers none before the load has sent all it sends at a time, however long that takes the machine. A place that
    is left free is therefore left free by the load, and never for want of time.
    """

    def __init__(self, emulator: RunningEmulator, limits: list[AdaptiveConcurrencyLimit]) -> None:
        self.emulator = emulator
        self._limits = limits
        self._over = False
        self._held = held_answers(emulator, lambda held: self._over or held >= self._limits[-1].limit)

    def __enter__(self) -> Self:
        self._held.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._held.__exit__(None, None, None)

    def while_it_lasts(self, more: Callable[[int], bool]) -> Callable[[int], bool]:
        """Return ``more``, after whose end there are too few requests to wait for."""

        def asked(rows: int) -> bool:
            self._over = not more(rows)
            return not self._over

        return asked


def load_tokens(make_load: MakeLoad, slow: Slow, more: Callable[[int], bool], **options: Any) -> Load:
    source = Tokens(slow.while_it_lasts(more))
    load = make_load(source, kind=DEVICE_TOKENS, max_in_flight=15, **{"retries": PATIENT, **options})
    load.run()
    assert load.summary.accepted == load.summary.rows
    assert load.summary.resent == 0
    return load


def share_above(crowd: int, requests: list[dict[str, Any]]) -> float:
    """Return the share of the requests taken that made it more than so many in flight."""
    taken = [request["in_flight"] > crowd for request in requests if request["status"] == 200]
    return sum(taken) / len(taken)


def test_settles_at_what_others_leave_free_with_few_refusals(make_load: MakeLoad, slow: Slow) -> None:
    slow.emulator.set_max_in_flight(3)
    load_tokens(make_load, slow, lambda rows: rows < 30_000)
    requests = slow.emulator.requests()
    refused = [place for place, request in enumerate(requests) if request["status"] == 429]
    # Many go out at first. From then on one more is tried now and then.
    assert 3 <= len(refused) <= 60
    assert 3 <= len([place for place in refused if place >= 100]) <= 24
    assert share_above(2, requests[100:]) > 0.5


def test_climbs_again_when_others_are_done(make_load: MakeLoad, slow: Slow) -> None:
    emulator = slow.emulator
    emulator.set_max_in_flight(3)
    patience = time.monotonic() + 300
    allowed_at = 0

    def more(rows: int) -> bool:
        nonlocal allowed_at
        if not allowed_at and rows >= 15_000:
            allowed_at = emulator.stats()["requests"]
            emulator.set_max_in_flight(15)
        reached = emulator.stats()["peak_in_flight"] == 15
        return not reached and time.monotonic() < patience

    load_tokens(make_load, slow, more)
    climb = emulator.requests()[allowed_at:]
    assert max(request["in_flight"] for request in climb) == 15
    assert not [request for request in climb[60:] if request["status"] == 429]


def test_refusals_now_and_then_do_not_slow_a_load_down(make_load: MakeLoad, slow: Slow) -> None:
    slow.emulator.inject({"do": "status", "status": 429, "probability": 0.05, "seed": 4})
    load_tokens(make_load, slow, lambda rows: rows < 40_000, retries=RetryPolicy())
    requests = slow.emulator.requests()
    assert len([request for request in requests if request["status"] == 429]) > 15
    assert share_above(9, requests[100:]) > 0.5


def test_batches_that_wait_leave_their_places_to_others(
    make_load: MakeLoad, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.inject(
        {"do": "status", "status": 503, "identity": "cust-00000", "times": 1},
        {"do": "status", "status": 429, "identity": "cust-01000", "times": 1},
    )

    class UntilTheOthersAreDone:
        """Stands still until all batches but two are stored; then six seconds have passed."""

        def monotonic(self) -> float:
            return 1_006.0 if emulator.stats()["stored"]["profiles"] >= 18_000 else 1_000.0

    wait = RetryPolicy(base=6.0, cap=6.0, uniform=lambda _, most: most)
    load = make_load(people(20_000), max_in_flight=2, retries=wait)
    monkeypatch.setattr("airflow_provider_clevertap.loading.delivery.deliveries.time", UntilTheOthersAreDone())
    assert load.run().accepted == 20_000
    assert sorted(request["status"] for request in emulator.requests() if request["status"] != 200) == [429, 503]
    # Both came again after all the others, which had their places meanwhile.
    assert {profile["identity"] for profile in emulator.profiles()[-2_000:]} == {f"cust-{n:05}" for n in range(2_000)}


def test_one_at_a_time_none_overtakes_another(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 503, "probability": 0.3, "seed": 3})
    assert make_load(people(10_000), max_in_flight=1, retries=PATIENT).run().accepted == 10_000
    assert [profile["identity"] for profile in emulator.profiles()] == [f"cust-{n:05}" for n in range(10_000)]


def test_what_ends_a_load_is_answered_to_no_more_than_were_in_flight(emulator: RunningEmulator) -> None:
    with CleverTapClient(emulator.account_id, "WRONG-CODE", emulator.url, max_in_flight=3) as client:
        load = Load(PROFILES, Rows(people(50_000)), client, LoadOptions(max_in_flight=3))
        with pytest.raises(AccessDeniedError):
            load.run()
    assert len(emulator.requests()) <= 3
