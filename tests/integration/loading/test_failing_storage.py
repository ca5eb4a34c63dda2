"""Failing storage, a full disk or an object store: no row is lost, and a later attempt writes complete files."""

from __future__ import annotations

import csv
import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import StorageUnavailableError
from airflow_provider_clevertap.loading.checkpoint.file_store import FileCheckpointStore
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import events
from tests.support.killed_load_cases import CASES, ROWS
from tests.support.killed_load_checks import check_arrived, check_outcomes, prepare, rejected
from tests.support.killed_loads import LoadingProcess, load
from tests.support.plain_rows import QUICK, Rows, people
from tests.support.shaky_storage import ShakyStorage

VIEWED = replace(events(event_name="Viewed", timestamp="now"), records_per_call=100)
#: Rows that a load with one request in flight may have claimed: the batches that are ready, and one more claim.
UNKNOWN = 12 * 100
REFUSED = {f"cust-{number:05}" for number in (3, 1_500, 2_222, 4_999)}


@pytest.fixture
def short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRY_SECONDS", "CLOSING_RETRY_SECONDS"):
        monkeypatch.setattr(f"airflow_provider_clevertap.storage.retry.{name}", 0.3)


@pytest.fixture
def shaky(monkeypatch: pytest.MonkeyPatch) -> type[ShakyStorage]:
    monkeypatch.setattr(ShakyStorage, "calls", {})
    monkeypatch.setattr(ShakyStorage, "seconds", 0.0)
    monkeypatch.setattr(ShakyStorage, "fails", staticmethod(lambda *_: None))
    return ShakyStorage


def rows() -> list[dict[str, Any]]:
    made = people(5_000)
    for number in range(7, 5_000, 100):
        made[number]["identity"] = None
    return made


def make(client: Any, place: Any, **options: Any) -> Load:
    store = options.pop("store", None) or FileCheckpointStore(f"{place}/checkpoint")
    options = {"max_in_flight": 1, "max_rejects": "100%", "on_unconfirmed": "hold", "retries": QUICK, **options}
    given = LoadOptions(rejects_path=f"{place}/rejects.csv", report_path=f"{place}/report.json", **options)
    return Load(VIEWED, Rows(rows()), client, given, store=store, log=logging.getLogger("load"))


def arrived(emulator: RunningEmulator) -> Counter[str]:
    return Counter(event["identity"] for event in emulator.events())


def check_whole(emulator: RunningEmulator, place: Path, *, held: int = 0) -> None:
    """Check that each row is either stored once or in the rejects file once."""
    with (place / "rejects.csv").open(newline="") as stream:
        rejects = list(csv.DictReader(stream))
    numbers = [int(row["clevertap_row"]) for row in rejects]
    assert numbers == sorted(set(numbers))
    outcomes = Counter(row["clevertap_outcome"] for row in rejects)
    assert outcomes["invalid"] == 50
    assert outcomes["unconfirmed"] <= held
    there = arrived(emulator)
    assert set(there.values()) == {1}
    expected = {row["identity"] for number, row in enumerate(rows(), 1) if number not in numbers}
    held_rows = {row["identity"] for row in rejects if row["clevertap_outcome"] == "unconfirmed"}
    assert expected <= set(there) <= expected | held_rows
    assert outcomes["rejected"] == len(REFUSED - held_rows)
    assert json.loads((place / "report.json").read_text())["summary"]["rows"] == 5_000
    assert not list(place.glob("*.part"))


class FillingDisk(FileCheckpointStore):
    """A disk that is full from the n-th save of the state on: its temporary file is a link to ``/dev/full``."""

    def __init__(self, directory: Path, number: int) -> None:
        super().__init__(directory)
        self.link, self._number = directory / f"checkpoint.json.{self._id[:8]}.new", number

    def save(self, state: dict[str, Any]) -> None:
        self._number -= 1
        if not self._number:
            self.link.symlink_to("/dev/full")
        super().save(state)


@pytest.mark.parametrize("full_from", [1, 2, 9])
def test_nothing_is_sent_while_a_full_disk_keeps_the_checkpoint_from_being_written(
    full_from: int, client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path, short_retries: None
) -> None:
    emulator.inject({"do": "fail_records", "identities": sorted(REFUSED)})
    disk = FillingDisk(tmp_path / "checkpoint", full_from)
    with pytest.raises(StorageUnavailableError, match=r"checkpoint kept failing.*No space left on device"):
        make(client, tmp_path, store=disk).run()
    assert (emulator.stats()["requests"] == 0) == (full_from <= 2)
    disk.link.unlink()
    summary = make(client, tmp_path).run()
    assert summary.rows == 5_000
    check_whole(emulator, tmp_path, held=UNKNOWN)


@pytest.fixture(scope="module")
def loading() -> Iterator[LoadingProcess]:
    with LoadingProcess() as process:
        yield process


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["events, hold", "orders, resend", "events after counting profiles, hold", "subscriptions"]
)
def test_a_rejects_file_that_has_no_room_ends_the_load_and_forgets_nothing(
    name: str, loading: LoadingProcess, emulator: RunningEmulator, tmp_path: Path
) -> None:
    case, source, directory = CASES[name], tmp_path / "rows.csv", tmp_path / "left"
    found, refused = prepare(case, source, Random(name))
    address = (emulator.account_id, emulator.passcode, emulator.url)
    emulator.inject({"do": "fail_records", "identities": sorted(refused)})
    load(case, source, tmp_path / "undisturbed", address)
    undisturbed = rejected(tmp_path / "undisturbed" / "rejects.csv")
    assert (tmp_path / "undisturbed" / "rejects.csv").stat().st_size > 8_192
    emulator.reset()
    emulator.inject({"do": "fail_records", "identities": sorted(refused)})
    loading.start(name, source, directory, address, max_file_bytes=4_000)
    assert loading.wait() == 1
    failure = (directory / "failure").read_text()
    assert failure.startswith("StorageUnavailableError")
    assert "rejects.csv was not written: OSError, File too large" in failure
    assert not (directory / "rejects.csv").exists()
    assert not list(directory.glob("*.part"))
    state = json.loads((directory / "checkpoint.json").read_text())
    assert state["claimed"] == {"main": [], "profile": []}, "what is known was forgotten"
    summary = load(case, source, directory, address)
    rejects = rejected(directory / "rejects.csv")
    assert (summary.unconfirmed, summary.resent, summary.rows) == (0, 0, ROWS)
    check_outcomes(summary, rejects, undisturbed, case, found)
    check_arrived(summary, rejects, emulator, case, found, set())


def test_a_report_that_cannot_be_written_fails_nothing(
    client: CleverTapClient, emulator: RunningEmulator, shaky: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shaky.fails = lambda kind, name, _: (
        OSError(28, "No space left") if (kind, name) == ("write", "report.json") else None
    )
    summary = make(client, f"shaky://{tmp_path}").run()
    assert (summary.accepted, summary.report_path) == (4_950, None)
    assert "The report was not written" in caplog.text


@pytest.mark.parametrize("seed", range(8))
def test_an_object_store_that_fails_now_and_then_is_waited_for(
    seed: int, client: CleverTapClient, emulator: RunningEmulator, shaky: Any, tmp_path: Path
) -> None:
    emulator.inject({"do": "fail_records", "identities": sorted(REFUSED)})
    random = Random(seed)
    kinds = [OSError("connection reset"), TimeoutError("no answer"), ConnectionError("refused"), RuntimeError("500")]
    doomed = {("read", random.randint(1, 4))} | {("write", random.randint(1, 40)) for _ in range(3)}
    shaky.fails = lambda kind, name, number: (
        random.choice(kinds) if (kind, number) in doomed and name != "report.json" else None
    )
    summary = make(client, f"shaky://{tmp_path}").run()
    assert (summary.rows, summary.accepted, summary.resent) == (5_000, 4_946, 0)
    check_whole(emulator, tmp_path)


@pytest.mark.parametrize(
    ("name", "after"),
    [("taken-by", 0), ("checkpoint.json", 0), ("checkpoint.json", 7), ("unaccepted-", 0), ("rejects.csv", 0)],
)
@pytest.mark.parametrize("problem", [OSError("gone"), TimeoutError("no answer")], ids=["lost", "stored all the same"])
def test_an_object_store_that_stays_away_ends_the_load_and_a_later_attempt_resumes(
    name: str,
    problem: Exception,
    after: int,
    client: CleverTapClient,
    emulator: RunningEmulator,
    shaky: Any,
    short_retries: None,
    tmp_path: Path,
) -> None:
    emulator.inject({"do": "fail_records", "identities": sorted(REFUSED)})
    left = [after]

    def fails(kind: str, written: str, number: int) -> Exception | None:
        if kind == "write" and written.startswith(name):
            left[0] -= 1
            return problem if left[0] < 0 else None
        return None

    shaky.fails = fails
    with pytest.raises(StorageUnavailableError, match="kept failing"):
        make(client, f"shaky://{tmp_path}").run()
    assert not arrived(emulator) or name != "taken-by"
    shaky.fails = lambda *_: None
    summary = make(client, f"shaky://{tmp_path}").run()
    assert summary.rows == 5_000
    if name == "rejects.csv":
        assert (summary.unconfirmed, summary.requests) == (0, emulator.stats()["requests"])
    check_whole(emulator, tmp_path, held=UNKNOWN)


def test_an_object_store_that_cannot_be_read_at_the_start_ends_the_load_before_anything_is_sent(
    client: CleverTapClient, emulator: RunningEmulator, shaky: Any, short_retries: None, tmp_path: Path
) -> None:
    shaky.fails = lambda kind, name, _: OSError("away") if kind == "read" else None
    with pytest.raises(StorageUnavailableError):
        make(client, f"shaky://{tmp_path}").run()
    assert emulator.stats()["requests"] == 0


def test_a_slow_object_store_makes_a_load_slow_and_nothing_else(
    client: CleverTapClient, emulator: RunningEmulator, shaky: Any, tmp_path: Path
) -> None:
    emulator.inject({"do": "fail_records", "identities": sorted(REFUSED)})
    shaky.seconds = 0.05
    summary = make(client, f"shaky://{tmp_path}", max_in_flight=4).run()
    assert (summary.accepted, summary.requests) == (4_946, emulator.stats()["requests"])
    check_whole(emulator, tmp_path)


def test_rejects_that_are_not_all_there_when_they_are_read_back_fail_the_load_and_are_made_again(
    client: CleverTapClient, emulator: RunningEmulator, shaky: Any, tmp_path: Path
) -> None:
    emulator.inject({"do": "fail_records", "identities": sorted(REFUSED)})
    rejects = tmp_path / "rejects.csv"

    def loses_a_line(kind: str, name: str, _: int) -> None:
        if kind == "read" and name == "rejects.csv" and rejects.exists():
            lines = rejects.read_bytes().splitlines(keepends=True)
            rejects.write_bytes(b"".join([*lines[:-1], b" " * len(lines[-1])]))  # as long as before

    shaky.fails = loses_a_line
    with pytest.raises(StorageUnavailableError, match=r"has 53 rows, and 54 were written"):
        make(client, f"shaky://{tmp_path}").run()
    state = json.loads((tmp_path / "checkpoint" / "checkpoint.json").read_text())
    assert (state["complete"], state["claimed"]) == (False, {"main": [], "profile": []})
    requests = emulator.stats()["requests"]
    shaky.fails = lambda *_: None
    summary = make(client, f"shaky://{tmp_path}").run()
    assert (summary.rows, summary.rejects_rows) == (5_000, 54)
    assert emulator.stats()["requests"] == requests
    check_whole(emulator, tmp_path)
