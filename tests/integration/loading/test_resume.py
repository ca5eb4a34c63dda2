"""Interrupted loads that resume: no row is lost or duplicated, and each has one outcome."""

from __future__ import annotations

import csv
import threading
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    CannotResumeError,
    LoadStoppedError,
    MappingError,
    TooManyRejectsError,
)
from airflow_provider_clevertap.loading.checkpoint.task_attempt import TaskAttempt
from airflow_provider_clevertap.loading.record_kinds import events
from tests.support.broken_loads import VIEWED, Broken, HoldingClient, MakeLoad, arrived, interrupt, state
from tests.support.plain_rows import Rows, people


def test_a_load_resumes_where_it_was_interrupted(
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
        "Starts at row 1: no earlier attempt has left a checkpoint",
        "Resumes at row 3,001, where an earlier attempt ended: 3,000 rows are settled",
    ]


def test_what_may_have_been_sent_is_held_or_sent_again(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = people(3_000)
    interrupt(make(rows, kind=VIEWED, after=1, sends=True, max_in_flight=1))
    held = make(rows, kind=VIEWED, max_in_flight=1, on_unconfirmed="hold", max_rejects=1_000).run()
    assert (held.accepted, held.unconfirmed, held.resent) == (2_000, 1_000, 0)
    assert set(arrived(emulator).values()) == {1}
    assert len(arrived(emulator)) == 3_000


def test_resent_records_are_reported(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = people(3_000)
    interrupt(make(rows, kind=VIEWED, after=1, sends=True, max_in_flight=1))
    again = make(rows, kind=VIEWED, max_in_flight=1).run()
    assert (again.accepted, again.unconfirmed, again.resent) == (3_000, 0, 1_000)
    assert sorted(arrived(emulator).values()) == [1] * 2_000 + [2] * 1_000


def test_held_rows_stay_held_in_later_tries(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    rows = people(4_000)
    interrupt(make(rows, kind=VIEWED, after=1, max_in_flight=1))
    interrupt(make(rows, kind=VIEWED, after=1, max_in_flight=1, on_unconfirmed="hold"))
    last = make(rows, kind=VIEWED, max_in_flight=1, max_rejects="100%").run()
    assert (last.accepted, last.unconfirmed, last.resent) == (3_000, 1_000, 1_000)
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        rejects = list(csv.DictReader(stream))
    assert [row["clevertap_row"] for row in rejects] == [str(row) for row in range(1_001, 2_001)]
    assert "interrupted" in rejects[0]["clevertap_reason"]


def test_events_keep_the_moment_of_the_first_try(
    make: MakeLoad, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = people(2_000)
    moments = iter([1_800_000_000.0, 1_800_003_600.0])
    module = import_module("airflow_provider_clevertap.loading.record_kinds.events")  # not the function
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: next(moments)))
    first, second = (events(event_name="Viewed", timestamp="now") for _ in range(2))
    monkeypatch.undo()
    interrupt(make(rows, kind=first, after=1, max_in_flight=1))
    make(rows, kind=second, max_in_flight=1).run()
    assert {event["ts"] for event in emulator.events()} == {1_800_000_000}


@pytest.mark.parametrize("fault", [None, {"do": "status", "status": 429, "skip": 6}], ids=["sending", "waiting"])
def test_a_stopped_load_leaves_no_unknown_results(
    fault: dict[str, Any] | None, make: MakeLoad, client: CleverTapClient, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject(*([fault] if fault else []))
    rows = people(40_000)
    # When the load is stopped six are answered, and the others have begun or wait.
    sending = HoldingClient(client, lambda number, _: number > 6 and fault is None)
    load = make(rows, kind=VIEWED, on_unconfirmed="hold", through=sending)
    ended: list[BaseException] = []

    def run() -> None:
        try:
            load.run()
        except BaseException as error:
            ended.append(error)

    running = threading.Thread(target=run)
    running.start()
    end = time.monotonic() + 120
    while emulator.stats()["accepted"] < 6_000 and time.monotonic() < end:
        time.sleep(0.005)
    load.stop()
    sending.let_go.set()
    running.join(300)
    assert [type(error) for error in ended] == [LoadStoppedError]
    left = state(tmp_path)
    assert left["claimed"] == {"main": [], "profile": []}
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
    interrupt(make(rows, kind=VIEWED, after=2, max_in_flight=1))
    assert state(tmp_path)["settled"]["main"] == [[0, 500]]
    assert state(tmp_path)["claimed"]["main"] == [[500, 1_000]]
    assert make(rows, kind=VIEWED, max_in_flight=1).run().resent == 500
    assert set(arrived(emulator).values()) == {1}


@pytest.mark.parametrize("changed", ["source", "settings", "account"])
def test_another_load_is_not_gone_on_with(
    changed: str, make: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    rows = people(2_000)
    interrupt(make(rows, after=1, max_in_flight=1))
    other, options = rows, {}
    if changed == "source":
        other = [*rows[:-1], rows[-1] | {"Email": "other@example.com"}]
    if changed == "settings":
        options = {"columns": {"Email": "Name"}}
    load = make(other, max_in_flight=1, **options)
    if changed == "account":
        load._client.account_id = "OTHER"  # type: ignore[union-attr]
    with pytest.raises(CannotResumeError, match=rf"the {changed} changed.*1,000 rows.*resume=False") as raised:
        load.run()
    assert str(tmp_path / "checkpoint") in str(raised.value)
    assert emulator.stats()["requests"] == 1


def test_a_load_that_sent_nothing_binds_nobody(make: MakeLoad, emulator: RunningEmulator) -> None:
    with pytest.raises(MappingError):
        make(people(10), columns={"Email": "identity", "identity": "identity"}).run()
    assert make(people(20)).run().accepted == 20


def test_a_load_starts_over_when_told_to(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    rows = people(2_000)
    interrupt(make(rows, after=1, max_in_flight=1))
    summary = make(rows[:1_500], max_in_flight=1, resume=False).run()
    assert (summary.rows, summary.accepted, summary.resumed_from_row, summary.requests) == (1_500, 1_500, None, 2)
    assert "1,000 rows were settled by an earlier attempt and are loaded again" in caplog.text


def test_a_retry_after_everything_was_loaded_sends_nothing(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = people(2_000)
    rows[7]["identity"] = None
    with pytest.raises(TooManyRejectsError):
        make(rows, kind=VIEWED).run()
    with pytest.raises(TooManyRejectsError) as again:
        make(rows, kind=VIEWED).run()
    facts = again.value.summary
    assert (facts["rows"], facts["accepted"], facts["invalid"], facts["requests"]) == (2_000, 1_999, 1, 2)
    assert emulator.stats()["requests"] == 2


def test_a_cleared_task_loads_again_what_was_complete_and_goes_on_with_what_was_not(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rows = people(2_000)
    # Airflow starts a finished run anew when one of its tasks is cleared.
    interrupt(make(rows, after=1, max_in_flight=1, attempt=TaskAttempt("0", 1, "monday")))
    assert make(rows, max_in_flight=1, attempt=TaskAttempt("1", 2, "tuesday")).run().resumed_from_row == 1_001
    assert make(rows, max_in_flight=1, attempt=TaskAttempt("2", 3, "friday")).run().resumed_from_row is None
    assert "cleared after its load was complete, so all rows are loaded again" in caplog.text
    assert emulator.stats()["requests"] == 4


FIRST = TaskAttempt("1", 1, "monday")
LATER = {
    "a retry": TaskAttempt("1", 2, "monday"),
    "a retry, after a person has restarted the run": TaskAttempt("1", 2, "tuesday"),
    "a run made again": TaskAttempt("1", 1, "tuesday"),
    "a run made again with the same beginning": FIRST,
}


@pytest.mark.parametrize("attempt", [*LATER])
def test_a_run_made_again_after_it_was_deleted_does_not_resume_the_old_one(
    make: MakeLoad, emulator: RunningEmulator, attempt: str
) -> None:
    interrupt(make(people(3_000), kind=VIEWED, after=1, max_in_flight=1, attempt=FIRST))
    resumed = make(people(3_000), kind=VIEWED, max_in_flight=1, attempt=LATER[attempt]).run().resumed_from_row
    # Where it is not certain that the run is another one, no event is sent twice.
    assert resumed == (None if attempt == "a run made again" else 1_001)


@pytest.mark.parametrize("attempt", [*LATER])
def test_a_run_made_again_loads_all_though_the_old_one_was_complete(
    make: MakeLoad, emulator: RunningEmulator, attempt: str
) -> None:
    assert make(people(3_000), kind=VIEWED, attempt=FIRST).run().accepted == 3_000
    make(people(3_000), kind=VIEWED, attempt=LATER[attempt]).run()
    assert arrived(emulator).total() == (3_000 if attempt == "a retry" else 6_000)


def test_a_run_made_again_may_load_other_rows(make: MakeLoad, emulator: RunningEmulator) -> None:
    interrupt(make(people(3_000), kind=VIEWED, after=1, max_in_flight=1, attempt=FIRST))
    summary = make(people(2_000), kind=VIEWED, attempt=LATER["a run made again"]).run()
    assert (summary.resumed_from_row, summary.accepted) == (None, 2_000)


class Unordered(Rows):
    def fingerprint(self) -> str | None:
        return None


def test_rows_that_may_change_are_loaded_from_the_first_or_not_at_all(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rows = Unordered(people(3_000))
    interrupt(make(rows, after=2, max_in_flight=1))
    assert "would start at row 1 too" in caplog.text
    assert make(rows, max_in_flight=1).run().requests == 3
    emulator.reset()
    interrupt(make(rows, kind=VIEWED, after=2, max_in_flight=1, attempt=TaskAttempt("next")))
    with pytest.raises(CannotResumeError, match=r"would be duplicated if they were sent twice.*resume=False"):
        make(rows, kind=VIEWED, attempt=TaskAttempt("next")).run()
    assert len(arrived(emulator)) == 2_000
    assert make(rows, kind=VIEWED, resume=False).run().accepted == 3_000
