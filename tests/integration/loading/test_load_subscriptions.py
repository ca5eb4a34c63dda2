"""Loads of subscriptions over HTTP: one outcome for each row, and the last status of each address."""

from __future__ import annotations

import csv
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    ConfigurationError,
    LoadStoppedError,
    MappingError,
    StorageUnavailableError,
)
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import SUBSCRIPTIONS, subscriptions
from airflow_provider_clevertap.loading.rows.block import RowBlock
from tests.support.broken_loads import MakeLoad, interrupt
from tests.support.plain_rows import QUICK, Rows

PHONE = "+919812345678"


def addresses(count: int, status: str = "Unsubscribe") -> list[dict[str, Any]]:
    return [{"type": "email", "value": f"u{n}@example.com", "status": status} for n in range(count)]


def stored(emulator: RunningEmulator) -> dict[tuple[str, str], str]:
    return {(one["type"], one["value"]): one["status"] for one in emulator.subscriptions()}


def test_every_row_has_its_outcome(make: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    rows = [
        {"type": "email", "value": "asha@example.com", "status": "Unsubscribe"},
        {"type": "Phone", "value": "98123 45678", "status": "unsubscribe"},
        {"type": "whatsapp", "value": PHONE, "status": "Resubscribe"},
        {"type": "email", "value": PHONE, "status": "Unsubscribe"},
        {"type": None, "value": None, "status": None},
        {"type": "email", "value": "asha@example.com", "status": "Resubscribe"},
        {"type": "email", "value": "asha@example.com", "status": "gone"},
        {"type": "sms", "value": PHONE, "status": "Unsubscribe"},
    ]
    summary = make(rows, kind=SUBSCRIPTIONS, default_country="IN", max_rejects=3).run()
    assert (summary.kind, summary.rows, summary.accepted, summary.invalid, summary.skipped) == (
        "subscriptions", 8, 3, 3, 2,
    )  # fmt: skip
    assert (summary.codes, summary.rejects_rows, summary.requests) == ({}, 3, 1)
    assert stored(emulator) == {
        ("email", "asha@example.com"): "Resubscribe",
        ("phone", PHONE): "Unsubscribe",
        ("whatsapp", PHONE): "Resubscribe",
    }
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        rejects = {row["clevertap_row"]: (row["clevertap_field"], row["value"]) for row in csv.DictReader(stream)}
    assert rejects == {"4": ("value", "'" + PHONE), "7": ("status", "asha@example.com"), "8": ("type", "'" + PHONE)}


def test_a_thousand_records_in_a_request_that_is_not_an_upload(make: MakeLoad, emulator: RunningEmulator) -> None:
    summary = make(addresses(2_500), kind=SUBSCRIPTIONS).run()
    assert (summary.accepted, summary.requests, summary.resent) == (2_500, 3, 0)
    assert len(emulator.requests("/1/subscribe")) == 3
    assert emulator.requests("/1/upload") == []


def test_the_last_of_two_statuses_wins_over_all_blocks(
    make: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rows = [*addresses(3_000), *addresses(2_000, "Resubscribe"), *addresses(1_000)]
    summary = make(Rows(rows, block_rows=700), kind=SUBSCRIPTIONS, max_in_flight=3).run()
    assert (summary.rows, summary.accepted, summary.skipped, summary.rejects_rows) == (6_000, 3_000, 3_000, 0)
    found = stored(emulator)
    assert [found["email", f"u{n}@example.com"] for n in (0, 999, 1_000, 1_999, 2_000)] == [
        "Unsubscribe", "Unsubscribe", "Resubscribe", "Resubscribe", "Unsubscribe",
    ]  # fmt: skip
    assert {one["uploads"] for one in emulator.subscriptions()} == {1}
    (note,) = [record.message for record in caplog.records if "replaces" in record.message]
    assert note.startswith("Rows that a later row with the same type and value replaces: 3,000 (row 1 by row 5,001, ")


def test_rows_that_clevertap_rejects_are_reported_by_row(
    make: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "fail_records", "identities": ["u1@example.com"]})
    rows = [addresses(1)[0], *addresses(3)]
    summary = make(rows, kind=SUBSCRIPTIONS, max_rejects=1).run()
    assert (summary.accepted, summary.rejected, summary.skipped) == (2, 1, 1)
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        assert [row["clevertap_row"] for row in csv.DictReader(stream)] == ["3"]


def test_an_unclear_answer_is_followed_by_the_same_batch(make: MakeLoad, emulator: RunningEmulator) -> None:
    emulator.inject({"do": "status", "status": 503, "stored": True, "times": 1})
    summary = make(addresses(10), kind=SUBSCRIPTIONS, on_unconfirmed="hold").run()
    assert (summary.accepted, summary.unconfirmed, summary.resent) == (10, 0, 10)
    assert len(stored(emulator)) == 10


def test_an_interrupted_load_resumes(make: MakeLoad, emulator: RunningEmulator) -> None:
    rows = [*addresses(4_000), *addresses(1_500, "Resubscribe")]
    interrupt(make(Rows(rows, block_rows=900), kind=SUBSCRIPTIONS, after=2, max_in_flight=1))
    before = len(emulator.subscriptions())
    assert before == 2_000
    summary = make(Rows(rows, block_rows=900), kind=SUBSCRIPTIONS, max_in_flight=1).run()
    assert (summary.rows, summary.accepted, summary.skipped) == (5_500, 4_000, 1_500)
    assert summary.resumed_from_row is not None
    assert {one["uploads"] for one in emulator.subscriptions()} == {1}
    assert len(stored(emulator)) == 4_000


def test_a_channel_and_a_status_for_all_rows(make_load: Callable[..., Load], emulator: RunningEmulator) -> None:
    kind = subscriptions(channel="Phone", status="resubscribe")
    summary = make_load(Rows([{"number": PHONE}]), kind=kind, columns={"number": "value"}).run()
    assert summary.accepted == 1
    assert stored(emulator) == {("phone", PHONE): "Resubscribe"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channel": "sms"}, "channel='sms': not a channel: use email, phone, whatsapp"),
        ({"channel": 5}, "channel=5: not a channel"),
        ({"status": "subscribed"}, "status='subscribed': not a status: use Unsubscribe, Resubscribe"),
    ],
)
def test_arguments_that_are_not_allowed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        subscriptions(**arguments)


def test_a_column_cannot_fill_what_is_set_for_all_rows(make_load: Callable[..., Load]) -> None:
    with pytest.raises(MappingError, match="'status' would become status, which is set for all records"):
        make_load(addresses(1), kind=subscriptions(status="Unsubscribe")).run()


def test_a_local_dry_run_counts_the_rows_that_would_be_skipped() -> None:
    load = Load(SUBSCRIPTIONS, Rows(addresses(2) * 2), None, LoadOptions(dry_run="local"))
    assert (load.run().accepted, load.summary.skipped) == (2, 2)


@pytest.mark.parametrize("dry_run", [None, "local"])
def test_a_load_stops_while_the_source_is_read(client: CleverTapClient, dry_run: Any) -> None:
    class Endless(Rows):
        def blocks(self) -> Any:
            (block,) = super().blocks()
            for number in range(100_000):
                if number == 5:
                    load.stop()
                yield RowBlock("", number + 1, block.names, block.columns)

    options = LoadOptions(dry_run=dry_run, retries=QUICK)
    load = Load(SUBSCRIPTIONS, Endless(addresses(1)), client, options, log=logging.getLogger("load"))
    with pytest.raises(LoadStoppedError):
        load.run()
    assert load.summary.rows == 0


def test_a_temporary_directory_that_fails_sends_nothing(
    make: MakeLoad, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "write", full)
    with pytest.raises(StorageUnavailableError, match="TMPDIR names another"):
        make(addresses(5), kind=SUBSCRIPTIONS).run()
    assert emulator.requests() == []
    monkeypatch.undo()
    assert make(addresses(5), kind=SUBSCRIPTIONS).run().accepted == 5
