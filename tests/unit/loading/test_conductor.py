"""Every row gets its outcome, and no event is sent before its profile update, in whatever order the answers come.

The conductor, the batches under way and the ledger are the real ones; the threads are simulated, so that one seed
always gives the same order of events.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, cast

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.api.answers import (
    Ambiguous,
    Answer,
    Forbidden,
    Malformed,
    Processed,
    RateLimited,
    RejectedRecord,
    Unreachable,
)
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import AccessDeniedError
from airflow_provider_clevertap.loading import conductor as conductors
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.conductor import Conductor
from airflow_provider_clevertap.loading.delivery.batches import Batch
from airflow_provider_clevertap.loading.delivery.deliveries import Attempt, Deliveries
from airflow_provider_clevertap.loading.delivery.transport import Completed
from airflow_provider_clevertap.loading.dispatch import BatchQueue
from airflow_provider_clevertap.loading.encoding.profile_updates import EventWithProfileEncoder
from airflow_provider_clevertap.loading.ledger import Ledger
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome
from airflow_provider_clevertap.loading.outcomes.progress import Progress
from airflow_provider_clevertap.loading.outcomes.summary import Counts
from airflow_provider_clevertap.loading.reader import ReadBlock, SourceEnded
from airflow_provider_clevertap.loading.record_kinds import PROFILES, events
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.examples_of_properties import examples

VIEWED = events(event_name="Viewed", timestamp="now")
LOG = logging.getLogger("load")
NO_WAIT = RetryPolicy(attempts=1_000, uniform=lambda *_: 0.0)


@dataclass
class World:
    """Reader, transport and mailbox in one: whenever the load waits, one thing happens, chosen at random.

    :param rejected: the records that CleverTap rejects.
    :param trouble: the share of the answers that settle nothing.
    :param denied_after: records after which the account is denied, ``None`` for never.
    """

    random: Random
    blocks: list[RowBlock]
    rejected: set[tuple[str, str]]
    trouble: float = 0.0
    denied_after: int | None = None
    may_answer: bool = True
    requested: int = 1
    ended: bool = False
    idle: int = 0
    in_flight: list[Attempt] = field(default_factory=list)
    #: each record that was sent, in the order of sending: its type and its owner
    sent: list[tuple[str, str]] = field(default_factory=list)
    #: those that were accepted
    accepted: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        encoder = EventWithProfileEncoder(VIEWED, PROFILES, {"id": Column("identity")}, {"tier": Column("Tier")})
        self._encoded = iter([encoder.encode(block) for block in self.blocks])

    def request_block(self) -> None:
        self.requested += 1

    def submit(self, attempt: Attempt) -> None:
        for kind, owner in owners(attempt.batch):
            if kind == "event" and ("profile", owner) in self.sent:
                assert ("profile", owner) in self.accepted
            self.sent.append((kind, owner))
        assert len({kind for kind, _ in owners(attempt.batch)}) == 1
        assert len(attempt.batch) <= 4
        self.in_flight.append(attempt)

    def withdraw(self) -> list[Attempt]:
        return []

    def set_limit(self, limit: int) -> None:
        assert limit >= 1

    def resume(self) -> None:
        pass

    def get(self, timeout: float = 0.0) -> Any:
        """Return a message, as a mailbox does."""
        things = [self._answer] * (bool(self.in_flight) and self.may_answer) + [self._read] * bool(self.requested)
        if not things:
            self.idle += 1
            assert self.idle < 10, "nothing happens any more"
            raise queue.Empty
        self.idle = 0
        return self.random.choice(things)()

    def get_nowait(self) -> Any:
        if self.random.random() < 0.5:
            raise queue.Empty
        return self.get() if (self.in_flight and self.may_answer) or self.requested else self.get_nowait()

    def _read(self) -> ReadBlock | SourceEnded:
        self.requested -= 1
        encoded = next(self._encoded, None)
        if encoded is None:
            self.requested = 0
            return SourceEnded()
        return ReadBlock(encoded, (), 0, None)

    def _answer(self) -> Completed[Attempt]:
        attempt = self.in_flight.pop(self.random.randrange(len(self.in_flight)))
        return Completed(attempt, self._answer_to(attempt.batch), len(self.in_flight) + 1, 0.01)

    def _answer_to(self, batch: Batch) -> Answer:
        if self.denied_after is not None and len(self.sent) >= self.denied_after:
            return Forbidden(401, "denied")
        if self.random.random() < self.trouble:
            again = [RateLimited("429"), Unreachable("no"), Ambiguous(503, "503")]
            return self.random.choice([*again, Malformed("400")] if len(batch) > 1 else again)
        rejected = tuple(
            RejectedRecord(position, 516, "rejected")
            for position, record in enumerate(owners(batch))
            if record in self.rejected
        )
        self.accepted |= {record for record in owners(batch) if record not in self.rejected}
        return Processed(rejected)


def owners(batch: Batch) -> list[tuple[str, str]]:
    return [(record["type"], record["identity"]) for record in json.loads(batch.body())["d"]]


def conduct(world: World, counts: Counts, max_in_flight: int, max_open_rows: int) -> Ledger:
    """Run a load in this world; the ledger is returned, or closed after a failure."""
    ledger = Ledger(counts, RejectsFile(None))
    deliveries = Deliveries(cast("Any", world), max_in_flight, NO_WAIT, may_resend=True, dry_run=False)
    batches = BatchQueue(small(VIEWED), 10**6, ledger)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conductors, "MAX_OPEN_ROWS", max_open_rows)
        try:
            Conductor(
                cast("Any", world),
                batches,
                deliveries,
                ledger,
                cast("Any", world),
                progress=Progress(LOG, counts),
                stopping=threading.Event(),
                log=LOG,
            ).run()
        finally:
            ledger.close()
    return ledger


#: Of each row: what becomes of its profile update and of its event. Some rows have no update, some are invalid.
ROWS = st.sampled_from(["good", "good", "good", "no update", "invalid", "profile rejected", "event rejected"])


@given(
    blocks=st.lists(st.lists(ROWS, max_size=9), max_size=8),
    seed=st.integers(0, 10**6),
    max_open_rows=st.integers(1, 12),
    in_flight=st.integers(1, 4),
    trouble=st.sampled_from([0.0, 0.0, 0.3]),
    denied_after=st.none() | st.integers(0, 40),
)
@examples(200)
def test_every_row_gets_its_outcome(
    blocks: list[list[str]], seed: int, max_open_rows: int, in_flight: int, trouble: float, denied_after: int | None
) -> None:
    rows = {f"{number}-{row}": kind for number, kinds in enumerate(blocks) for row, kind in enumerate(kinds)}
    rejected = {(kind.split()[0], who) for who, kind in rows.items() if "rejected" in kind}
    world = World(Random(seed), list(blocks_of(blocks)), rejected, trouble, denied_after)
    counts, failed = Counts(), False
    try:
        conduct(world, counts, in_flight, max_open_rows)
    except AccessDeniedError:
        failed = True
    assert not world.in_flight, "something was left in flight"

    events_sent = list(dict.fromkeys(who for kind, who in world.sent if kind == "event"))
    assert events_sent == [who for who in rows if who in set(events_sent)], "out of the order of the rows"
    if not trouble:
        assert len(set(world.sent)) == len(world.sent)
    expected = dict.fromkeys(Outcome, 0)
    for who, kind in rows.items():
        record = (kind.split()[0] if "rejected" in kind else "event", who)
        if kind == "invalid":
            expected[Outcome.INVALID] += 1
        elif "rejected" in kind:
            expected[Outcome.REJECTED] += 1
        else:
            expected[Outcome.ACCEPTED] += record in world.accepted
    found = {outcome: getattr(counts, outcome.value) for outcome in Outcome}
    if failed:  # rows that were never sent have no outcome, and those of blocks that were never read
        assert found[Outcome.ACCEPTED] == expected[Outcome.ACCEPTED]
        assert all(found[outcome] <= expected[outcome] for outcome in Outcome)
    else:
        assert found == expected
        assert {who for kind, who in world.accepted if kind == "event"} == {
            who for who, kind in rows.items() if kind in ("good", "no update")
        }


def small(kind: Any) -> Any:
    return replace(kind, records_per_call=4, profile_update_kind=replace(PROFILES, records_per_call=3))


def blocks_of(blocks: list[list[str]]) -> Iterator[RowBlock]:
    for number, kinds in enumerate(blocks):
        columns = {
            "id": pa.array(
                ["null" if kind == "invalid" else f"{number}-{row}" for row, kind in enumerate(kinds)], pa.string()
            ),
            "tier": pa.array([None if kind == "no update" else "gold" for kind in kinds], pa.string()),
        }
        yield RowBlock("views.csv", 1, tuple(columns), columns)


def test_profile_updates_of_later_blocks_do_not_wait_for_earlier_events() -> None:
    world = World(Random(0), list(blocks_of([["good"] * 6] * 5)), set(), may_answer=False)
    with pytest.raises(AssertionError, match="nothing happens"):
        conduct(world, Counts(), 100, 1_000)
    assert [kind for kind, _ in world.sent] == ["profile"] * 30
