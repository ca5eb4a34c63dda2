"""JSON Lines files whose lines differ: keys in several spellings, and keys that appear after rows were sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.emulator.testing import RunningEmulator
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.load import Load
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, events
from airflow_provider_clevertap.loading.sources.open import open_source
from airflow_provider_clevertap.sources import JsonLinesSource

MANY = 2_500
DATE = Column("Joined", type="date", format="dd/MM/yyyy")


@pytest.fixture
def load_lines(make_load: Callable[..., Load], tmp_path: Path) -> Callable[..., tuple[Any, list[dict[str, Any]]]]:
    """Load rows as lines of JSON, in small blocks; return the summary and the rejects file."""

    def load(rows: list[dict[str, Any]], **options: Any) -> tuple[Any, list[dict[str, Any]]]:
        path, rejected = tmp_path / "rows.jsonl", tmp_path / "rejects.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        source = open_source(path, block_rows=1_000)
        summary = make_load(source, rejects_path=rejected, max_rejects=9, **options).run()
        lines = rejected.read_text().splitlines() if rejected.exists() else []
        return summary, [json.loads(line) for line in lines]

    return load


def people(emulator: RunningEmulator) -> dict[str, dict[str, Any]]:
    return {profile["keys"]["identity"][0]: profile["data"] for profile in emulator.profiles()}


@pytest.mark.parametrize(
    "columns", [{"id": "identity"}, {"id": "identity", "mail": "Email"}, {"id": "identity", "email": "Email"}]
)
def test_a_row_may_spell_a_key_in_one_way_or_another(
    load_lines: Any, emulator: RunningEmulator, columns: dict[str, Any]
) -> None:
    usual = "mail" if "mail" in columns else "email"
    rows = [{"id": str(number), usual: f"{number}@example.com"} for number in range(1, MANY)]
    rows += [{"id": "upper", "Email": "u@example.com"}, {"id": "no", "Email": "no address"}, {"id": "without"}]
    rows += [
        {"id": "both", usual: "x@example.com", "Email": "x@example.com"},
        {"id": "blank", usual: None, "Email": ""},
    ]
    summary, rejects = load_lines(rows, columns=columns)
    assert (summary.accepted, summary.invalid) == (MANY + 2, 2)
    stored = people(emulator)
    assert stored["1"] == {"Email": "1@example.com"}
    assert stored["upper"] == {"Email": "u@example.com"}
    assert stored["without"] == stored["blank"] == {}
    assert [row["id"] for row in rejects] == ["no", "both"]
    assert rejects[1]["clevertap_field"] == f"{usual}, Email"
    assert "more than one of them" in rejects[1]["clevertap_reason"]
    assert (rejects[1][usual], rejects[1]["Email"]) == ("x@example.com", "x@example.com")


def test_the_options_of_a_column_apply_to_all_its_spellings(load_lines: Any, emulator: RunningEmulator) -> None:
    rows = [{"Identity": "a", "joined": "07/09/1990"}, {"identity": "b", "Joined": "07/09/1990"}]
    summary, _ = load_lines(rows, columns={"joined": DATE})
    assert summary.accepted == 2
    first, second = people(emulator)["a"], people(emulator)["b"]
    assert first == second
    assert list(first) == ["Joined"]


def test_columns_for_one_field_with_different_options_are_a_mistake(load_lines: Any, emulator: RunningEmulator) -> None:
    same = {"id": "identity", "a": "Tier", "b": Column("Tier")}
    summary, _ = load_lines([{"id": "1", "a": "x"}, {"id": "2", "b": "y"}], columns=same)
    assert summary.accepted == 2
    assert people(emulator) == {"1": {"Tier": "x"}, "2": {"Tier": "y"}}
    different = {**same, "b": Column("Tier", type="integer")}
    with pytest.raises(MappingError, match="'a', 'b' would all become Tier, with different options"):
        load_lines([{"id": "3", "a": "x"}], columns=different)


def test_columns_that_are_left_out_are_no_spelling(load_lines: Any, emulator: RunningEmulator) -> None:
    rows = [{"id": "1", "email": "a@example.com", "Email": "b@example.com"}]
    assert load_lines(rows, columns={"id": "identity", "Email": None})[0].accepted == 1
    assert people(emulator)["1"] == {"Email": "a@example.com"}
    assert load_lines(rows, columns={"id": "identity", "Email": "Email"}, unmapped="ignore")[0].accepted == 1
    assert people(emulator)["1"] == {"Email": "b@example.com"}


def test_a_key_that_no_column_may_fill_makes_only_its_row_invalid(load_lines: Any, emulator: RunningEmulator) -> None:
    rows: list[dict[str, Any]] = [{"identity": str(number), "ts": 1_700_000_000} for number in range(1, MANY)]
    rows += [{**rows[0], "evtName": "Other"}, {**rows[0], "EvtName": None}]
    summary, rejects = load_lines(rows, kind=events(event_name="Viewed"))
    assert (summary.accepted, summary.invalid) == (MANY, 1)
    assert rejects[0]["clevertap_field"] == "evtName"
    assert "set for all records" in rejects[0]["clevertap_reason"]
    with pytest.raises(MappingError, match="set for all records"):
        load_lines(rows[:1], kind=events(event_name="Viewed"), columns={"what": "evtName"})


def test_spellings_in_events_with_profile_updates(load_lines: Any, emulator: RunningEmulator) -> None:
    rows = [
        {"identity": "a", "ts": 1_700_000_000, "mail": "a@example.com"},
        {"Identity": "b", "TS": 1_700_000_000, "mail": "b@example.com"},
        {"identity": "c", "ts": 1_700_000_000, "e-mail": "c@example.com", "City": "Pune", "city": "Goa"},
        {"identity": "d", "Identity": "d", "ts": 1_700_000_000},
    ]
    options = {"kind": events(event_name="Viewed"), "profile_columns": {"mail": "Email", "e-mail": "Email"}}
    summary, rejects = load_lines(rows, **options)
    assert (summary.accepted, summary.invalid) == (3, 1)
    assert rejects[0]["clevertap_field"] == "identity, Identity"
    stored = people(emulator)
    assert {name: data["Email"] for name, data in stored.items()} == {name: f"{name}@example.com" for name in "abc"}
    assert [event["data"] for event in emulator.events()].count({"City": "Pune", "city": "Goa"}) == 1


def test_a_token_is_counted_as_a_duplicate_in_any_spelling(
    load_lines: Any, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        {"objectId": f"__{name}", name: token, "type": "fcm"}
        for name, token in [("token", "x" * 30), ("Token", "y" * 30), ("TOKEN", "x" * 30)]
    ]
    with caplog.at_level(logging.WARNING):
        assert load_lines(rows, kind=DEVICE_TOKENS)[0].accepted == 3
    assert "token of an earlier row: 1 (row 3)" in caplog.text


def test_objects_without_line_ends_each_have_an_outcome(
    load_lines: Any, emulator: RunningEmulator, tmp_path: Path, make_load: Any
) -> None:
    path, rejected = tmp_path / "stream", tmp_path / "rejects.jsonl"
    path.write_text('{"id":"1"}{"id":""}{"id":"3","Email":5}{"id":"4"}{"id":')
    summary = make_load(
        open_source(JsonLinesSource(path)), columns={"id": "identity"}, rejects_path=rejected, max_rejects=2
    ).run()
    assert (summary.accepted, summary.skipped, summary.invalid) == (2, 1, 2)
    found = [json.loads(line) for line in rejected.read_text().splitlines()]
    assert [row["clevertap_row"] for row in found] == [3, 5]
    assert found[1]["clevertap_line"] == '{"id":'
