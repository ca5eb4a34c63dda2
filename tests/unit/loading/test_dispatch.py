"""No event is sent before its profile update is accepted, and every row gets an outcome, in any order of answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, cast

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.loading.artifacts.rejects import RejectsFile
from airflow_provider_clevertap.loading.delivery.batch_result import BatchResult
from airflow_provider_clevertap.loading.delivery.batches import Batch
from airflow_provider_clevertap.loading.dispatch import Dispatch
from airflow_provider_clevertap.loading.encoding.profile_updates import EventWithProfileEncoder
from airflow_provider_clevertap.loading.ledger import Ledger
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.record_kinds import PROFILES, events
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.examples_of_properties import examples

VIEWED = events(event_name="Viewed", timestamp="now")


class ClosedError(Exception):
    """The failure of a sender."""


@dataclass
class Answers:
    """Replaces a sender: batches are answered in any order, and some records are rejected."""

    random: Random
    rejected: dict[tuple[str, str], Outcome]
    most: int = 3
    fails_after: int | None = None
    under_way: list[Batch] = field(default_factory=list)
    waits_for_nothing: int = 0
    #: each record that was sent, in the order of sending: its type and its owner
    sent: list[tuple[str, str]] = field(default_factory=list)
    #: those that were accepted
    accepted: set[tuple[str, str]] = field(default_factory=set)

    @property
    def idle(self) -> bool:
        return not self.under_way

    def send(self, batch: Batch) -> Iterator[BatchResult]:
        if self.fails_after is not None and len(self.sent) >= self.fails_after:
            raise ClosedError
        for kind, owner in owners(batch):
            if kind == "event" and ("profile", owner) in self.sent:
                assert ("profile", owner) in self.accepted
            self.sent.append((kind, owner))
        assert len({kind for kind, _ in owners(batch)}) == 1
        assert len(batch) <= 4
        self.under_way.append(batch)
        self.waits_for_nothing = 0
        while len(self.under_way) > self.most or (self.under_way and self.random.random() < 0.3):
            yield self._answer()

    def wait(self) -> Iterator[BatchResult]:
        self.waits_for_nothing += not self.under_way
        assert self.waits_for_nothing < 3, "waits without end"
        if self.under_way:
            yield self._answer()

    def drain(self) -> Iterator[BatchResult]:
        while self.under_way:
            yield self._answer()

    def _answer(self) -> BatchResult:
        batch = self.under_way.pop(self.random.randrange(len(self.under_way)))
        result = BatchResult(batch, requests=1)
        for place, record in enumerate(owners(batch)):
            if record in self.rejected:
                result.outcomes[place] = RowOutcome(self.rejected[record], 555, "", "rejected")
            else:
                self.accepted.add(record)
        return result


def owners(batch: Batch) -> list[tuple[str, str]]:
    return [(record["type"], record["identity"]) for record in json.loads(batch.body())["d"]]


#: The outcomes of the profile update and the event of a row. Some rows have no update, some are invalid.
ROWS = st.sampled_from(["good", "good", "good", "no update", "invalid", "profile rejected", "event rejected"])


@given(
    blocks=st.lists(st.lists(ROWS, max_size=9), max_size=8),
    seed=st.integers(0, 10**6),
    most=st.integers(1, 12),
    in_flight=st.integers(1, 4),
    fails_after=st.none() | st.integers(0, 40),
)
@examples(200)
def test_every_row_gets_its_outcome(
    blocks: list[list[str]], seed: int, most: int, in_flight: int, fails_after: int | None
) -> None:
    random = Random(seed)
    fates = {f"{number}-{row}": fate for number, rows in enumerate(blocks) for row, fate in enumerate(rows)}
    rejections = [Outcome.REJECTED, Outcome.UNCONFIRMED]
    rejected = {(fate.split()[0], who): random.choice(rejections) for who, fate in fates.items() if "rejected" in fate}
    answers = Answers(random, rejected, most=in_flight, fails_after=fails_after)
    summary = Summary("events")
    ledger = Ledger(summary, RejectsFile(None))
    encoder = EventWithProfileEncoder(VIEWED, PROFILES, {"id": Column("identity")}, {"tier": Column("Tier")})
    kind = small(VIEWED)
    dispatch = Dispatch(kind, 10**6, cast("Any", answers), ledger, max_open_rows=most)
    interrupted = False
    try:
        for number, rows in enumerate(blocks):
            encoded = encoder.encode(block_of(number, rows))
            ledger.register(encoded)
            dispatch.add(encoded)
            assert ledger.open_rows <= most
        dispatch.finish()
    except ClosedError:
        interrupted = True
        ledger.settle_all(answers.drain())
    ledger.close()

    events_sent = [who for kind, who in answers.sent if kind == "event"]
    assert len(set(answers.sent)) == len(answers.sent)
    assert events_sent == [who for who in fates if who in set(events_sent)], "out of the order of the rows"
    expected = dict.fromkeys(Outcome, 0)
    for who, fate in fates.items():
        record = (fate.split()[0] if "rejected" in fate else "event", who)
        if fate == "invalid":
            expected[Outcome.INVALID] += not interrupted
        elif record in answers.sent:
            expected[rejected.get(record, Outcome.ACCEPTED)] += 1
        else:
            assert interrupted
    found = {outcome: getattr(summary, outcome.value) for outcome in Outcome}
    if interrupted:
        # Rows of blocks that were never added have no outcome, whether they are invalid or not.
        expected[Outcome.INVALID] = found[Outcome.INVALID]
    assert found == expected


def small(kind: Any) -> Any:
    return replace(kind, records_per_call=4, profile_update_kind=replace(PROFILES, records_per_call=3))


def block_of(number: int, fates: list[str]) -> RowBlock:
    columns = {
        "id": pa.array(
            ["null" if fate == "invalid" else f"{number}-{row}" for row, fate in enumerate(fates)], pa.string()
        ),
        "tier": pa.array([None if fate == "no update" else "gold" for fate in fates], pa.string()),
    }
    return RowBlock("views.csv", 1, tuple(columns), columns)


def test_profile_updates_of_later_blocks_do_not_wait_for_earlier_events() -> None:
    answers = Answers(Random(0), {}, most=100)
    answers.random.random = lambda: 1.0  # type: ignore[method-assign] # no answer before a wait
    ledger = Ledger(Summary("events"), RejectsFile(None))
    encoder = EventWithProfileEncoder(VIEWED, PROFILES, {"id": Column("identity")}, {"tier": Column("Tier")})
    dispatch = Dispatch(small(VIEWED), 10**6, cast("Any", answers), ledger, max_open_rows=1_000)
    for number in range(5):
        encoded = encoder.encode(block_of(number, ["good"] * 6))
        ledger.register(encoded)
        dispatch.add(encoded)
    assert [kind for kind, _ in answers.sent] == ["profile"] * 30
    dispatch.finish()
    assert [kind for kind, _ in answers.sent].count("event") == 30
