"""Compressed requests: the same rows in fewer bytes, and a clear error if the service does not accept them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.outcomes.summary import Summary
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from tests.support.plain_rows import PATIENT, Rows, people


@pytest.fixture
def emulator() -> Iterator[RunningEmulator]:
    with RunningEmulator(compressed="accept") as running:
        yield running


def load(emulator: RunningEmulator, rows: int, *, gzip: bool = True) -> Summary:
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url, gzip=gzip) as client:
        options = LoadOptions(retries=PATIENT, bytes_per_batch=50_000, max_in_flight=4)
        return Load(PROFILES, Rows(people(rows)), client, options).run()


def test_the_same_rows_go_out_in_fewer_bytes(emulator: RunningEmulator) -> None:
    load(emulator, 3_000, gzip=False)
    plain, stored = emulator.requests(), emulator.profiles()
    emulator.reset()
    assert load(emulator, 3_000).accepted == 3_000
    assert {profile["identity"]: profile["data"] for profile in emulator.profiles()} == {
        profile["identity"]: profile["data"] for profile in stored
    }
    compressed = emulator.requests()
    # The size of a batch does not depend on how well it can be compressed.
    assert len(compressed) == len(plain) > 3
    assert sum(each["body_bytes"] for each in compressed) * 3 < sum(each["body_bytes"] for each in plain)


def test_faults_are_met_as_ever(emulator: RunningEmulator) -> None:
    emulator.inject(
        {"do": "status", "status": 400, "identity": "cust-00007"},
        {"do": "status", "status": 503, "probability": 0.1, "seed": 8},
    )
    with pytest.raises(Exception, match="1 of 2,000 rows failed"):
        load(emulator, 2_000)
    assert len(emulator.profiles()) == 1_999


@pytest.mark.parametrize("how", ["malformed", "unsupported"])
def test_a_service_that_does_not_take_them_ends_the_load_and_the_message_says_why(
    how: str, emulator: RunningEmulator
) -> None:
    emulator.change_settings(compressed=how)
    with pytest.raises(ConfigurationError, match="remove gzip from the connection"):
        load(emulator, 30_000)
    assert emulator.profiles() == []
    assert len(emulator.requests()) < 500


@pytest.mark.parametrize("how", ["malformed", "unsupported"])
def test_the_test_of_a_connection_finds_it_out(how: str, emulator: RunningEmulator) -> None:
    with CleverTapClient(emulator.account_id, emulator.passcode, emulator.url, gzip=True) as client:
        client.check_access()
        emulator.change_settings(compressed=how)
        with pytest.raises(ConfigurationError, match="remove gzip from the connection"):
            client.check_access()
