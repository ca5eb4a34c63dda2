"""Loads of events and device tokens over HTTP."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import CleverTapUnavailableError, ConfigurationError, MappingError
from airflow_provider_clevertap.loading.load import Load, LoadOptions
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, events, profiles
from airflow_provider_clevertap.loading.sources.open import open_source
from tests.support.plain_rows import QUICK, Rows

MakeLoad = Callable[..., Load]


def views(count: int, **cells: Any) -> list[dict[str, Any]]:
    return [
        {"identity": f"cust-{n % 50}", "ts": str(1_700_000_000 + n), "Price": f"{n}.50", "Sku": f"sku-{n}", **cells}
        for n in range(count)
    ]


def reasons(path: Path) -> dict[int, tuple[str, str]]:
    with path.open(newline="") as stream:
        return {
            int(row["clevertap_row"]): (row["clevertap_code"], row["clevertap_reason"])
            for row in csv.DictReader(stream)
        }


def test_every_event_arrives_once_with_its_time_and_properties(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    kind = events(event_name="Product Viewed")
    summary = make_load(views(2_500), kind=kind, columns={"Price": Column(type="float")}, max_in_flight=1).run()
    assert (summary.rows, summary.accepted, summary.requests) == (2_500, 2_500, 3)
    found = emulator.events()
    assert [event["ts"] for event in found] == [1_700_000_000 + n for n in range(2_500)]
    assert found[7]["name"] == "Product Viewed"
    assert found[7]["data"] == {"Price": 7.5, "Sku": "sku-7"}
    assert emulator.error_stream() == []


def test_names_and_times_in_columns_of_every_form(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    rows = views(4, evtName="Viewed")
    rows[1]["ts"] = "1700000001000"
    rows[2] |= {"ts": "2023-11-14 22:13:22", "evtName": "Added To Cart"}
    rows[3]["ts"] = "2023-11-15T03:43:23+05:30"
    assert make_load(rows, kind=events()).run().accepted == 4
    assert [(event["name"], event["ts"] - 1_700_000_000) for event in emulator.events()] == [
        ("Viewed", 0), ("Viewed", 1), ("Added To Cart", 2), ("Viewed", 3),
    ]  # fmt: skip


def test_bad_events_are_told_and_never_sent(make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path) -> None:
    rows = views(8, evtName="Viewed")
    rows[1]["evtName"] = "App  launched"
    rows[2]["evtName"] = None
    rows[3]["ts"] = "0"
    rows[4]["ts"] = str(int(time.time()) + 86_400)
    rows[5]["identity"] = None
    rows[6]["ts"] = None
    path = tmp_path / "rejects.csv"
    summary = make_load(rows, kind=events(), max_rejects=6, rejects_path=path).run()
    assert (summary.accepted, summary.invalid) == (2, 6)
    found = reasons(path)
    assert {row: code for row, (code, _) in found.items()} == {
        2: "513", 3: "509", 4: "525", 5: "525", 6: "523", 7: "525",
    }  # fmt: skip
    assert "future" in found[5][1]
    assert len(emulator.events()) == 2


def test_too_many_properties_is_a_setting(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    rows = [{"identity": "cust-1", "ts": "1700000000", **{f"p{n}": "x" for n in range(101)}}]
    refused = make_load(rows, kind=events(event_name="Wide"), max_rejects=1).run()
    assert (refused.invalid, dict(refused.codes)) == (1, {522: 1})
    emulator.change_settings(max_event_properties=256)
    assert make_load(rows, kind=events(event_name="Wide", property_limit=256)).run().accepted == 1
    emulator.change_settings(max_event_properties=100)


def test_only_charged_has_items(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    rows = views(2, Items='[{"Category": "books", "Quantity": 2}, {"Category": "tea"}]')
    assert make_load(rows, kind=events(event_name="Charged")).run().accepted == 2
    assert emulator.events()[0]["data"]["Items"] == [{"Category": "books", "Quantity": 2}, {"Category": "tea"}]
    refused = make_load(rows, kind=events(event_name="Viewed"), max_rejects=2).run()
    assert dict(refused.codes) == {512: 2}


def test_now_is_one_moment_for_the_whole_load(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    rows = [{"identity": f"cust-{n}", "Sku": "a"} for n in range(20)]
    before = int(time.time())
    assert make_load(rows, kind=events(event_name="Imported", timestamp="now")).run().accepted == 20
    (moment,) = {event["ts"] for event in emulator.events()}
    assert before <= moment <= time.time()


@pytest.mark.parametrize(("policy", "stored", "held"), [("resend", 1_500, 0), ("hold", 1_000, 500)])
def test_after_an_unclear_answer_events_follow_the_policy(
    make_load: MakeLoad, emulator: RunningEmulator, policy: str, stored: int, held: int
) -> None:
    emulator.inject({"do": "reset", "stored": False, "skip": 1, "times": 1})
    load = make_load(
        views(1_500), kind=events(event_name="Viewed"), on_unconfirmed=policy, max_rejects="100%", max_in_flight=1
    )
    summary = load.run()
    assert (summary.unconfirmed, summary.resent) == (held, 500 - held)
    assert len(emulator.events()) == stored


def test_a_service_that_is_down_does_not_leave_every_row_in_doubt(
    make_load: MakeLoad, emulator: RunningEmulator
) -> None:
    emulator.inject({"do": "status", "status": 503, "stored": True})
    load = make_load(
        views(12_000), kind=events(event_name="Viewed"), on_unconfirmed="hold", max_rejects="100%", max_in_flight=1
    )
    with pytest.raises(CleverTapUnavailableError, match="503"):
        load.run()
    assert emulator.stats()["requests"] == QUICK.attempts
    assert load.summary.unconfirmed == (QUICK.attempts - 1) * 1_000
    emulator.clear_faults()
    emulator.inject({"do": "status", "status": 503, "every": 2})
    load = make_load(
        views(12_000), kind=events(event_name="Viewed"), on_unconfirmed="hold", max_rejects="100%", max_in_flight=1
    )
    assert load.run().unconfirmed == 6_000


def test_an_event_needs_a_name_and_a_time(make_load: MakeLoad, emulator: RunningEmulator) -> None:
    with pytest.raises(MappingError, match=r"no column becomes evtName and ts.*event_name"):
        make_load([{"identity": "a", "Sku": "x"}], kind=events()).run()
    with pytest.raises(MappingError, match="'ts' would become ts, which is set for all records"):
        make_load(views(1), kind=events(event_name="Viewed", timestamp="now")).run()
    with pytest.raises(ConfigurationError, match="only CleverTap may raise"):
        events(event_name="app launched")
    assert emulator.requests() == []


def test_device_tokens_arrive_a_hundred_at_a_time(
    make_load: MakeLoad, emulator: RunningEmulator, tmp_path: Path
) -> None:
    rows = [
        {"device": f"__dev{n}", "push_token": f"tok:{n}", "platform": "FCM", "p256dh": None, "auth": None, "id": "9"}
        for n in range(250)
    ]
    rows[3] |= {"platform": "chrome", "p256dh": "BLc4", "auth": "5I2B"}
    rows[5]["device"] = None
    rows[6]["push_token"] = None
    rows[7]["platform"] = "pager"
    path = tmp_path / "rejects.csv"
    load = make_load(
        Rows(rows),
        kind=DEVICE_TOKENS,
        columns={"device": "objectId", "push_token": "token", "platform": "type"},
        max_rejects=3,
        rejects_path=path,
    )
    summary = load.run()
    assert (summary.accepted, summary.invalid, summary.requests) == (247, 3, 3)
    assert {row: code for row, (code, _) in reasons(path).items()} == {6: "530", 7: "532", 8: "534"}
    (web,) = emulator.tokens("__dev3")
    assert (web["token"], web["token_type"]) == ("tok:3", "chrome")
    assert web["keys"] == {"p256dh": "BLc4", "auth": "5I2B"}
    assert emulator.error_stream() == []


def test_tokens_that_repeat_are_loaded_counted_and_told_without_being_shown(
    make_load: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"objectId": f"__dev{n}", "token": f"tok-{n % 1_989}", "type": "fcm"} for n in range(2_000)]
    rows[5]["token"] = " tok-2 "  # a duplicate within the first block
    rows[700]["type"] = "pager"  # never sent, so neither this row nor the next one with its token is a duplicate
    rows[701]["token"] = "tok-700"
    with caplog.at_level("INFO"):
        summary = make_load(Rows(rows), kind=DEVICE_TOKENS, max_rejects=1).run()
    assert (summary.accepted, summary.invalid, summary.to_dict()["repeated"]) == (1_999, 1, 11)
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "Rows that repeat the token of an earlier row: 11 (row 6, 1,990, 1,991" in warning
    assert ", and 1 more" in warning
    assert "tok-" not in caplog.text


def test_repeats_in_several_files_are_named_with_their_file(
    make_load: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("objectId,token,type\n__dev,tok,fcm\n", encoding="utf-8")
    with caplog.at_level("INFO"):
        make_load(open_source([tmp_path / "one.csv", tmp_path / "two.csv"]), kind=DEVICE_TOKENS).run()
    assert f"Rows that repeat the token of an earlier row: 1 (row 1 of {tmp_path / 'two.csv'}). " in caplog.text


def test_a_source_without_repeats_says_nothing_of_them(
    make_load: MakeLoad, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"objectId": "__dev", "token": f"tok-{n}", "type": "fcm"} for n in range(500)]
    assert make_load(Rows(rows), kind=DEVICE_TOKENS).run().repeated == 0
    assert "repeat" not in caplog.text


def test_a_token_takes_nothing_but_its_own_fields(make_load: MakeLoad) -> None:
    with pytest.raises(MappingError, match="City is none of"):
        make_load(
            [{"objectId": "a", "token": "t", "type": "fcm", "x": "y"}], kind=DEVICE_TOKENS, columns={"x": "City"}
        ).run()


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        ({}, ["Web Page Viewed", "Viewed", "web page viewed", "Web Page Viewed: Home", None], 2),
        ({"event_name": "Web Page Viewed"}, [], 4),
        ({"event_name": "Viewed"}, [], 0),
    ],
)
def test_a_name_that_clevertap_once_rejected_is_sent_with_a_warning(
    client: Any, emulator: RunningEmulator, caplog: Any, kind: dict[str, str], names: list[str | None], expected: int
) -> None:
    rows = [{**row, "evtName": name} for row, name in zip(views(5), names, strict=True)] if names else views(4)
    rows.append({**rows[0], "identity": None})
    load = Load(events(**kind), Rows(rows), client, LoadOptions(max_rejects=9, retries=QUICK))
    with caplog.at_level("WARNING"):
        summary = load.run()
    warnings = [record.getMessage() for record in caplog.records if "Web Page Viewed" in record.getMessage()]
    assert [f"Web Page Viewed: {expected}." in warning for warning in warnings] == [True] * bool(expected)
    assert summary.rejected == expected
    assert emulator.stats()["refused_codes"] == ({"513": expected} if expected else {})


def test_identity_and_object_id_are_sent_together_where_that_is_allowed(
    make_load: MakeLoad, emulator: RunningEmulator, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: emulator.change_settings(identity_and_object_id="strict"))
    emulator.change_settings(identity_and_object_id="accept")
    rows = [
        {"identity": f"cust-{n}", "objectId": f"dev-{n}" if n % 2 else None, "ts": "1700000000", "Tier": "Gold"}
        for n in range(1_000)
    ]
    options = {"columns": {"Tier": None}, "profile_columns": {"Tier": "Tier"}}
    assert make_load(rows, kind=events(event_name="Viewed"), max_rejects="100%", **options).run().invalid == 500
    kind = events(event_name="Viewed", identity_and_object_id="send")
    assert make_load(rows, kind=kind, **options).run().accepted == 1_000
    assert emulator.profile("dev-1")["keys"] == {"identity": ["cust-1"], "objectId": ["dev-1"]}
    assert emulator.profile("cust-0")["keys"] == {"identity": ["cust-0"]}
    assert {profile["data"]["Tier"] for profile in emulator.profiles()} == {"Gold"}
    with pytest.raises(ConfigurationError, match="use 'reject' or 'send'"):
        profiles(identity_and_object_id="both")  # type: ignore[arg-type]
