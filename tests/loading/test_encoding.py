"""Blocks of rows become the text of records, and a verdict for every row that has none."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.choices import read_choices
from airflow_provider_clevertap.loading.columns import Column
from airflow_provider_clevertap.loading.encoded_blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding import Encoder
from airflow_provider_clevertap.loading.kinds import PROFILES
from airflow_provider_clevertap.loading.outcomes import Outcome, RowVerdict
from airflow_provider_clevertap.loading.rows import RowBlock, RowFault

IDENTITY = {"id": "identity"}


def block_of(columns: Mapping[str, Any], *, faults: Mapping[int, RowFault] | None = None, rows: int = 0) -> RowBlock:
    """Make a block of Arrow arrays; a tuple of values stays Python values, as mixed columns do."""
    arrays, objects = {}, {}
    for name, values in columns.items():
        if isinstance(values, tuple):
            objects[name] = list(values)
        else:
            arrays[name] = values if isinstance(values, pa.Array) else pa.array(values)
    return RowBlock("people.csv", 1, tuple(columns), arrays, objects, faults or {}, row_count=rows)


def encoder(columns: Mapping[str, Any] | None = None, **options: Any) -> Encoder:
    return Encoder(PROFILES, read_choices(IDENTITY if columns is None else columns), **options)


def encode(block: Mapping[str, Any], columns: Mapping[str, Any] | None = None, **options: Any) -> EncodedBlock:
    faults = options.pop("faults", None)
    return encoder({**IDENTITY, **(columns or {})}, **options).encode(block_of(block, faults=faults))


def records(encoded: EncodedBlock) -> dict[int, Any]:
    """Give each record by the place of its row; what is sent must be JSON, each record with its comma."""
    texts = encoded.records.to_pylist()
    assert all(text.endswith("},") for text in texts)
    together = json.loads(f"[{''.join(texts)[:-1]}]")
    assert len(together) == len(texts) == len(encoded.rows)
    return dict(zip(encoded.rows.tolist(), together, strict=True))


def properties(encoded: EncodedBlock) -> list[Any]:
    return [record["profileData"] for record in records(encoded).values()]


class TestEveryRow:
    def test_rows_become_records_in_their_order(self) -> None:
        found = encode({"id": ["a", "b"], "Name": ["Asha", "Ben"], "Age": ["35", None]})
        assert records(found) == {
            0: {"type": "profile", "identity": "a", "profileData": {"Name": "Asha", "Age": 35}},
            1: {"type": "profile", "identity": "b", "profileData": {"Name": "Ben"}},
        }
        assert (found.unsent, found.dropped, found.repeatable) == ({}, {}, True)

    def test_a_bad_row_takes_no_neighbour_with_it(self) -> None:
        found = encode({"id": ["a", "b", "c"], "Email": ["a@b.co", "nope", "c@d.co"]})
        assert records(found).keys() == {0, 2}
        assert found.unsent == {1: RowVerdict(Outcome.INVALID, 515, "Email", "not an e-mail address")}

    def test_faults_are_told_by_the_columns_of_the_source(self) -> None:
        columns = {"mail": "Email", "born": Column("DOB", format="dd/MM/yyyy")}
        found = encode({"id": ["a"], "mail": ["nope"], "born": ["1990"]}, columns)
        verdict = found.unsent[0]
        assert verdict.code == 515
        assert verdict.field == "born, mail"
        assert verdict.reason == "born: not a date written as dd/MM/yyyy; mail: not an e-mail address"

    def test_a_row_of_nobody(self) -> None:
        verdict = encode({"id": ["", "b"], "Name": ["Asha", "Ben"]}).unsent[0]
        assert (verdict.outcome, verdict.code, verdict.field) == (Outcome.INVALID, 523, "id")
        assert "no identity" in verdict.reason

    @pytest.mark.parametrize("empty", [None, "", "  "])
    def test_an_empty_row_is_skipped(self, empty: str | None) -> None:
        found = encode({"id": ["a", empty], "Name": ["Asha", empty]})
        assert records(found).keys() == {0}
        assert found.unsent == {1: RowVerdict(Outcome.SKIPPED)}

    def test_a_row_the_source_could_not_read(self) -> None:
        fault = RowFault("more cells than columns: quote the cell that holds a comma", "Name")
        found = encode({"id": ["a", "b"], "Name": ["Asha", "Ben"]}, faults={1: fault})
        assert records(found).keys() == {0}
        assert found.unsent == {1: RowVerdict(Outcome.INVALID, None, "Name", fault.reason)}

    def test_a_fault_counts_even_where_the_row_has_nothing(self) -> None:
        found = encode({"id": [None], "Name": [None]}, faults={0: RowFault("the line is not JSON")})
        assert found.unsent == {0: RowVerdict(Outcome.INVALID, None, "", "the line is not JSON")}

    def test_two_identifiers_in_one_row(self) -> None:
        found = encode({"id": ["a", None, "c"], "device": [None, "d2", "d3"]}, {"device": "objectId"})
        assert records(found) == {
            0: {"type": "profile", "identity": "a", "profileData": {}},
            1: {"type": "profile", "objectId": "d2", "profileData": {}},
        }
        assert found.unsent[2].code == 523
        assert "identity and objectId are both filled" in found.unsent[2].reason


class TestEmptiness:
    @pytest.mark.parametrize("kind", [pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.null()])
    def test_a_column_of_nulls_fills_nothing(self, kind: pa.DataType) -> None:
        found = encode({"id": ["a", "b"], "Tier": pa.nulls(2, kind), "Name": ["Asha", None]})
        assert properties(found) == [{"Name": "Asha"}, {}]

    def test_empty_text_is_no_text(self) -> None:
        # Frames and Parquet files hold both.
        found = encode({"id": ["a", "b", "", None], "Name": ["", None, "", "Dee"], "Tier": ["x", "", "y", ""]})
        assert records(found) == {
            0: {"type": "profile", "identity": "a", "profileData": {"Tier": "x"}},
            1: {"type": "profile", "identity": "b", "profileData": {}},
        }
        assert found.unsent.keys() == {2, 3}

    @pytest.mark.parametrize("cell", [float("nan"), None])
    def test_nan_is_a_gap(self, cell: float | None) -> None:
        assert properties(encode({"id": ["a"], "Tier": pa.array([cell], pa.float64())})) == [{}]

    def test_empty_cells_can_remove_the_property(self) -> None:
        columns = {"tier": Column("Tier", empty="delete"), "points": Column("Points", type="integer", empty="delete")}
        found = encode({"id": ["a", "b", None], "tier": ["x", None, None], "points": [None, "5", ""]}, columns)
        assert properties(found) == [{"Tier": "x", "Points": {"$delete": 1}}, {"Tier": {"$delete": 1}, "Points": 5}]
        assert found.unsent == {2: RowVerdict(Outcome.SKIPPED)}

    @pytest.mark.parametrize("filled", [("x", None, None), (None, "x", None), (None, None, "x"), (None, None, None)])
    def test_commas_stand_between_whatever_a_row_fills(self, filled: tuple[str | None, ...]) -> None:
        names = ["A", "B", "C"]
        columns = {name: pa.array([None, "y", cell], pa.string()) for name, cell in zip(names, filled, strict=True)}
        expected = {name: cell for name, cell in zip(names, filled, strict=True) if cell}
        assert properties(encode({"id": ["1", "2", "3"], **columns}))[2] == expected

    def test_a_block_without_rows(self) -> None:
        found = encode({"id": pa.array([], pa.string()), "Tier": pa.array([], pa.int64()), "x": ()})
        assert (len(found.records), len(found.rows), found.unsent) == (0, 0, {})

    def test_a_block_without_columns(self) -> None:
        found = encoder({}, fixed=False).encode(block_of({}, rows=2))
        assert len(found.records) == 0
        assert {verdict.outcome for verdict in found.unsent.values()} == {Outcome.SKIPPED}


class TestText:
    TEXTS = (
        'say "hi"', "back\\slash", '\\"', "line\nbreak", "cr\r\n", "tab\t", "nul\x00bell\x07", "\x7f\x80", "\u2028",
        "é漢😀", "</script>", "{}", "a,b", "'", "true", "null", "1e5", "007", "$D_5", "=1+1", "\ufeff",
    )  # fmt: skip

    def test_text_survives(self) -> None:
        ids = [f"{index} {text}" for index, text in enumerate(self.TEXTS)]
        found = records(encode({"id": ids, "Note": self.TEXTS, "Name": [*self.TEXTS]}))
        for index, text in enumerate(self.TEXTS):
            assert found[index]["identity"] == ids[index]
            assert found[index]["profileData"] == {"Note": text, "Name": text}

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), min_size=1, max_size=8))
    def test_any_text_survives(self, texts: list[str]) -> None:
        found = encode({"id": [f"c{index}" for index in range(len(texts))], "Tier": texts})
        expected = [{"Tier": text} if text.strip(" \t\r\n\f\v") else {} for text in texts]
        assert properties(found) == expected

    @pytest.mark.parametrize("name", ["Größe ñ 漢 😀", "x y", "a/b(c)[d]{e}", "tab\tname", "nul\x00", "-", "a" * 120])
    def test_any_name_survives(self, name: str) -> None:
        assert properties(encode({"id": ["a"], name: ["v"]})) == [{name: "v"}]
        assert properties(encode({"id": ["a", "b"], name: ["v", None]})) == [{name: "v"}, {}]

    def test_ids_that_look_like_numbers_stay_what_they_are(self) -> None:
        ids = ["007", "1e5", "1234567890123456789", "+5", "1.0", " 7"]
        assert [record["identity"] for record in records(encode({"id": ids})).values()] == ids

    def test_one_huge_cell_costs_its_own_row_and_little_memory(self) -> None:
        size = 10_000_000
        rows = 3000
        notes = pa.array(["note"] * 10 + ["x" * size] + ["note"] * (rows - 11))
        lists = pa.array(["a,b"] * 20 + ["a," * (size // 2)] + ["a,b"] * (rows - 21))
        ids = pa.array([f"c{row}" for row in range(30)] + ["7" * size] + [f"c{row}" for row in range(31, rows)])
        block = block_of({"id": ids, "Note": notes, "Likes": lists})
        made = encoder({"id": "identity", "Likes": Column(type="list")})
        made.encode(block_of({"id": ["a"], "Note": ["b"], "Likes": ["c"]}))
        before = pa.total_allocated_bytes()
        tracemalloc.start()
        try:
            found = made.encode(block)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert found.unsent.keys() == {10, 20, 30}
        assert "longer than 512 bytes" in found.unsent[10].reason
        assert "100 items" in found.unsent[20].reason
        assert "shorter than 1024" in found.unsent[30].reason
        assert len(records(found)) == rows - 3
        # A copy or two of each huge cell, not one for each row.
        assert peak < 8 * size
        assert pa.total_allocated_bytes() - before < size


class TestTypes:
    @pytest.mark.parametrize(
        ("values", "becomes"),
        [
            (pa.array([5, -5, 0]), [5, -5, 0]),
            (pa.array([2**63, 1, None], pa.uint64()), [2**63, 1, None]),
            (pa.array([1.5, -0.0, 1e300]), [1.5, 0, 1e300]),
            (pa.array([True, False, None]), [True, False, None]),
            (pa.array([Decimal("1520.75"), Decimal("7.00"), None]), [1520.75, 7, None]),
            (pa.array([date(1990, 7, 26), None, date(1969, 12, 31)]), ["$D_648950400", None, "$D_-86400"]),
            (pa.array([datetime(1990, 7, 26, 10, 11, 12, 500_000)]), ["$D_648987072"]),
            (pa.array([datetime(1969, 12, 31, 23, 59, 59, 1)], pa.timestamp("us")), ["$D_-1"]),
            (pa.array([648950400_999_999_999], pa.timestamp("ns", "Asia/Kolkata")), ["$D_648950400"]),
            (pa.array([["a", "b", "a"], [], None]), [{"$set": ["a", "b"]}, None, None]),
            (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
            (pa.array(["x", None], pa.large_string()), ["x", None]),
            (("x", 5, True, 1.5, None, ["a"], {"$incr": 1}), ["x", 5, True, 1.5, None, {"$set": ["a"]}, {"$incr": 1}]),
        ],
    )
    def test_typed_columns_keep_their_types(self, values: Any, becomes: list[Any]) -> None:
        found = encode({"id": [f"c{index}" for index in range(len(values))], "Tier": values})
        assert properties(found) == [{} if value is None else {"Tier": value} for value in becomes]

    def test_whole_number_identities_are_written_out(self) -> None:
        ids = pa.array([7, 2**64 - 1, 0, None], pa.uint64())
        found = encode({"id": ids, "Name": ["a", "b", "c", "d"]})
        assert [record["identity"] for record in records(found).values()] == ["7", str(2**64 - 1)]
        assert {index: verdict.code for index, verdict in found.unsent.items()} == {2: 523, 3: 523}

    @pytest.mark.parametrize("field", ["identity", "objectId", "FBID", "GPID", "Phone"])
    @pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
    def test_floats_cannot_be_identities_or_phones(self, field: str, kind: pa.DataType) -> None:
        columns: dict[str, Any] = {"customer": field, "other": "identity" if field == "Phone" else "Tier"}
        block = block_of({"customer": pa.array([919812345678.0, math.nan], kind), "other": ["a", "b"]})
        with pytest.raises(MappingError) as error:
            encoder(columns).encode(block)
        assert "'customer' holds floating-point numbers" in str(error.value)
        assert "read it as text" in str(error.value)
        assert "9198" not in str(error.value)

    def test_a_float_among_the_ids_of_a_nested_source_spoils_its_row_only(self) -> None:
        found = encoder(IDENTITY, fixed=False).encode(block_of({"id": (7, 7.0, "7")}))
        assert records(found).keys() == {0, 2}
        assert "decimal point" in found.unsent[1].reason

    @pytest.mark.parametrize("cells", [[1, 0], [True, False], ["yes", "0"], pa.array([1, 0], pa.int8()), (1.0, 0)])
    def test_flags_of_any_source(self, cells: Any) -> None:
        found = encode({"id": ["a", "b"], "MSG-email": cells, "Married": cells})
        assert properties(found) == [{"MSG-email": True, "Married": "Y"}, {"MSG-email": False, "Married": "N"}]

    @pytest.mark.parametrize(
        "times",
        [pa.array([datetime(2023, 11, 15, 3, 43, 20)]), ["2023-11-15 03:43:20"], (datetime(2023, 11, 15, 3, 43, 20),)],
    )
    def test_the_zone_of_ts_counts(self, times: Any) -> None:
        found = encode({"id": ["a"], "when": times}, {"when": Column("ts", timezone="Asia/Kolkata")})
        assert records(found)[0]["ts"] == 1700000000


class TestOperators:
    def test_column_options_and_objects_become_operations(self) -> None:
        columns = {"points": Column("Points", operator="$incr"), "likes": Column("Likes", operator="$add")}
        found = encode(
            {"id": ["a", "b", "c"], "points": ["10", None, "x"], "likes": ["tea, books", "tea", "tea"],
             "Tier": ({"$delete": 1}, None, None)},
            columns,
        )  # fmt: skip
        assert properties(found) == [
            {"Points": {"$incr": 10}, "Likes": {"$add": ["tea", "books"]}, "Tier": {"$delete": 1}},
            {"Likes": {"$add": ["tea"]}},
        ]
        assert found.unsent[2].field == "points"

    @pytest.mark.parametrize(
        ("operator", "cell", "repeatable"),
        [("$incr", "1", False), ("$decr", "1", False), ("$add", "a", False), ("$remove", "a", False),
         ("$set", "a", True), ("$delete", "yes", True)],
    )  # fmt: skip
    def test_counting_operators_must_not_be_sent_twice(self, operator: Any, cell: str, repeatable: bool) -> None:
        found = encode({"id": ["a"], "x": [cell]}, {"x": Column("Points", operator=operator)})
        assert found.repeatable is repeatable

    def test_one_counting_object_is_enough(self) -> None:
        assert encode({"id": ["a", "b"], "Points": ({"$incr": 1}, 5)}).repeatable is False
        assert encode({"id": ["a", "b"], "Points": ({"$set": ["x"]}, 5)}).repeatable is True


class TestDroppingBadValues:
    def test_the_row_goes_on_and_is_told_of(self) -> None:
        found = encode(
            {"id": ["a", "b"], "mail": ["nope", "b@c.co"], "Age": ["old", "35"], "Name": ["Asha", "Ben"]},
            {"mail": "Email"},
            on_bad_value="drop",
        )
        assert properties(found) == [{"Name": "Asha"}, {"Name": "Ben", "Email": "b@c.co", "Age": 35}]
        assert found.unsent == {}
        (verdict,) = found.dropped.values()
        assert (verdict.outcome, verdict.code, verdict.values_dropped) == (Outcome.ACCEPTED, 515, 2)
        assert verdict.field == "mail, Age"

    def test_who_and_when_are_never_dropped(self) -> None:
        found = encode({"id": ["null", "b"], "ts": ["5", "0"], "Email": ["nope", "b@c.co"]}, on_bad_value="drop")
        assert found.dropped == {}
        assert {index: verdict.code for index, verdict in found.unsent.items()} == {0: 523, 1: 525}
        assert all(verdict.values_dropped == 0 for verdict in found.unsent.values())

    def test_a_row_the_source_could_not_read_is_not_mended(self) -> None:
        found = encode({"id": ["a"], "Name": ["Asha"]}, faults={0: RowFault("broken", "Name")}, on_bad_value="drop")
        assert found.unsent[0].outcome is Outcome.INVALID


class TestColumnsThatComeAndGo:
    """Nested sources: every block may have other columns."""

    def test_each_block_has_its_own_columns(self) -> None:
        made = encoder({"id": "identity", "mail": "Email"}, fixed=False)
        assert records(made.encode(block_of({}, rows=0))) == {}
        assert properties(made.encode(block_of({"id": ["a"], "Tier": ["x"]}))) == [{"Tier": "x"}]
        assert made.never_seen() == ["mail"]
        assert properties(made.encode(block_of({"id": ["b"], "mail": ["b@c.co"], "Tier": [5]}))) == [
            {"Email": "b@c.co", "Tier": 5}
        ]
        assert made.never_seen() == []

    def test_a_block_in_which_nobody_is_named(self) -> None:
        found = encoder(fixed=False).encode(block_of({"Tier": ["x", None]}))
        assert [verdict.outcome for verdict in found.unsent.values()] == [Outcome.INVALID, Outcome.SKIPPED]
        assert "no identity" in found.unsent[0].reason

    @pytest.mark.parametrize("name", ["address.city", "\ud800", "", "x" * 121])
    def test_a_name_no_property_can_have_spoils_only_the_rows_that_fill_it(self, name: str) -> None:
        found = encoder(fixed=False).encode(block_of({"id": ["a", "b"], name: (None, "v")}))
        assert records(found).keys() == {0}
        assert "name" in found.unsent[1].reason

    def test_fixed_columns_must_have_an_identity(self) -> None:
        with pytest.raises(MappingError, match="who a row belongs to"):
            encoder({}).encode(block_of({"Tier": ["x"]}))


class TestNotes:
    def test_a_mended_name_is_told_once(self) -> None:
        made = encoder({}, fixed=False)
        made.encode(block_of({"IDENTITY": ["a"], "phone": ["+919812345678"]}))
        assert made.new_notes() == [
            "'IDENTITY' is taken for CleverTap's field 'identity'",
            "'phone' is taken for CleverTap's field 'Phone'",
        ]
        made.encode(block_of({"IDENTITY": ["b"], "phone": ["+919812345678"]}))
        made.encode(block_of({"IDENTITY": ["c"], "email": ["c@d.co"]}))
        assert made.new_notes() == ["'email' is taken for CleverTap's field 'Email'"]
        assert made.new_notes() == []


def test_clevertaps_codes_lead_back_to_the_source() -> None:
    columns = {"mail": "Email", "device": "objectId"}
    found = encode({"id": ["a"], "mail": ["a@b.co"], "device": pa.nulls(1, pa.string()), "Tier": ["x"]}, columns)
    assert found.columns_by_code == {523: "id", 515: "mail", 526: "device"}


def test_the_country_of_local_numbers() -> None:
    phones = ["098123 45678", "9812345678", "+442079460958", "123", None]
    found = encode({"id": list("abcde"), "Phone": phones}, default_country="IN")
    assert [data.get("Phone") for data in properties(found)] == [
        "+919812345678",
        "+919812345678",
        "+442079460958",
        None,
    ]
    assert (found.unsent[3].code, found.unsent[3].field) == (516, "Phone")
    without = encode({"id": list("abcde"), "Phone": phones})
    assert records(without).keys() == {2, 4}
    assert "default_country" in without.unsent[0].reason


def test_no_reason_holds_a_value() -> None:
    mark = "zqkd7 private"
    names = [*PROFILES.shape.known, "ts", "Joined"]
    columns = {"Joined": Column(type="date")}
    found = encode({"id": ["a"], **{name: [mark] for name in names}}, columns)
    assert len(found.unsent[0].reason.split("; ")) > 10
    assert mark not in found.unsent[0].reason
