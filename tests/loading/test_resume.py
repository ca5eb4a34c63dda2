"""A load that is broken off and gone on with: nothing lost, nothing doubled, every row told of once."""

from __future__ import annotations

import csv
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from plain_rows import QUICK, Rows, people

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.running import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    CannotResumeError,
    LoadStoppedError,
    MappingError,
    StorageUnavailableError,
    TooManyRejectsError,
)
from airflow_provider_clevertap.loading.file_store import FileStore
from airflow_provider_clevertap.loading.kinds import PROFILES, RecordKind, events
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.load_state import LoadState

VIEWED = events(event_name="Viewed", timestamp="now")


class Broken(Exception):  # noqa: N818
    """What a client fails with in the middle of a load."""


class FailingClient:
    """Fails from one request on, before or after CleverTap has got it.

    :param client: sends the requests until then.
    :param after: how many.
    :param sends: the request that fails arrives all the same.
    """

    def __init__(self, client: CleverTapClient, after: int, *, sends: bool = False) -> None:
        self._client = client
        self._after = after
        self._sends = sends
        self.account_id = client.account_id

    def upload(self, body: bytes, records: int, *, dry_run: bool = False) -> Any:
        self._after -= 1
        if self._after < 0:
            if self._sends:
                self._client.upload(body, records, dry_run=dry_run)
            raise Broken
        return self._client.upload(body, records, dry_run=dry_run)


MakeLoad = Callable[..., Load]


@pytest.fixture
def make(client: CleverTapClient, tmp_path: Path) -> MakeLoad:
    def make(
        rows: Any, *, kind: RecordKind = PROFILES, after: int | None = None, sends: bool = False, **options: Any
    ) -> Load:
        store = FileStore(tmp_path / "checkpoint", series=options.pop("series", ""))
        given: Any = client if after is None else FailingClient(client, after, sends=sends)
        source = Rows(rows) if isinstance(rows, list) else rows
        options = {"retries": QUICK, "rejects_path": tmp_path / "rejects.csv", **options}
        return Load(kind, source, given, LoadOptions(**options), store=store, log=logging.getLogger("load"))

    return make


def test_a_load_goes_on_where_it_was_broken_off(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rows = people(5_000)
    with pytest.raises(Broken):
        make(rows, after=3, max_in_flight=1).run()
    assert len(emulator.profiles()) == 3_000
    summary = make(rows, max_in_flight=1).run()
    assert (summary.rows, summary.accepted, summary.requests, summary.resumed_from_row) == (5_000, 5_000, 5, 3_001)
    assert emulator.stats()["requests"] == 5
    assert [record.message for record in caplog.records if " at row " in record.message] == [
        "Starts at row 1: no earlier try has left a checkpoint",
        "Goes on at row 3,001, where an earlier try ended: 3,000 rows are settled",
    ]


def state(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "checkpoint" / "checkpoint.json").read_text())
    return found


def break_off(load: Load) -> None:
    with pytest.raises(Broken):
        load.run()


def arrived(emulator: RunningEmulator) -> Counter[str]:
    return Counter(event["identity"] for event in emulator.events())


def test_what_may_have_been_sent_is_held_or_sent_again(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = people(3_000)
    break_off(make(rows, kind=VIEWED, after=1, sends=True, max_in_flight=1))
    held = make(rows, kind=VIEWED, max_in_flight=1, on_unconfirmed="hold", max_rejects=1_000).run()
    assert (held.accepted, held.unconfirmed, held.resent) == (2_000, 1_000, 0)
    assert set(arrived(emulator).values()) == {1}
    assert len(arrived(emulator)) == 3_000


def test_what_is_sent_again_is_told(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = people(3_000)
    break_off(make(rows, kind=VIEWED, after=1, sends=True, max_in_flight=1))
    again = make(rows, kind=VIEWED, max_in_flight=1).run()
    assert (again.accepted, again.unconfirmed, again.resent) == (3_000, 0, 1_000)
    assert sorted(arrived(emulator).values()) == [1] * 2_000 + [2] * 1_000


def test_held_rows_stay_held_in_later_tries(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    rows = people(4_000)
    break_off(make(rows, kind=VIEWED, after=1, max_in_flight=1))
    break_off(make(rows, kind=VIEWED, after=1, max_in_flight=1, on_unconfirmed="hold"))
    last = make(rows, kind=VIEWED, max_in_flight=1, max_rejects=1.0).run()
    assert (last.accepted, last.unconfirmed, last.resent) == (3_000, 1_000, 1_000)
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        told = list(csv.DictReader(stream))
    assert [row["clevertap_row"] for row in told] == [str(row) for row in range(1_001, 2_001)]
    assert "broken off" in told[0]["clevertap_reason"]


def test_events_keep_the_moment_of_the_first_try(
    make: MakeLoad, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = people(2_000)
    moments = iter([1_800_000_000.0, 1_800_003_600.0])
    monkeypatch.setattr("airflow_provider_clevertap.loading.kinds.time.time", lambda: next(moments))
    first, second = (events(event_name="Viewed", timestamp="now") for _ in range(2))
    monkeypatch.undo()
    break_off(make(rows, kind=first, after=1, max_in_flight=1))
    make(rows, kind=second, max_in_flight=1).run()
    assert {event["ts"] for event in emulator.events()} == {1_800_000_000}


@pytest.mark.parametrize("fault", [None, {"do": "status", "status": 429, "skip": 6}], ids=["sending", "waiting"])
def test_a_load_that_is_told_to_stop_leaves_nothing_unknown(
    fault: dict[str, Any] | None, make: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "delay", "seconds": 0.05}, *([fault] if fault else []))
    rows = people(40_000)
    load = make(rows, kind=VIEWED, on_unconfirmed="hold")
    ended: list[BaseException] = []

    def run() -> None:
        try:
            load.run()
        except BaseException as error:
            ended.append(error)

    running = threading.Thread(target=run)
    running.start()
    while emulator.stats()["accepted"] < 6_000:
        time.sleep(0.005)
    load.stop()
    running.join()
    assert [type(error) for error in ended] == [LoadStoppedError]
    left = state(tmp_path)
    assert left["claimed"] == {"main": [], "ahead": []}
    assert sum(stop - start for start, stop in left["settled"]["main"]) == emulator.stats()["stored"]["events"] < 40_000
    emulator.clear_faults()
    summary = make(rows, kind=VIEWED, on_unconfirmed="hold").run()
    assert (summary.accepted, summary.unconfirmed, summary.resent) == (40_000, 0, 0)
    assert summary.requests == emulator.stats()["requests"]
    assert len(arrived(emulator)) == emulator.stats()["stored"]["events"] == 40_000


def test_a_batch_of_which_a_part_was_settled_is_in_doubt_with_the_rest_alone(
    make: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "status", "status": 400, "identity": "cust-00999", "times": 1})
    rows = people(2_000)
    break_off(make(rows, kind=VIEWED, after=2, max_in_flight=1))
    assert state(tmp_path)["settled"]["main"] == [[0, 500]]
    assert state(tmp_path)["claimed"]["main"] == [[500, 1_000]]
    assert make(rows, kind=VIEWED, max_in_flight=1).run().resent == 500
    assert set(arrived(emulator).values()) == {1}


@pytest.mark.parametrize("changed", ["source", "settings", "account"])
def test_another_load_is_not_gone_on_with(
    changed: str, make: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    rows = people(2_000)
    break_off(make(rows, after=1, max_in_flight=1))
    other, options = rows, {}
    if changed == "source":
        other = [*rows[:-1], rows[-1] | {"Email": "other@example.com"}]
    if changed == "settings":
        options = {"columns": {"Email": "Name"}}
    load = make(other, max_in_flight=1, **options)
    if changed == "account":
        load._client.account_id = "OTHER"  # type: ignore[union-attr]
    with pytest.raises(CannotResumeError, match=rf"the {changed} changed.*1,000 rows.*resume=False") as told:
        load.run()
    assert str(tmp_path / "checkpoint") in str(told.value)
    assert emulator.stats()["requests"] == 1


def test_a_load_that_sent_nothing_binds_nobody(make: MakeLoad, emulator: RunningEmulator) -> None:
    with pytest.raises(MappingError):
        make(people(10), columns={"Email": "identity", "identity": "identity"}).run()
    assert make(people(20)).run().accepted == 20


def test_a_load_starts_over_when_told_to(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    rows = people(2_000)
    break_off(make(rows, after=1, max_in_flight=1))
    summary = make(rows[:1_500], max_in_flight=1, resume=False).run()
    assert (summary.rows, summary.accepted, summary.resumed_from_row, summary.requests) == (1_500, 1_500, None, 2)
    assert "1,000 rows were settled by an earlier try and are loaded again" in caplog.text


def test_a_retry_after_everything_was_loaded_sends_nothing(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = people(2_000)
    rows[7]["identity"] = None
    with pytest.raises(TooManyRejectsError):
        make(rows, kind=VIEWED).run()
    with pytest.raises(TooManyRejectsError) as again:
        make(rows, kind=VIEWED).run()
    facts = again.value.summary.to_dict()
    assert (facts["rows"], facts["accepted"], facts["invalid"], facts["requests"]) == (2_000, 1_999, 1, 2)
    assert emulator.stats()["requests"] == 2


def test_a_cleared_task_loads_again_what_was_complete_and_goes_on_with_what_was_not(
    make: MakeLoad, emulator: RunningEmulator
) -> None:
    rows = people(2_000)
    break_off(make(rows, after=1, max_in_flight=1, series="0"))
    assert make(rows, max_in_flight=1, series="1").run().resumed_from_row == 1_001
    assert make(rows, max_in_flight=1, series="2").run().resumed_from_row is None
    assert emulator.stats()["requests"] == 4


class Unordered(Rows):
    def fingerprint(self) -> str | None:
        return None


def test_rows_that_may_change_are_loaded_from_the_first_or_not_at_all(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rows = Unordered(people(3_000))
    break_off(make(rows, after=2, max_in_flight=1))
    assert "would start at row 1 too" in caplog.text
    assert make(rows, max_in_flight=1).run().requests == 3
    emulator.reset()
    break_off(make(rows, kind=VIEWED, after=2, max_in_flight=1, series="next"))
    with pytest.raises(CannotResumeError, match=r"must not be sent twice.*resume=False"):
        make(rows, kind=VIEWED, series="next").run()
    assert len(arrived(emulator)) == 2_000
    assert make(rows, kind=VIEWED, resume=False).run().accepted == 3_000


class Troubled(FileStore):
    """Fails some of its writes."""

    def __init__(self, directory: Path, fails: set[int]) -> None:
        super().__init__(directory)
        self.fails = fails
        self.writes = 0

    def save(self, state: dict[str, Any]) -> None:
        self.writes += 1
        if self.writes in self.fails:
            raise OSError(28, "No space left on device")
        super().save(state)


class WatchedStore(FileStore):
    """Remembers the most rows that were claimed and not settled."""

    most = 0

    def save(self, state: dict[str, Any]) -> None:
        super().save(state)
        lane = LoadState.read(state, self.name).lanes["main"]
        self.most = max(self.most, len(lane.claimed.without(lane.settled)))


def test_few_rows_are_claimed_while_answers_are_slow(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "delay", "seconds": 0.4})
    store = WatchedStore(tmp_path / "checkpoint", series="")
    options = LoadOptions(retries=QUICK, rejects_path=tmp_path / "rejects.csv", max_in_flight=2)
    rows = Rows(people(20_000), block_rows=20_000)
    Load(VIEWED, rows, client, options, store=store, log=logging.getLogger("load")).run()
    assert 4_000 <= store.most <= (2 * 2 + 4) * 1_000  # in flight, ready, and claimed next


def test_sending_waits_while_the_checkpoint_cannot_be_kept(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Troubled(tmp_path / "checkpoint", {1, 3, 4})
    summary = Load(PROFILES, Rows(people(5_000)), client, LoadOptions(max_in_flight=1), store=store).run()
    assert summary.accepted == 5_000
    assert caplog.text.count("OSError, No space left on device); trying again") == 3


def test_nothing_is_sent_without_a_checkpoint(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATIENCE", "CLOSING_PATIENCE"):
        monkeypatch.setattr(f"airflow_provider_clevertap.loading.patience.{name}", 0.3)
    store = Troubled(tmp_path / "checkpoint", set(range(4, 99)))
    load = Load(PROFILES, Rows(people(5_000)), client, LoadOptions(max_in_flight=1), store=store)
    with pytest.raises(StorageUnavailableError, match="cannot be kept"):
        load.run()
    assert emulator.stats()["stored"]["profiles"] == load.summary.accepted == 2_000
    again = Load(PROFILES, Rows(people(5_000)), client, LoadOptions(), store=FileStore(tmp_path / "checkpoint"))
    assert again.run().accepted == 5_000


@pytest.mark.parametrize("text", ["{", '{"version":99}', "[]", '{"version":1,"settled":3}'])
def test_a_checkpoint_nobody_can_read_is_not_taken_for_none(
    text: str, make: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "checkpoint.json").write_text(text)
    with pytest.raises(CannotResumeError, match="cannot be read"):
        make(people(10)).run()
    assert make(people(10), resume=False).run().accepted == 10


def test_refusals_that_are_gone_are_missed(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject({"do": "fail_records", "identities": ["cust-00003"]})
    rows = people(3_000)
    break_off(make(rows, after=5, max_in_flight=1))
    (part,) = (tmp_path / "checkpoint").glob("refused-*.jsonl")
    kept = part.read_text()
    assert json.loads(kept)[:3] == [3, "rejected", 555]
    assert "user3" not in kept
    part.unlink()
    with pytest.raises(StorageUnavailableError, match="artifacts_path must be storage that all of them share"):
        make(rows, max_in_flight=1).run()
    part.write_text(kept)
    assert make(rows, max_in_flight=1, max_rejects=1).run().rejected == 1


def test_the_state_stays_small_whatever_the_size_of_the_source() -> None:
    random = Random(7)
    found = LoadState({"source": "s" * 20, "settings": "t" * 20, "account": "a" * 20}, 1_800_000_000, "3")
    main = found.lanes["main"]
    under_way: list[int] = []
    largest = 0
    for batch in range(1_000):
        main.claimed.add(batch * 1_000, (batch + 1) * 1_000)
        under_way.append(batch)
        if len(under_way) > 24:
            done = under_way.pop(random.randrange(len(under_way)))
            main.settled.add(done * 1_000, (done + 1) * 1_000)
        main.claimed = main.claimed.without(main.settled)
        largest = max(largest, len(json.dumps(found.to_dict())))
    assert largest < 2_000
    for batch in under_way:
        main.settled.add(batch * 1_000, (batch + 1) * 1_000)
    main.claimed = main.claimed.without(main.settled)
    assert len(json.dumps(found.to_dict())) < 400


def test_many_refusals_fill_several_parts(
    make: MakeLoad, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_clevertap.loading.refusals._PART_LINES", 40)
    refused = [f"cust-{n:05}" for n in range(0, 3_000, 30)]
    emulator.inject({"do": "fail_records", "identities": refused})
    rows = people(3_000)
    break_off(make(rows, after=8, max_in_flight=1))
    assert len(list((tmp_path / "checkpoint").glob("refused-*.jsonl"))) == 2
    emulator.clear_faults()
    emulator.inject({"do": "fail_records", "identities": refused[67:]})
    summary = make(rows, max_in_flight=1, max_rejects=1.0).run()
    assert (summary.rejected, summary.accepted) == (100, 2_900)
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        assert [row["identity"] for row in csv.DictReader(stream)] == refused


def test_what_may_be_unknown_after_a_kill_is_bounded(client: CleverTapClient, tmp_path: Path) -> None:
    open_rows: list[int] = []

    class Watched(FileStore):
        def save(self, state: dict[str, Any]) -> None:
            super().save(state)
            open_rows.append(sum(stop - start for start, stop in state["claimed"]["main"]))

    in_flight = 4
    options = LoadOptions(retries=QUICK, max_in_flight=in_flight)
    Load(VIEWED, Rows(people(100_000)), client, options, store=Watched(tmp_path)).run()
    assert 0 < max(open_rows) <= 8 * in_flight * 1_000
