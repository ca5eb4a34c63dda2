"""A whole load over HTTP while the service fails: every row still gets exactly one outcome."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    AccessDeniedError,
    CleverTapUnavailableError,
    ConfigurationError,
    TooManyRejectsError,
)
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from tests.support.outcomes_of_rows import check_accounts, rejects, stored
from tests.support.plain_rows import PATIENT, QUICK, Rows, people

MakeLoad = Callable[..., Load]


def test_bad_neighbours_sink_nobody(make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    emulator.inject({"do": "status", "status": 400, "identity": "cust-00333"})
    path = tmp_path / "rejects.csv"
    facts = check_accounts(make_load(people(1_000), max_rejects=1, rejects_path=path).run(), 1_000)
    assert (facts["accepted"], facts["rejected"]) == (999, 1)
    assert list(rejects(path)) == [334]
    assert stored(emulator) == {f"cust-{n:05}" for n in range(1_000)} - {"cust-00333"}


def test_a_service_that_refuses_every_request_ends_the_load(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 400})
    load = make_load(people(20_000), max_in_flight=2)
    with pytest.raises(ConfigurationError, match="400"):
        load.run()
    assert load.summary.requests < 1_000


def test_waits_for_a_busy_service_are_no_failures(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 429, "times": 6}, {"do": "status", "status": 503, "times": 1})
    assert make_load(people(10)).run().accepted == 10


def test_a_batch_too_large_for_the_service_is_split(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 413, "larger_than": 9_000})
    facts = check_accounts(make_load(people(1_000)).run(), 1_000)
    assert facts["accepted"] == 1_000
    assert len(stored(emulator)) == 1_000


def test_a_whole_batch_refused_with_200_is_read_right(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "fail_records"})
    load = make_load(people(50))
    with pytest.raises(TooManyRejectsError, match="50 of 50 rows failed"):
        load.run()
    facts = check_accounts(load.summary, 50)
    assert (facts["rejected"], facts["codes"]) == (50, {"555": 50})


def test_records_that_met_a_server_error_are_sent_again(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "fail_records", "records": [2, 900], "times": 2})
    facts = check_accounts(make_load(people(1_000)).run(), 1_000)
    assert facts["accepted"] == 1_000
    assert facts["retries"] >= 1


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "status", "status": 503, "body": "html"},
        {"do": "status", "status": 500, "stored": True},
        {"do": "reset"},
        {"do": "reset", "stored": True},
        {"do": "hang_up", "stored": True},
        {"do": "half_body"},
        {"do": "html"},
        {"do": "bad_json"},
        {"do": "wrong_counts"},
        {"do": "status", "status": 200, "body": "empty"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_an_unclear_answer_to_profiles_is_overcome(
    make_load: MakeLoad, emulator: RunningEmulator, fault: dict[str, Any]
) -> None:
    emulator.inject({**fault, "identity": "cust-00000", "times": 2})
    facts = check_accounts(make_load(people(2_000), max_in_flight=1).run(), 2_000)
    assert facts["accepted"] == 2_000
    assert len(stored(emulator)) == 2_000
    assert facts["resent"] == 2_000
    assert facts["retries"] == 2


def test_counting_operations_are_held_when_the_user_says_so(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "reset", "stored": True, "identity": "cust-00000", "times": 1})
    path = tmp_path / "rejects.csv"
    load = make_load(
        people(1_500, Points="5"),
        columns={"Points": Column(operator="$incr")},
        on_unconfirmed="hold",
        max_rejects="100%",
        max_in_flight=1,
        rejects_path=path,
    )
    facts = check_accounts(load.run(), 1_500)
    assert (facts["accepted"], facts["unconfirmed"], facts["resent"]) == (500, 1_000, 0)
    assert {row["clevertap_outcome"] for row in rejects(path).values()} == {"unconfirmed"}
    assert emulator.profile("cust-00001")["data"]["Points"] == 5


def test_counting_operations_are_resent_by_default(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "reset", "stored": True, "times": 1})
    load = make_load(people(10, Points="5"), columns={"Points": Column(operator="$incr")})
    facts = check_accounts(load.run(), 10)
    assert (facts["accepted"], facts["resent"]) == (10, 10)
    assert emulator.profile("cust-00001")["data"]["Points"] == 10


def test_an_answer_that_never_adds_up_leaves_its_rows_unconfirmed(
    make_load: MakeLoad, emulator: RunningEmulator
) -> None:
    emulator.inject({"do": "wrong_counts"})
    load = make_load(people(10), max_rejects=10)
    assert check_accounts(load.run(), 10)["unconfirmed"] == 10


def test_a_page_in_place_of_answers_is_the_weather(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "html"})
    load = make_load(people(5_000), max_in_flight=1)
    with pytest.raises(CleverTapUnavailableError, match="HTML page"):
        load.run()
    # It may be transient, so no row is rejected because of it.
    assert load.summary.rows == 0


def test_a_low_ceiling_is_respected_in_the_end(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.set_max_in_flight(3)
    emulator.inject({"do": "delay", "seconds": 0.02})
    facts = check_accounts(make_load(people(40_000), max_in_flight=15, retries=PATIENT).run(), 40_000)
    assert facts["accepted"] == 40_000
    assert facts["resent"] == 0
    assert all(request["in_flight"] <= 3 for request in emulator.requests() if request["status"] == 200)


def test_a_wrong_passcode_ends_the_load_at_once(emulator: RunningEmulator) -> None:
    with CleverTapClient(emulator.account_id, "WRONG-CODE", emulator.url) as client:
        load = Load(PROFILES, Rows(people(50_000)), client, LoadOptions(max_in_flight=2))
        with pytest.raises(AccessDeniedError) as caught:
            load.run()
    assert "WRONG-CODE" not in str(caught.value)
    assert load.summary.accepted == 0
    assert len(emulator.requests()) < 20


def test_a_dead_server_is_the_weather() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen: connections are refused, and nobody else gets the port
        client = CleverTapClient("ID", "CODE", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        load = Load(PROFILES, Rows(people(10)), client, LoadOptions(retries=QUICK))
        with client, pytest.raises(CleverTapUnavailableError, match=r"127\.0\.0\.1"):
            load.run()


def test_an_outage_that_does_not_end_is_transient(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 503, "skip": 2})
    load = make_load(people(5_000), max_in_flight=1)
    with pytest.raises(CleverTapUnavailableError):
        load.run()
    # The settled rows are counted nevertheless.
    assert load.summary.accepted >= 1_400


def test_being_told_to_wait_is_no_failure(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 429, "times": 9})
    policy = RetryPolicy(attempts=2, total_seconds=600.0, base=0.01, cap=0.02)
    facts = check_accounts(make_load(people(10), retries=policy).run(), 10)
    assert (facts["accepted"], facts["retries"], facts["resent"]) == (10, 9, 0)
