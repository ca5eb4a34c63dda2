"""Cells become values: what is empty, what is text, what has a type, what is an operation."""

from __future__ import annotations

import math
import tracemalloc
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.outcomes.outcome import EMPTY_ROW, Outcome
from airflow_provider_clevertap.records.texts.characters import BLANK
from tests.support.encoded import IDENTITY, block_of, encode, encoder, properties, records


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
        assert found.unsent == {2: EMPTY_ROW}

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
        assert {outcome.outcome for outcome in found.unsent.values()} == {Outcome.SKIPPED}


class TestText:
    TEXTS = (
        'say "hi"', "back\\slash", '\\"', "line\nbreak", "cr\r\n", "tab\t", "nul\x00bell\x07", "\x7f\x80", "\u2028x",
        "é漢😀", "</script>", "{}", "a,b", "'", "true", "null", "1e5", "007", "$D_5", "=1+1", "x\ufeff",
    )  # fmt: skip

    def test_text_survives(self) -> None:
        ids = [f"{index} {text}".replace("\ufeff", "") for index, text in enumerate(self.TEXTS)]
        found = records(encode({"id": ids, "Note": self.TEXTS, "Name": [*self.TEXTS]}))
        for index, text in enumerate(self.TEXTS):
            assert found[index]["identity"] == ids[index]
            assert found[index]["profileData"] == {"Note": text, "Name": text}

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), min_size=1, max_size=8))
    def test_any_text_survives(self, texts: list[str]) -> None:
        found = encode({"id": [f"c{index}" for index in range(len(texts))], "Tier": texts})
        expected = [{"Tier": text} if text.strip(BLANK) else {} for text in texts]
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
        assert {index: outcome.code for index, outcome in found.unsent.items()} == {2: 523, 3: 523}

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

    @pytest.mark.parametrize("field", ["objectId", "Phone"])
    def test_a_column_of_floats_without_a_number_is_empty(self, field: str) -> None:
        found = encoder({}).encode(block_of({"identity": ["a", "b"], field: pa.array([math.nan, None])}))
        assert [record["identity"] for record in records(found).values()] == ["a", "b"]
        assert encoder({}).encode(block_of({"identity": pa.array([], pa.float64())})).unsent == {}

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
