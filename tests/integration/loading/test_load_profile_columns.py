"""Loads of events whose rows carry a profile update: the update precedes the event, and no event is sent without it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_clevertap.api.client import CleverTapClient
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import (
    CleverTapError,
    ConfigurationError,
    MappingError,
)
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import PROFILES, events
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.outcomes_of_rows import rejects
from tests.support.plain_rows import QUICK, Rows
from tests.support.views_of_people import PROFILE, VIEWED, check_order, names, views

MakeLoad = Callable[..., Load]


@pytest.mark.parametrize("in_flight", [1, 10])
@pytest.mark.parametrize("block_rows", [7, 700, 5_000])
def test_profiles_arrive_before_their_events(
    make_load: MakeLoad, emulator: RunningEmulator, block_rows: int, in_flight: int
) -> None:
    source = Rows(views(2_500), block_rows=block_rows)
    load = make_load(source, kind=VIEWED, profile_columns=PROFILE, max_in_flight=in_flight)
    summary = load.run()
    assert (summary.kind, summary.rows, summary.accepted, summary.requests) == ("events", 2_500, 2_500, 6)
    check_order(emulator)
    found = emulator.events()
    if in_flight == 1:
        assert [event["ts"] for event in found] == [1_700_000_000 + n for n in range(2_500)]
    assert sorted(event["ts"] for event in found) == [1_700_000_000 + n for n in range(2_500)]
    assert {tuple(event["data"]) for event in found} == {("Sku",)}
    assert emulator.profile("cust-00007")["data"] == {
        "Email": "user7@example.com", "Phone": "+919800000007", "City": "Pune",
    }  # fmt: skip


def test_a_row_with_nothing_for_the_profile_sends_its_event_alone(
    make_load: MakeLoad, emulator: RunningEmulator
) -> None:
    rows = views(3)
    rows[1] |= {"mail": None, "mobile": "", "town": None}
    assert make_load(rows, kind=VIEWED, profile_columns=PROFILE).run().accepted == 3
    assert len(emulator.events()) == 3
    assert [profile["uploads"] for profile in emulator.profiles()] == [1, 1, 0]
    assert emulator.stats()["kinds"]["profile"]["received"] == 2


def test_a_row_is_sent_whole_or_not_at_all(make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    rows = views(6)
    rows[1]["mail"] = "no address"
    rows[2]["ts"] = "0"
    rows[3]["identity"] = None
    rows[4] |= {"ts": None, "mobile": "12"}
    rows[5] = dict.fromkeys(rows[5])
    path = tmp_path / "rejects.csv"
    load = make_load(rows, kind=VIEWED, profile_columns=PROFILE, max_rejects=4, rejects_path=path)
    summary = load.run()
    assert (summary.accepted, summary.invalid, summary.skipped) == (1, 4, 1)
    assert dict(summary.codes) == {515: 1, 525: 2, 523: 1}
    found = rejects(path)
    assert {row: one["clevertap_field"] for row, one in found.items()} == {
        2: "mail", 3: "ts", 4: "identity", 5: "ts, mobile",
    }  # fmt: skip
    # An issue with the identity concerns both records, and is reported once.
    assert found[4]["clevertap_reason"].count("identity") == 2
    assert names(emulator) == ["cust-00000"]
    assert [profile["identity"] for profile in emulator.profiles()] == ["cust-00000"]


def test_a_bad_value_can_be_dropped_from_either_record(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    rows = views(3, Price="1.5", mobile=None, town=None)
    rows[0]["mail"] = "no address"
    rows[1] |= {"mail": "no address", "Price": "much"}
    load = make_load(
        rows,
        kind=VIEWED,
        profile_columns=PROFILE,
        columns={"Price": Column(type="float")},
        on_bad_value="drop",
    )
    summary = load.run()
    assert (summary.accepted, summary.values_dropped) == (3, 3)
    assert [event["data"] for event in emulator.events()] == [
        {"Sku": "sku-0", "Price": 1.5}, {"Sku": "sku-1"}, {"Sku": "sku-2", "Price": 1.5},
    ]  # fmt: skip
    # Two updates had no values left.
    assert emulator.stats()["kinds"]["profile"]["received"] == 1


def test_no_event_follows_an_update_that_was_refused_and_the_mended_row_sends_one(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    emulator.inject({"do": "fail_records", "identities": ["cust-00333", "cust-01200"]})
    path = tmp_path / "rejects.csv"
    options = {"kind": VIEWED, "profile_columns": PROFILE}
    summary = make_load(views(1_500), max_rejects=2, rejects_path=path, **options).run()
    assert (summary.accepted, summary.rejected, dict(summary.codes)) == (1_498, 2, {555: 2})
    found = rejects(path)
    assert list(found) == [334, 1201]
    assert found[334]["clevertap_code"] == "555"
    assert "event was not sent" in found[334]["clevertap_reason"]
    assert len(names(emulator)) == 1_498
    assert not {"cust-00333", "cust-01200"} & set(names(emulator))

    emulator.clear_faults()
    assert make_load(open_source(path), **options).run().accepted == 2
    assert sorted(names(emulator)) == [f"cust-{n:05}" for n in range(1_500)]
    check_order(emulator)


def test_a_code_names_the_column_of_the_record_it_is_about(
    emulator: RunningEmulator, make_load: MakeLoad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = views(2)
    answer = {"status": "fail", "code": 516, "error": "Phone is not valid.Skipped record number : 1"}
    reject_first(monkeypatch, "profile", answer)
    path = tmp_path / "rejects.csv"
    load = make_load(rows, kind=VIEWED, profile_columns=PROFILE, max_rejects=1, rejects_path=path)
    assert dict(load.run().codes) == {516: 1}
    (row,) = rejects(path).values()
    assert (row["clevertap_row"], row["clevertap_outcome"], row["clevertap_field"]) == ("1", "rejected", "mobile")
    assert names(emulator) == ["cust-00001"]


def test_an_event_that_was_refused_is_its_rows_outcome(
    emulator: RunningEmulator, make_load: MakeLoad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"status": "fail", "code": 525, "error": "Wrong time.Skipped record number : 1"}
    reject_first(monkeypatch, "event", answer)
    path = tmp_path / "rejects.csv"
    load = make_load(views(2), kind=VIEWED, profile_columns=PROFILE, max_rejects=1, rejects_path=path)
    summary = load.run()
    assert (summary.accepted, summary.rejected, dict(summary.codes)) == (1, 1, {525: 1})
    (row,) = rejects(path).values()
    assert (row["clevertap_row"], row["clevertap_field"]) == ("1", "ts")
    assert "profile update" not in row["clevertap_reason"]


def reject_first(monkeypatch: pytest.MonkeyPatch, record_type: str, rejection: dict[str, Any]) -> None:
    """Replace the upload: the first record of each request of a type is rejected, and the others are sent."""
    from airflow_provider_clevertap.api.answers import Processed, RejectedRecord

    send_batch = CleverTapClient.send_batch

    def rejecting(self: Any, endpoint: Any, body: bytes, count: int, **options: Any) -> Any:
        if f'"type":"{record_type}"' not in body.decode().replace(": ", ":"):
            return send_batch(self, endpoint, body, count, **options)
        import json

        records = json.loads(body)["d"][1:]
        if records:
            rest = json.dumps({"d": records}).encode()
            assert send_batch(self, endpoint, rest, len(records), **options) == Processed(())
        return Processed((RejectedRecord(0, rejection["code"], rejection["error"]),))

    monkeypatch.setattr(CleverTapClient, "send_batch", rejecting)


@pytest.mark.parametrize("bad", [0, 39], ids=["good", "nearly all bad"])
def test_blocks_too_small_to_fill_a_batch_do_not_wait_for_one(
    bad: int, client: CleverTapClient, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_clevertap.loading.conductor.MAX_OPEN_ROWS", 300)
    people = ([f"cust-{n}-{m}" for m in range(40 - bad)] + [None] * bad for n in range(30))
    frames = (pd.DataFrame({"identity": pd.Series(some, dtype=object), "Tier": "gold"}) for some in people)
    load = Load(
        events(event_name="Imported", timestamp="now"),
        open_source(frames),
        client,
        LoadOptions(retries=QUICK, max_rejects="100%", profile_columns=["Tier"]),
    )
    running = threading.Thread(target=load.run, daemon=True)
    running.start()
    running.join(300)
    assert not running.is_alive()
    assert (load.summary.rows, load.summary.accepted) == (1_200, 30 * (40 - bad))
    assert len(names(emulator)) == 30 * (40 - bad)
    check_order(emulator)


def test_dry_runs_store_nothing(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    rows = views(1_200)
    rows[5]["mail"] = "no address"
    local = make_load(rows, kind=VIEWED, profile_columns=PROFILE, max_rejects=1, dry_run="local").run()
    assert (local.accepted, local.invalid, emulator.requests()) == (1_199, 1, [])
    remote = make_load(rows, kind=VIEWED, profile_columns=PROFILE, max_rejects=1, dry_run="server").run()
    assert (remote.accepted, remote.invalid, remote.requests) == (1_199, 1, 4)
    assert all(request["dry_run"] for request in emulator.requests())
    assert set(emulator.stats()["stored"].values()) == {0}


def test_columns_may_feed_both_records(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    rows = [{"mail": "asha@example.com", "at": "1700000000", "town": "Pune", "Sku": "a"}]
    load = make_load(
        rows,
        kind=VIEWED,
        columns={"mail": "identity", "at": "ts", "town": "Visited In"},
        profile_columns={"mail": "Email", "at": Column("Last Visit", format="epoch"), "town": "City"},
    )
    assert load.run().accepted == 1
    (event,) = emulator.events("asha@example.com")
    assert event["data"] == {"Sku": "a", "Visited In": "Pune"}
    assert emulator.profile("asha@example.com")["data"] == {
        "Email": "asha@example.com", "Last Visit": "$D_1700000000", "City": "Pune",
    }  # fmt: skip


@pytest.mark.parametrize("unmapped", ["ignore", "error"])
def test_profile_columns_are_not_unmapped(make_load: MakeLoad, emulator: RunningEmulator, unmapped: str) -> None:
    load = make_load(
        views(2),
        kind=VIEWED,
        columns={"identity": "identity", "ts": "ts", "Sku": None},
        profile_columns=PROFILE,
        unmapped=unmapped,
    )
    assert load.run().accepted == 2
    assert [event["data"] for event in emulator.events()] == [{}, {}]
    assert emulator.profile("cust-00001")["data"]["City"] == "Pune"


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({}, ConfigurationError, "profile_columns is empty"),
        ([], ConfigurationError, "profile_columns is empty"),
        ("mail", ConfigurationError, "profile_columns must be a mapping"),
        ([1], MappingError, "the source has no column '1'"),
        (["mail", "mail"], MappingError, "'mail' is named twice"),
        ({"mial": "Email"}, MappingError, "no column 'mial'.*did you mean 'mail'"),
        ({"mail": "Email", "town": "email"}, MappingError, "profile_columns: columns 'mail', 'town' would all become"),
        ({"mail": "Identity"}, MappingError, "profile_columns: column 'mail' would become identity"),
        ({"mail": "objectId"}, MappingError, "would become objectId"),
        (["ts"], MappingError, "profile_columns: column 'ts' would become ts"),
        ({"mail": None}, MappingError, "'mail' would be left out"),
        ({"mail": 5.5}, MappingError, "profile_columns: column 'mail': expected a name"),
        ({"mail": {"nane": "Email"}}, MappingError, "profile_columns: column 'mail': 'nane' is not an option"),
        ({"mail": "E.mail"}, MappingError, "profile_columns: column 'mail' cannot become a property"),
        ({"mail": Column("Email", operator="$incr")}, MappingError, "profile_columns: column 'mail': Email has a"),
    ],
    ids=str,
)
def test_mistakes_come_before_the_first_request(
    make_load: MakeLoad, emulator: RunningEmulator, columns: Any, error: type[CleverTapError], message: str
) -> None:
    with pytest.raises(error, match=message):
        make_load(views(2), kind=VIEWED, profile_columns=columns).run()
    assert emulator.requests() == []


def test_profiles_have_no_profile_updates(make_load: MakeLoad) -> None:
    with pytest.raises(ConfigurationError, match="profile_columns is for events, not for profiles"):
        make_load(views(1), kind=PROFILES, profile_columns=PROFILE)


def test_columns_that_appear_later_are_taken_up(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "views.jsonl"
    path.write_text(
        '{"Identity": "a", "ts": 1700000000, "Sku": "x"}\n'
        '{"Identity": "b", "ts": 1700000001, "Sku": "x", "tier": "gold", "tags": {"$add": ["tea"]}}\n'
    )
    load = make_load(open_source(path), kind=VIEWED, profile_columns={"tier": "Tier", "tags": "Tags", "never": "Never"})
    with caplog.at_level("INFO"):
        assert load.run().accepted == 2
    assert emulator.profile("b")["data"] == {"Tier": "gold", "Tags": ["tea"]}
    assert [event["data"] for event in emulator.events()] == [{"Sku": "x"}, {"Sku": "x"}]
    messages = [record.getMessage() for record in caplog.records]
    assert messages.count("'Identity' is taken for CleverTap's field 'identity'") == 1
    assert messages.count("Column 'never' is mapped, but no row of the source has it") == 1
