"""Faults of CleverTap and of the network, and how a load must react to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.exceptions import AccessDeniedError, CleverTapError, CleverTapUnavailableError
from tests.support.chaos.kinds import Kind

#: As many attempts as by default, with short waits: for faults that outlast the attempt of the task.
QUICK = RetryPolicy(base=0.01, cap=0.05)
#: So many attempts that no batch fails in all of them by a fault that hits some requests at random.
ENOUGH = RetryPolicy(attempts=60, base=0.01, cap=0.05)
#: Waits as long as by default for a service that is unavailable.
PERSISTENT = RetryPolicy(attempts=10_000, base=0.01, cap=0.05)
#: The default, sixty times as fast.
SCALED = RetryPolicy(total_seconds=5.0, base=0.5 / 60, cap=0.5)

#: The client's timeout in seconds: for requests that never get an answer, and for those that do on a busy machine.
_SHORT, _LONG = 0.4, 30.0


@dataclass(frozen=True)
class Setting:
    """The load that a fault applies to.

    :param kind: what is loaded.
    :param per_call: records of one request.
    :param seed: decides which requests are affected.
    """

    kind: Kind
    per_call: int
    seed: int

    def keys(self, *numbers: int) -> list[str]:
        """Return the keys of rows."""
        return [self.kind.key_of(number) for number in numbers]


Rules = Callable[[Setting], list[dict[str, Any]]]


def some(do: str, **fields: Any) -> Rules:
    """Return rules that affect a quarter of the requests, chosen by the seed."""
    return lambda setting: [{"do": do, "probability": 0.25, "seed": setting.seed, **fields}]


def status(status: int, **fields: Any) -> Rules:
    """Return rules that answer a quarter of the requests with a status."""
    return some("status", status=status, **fields)


@dataclass(frozen=True)
class Outage:
    """The service refuses connections.

    :param after: how many requests succeed before.
    :param refused: it ends after so many refused connections,
    :param seconds: or after so long; with neither, when the first attempt has failed.
    """

    after: int = 6
    refused: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Fault:
    """A fault, and its possible effects on a load.

    :param rules: those of the emulator.
    :param outage: the service is away for a while.
    :param certain: the result of each request is always known: nothing is resent and nothing held.
    :param stores: a record can be stored twice by resending after it.
    :param ends: the error of the first attempt; then the fault is over, and the next attempt resumes.
    :param may_end: an error that an attempt may end with before the fault is over.
    :param contradicts: CleverTap's answers contradict themselves, so that rows may be unconfirmed under any policy.
    :param blames: the numbers of valid rows that CleverTap rejects.
    :param timeout: the client's, in seconds.
    :param retries: when and how often requests are repeated.
    :param settings: of the emulator.
    :param everywhere: also in the short form tried with every kind of load.
    """

    rules: Rules = lambda _: []
    outage: Outage | None = None
    certain: bool = False
    stores: bool = False
    ends: type[CleverTapError] | None = None
    may_end: type[CleverTapError] | None = None
    contradicts: bool = False
    blames: tuple[int, ...] = ()
    timeout: float = _LONG
    retries: RetryPolicy = ENOUGH
    settings: Mapping[str, Any] = field(default_factory=dict)
    everywhere: bool = False


_BLAMED = (11, 12, 170)
#: A fault for ever after some requests went well; a few of those under way end well, too.
_FOR_EVER: dict[str, Any] = {"skip": 6, "probability": 1.0}
_DEAD: dict[str, Any] = {"ends": CleverTapUnavailableError, "retries": QUICK}

FAULTS = {
    "no fault": Fault(certain=True),
    "refuses connections for a while": Fault(outage=Outage(refused=30), retries=PERSISTENT, everywhere=True),
    "refuses connections from the first": Fault(outage=Outage(after=0), certain=True, **_DEAD),
    "refuses connections until the retry": Fault(outage=Outage(), **_DEAD),
    "gone and back": Fault(outage=Outage(seconds=1.0), retries=SCALED, may_end=CleverTapUnavailableError),
    "stalls before storing": Fault(some("stall", times=3), timeout=_SHORT),
    "stalls after storing": Fault(some("stall", times=3, stored=True), timeout=_SHORT, stores=True),
    "resets before storing": Fault(some("reset")),
    "resets after storing": Fault(some("reset", stored=True), stores=True, everywhere=True),
    "resets after storing, until the retry": Fault(
        some("reset", stored=True, **_FOR_EVER), stores=True, everywhere=True, **_DEAD
    ),
    "hangs up before storing": Fault(some("hang_up")),
    "hangs up after storing": Fault(some("hang_up", stored=True), stores=True),
    "half a body before storing": Fault(some("half_body", stored=False)),
    "half a body after storing": Fault(some("half_body"), stores=True),
    "HTML with 200": Fault(some("html")),
    "HTML with 200 after storing": Fault(some("html", stored=True), stores=True),
    "502 as HTML before storing": Fault(status(502, body="html")),
    "502 as HTML after storing": Fault(status(502, body="html", stored=True), stores=True),
    "503 before storing": Fault(status(503)),
    "503 after storing": Fault(status(503, stored=True), stores=True, everywhere=True),
    "503 with Retry-After, after storing": Fault(status(503, retry_after=1, stored=True, times=2), stores=True),
    "503 until the retry": Fault(status(503, **_FOR_EVER), **_DEAD),
    "504 without a body, after storing": Fault(status(504, body="empty", stored=True), stores=True),
    "wrong content type": Fault(some("wrong_content_type"), certain=True),
    "bad JSON": Fault(some("bad_json"), stores=True),
    "huge body": Fault(some("huge_body", times=1), stores=True),
    "slow drip": Fault(some("slow_drip", times=3), stores=True, timeout=_SHORT),
    "wrong counts": Fault(some("wrong_counts"), stores=True, contradicts=True, everywhere=True),
    "wrong counts for ever": Fault(some("wrong_counts", stored=False, **_FOR_EVER), contradicts=True),
    "no record numbers": Fault(some("no_record_numbers", probability=1.0), certain=True),
    "closes idle connections": Fault(some("close_idle", seconds=0.0)),
    "closes idle connections as a request comes": Fault(some("close_idle")),
    # as often as a record may meet it, and no more often: aimed, as the strikes of a count could all hit one batch
    "555 for all of a batch": Fault(
        lambda setting: [{"do": "fail_records", "identity": key, "times": 3} for key in setting.keys(11, 311)],
        certain=True,
    ),
    "555 for some records always": Fault(
        lambda setting: [{"do": "fail_records", "identities": setting.keys(*_BLAMED)}], certain=True, blames=_BLAMED
    ),
    "429": Fault(status(429), certain=True, everywhere=True),
    "429 with Retry-After": Fault(status(429, retry_after=1, times=2), certain=True),
    "a lower ceiling than ours": Fault(
        settings={"max_in_flight": 2, "max_in_flight_other": 2, "latency": 0.02}, certain=True
    ),
    "401 midway": Fault(status(401, **_FOR_EVER), certain=True, ends=AccessDeniedError, everywhere=True),
    "413 above half a batch": Fault(
        lambda setting: [{"do": "status", "status": 413, "more_than": setting.per_call // 2 - 1}], certain=True
    ),
    "400 for some records": Fault(
        lambda setting: [{"do": "status", "status": 400, "identity": key} for key in setting.keys(*_BLAMED)],
        certain=True,
        blames=_BLAMED,
        everywhere=True,
    ),
    "many faults at once": Fault(
        lambda setting: [
            {"do": "status", "status": 400, "identity": setting.keys(11)[0]},
            *(
                {"probability": 0.07, "seed": setting.seed + place, **rule}
                for place, rule in enumerate(
                    (
                        {"do": "status", "status": 429},
                        {"do": "status", "status": 503, "stored": True},
                        {"do": "reset", "stored": True},
                        {"do": "hang_up"},
                        {"do": "half_body"},
                        {"do": "close_idle"},
                    )
                )
            ),
        ],
        stores=True,
        blames=(11,),
        everywhere=True,
    ),
}

#: What no test waits for: the default waits, and a minute.
MINUTE_AWAY = Fault(outage=Outage(seconds=60.0), may_end=CleverTapUnavailableError, retries=RetryPolicy())
