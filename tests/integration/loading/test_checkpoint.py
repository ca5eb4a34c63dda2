"""The checkpoint: saved before anything is sent, small, and never read as if there were none."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    CannotResumeError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.checkpoint.state import LoadState
from airflow_provider_clevertap.loading.checkpoint.task_attempt import TaskAttempt
from airflow_provider_clevertap.loading.delivery.claims import ClaimWindow
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from tests.support.broken_loads import VIEWED, MakeLoad, interrupt
from tests.support.plain_rows import QUICK, Rows, people


class Troubled(FileCheckpointStore):
    """Fails some of its writes.

    :param first: done before a write fails.
    """

    def __init__(self, directory: Path, fails: set[int], first: Callable[[], None] = lambda: None) -> None:
        super().__init__(directory)
        self.fails = fails
        self.first = first
        self.writes = 0

    def save(self, state: dict[str, Any]) -> None:
        self.writes += 1
        if self.writes in self.fails:
            self.first()
            raise OSError(28, "No space left on device")
        super().save(state)


class WatchedStore(FileCheckpointStore):
    """Records the largest number of rows that were claimed and not settled."""

    most = 0

    def save(self, state: dict[str, Any]) -> None:
        super().save(state)
        lane = LoadState.read(state, self.name).lanes["main"]
        self.most = max(self.most, len(lane.claimed.without(lane.settled)))


@pytest.mark.parametrize(("seconds", "most"), [(1.0, 2), (0.1, 2), (0.05, 3), (0.0, 5)])
@pytest.mark.parametrize("in_flight", [1, 4, 10])
def test_what_may_be_unknown_after_a_kill_is_bounded(
    seconds: float, most: int, in_flight: int, client: CleverTapClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = ClaimWindow.answered
    monkeypatch.setattr(ClaimWindow, "answered", lambda window, _: answered(window, seconds))
    options = LoadOptions(retries=QUICK, max_in_flight=in_flight, bytes_per_batch=1)
    store = WatchedStore(tmp_path)
    Load(VIEWED, Rows(people(300), block_rows=300), client, options, store=store).run()
    assert in_flight <= store.most <= most * in_flight  # a batch has one record here


def test_sending_waits_while_the_checkpoint_cannot_be_kept(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Troubled(tmp_path / "checkpoint", {1, 3, 4})
    summary = Load(PROFILES, Rows(people(5_000)), client, LoadOptions(max_in_flight=1), store=store).run()
    assert summary.accepted == 5_000
    assert caplog.text.count("OSError, No space left on device); retrying") == 3


def test_nothing_is_sent_without_a_checkpoint(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RETRY_SECONDS", "CLOSING_RETRY_SECONDS"):
        monkeypatch.setattr(f"airflow_provider_clevertap.storage.retry.{name}", 0.3)

    def wait_for_two_batches() -> None:
        # A request that is not sent when the load ends stays held.
        end = time.monotonic() + 120
        while emulator.stats()["stored"]["profiles"] < 2_000:
            assert time.monotonic() < end
            time.sleep(0.005)

    store = Troubled(tmp_path / "checkpoint", set(range(4, 99)), wait_for_two_batches)
    load = Load(PROFILES, Rows(people(5_000)), client, LoadOptions(max_in_flight=1), store=store)
    with pytest.raises(StorageUnavailableError, match="kept failing"):
        load.run()
    assert emulator.stats()["stored"]["profiles"] == load.summary.accepted == 2_000
    again = Load(
        PROFILES, Rows(people(5_000)), client, LoadOptions(), store=FileCheckpointStore(tmp_path / "checkpoint")
    )
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


def test_missing_unaccepted_rows_are_reported(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject({"do": "fail_records", "identities": ["cust-00003"]})
    rows = people(3_000)
    interrupt(make(rows, after=5, max_in_flight=1))
    (part,) = (tmp_path / "checkpoint").glob("unaccepted-*.jsonl")
    kept = part.read_text()
    assert json.loads(kept)[:3] == [3, "rejected", 555]
    assert "user3" not in kept
    part.unlink()
    with pytest.raises(StorageUnavailableError, match="artifacts_path must be storage that all of them share"):
        make(rows, max_in_flight=1).run()
    part.write_text(kept)
    assert make(rows, max_in_flight=1, max_rejects=1).run().rejected == 1


ATTEMPT = TaskAttempt("3", 2, "1800000000.123456")


def test_the_state_stays_small_whatever_the_size_of_the_source() -> None:
    random = Random(7)
    found = LoadState({"source": "s" * 20, "settings": "t" * 20, "account": "a" * 20}, 1_800_000_000, ATTEMPT)
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
    assert len(json.dumps(found.to_dict())) < 450


def test_many_unaccepted_rows_fill_several_parts(
    make: MakeLoad, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_clevertap.loading.checkpoint.unaccepted_rows._PART_LINES", 40)
    refused = [f"cust-{n:05}" for n in range(0, 3_000, 30)]
    emulator.inject({"do": "fail_records", "identities": refused})
    rows = people(3_000)
    interrupt(make(rows, after=8, max_in_flight=1))
    assert len(list((tmp_path / "checkpoint").glob("unaccepted-*.jsonl"))) == 2
    emulator.clear_faults()
    emulator.inject({"do": "fail_records", "identities": refused[67:]})
    summary = make(rows, max_in_flight=1, max_rejects="100%").run()
    assert (summary.rejected, summary.accepted) == (100, 2_900)
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        assert [row["identity"] for row in csv.DictReader(stream)] == refused
