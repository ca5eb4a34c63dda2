"""Cells that a mapping replaces, fills or leaves out, as records and as rows that are not sent."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.encoding.orders.encoder import OrderEncoder
from airflow_provider_clevertap.loading.encoding.profile_updates import EventWithProfileEncoder
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome
from airflow_provider_clevertap.loading.record_kinds import DEVICE_TOKENS, PROFILES, OrderLines, events
from tests.support.encoded import block_of, encode, encoder, properties, records

IDS = ["a", "b", "c", "d"]
GENDERS = {"männlich": "M", "femme": "F", "divers": None}


def made(cells: Any, column: Column, **options: Any) -> list[Any]:
    """Return what the cells of a column become; ``None`` where the property is left out."""
    block = {"id": [f"cust-{number}" for number in range(len(cells))], "cell": cells}
    encoded = encode(block, {"cell": column}, **options)
    sent = records(encoded)
    return [sent[row]["profileData"].get(column.name) for row in range(len(cells))]


class TestValues:
    def test_words_of_other_languages_become_clevertaps(self) -> None:
        cells = ["männlich", " femme ", "divers", "F", None]
        assert made(cells, Column("Gender", values=GENDERS)) == ["M", "F", None, "F", None]

    def test_what_is_not_named_follows_the_rules(self) -> None:
        found = encode({"id": IDS[:2], "g": ["Männlich", "divers"]}, {"g": Column("Gender", values=GENDERS)})
        assert found.unsent[0].code == 514
        assert list(records(found)) == [1]

    @pytest.mark.parametrize(
        ("cells", "values", "expected"),
        [
            (pa.array([1, 2, 3, None]), {1: "fcm", "2": "apns", 3: None}, ["fcm", "apns", None, None]),
            (pa.array([1, 2, 3], pa.uint8()), {1: 10, -1: 5, 300: 6}, [10, 2, 3]),
            (pa.array([1.0, 2.5, -0.0]), {1: "one", 2.5: "more", 0: None}, ["one", "more", None]),
            (pa.array([True, False, None]), {True: "yes", "false": None}, ["yes", None, None]),
            (pa.array([date(9999, 12, 31), date(1990, 7, 26)]), {date(9999, 12, 31): None}, [None, "$D_648950400"]),
            (pa.array([datetime(9999, 12, 31), datetime(1990, 7, 26)]), {"9999-12-31": None}, [None, "$D_648950400"]),
            (["9999-12-31 00:00:00", "9999-12-31", "x"], {"9999-12-31": None}, [None, None, "x"]),
            ((True, 1, "1", 1.0, None), {"1": "one", "true": "yes"}, ["yes", "one", "one", "one", None]),
        ],
        ids=["integers", "small integers", "floats", "booleans", "dates", "midnights", "texts of midnights", "mixed"],
    )
    def test_values_of_typed_columns(self, cells: Any, values: dict[Any, Any], expected: list[Any]) -> None:
        assert made(cells, Column("Level", values=values)) == expected

    @pytest.mark.parametrize(
        ("column", "cells", "expected"),
        [
            (Column("Member", type="boolean", values={"ja": True, "nein": False}), ["ja", "nein", "yes"],
             [True, False, True]),
            (Column("Member", values={"ja": True}), ["ja", "nein"], [True, "nein"]),
            (Column("Visits", type="integer", values={"keine": 0}), ["keine", "5"], [0, 5]),
            (Column("Spent", decimal=",", values={"frei": "0,5"}), ["frei", "1,5"], [0.5, 1.5]),
            (Column("Since", format="dd/MM/yyyy", values={"nie": None, "start": "26/07/1990"}), ["nie", "start"],
             [None, "$D_648950400"]),
            (Column("Points", operator="$incr", values={"bonus": 10}), ["bonus", "1"], [{"$incr": 10}, {"$incr": 1}]),
        ],
    )  # fmt: skip
    def test_a_value_is_read_as_the_column_is(self, column: Column, cells: list[str], expected: list[Any]) -> None:
        assert made(cells, column) == expected

    @pytest.mark.parametrize("operator", [None, "$add"])
    def test_items_of_lists_are_replaced(self, operator: Any) -> None:
        column = Column(
            "Likes", type="list", separator=";", operator=operator, values={"n/a": None, "tv": "TV", "a": "b"}
        )
        cells = ["tv;books", "n/a; tv", "n/a", "a;b", "books;tea", None]
        expected = [["TV", "books"], ["TV"], None, ["b"], ["books", "tea"], None]
        wanted = [None if items is None else {operator or "$set": items} for items in expected]
        assert made(cells, column) == wanted
        assert made([None if cell is None else cell.split(";") for cell in cells], column) == wanted
        assert made(cells * 200, column) == wanted * 200
        assert made([*cells, *(f"n/a;tv;x{n}" for n in range(3000))], column)[:6] == wanted

    def test_items_are_replaced_in_lists_of_other_forms(self) -> None:
        column = Column("Likes", type="list", separator=";", values={"tv": "TV", "n/a": None, "[x]": "X", "[y]": "Y"})
        assert made(['["tv","x"]', "{n/a}", "['tv']", "a;[x]"], column) == [
            {"$set": ["TV", "x"]}, None, {"$set": ["TV"]}, {"$set": ["a", "X"]},
        ]  # fmt: skip
        found = encode({"id": IDS, "l": ["[x];[y]", " [x];[y]", "[tv]", "tv"]}, {"l": column})
        assert list(records(found)) == [3]

    def test_a_replaced_cell_can_be_an_empty_one(self) -> None:
        column = Column("Tier", empty="delete", values={"none": None})
        assert made(["none", "gold", None], column) == [{"$delete": 1}, "gold", {"$delete": 1}]
        found = encode({"id": [None, "b"], "t": ["none", "gold"]}, {"t": Column("Tier", values={"none": None})})
        assert found.unsent[0].outcome is Outcome.SKIPPED

    def test_required_fields_of_tokens(self) -> None:
        columns = {"o": "objectId", "t": "token", "k": {"name": "type", "values": {"Android": "fcm", "Web": None}}}
        block = block_of({"o": IDS[:3], "t": ["t1", "t2", "t3"], "k": ["Android", "APNS", "Web"]})
        found = encoder(columns, kind=DEVICE_TOKENS).encode(block)
        assert [record["tokenData"]["type"] for record in records(found).values()] == ["fcm", "apns"]
        assert found.unsent[2].reason == "the token's type is missing"

    def test_the_cells_and_keys_are_told_at_the_end(self) -> None:
        made_of = encoder({"id": "identity", "g": Column("Gender", values={**GENDERS, "x": None})})
        made_of.encode(block_of({"id": IDS, "g": ["divers", "femme", "divers", None]}))
        made_of.encode(block_of({"id": IDS, "g": ["divers", "M", "M", "M"]}))
        assert made_of.closing_notes() == [
            "Column 'g': left out, as its values say: 'divers' (3)",
            "Column 'g': its values name what no cell holds: 'männlich'",
        ]
        assert encoder().closing_notes() == []

    def test_a_day_and_its_midnight_are_one_key_in_the_notes(self) -> None:
        days = {"1900-01-01": "2000-01-01", "1901-01-01": "2001-01-01", "1902-01-01": "2002-01-01"}
        made_of = encoder({"id": "identity", "d": Column("Since", type="date", values=days)})
        made_of.encode(block_of({"id": IDS[:2], "d": ["1900-01-01 00:00:00", "1901-01-01"]}))
        assert made_of.closing_notes() == ["Column 'd': its values name what no cell holds: '1902-01-01'"]


class TestDefaults:
    def test_empty_cells_are_filled(self) -> None:
        assert made(["gold", None, " "], Column("Tier", default="none")) == ["gold", "none", "none"]
        assert made(pa.array([5, None]), Column("Visits", default=0)) == [5, 0]
        assert made(["1,5", None], Column("Spent", decimal=",", default="0,0")) == [1.5, 0]
        assert made(["tea", None], Column("Likes", type="list", default=["a", "b"])) == [
            {"$set": ["tea"]}, {"$set": ["a", "b"]},
        ]  # fmt: skip
        assert made([True, None], Column("Member", default="unknown")) == [True, "unknown"]
        assert made((1, "x", None), Column("Mixed", default=False)) == [1, "x", False]

    def test_a_value_that_is_left_out_is_filled_too(self) -> None:
        column = Column("Tier", values={"-": None, "G": "gold"}, default="none")
        assert made(["G", "-", None], column) == ["gold", "none", "none"]

    def test_a_bad_value_is_not_an_empty_cell(self) -> None:
        column = Column("Visits", type="integer", default=0, on_bad_value="drop")
        assert made(["5", "many", None], column) == [5, None, 0]

    def test_a_row_of_empty_cells_is_skipped(self) -> None:
        found = encode({"id": [None, "b", None], "t": [None, None, "x"]}, {"t": Column("Tier", default="none")})
        assert records(found) == {1: {"type": "profile", "identity": "b", "profileData": {"Tier": "none"}}}
        assert found.unsent[0].outcome is Outcome.SKIPPED
        assert found.unsent[2].code == 523

    def test_required_fields_and_times(self) -> None:
        columns = {"o": "objectId", "t": "token", "k": Column("type", default="fcm")}
        block = block_of({"o": ["a", None], "t": ["t1", None], "k": [None, None]})
        found = encoder(columns, kind=DEVICE_TOKENS).encode(block)
        assert records(found)[0]["tokenData"] == {"id": "t1", "type": "fcm"}
        assert found.unsent[1].outcome is Outcome.SKIPPED
        columns = {"id": "identity", "e": Column("evtName", default="Viewed"), "t": Column("ts", default="2026-01-01")}
        found = encoder(columns, kind=events()).encode(block_of({"id": ["a"], "e": [None], "t": [None]}))
        assert records(found)[0] | {"type": "event", "evtData": {}} == {
            "type": "event", "identity": "a", "evtName": "Viewed", "ts": 1767225600, "evtData": {},
        }  # fmt: skip

    def test_profile_updates_and_items_of_orders(self) -> None:
        made_of = EventWithProfileEncoder(
            events(event_name="Viewed"), PROFILES, parse_columns({"id": "identity", "t": "ts"}),
            {"tier": Column("Tier", default="none", values={"-": None})},
        )  # fmt: skip
        found = made_of.encode(block_of({"id": ["a", "b"], "t": [1700000000, 1700000001], "tier": ["gold", "-"]}))
        assert found.profile_updates is not None
        assert properties(found.profile_updates) == [{"Tier": "gold"}, {"Tier": "none"}]
        lines = OrderLines("o", {"sku": Column(), "size": Column(default="one", values={"?": None})})
        made_orders = OrderEncoder(
            encoder({"id": "identity", "t": "ts", "o": "Charged ID"}, kind=events(event_name="Charged")), lines, {}
        )
        block = block_of({
            "o": ["1", "1", "1"], "id": ["a", "a", "a"], "t": [1700000000] * 3,
            "sku": ["s1", "s2", None], "size": ["XL", "?", None],
        })  # fmt: skip
        (found,) = made_orders.encode_all([block])
        (record,) = records(found).values()
        assert record["evtData"]["Items"] == [{"sku": "s1", "size": "XL"}, {"sku": "s2", "size": "one"}]
        assert made_orders.closing_notes() == ["Column 'size': left out, as its values say: '?' (1)"]


BAD = {"id": IDS, "mail": ["nope", "b@c.co", "nope", "x"], "age": ["30", "old", "old", "9"]}


class TestBadValuesOfOneColumn:
    def test_a_column_that_drops_in_a_load_that_rejects(self) -> None:
        found = encode(BAD, {"mail": Column("Email", on_bad_value="drop"), "age": "Age"})
        assert list(records(found)) == [0, 3]
        assert {row: one.values_dropped for row, one in found.dropped.items()} == {0: 1, 3: 1}
        assert {row: one.field for row, one in found.unsent.items()} == {1: "age", 2: "mail, age"}

    def test_a_column_that_rejects_in_a_load_that_drops(self) -> None:
        columns = {"mail": Column("Email", on_bad_value="reject"), "age": "Age"}
        found = encode(BAD, columns, on_bad_value="drop")
        assert list(records(found)) == [1]
        assert found.dropped[1].field == "age"

    def test_a_bad_value_does_not_delete_the_property(self) -> None:
        column = Column("Visits", type="integer", empty="delete", on_bad_value="drop")
        assert made(["5", "many", None], column) == [5, None, {"$delete": 1}]

    def test_items_of_orders(self) -> None:
        items = {"sku": Column(), "n": Column(type="integer", on_bad_value="drop"), "p": Column(type="float")}
        made_orders = OrderEncoder(
            encoder({"id": "identity", "t": "ts"}, kind=events(event_name="Charged")), OrderLines("o", items), {}
        )
        block = block_of({
            "o": ["1", "1", "2"], "id": ["a", "a", "b"], "t": [1700000000] * 3,
            "sku": ["s1", "s2", "s3"], "n": ["1", "many", "2"], "p": ["1", "2", "dear"],
        })  # fmt: skip
        first, second = made_orders.encode_all([block])
        (record,) = records(first).values()
        assert record["evtData"]["Items"] == [{"sku": "s1", "n": 1, "p": 1}, {"sku": "s2", "p": 2}]
        assert first.dropped[0].field == "n"
        assert [outcome.field for outcome in second.unsent.values()] == ["p"]


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (Column("Gender", values={"divers": "D"}), ["values maps 'divers' to 'D'", "Gender does not accept", "M or F"]),
        (Column("Visits", type="integer", values={"x": 0.5}), ["values maps 'x' to 0.5", "not a whole number"]),
        (Column("Since", type="date", values={"x": "never"}), ["values maps 'x' to 'never'", "not a date"]),
        (Column("Likes", type="list", values={"x": 0.5}), ["values maps 'x' to 0.5", "must be text"]),
        (Column("Spent", decimal=",", values={"x": "1.5"}), ["values maps 'x' to '1.5'", "not a number written as"]),
        (Column("Gender", default="D"), ["default='D', which Gender does not accept"]),
        (Column("Spent", decimal=",", default="1.5"), ["default='1.5', which Spent does not accept"]),
        (Column("Phone", default="5"), ["default='5', which Phone does not accept"]),
        (Column("Likes", type="list", default=","), ["default=',', which Likes does not accept"]),
    ],
)
@pytest.mark.parametrize("fixed", [True, False])
def test_values_that_the_field_does_not_accept_end_the_load_before_its_first_row(
    column: Column, says: list[str], fixed: bool
) -> None:
    with pytest.raises(MappingError) as error:
        encoder({"id": "identity", "the column": column}, fixed=fixed)
    assert all(part in str(error.value) for part in ["column 'the column'", *says]), error.value


def test_the_same_of_profile_updates_and_items() -> None:
    with pytest.raises(MappingError, match="profile_columns: column 'g': values maps 'x' to 'D'"):
        EventWithProfileEncoder(events(), PROFILES, {}, {"g": Column("Gender", values={"x": "D"})})
    with pytest.raises(MappingError, match="column 'n': default='x', which n does not accept"):
        OrderEncoder(encoder(kind=events()), OrderLines("o", {"n": Column(type="integer", default="x")}), {})


def test_a_record_may_have_nothing_but_replaced_cells() -> None:
    found = encode({"id": ["a", "b", "a", None]}, {"id": Column("identity", values={"a": "anna"})})
    assert [record["identity"] for record in records(found).values()] == ["anna", "b", "anna"]
    assert found.unsent.keys() == {3}


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [(["s", "m", "s"], [["small", "m"], ["small"]]), (["s", None, "m"], [["small"], ["m"]])],
    ids=["filled", "gaps"],
)
def test_an_item_may_have_nothing_but_replaced_cells(sizes: list[Any], expected: list[Any]) -> None:
    kind = events(group_by="order", items={"size": Column("Size", values={"s": "small"})})
    assert kind.lines is not None
    columns = {"who": Column("identity"), "when": Column("ts"), "order": Column("Charged ID")}
    orders = OrderEncoder(encoder(columns, kind=kind), kind.lines, {})
    block = block_of({"order": ["1", "1", "2"], "who": ["a", "a", "b"], "when": ["1700000000"] * 3, "size": sizes})
    texts = [text for found in orders.encode_all(iter([block])) for text in found.records.to_pylist()]
    items = [json.loads(text.removesuffix(","))["evtData"]["Items"] for text in texts]
    assert [[item["Size"] for item in of_order] for of_order in items] == expected
