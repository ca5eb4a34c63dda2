"""Two records of one row agree with the models of both kinds: a row is sent as a whole or not at all."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.profile_updates import EventWithProfileEncoder
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome
from airflow_provider_clevertap.loading.record_kinds import PROFILES, RecordKind, events
from airflow_provider_clevertap.loading.rows.block import RowBlock, RowError
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult
from tests.support.encoded import records
from tests.support.examples_of_properties import examples

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
#: Cells of each column: fine ones and bad ones. Any may be empty besides.
CELLS: dict[str, tuple[list[Any], list[Any]]] = {
    "id": (["cust-1", "007"], ["null", "a" * 1024]),
    "device": (["__d1"], []),
    "at": (["1700000000", "2023-11-14 22:13:20"], ["0", "soon"]),
    "price": (["1.5", "0"], ["much", "nan"]),
    "note": (["good", '"profileData":{}},', '{"profileData":{}}', "\\"], ["a" * 600]),
    "mail": (["a@b.co"], ["no address"]),
    "mobile": (["+919812345678"], ["98123 45678", "12"]),
    "points": (["5", "-1.5"], ["many"]),
    "tags": (["tea,books", "a,a"], [","]),
    "gone": (["true", "no", "no"], ["perhaps"]),
    "anything": (["text", 5, True, {"$add": ["a"]}, {"$incr": 1}], [{"a": 1}, {}, []]),
}
EMPTY = [None, None, ""]


@st.composite
def blocks(draw: st.DrawFn) -> RowBlock:
    """Make blocks whose columns are each fine, empty, or of all sorts; most rows of most blocks can be sent."""
    rows = draw(st.integers(0, 8))
    quiet = draw(st.booleans())
    columns = {}
    for name, (fine, bad) in CELLS.items():
        sorts = [fine, EMPTY, fine + EMPTY, fine * 3 + EMPTY + bad]
        if name in ("id", "at"):
            sorts = [fine, fine, fine, sorts[-1]]
        elif name == "device" or (quiet and name in OF_PROFILES):
            sorts = [EMPTY, EMPTY, EMPTY, ["no"] if name == "gone" else fine + EMPTY]
        cells = draw(st.sampled_from(sorts))
        columns[name] = draw(st.lists(st.sampled_from(cells), min_size=rows, max_size=rows))
    for names in (CELLS, OF_EVENTS):
        for row in draw(st.sets(st.integers(0, 7), max_size=2)):
            for name in names:
                columns[name][row : row + 1] = [None] * len(columns[name][row : row + 1])
    faults = draw(st.sets(st.integers(0, rows - 1), max_size=1)) if rows else set()
    return RowBlock(
        "views.csv",
        1,
        tuple(columns),
        {name: pa.array(cells, pa.string()) for name, cells in columns.items() if name != "anything"},
        {"anything": columns["anything"]},
        {row: RowError("too many cells") for row in faults},
    )


def results(kind: RecordKind, choices: dict[str, Column], block: RowBlock, **options: Any) -> list[ValidationResult]:
    planned = plan_columns(
        block.names, choices, schema=kind.schema, unmapped="ignore", fixed=False, constants=kind.constants
    )
    validator = RecordValidator(
        kind.schema, [one.rule for one in planned], constants=kind.constants, settings=kind.settings, **options
    )
    rows = block.rows(range(len(block)))
    return [validator.validate([row[one.source] for one in planned]) for row in rows]


@given(block=blocks(), on_bad_value=st.sampled_from(["reject", "drop"]), country=st.sampled_from([None, "IN"]))
@examples(150)
def test_both_records_of_a_row_agree_with_their_models(block: RowBlock, on_bad_value: Any, country: str | None) -> None:
    options = {"default_country": country, "on_bad_value": on_bad_value}
    encoded = EventWithProfileEncoder(VIEWED, PROFILES, OF_EVENTS, OF_PROFILES, **options).encode(block)
    assert encoded.profile_updates is not None
    of_events, of_profiles = records(encoded), records(encoded.profile_updates)
    of_both = zip(
        results(VIEWED, OF_EVENTS, block, **options),
        results(PROFILES, {**OWNER, **OF_PROFILES}, block, **options),
        strict=True,
    )
    for row, (event, profile) in enumerate(of_both):
        if row in block.row_errors:
            assert encoded.unsent[row].reason == "too many cells"
        elif event.empty and profile.empty:
            assert encoded.unsent[row].outcome is Outcome.SKIPPED
        elif event.record is None or profile.record is None:
            assert encoded.unsent[row].outcome is Outcome.INVALID
            reasons = {fault.reason for fault in (*event.issues, *profile.issues)}
            assert all(reason in encoded.unsent[row].reason for reason in reasons)
        else:
            assert of_events.pop(row) == event.record
            assert of_profiles.pop(row, None) == (profile.record if profile.record["profileData"] else None)
            assert row not in encoded.unsent
            dropped = len(set(event.issues) | set(profile.issues))
            assert dropped == (encoded.dropped[row].values_dropped if row in encoded.dropped else 0)
            assert profile.repeatable or not encoded.profile_updates.repeatable
    assert of_events == of_profiles == {}
    assert not encoded.repeatable


def test_plain_updates_may_be_repeated_and_counting_ones_may_not() -> None:
    block = RowBlock("a", 1, ("id", "at", "x"), {name: pa.array(["1700000000"]) for name in ("id", "at", "x")})
    owner = {"id": Column("identity"), "at": Column("ts")}
    for choice, repeatable in ((Column("X"), True), (Column("X", operator="$incr"), False)):
        encoded = EventWithProfileEncoder(VIEWED, PROFILES, owner, {"x": choice}).encode(block)
        assert encoded.profile_updates is not None
        assert (encoded.repeatable, encoded.profile_updates.repeatable) == (False, repeatable)


def test_an_empty_cell_that_deletes_says_something() -> None:
    columns = {"identity": pa.array(["a", "b"]), "ts": pa.array([1, 2]), "city": pa.array(["Pune", None])}
    choices = {"city": Column("City", empty="delete")}
    encoded = EventWithProfileEncoder(VIEWED, PROFILES, {}, choices).encode(RowBlock("a", 1, tuple(columns), columns))
    assert encoded.profile_updates is not None
    updates = [record["profileData"] for record in records(encoded.profile_updates).values()]
    assert updates == [{"City": "Pune"}, {"City": {"$delete": 1}}]


def test_floats_become_no_phone_numbers() -> None:
    columns = {"identity": pa.array(["a"]), "ts": pa.array([1]), "mobile": pa.array([9.1])}
    with pytest.raises(MappingError, match="'mobile' holds floating-point numbers"):
        EventWithProfileEncoder(VIEWED, PROFILES, {}, {"mobile": Column("Phone")}).encode(
            RowBlock("a", 1, tuple(columns), columns)
        )


def test_a_column_that_identifies_the_owner_may_also_be_a_profile_property() -> None:
    columns = {name: pa.array(["1700000000"]) for name in ("identity", "ts")}
    block = RowBlock("a", 1, tuple(columns), columns)
    encoded = EventWithProfileEncoder(
        VIEWED, PROFILES, {}, {"identity": Column("Number"), "ts": Column("Visits")}
    ).encode(block)
    assert encoded.profile_updates is not None
    assert records(encoded)[0]["identity"] == records(encoded.profile_updates)[0]["identity"] == "1700000000"
    assert records(encoded.profile_updates)[0]["profileData"] == {"Number": "1700000000", "Visits": "1700000000"}
