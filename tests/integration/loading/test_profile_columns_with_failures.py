"""Profile updates and their events while the service fails, or when the load is interrupted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    LoadStoppedError,
)
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from tests.support.broken_loads import HoldingClient, StoppingClient
from tests.support.outcomes_of_rows import rejects
from tests.support.plain_rows import PATIENT, QUICK, Rows
from tests.support.views_of_people import PROFILE, VIEWED, check_order, names, views

MakeLoad = Callable[..., Load]


def test_a_stuck_update_lets_no_event_pass(emulator: RunningEmulator, client: CleverTapClient) -> None:
    # When the connection breaks its result is unknown, and it is sent again.
    emulator.inject({"do": "reset", "identity": "cust-00000", "times": 1})
    stuck: Any = HoldingClient(client, lambda _, body: b'"cust-00000"' in body)
    source = Rows(views(6_000), block_rows=1_000)
    load = Load(VIEWED, source, stuck, LoadOptions(retries=QUICK, profile_columns=PROFILE))
    running = threading.Thread(target=load.run)
    running.start()
    deadline = time.monotonic() + 120
    while (while_stuck := emulator.stats()["stored"])["profiles"] < 5_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    stuck.let_go.set()
    running.join(300)
    assert (while_stuck["profiles"], while_stuck["events"]) == (5_000, 0)
    assert (load.summary.accepted, load.summary.resent) == (6_000, 1_000)
    check_order(emulator)


def test_plain_updates_are_repeated_after_an_unclear_answer_whatever_the_policy(
    make_load: MakeLoad, emulator: RunningEmulator
) -> None:
    emulator.inject({"do": "reset", "stored": True, "identity": "cust-00000", "times": 1})
    load = make_load(views(1_500), kind=VIEWED, profile_columns=PROFILE, on_unconfirmed="hold", max_in_flight=1)
    summary = load.run()
    assert (summary.accepted, summary.resent) == (1_500, 1_000)
    assert len(names(emulator)) == 1_500


def test_counting_updates_are_held_and_their_events_with_them(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "reset", "stored": True, "identity": "cust-00000", "times": 1})
    path = tmp_path / "rejects.csv"
    load = make_load(
        views(1_500, Points="5"),
        kind=VIEWED,
        profile_columns={"Points": Column(operator="$incr")},
        on_unconfirmed="hold",
        max_rejects="100%",
        max_in_flight=1,
        rejects_path=path,
    )
    summary = load.run()
    assert (summary.accepted, summary.unconfirmed, summary.resent) == (500, 1_000, 0)
    assert {row["clevertap_outcome"] for row in rejects(path).values()} == {"unconfirmed"}
    assert names(emulator) == [f"cust-{n:05}" for n in range(1_000, 1_500)]
    assert emulator.profile("cust-00001")["data"]["Points"] == 5


def test_a_load_that_breaks_off_counts_no_row_of_which_only_the_profile_arrived(
    make_load: MakeLoad, emulator: RunningEmulator
) -> None:
    # Two blocks: the profile updates of both are accepted, then access is denied before the second block's events.
    emulator.inject({"do": "status", "status": 401, "skip": 3})
    load = make_load(Rows(views(2_000), block_rows=1_000), kind=VIEWED, profile_columns=PROFILE, max_in_flight=1)
    with pytest.raises(AccessDeniedError):
        load.run()
    stored = len(emulator.events())
    assert (load.summary.rows, load.summary.accepted) == (stored, stored)
    assert stored < len([one for one in emulator.profiles() if one["uploads"]])


def test_a_load_told_to_stop_counts_what_it_sent(client: CleverTapClient, emulator: RunningEmulator) -> None:
    stopping: Any = StoppingClient(client, 10)
    options = LoadOptions(retries=QUICK, profile_columns=PROFILE, max_in_flight=2)
    load = Load(VIEWED, Rows(views(10_000), block_rows=1_000), stopping, options)
    stopping.stop = load.stop
    with pytest.raises(LoadStoppedError):
        load.run()
    assert 10 <= emulator.stats()["requests"] <= 11
    assert load.summary.accepted == load.summary.rows == len(emulator.events())
    check_order(emulator)


def test_a_failing_service_loses_and_duplicates_nothing(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject(
        {"do": "status", "status": 429, "probability": 0.2, "seed": 1},
        {"do": "reset", "probability": 0.1, "seed": 2, "stored": True, "times": 3},
        {"do": "fail_records", "records": [3, 500], "probability": 0.3, "seed": 3, "times": 4},
    )
    load = make_load(
        Rows(views(9_000), block_rows=333),
        kind=VIEWED,
        profile_columns=PROFILE,
        on_unconfirmed="hold",
        max_rejects="100%",
        max_in_flight=5,
        retries=PATIENT,
    )
    summary = load.run()
    assert summary.rows == 9_000
    found = names(emulator)
    assert len(found) == len(set(found))
    assert summary.accepted <= len(found) <= summary.accepted + summary.unconfirmed
    check_order(emulator)
