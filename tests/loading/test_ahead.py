"""Two records of one row agree with the laws of both kinds: a row is sent whole or not at all."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.ahead import PairEncoder
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.encoded_blocks import EncodedBlock
from airflow_provider_clevertap.loading.kinds import PROFILES, RecordKind, events
from airflow_provider_clevertap.loading.mapping import plan_columns
from airflow_provider_clevertap.loading.outcomes import Outcome
from airflow_provider_clevertap.loading.rows import RowBlock, RowFault
from airflow_provider_clevertap.records.law import Law, Verdict

VIEWED = events(event_name="Viewed")
OWNER = {"id": Column("identity"), "device": Column("objectId")}
OF_EVENTS = {**OWNER, "at": Column("ts"), "price": Column("Price", type="float"), "note": Column("Note")}
OF_PROFILES = {
    "mail": Column("Email"),
    "mobile": Column("Phone"),
    "points": Column("Points", operator="$incr"),
    "tags": Column("Tags", type="list"),
    "gone": Column("Gone", operator="$delete"),
    "note": Column("Nick"),
    "anything": Column("Anything"),
}
#: Cells of each column: fine ones, bad ones, empty ones.
CELLS: dict[str, list[Any]] = {
    "id": ["cust-1", "cust-1", "007", "null", "", None],
    "device": ["__d1", None, None, None, ""],
    "at": ["1700000000", "1700000000", "2023-11-14 22:13:20", "0", "soon", None],
    "price": ["1.5", "0", "much", "nan", None],
    "note": ["good", "a" * 600, '"profileData":{}},', '{"profileData":{}}', None],
    "mail": ["a@b.co", "no address", None, None],
    "mobile": ["+919812345678", "98123 45678", "12", None],
    "points": ["5", "-1.5", "many", None],
    "tags": ["tea,books", ",", "a,a", None],
    "gone": ["true", "no", "perhaps", None],
    "anything": ["text", 5, True, {"$add": ["a"]}, {"$incr": 1}, {"a": 1}, {}, [], None, None],
}


@st.composite
def blocks(draw: st.DrawFn) -> RowBlock:
    rows = draw(st.integers(0, 12))
    fine = draw(st.booleans())
    columns = {
        name: draw(st.lists(st.sampled_from(cells[:2] if fine else cells), min_size=rows, max_size=rows))
        for name, cells in CELLS.items()
        if not fine or name != "device"
    }
    empty = draw(st.sets(st.integers(0, 11)))
    for cells in columns.values():
        cells[:] = [None if row in empty else cell for row, cell in enumerate(cells)]
    faults = draw(st.sets(st.integers(0, rows - 1), max_size=1)) if rows else set()
    return RowBlock(
        "views.csv",
        1,
        tuple(columns),
        {name: pa.array(cells, pa.string()) for name, cells in columns.items() if name != "anything"},
        {"anything": columns["anything"]},
        {row: RowFault("too many cells") for row in faults},
        row_count=rows,
    )


def verdicts(kind: RecordKind, choices: dict[str, Column], block: RowBlock, **options: Any) -> list[Verdict]:
    planned = plan_columns(
        block.names, choices, shape=kind.shape, unmapped="ignore", fixed=False, constants=kind.constants
    )
    law = Law(kind.shape, [one.rule for one in planned], constants=kind.constants, settings=kind.settings, **options)
    rows = block.rows(range(len(block)))
    return [law.judge([row[one.source] for one in planned]) for row in rows]


def records(encoded: EncodedBlock) -> dict[int, Any]:
    texts = encoded.records.to_pylist()
    return {row: json.loads(text[:-1]) for row, text in zip(encoded.rows.tolist(), texts, strict=True)}


@given(block=blocks(), on_bad_value=st.sampled_from(["reject", "drop"]), country=st.sampled_from([None, "IN"]))
@settings(max_examples=600, deadline=None)
def test_both_records_of_a_row_agree_with_their_laws(block: RowBlock, on_bad_value: Any, country: str | None) -> None:
    options = {"default_country": country, "on_bad_value": on_bad_value}
    encoded = PairEncoder(VIEWED, PROFILES, OF_EVENTS, OF_PROFILES, fixed=False, **options).encode(block)
    assert encoded.ahead is not None
    of_events, of_profiles = records(encoded), records(encoded.ahead)
    of_both = zip(
        verdicts(VIEWED, OF_EVENTS, block, **options),
        verdicts(PROFILES, {**OWNER, **OF_PROFILES}, block, **options),
        strict=True,
    )
    for row, (event, profile) in enumerate(of_both):
        if row in block.faults:
            assert encoded.unsent[row].reason == "too many cells"
        elif event.empty and profile.empty:
            assert encoded.unsent[row].outcome is Outcome.SKIPPED
        elif event.record is None or profile.record is None:
            assert encoded.unsent[row].outcome is Outcome.INVALID
            reasons = {fault.reason for fault in (*event.faults, *profile.faults)}
            assert all(reason in encoded.unsent[row].reason for reason in reasons)
        else:
            assert of_events.pop(row) == event.record
            assert of_profiles.pop(row, None) == (profile.record if profile.record["profileData"] else None)
            assert row not in encoded.unsent
            dropped = len(set(event.faults) | set(profile.faults))
            assert dropped == (encoded.dropped[row].values_dropped if row in encoded.dropped else 0)
            assert profile.repeatable or not encoded.ahead.repeatable
    assert of_events == of_profiles == {}
    assert not encoded.repeatable


def test_plain_updates_may_be_repeated_and_counting_ones_may_not() -> None:
    block = RowBlock("a", 1, ("id", "at", "x"), {name: pa.array(["1700000000"]) for name in ("id", "at", "x")})
    owner = {"id": Column("identity"), "at": Column("ts")}
    for choice, repeatable in ((Column("X"), True), (Column("X", operator="$incr"), False)):
        encoded = PairEncoder(VIEWED, PROFILES, owner, {"x": choice}).encode(block)
        assert encoded.ahead is not None
        assert (encoded.repeatable, encoded.ahead.repeatable) == (False, repeatable)


def test_floats_become_no_phone_numbers() -> None:
    columns = {"identity": pa.array(["a"]), "ts": pa.array([1]), "mobile": pa.array([9.1])}
    with pytest.raises(MappingError, match="'mobile' holds floating-point numbers"):
        PairEncoder(VIEWED, PROFILES, {}, {"mobile": Column("Phone")}).encode(RowBlock("a", 1, tuple(columns), columns))


def test_a_column_that_says_whose_the_event_is_keeps_saying_so() -> None:
    columns = {name: pa.array(["1700000000"]) for name in ("identity", "ts")}
    block = RowBlock("a", 1, tuple(columns), columns)
    encoded = PairEncoder(VIEWED, PROFILES, {}, {"identity": Column("Number"), "ts": Column("Seen")}).encode(block)
    assert encoded.ahead is not None
    assert records(encoded)[0]["identity"] == records(encoded.ahead)[0]["identity"] == "1700000000"
    assert records(encoded.ahead)[0]["profileData"] == {"Number": "1700000000", "Seen": "1700000000"}
