"""Two attempts of one load at once: Airflow starts the next one while one that it lost contact with still runs."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import SupersededError
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES, events
from tests.support.held_answers import held_answers, wait_until_at_rest
from tests.support.killed_load_cases import CASES
from tests.support.killed_load_checks import check_arrived, check_outcomes, prepare, rejected
from tests.support.killed_loads import LoadingProcess, load
from tests.support.plain_rows import Rows, people

VIEWED = events(event_name="Viewed", timestamp="now")


@pytest.fixture(scope="module")
def earlier() -> Iterator[LoadingProcess]:
    with LoadingProcess() as process:
        yield process


@pytest.fixture(scope="module")
def later() -> Iterator[LoadingProcess]:
    with LoadingProcess() as process:
        yield process


def wait_for_stored(emulator: RunningEmulator, requests: int) -> None:
    end = time.monotonic() + 120
    while emulator.stats()["requests"] < requests:
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.parametrize("wakes", ["while the later one sends", "when the later one has ended"])
@pytest.mark.parametrize(
    "name",
    [
        "events, hold",
        "events, resend",
        "counting profiles, hold",
        "events after counting profiles, resend",
        "subscriptions",
    ],
)
def test_a_try_that_seemed_dead_stops_when_another_has_gone_on(
    name: str, wakes: str, earlier: LoadingProcess, later: LoadingProcess, emulator: RunningEmulator, tmp_path: Path
) -> None:
    case, source, directory = CASES[name], tmp_path / "rows.csv", tmp_path / "left"
    rows, refused = prepare(case, source, Random(name))
    address = (emulator.account_id, emulator.passcode, emulator.url)
    emulator.inject({"do": "fail_records", "identities": sorted(refused)})
    load(case, source, tmp_path / "undisturbed", address)
    undisturbed = rejected(tmp_path / "undisturbed" / "rejects.csv")
    emulator.reset()
    emulator.inject({"do": "fail_records", "identities": sorted(refused)})
    may_go = Allowance(60)  # so that neither attempt can end before it is allowed to continue
    with held_answers(emulator, may_go):
        earlier.start(name, source, directory, address)
        wait_for_stored(emulator, 60)
        earlier.pause()
        may_go.left = 25
        later.start(name, source, directory, address)
        wait_for_stored(emulator, 60 + 25)
        if wakes == "while the later one sends":
            earlier.continue_load()
            may_go.left = None
            assert later.wait() == 0, (directory / "failure").read_text()
        else:
            may_go.left = None
            assert later.wait() == 0
            earlier.continue_load()
        assert earlier.wait() == 1
        failure = (directory / "failure").read_text()
        assert failure.startswith("SupersededError"), failure
        wait_until_at_rest(emulator)
    assert json.loads((directory / "checkpoint.json").read_text())["complete"]
    assert json.loads((directory / "report.json").read_text())["failure"] is None
    rejects = rejected(directory / "rejects.csv")
    requests = emulator.stats()["requests"]
    summary = load(case, source, directory, address)
    assert emulator.stats()["requests"] == requests, "something was left to send"
    assert rejected(directory / "rejects.csv") == rejects
    check_outcomes(summary, rejects, undisturbed, case, rows)
    check_arrived(summary, rejects, emulator, case, rows, set())
    assert not list(directory.glob("*.part"))


class Allowance:
    """Allows so many answers, or all of them."""

    def __init__(self, left: int | None) -> None:
        self.left = left

    def __call__(self, held: int) -> bool:
        if self.left is None:
            return True
        if not self.left:
            return False
        self.left -= 1
        return True


class AtTheLastMoment(FileCheckpointStore):
    """An earlier attempt writes while this one takes the checkpoint over."""

    def __init__(self, directory: Path, earlier: FileCheckpointStore, state: dict[str, Any]) -> None:
        super().__init__(directory)
        self._earlier, self._state = earlier, state

    def _write(self, name: str, text: str, *first: Any) -> None:
        if name == "taken-by":
            self._earlier.save(self._state)
        super()._write(name, text, *first)


def test_what_an_earlier_try_writes_at_the_last_moment_is_not_lost(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path
) -> None:
    rows = Rows(people(4_000))

    class Slow:
        account_id = client.account_id
        requests = 0

        def send_batch(self, *arguments: Any, **options: Any) -> Any:
            self.requests += 1
            if self.requests == 3:
                raise RuntimeError("the worker is lost")
            return client.send_batch(*arguments, **options)

    lost: Any = Slow()
    with pytest.raises(RuntimeError):
        Load(VIEWED, rows, lost, LoadOptions(max_in_flight=1), store=FileCheckpointStore(tmp_path)).run()
    far = json.loads((tmp_path / "checkpoint.json").read_text())
    settled, claimed = {"main": [[0, 1_000]], "profile": []}, {"main": [[1_000, 2_000]], "profile": []}
    near = {**far, "settled": settled, "claimed": claimed}
    (tmp_path / "checkpoint.json").write_text(json.dumps(near))
    earlier = FileCheckpointStore(tmp_path)
    earlier.load()
    store = AtTheLastMoment(tmp_path, earlier, far)
    summary = Load(VIEWED, rows, client, LoadOptions(on_unconfirmed="hold", max_rejects="100%"), store=store).run()
    assert (summary.resumed_from_row, summary.accepted, summary.unconfirmed) == (2_001, 3_000, 1_000)
    with pytest.raises(SupersededError):
        earlier.save(near)


def test_a_try_stops_when_its_checkpoint_is_not_its_own_and_leaves_the_files_alone(
    client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = FileCheckpointStore(tmp_path)
    rows = people(20_000)
    rows[5]["identity"] = None

    class TakenOver:
        account_id = client.account_id
        requests = 0

        def send_batch(self, *arguments: Any, **options: Any) -> Any:
            self.requests += 1
            if self.requests == 2:
                state: Any = other.load()
                other.save(state | {"seconds": 99.0})
                (tmp_path / "rejects.csv").write_text("the other's")
            return client.send_batch(*arguments, **options)

    taken: Any = TakenOver()
    options = LoadOptions(max_in_flight=1, rejects_path=tmp_path / "rejects.csv", report_path=tmp_path / "report.json")
    load = Load(
        PROFILES, Rows(rows), taken, options, store=FileCheckpointStore(tmp_path), log=logging.getLogger("load")
    )
    with pytest.raises(SupersededError, match="does not own the checkpoint any more"):
        load.run()
    assert 2 <= emulator.stats()["requests"] < 15
    assert (tmp_path / "rejects.csv").read_text() == "the other's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.json", "rejects.csv", "taken-by"]
