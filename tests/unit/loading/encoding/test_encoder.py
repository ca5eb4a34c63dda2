"""Blocks of rows are encoded as records, with an outcome for every row without a record."""

from __future__ import annotations

import pyarrow as pa
import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import MappingError
from airflow_provider_clevertap.loading.outcomes.outcome import EMPTY_ROW, Outcome, RowOutcome
from airflow_provider_clevertap.loading.record_kinds import PROFILES, profiles
from airflow_provider_clevertap.loading.rows.block import RowError
from tests.support.encoded import block_of, encode, encoder, properties, records


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
        assert found.unsent == {1: RowOutcome(Outcome.INVALID, 515, "Email", "not an e-mail address")}

    def test_issues_name_the_columns_of_the_source(self) -> None:
        columns = {"mail": "Email", "born": Column("DOB", format="dd/MM/yyyy")}
        found = encode({"id": ["a"], "mail": ["nope"], "born": ["1990"]}, columns)
        outcome = found.unsent[0]
        assert outcome.code == 515
        assert outcome.field == "born, mail"
        assert outcome.reason == "born: not a date written as dd/MM/yyyy; mail: not an e-mail address"

    def test_a_row_of_nobody(self) -> None:
        outcome = encode({"id": ["", "b"], "Name": ["Asha", "Ben"]}).unsent[0]
        assert (outcome.outcome, outcome.code, outcome.field) == (Outcome.INVALID, 523, "id")
        assert "no identity" in outcome.reason

    @pytest.mark.parametrize("empty", [None, "", "  "])
    def test_an_empty_row_is_skipped(self, empty: str | None) -> None:
        found = encode({"id": ["a", empty], "Name": ["Asha", empty]})
        assert records(found).keys() == {0}
        assert found.unsent == {1: EMPTY_ROW}

    def test_a_row_the_source_could_not_read(self) -> None:
        fault = RowError("more cells than columns: quote the cell that holds a comma", "Name")
        found = encode({"id": ["a", "b"], "Name": ["Asha", "Ben"]}, row_errors={1: fault})
        assert records(found).keys() == {0}
        assert found.unsent == {1: RowOutcome(Outcome.INVALID, None, "Name", fault.reason)}

    def test_a_fault_counts_even_where_the_row_has_nothing(self) -> None:
        found = encode({"id": [None], "Name": [None]}, row_errors={0: RowError("the line is not JSON")})
        assert found.unsent == {0: RowOutcome(Outcome.INVALID, None, "", "the line is not JSON")}

    def test_two_identifiers_in_one_row(self) -> None:
        found = encode({"id": ["a", None, "c"], "device": [None, "d2", "d3"]}, {"device": "objectId"})
        assert records(found) == {
            0: {"type": "profile", "identity": "a", "profileData": {}},
            1: {"type": "profile", "objectId": "d2", "profileData": {}},
        }
        assert found.unsent[2].code == 523
        assert "identity and objectId are both filled" in found.unsent[2].reason

    def test_identity_and_object_id_in_one_row_where_both_are_sent(self) -> None:
        columns = {
            "id": ["a", "b", None, "d", "e", "na"],
            "device": ["d1", None, "d3", "d4", "null", "d6"],
            "fb": [None, None, None, "f4", None, None],
        }
        kind = profiles(identity_and_object_id="send")
        found = encode(columns, {"device": "objectId", "fb": "FBID"}, kind=kind)
        assert records(found) == {
            0: {"type": "profile", "identity": "a", "objectId": "d1", "profileData": {}},
            1: {"type": "profile", "identity": "b", "profileData": {}},
            2: {"type": "profile", "objectId": "d3", "profileData": {}},
        }
        assert {row: one.code for row, one in found.unsent.items()} == {3: 523, 4: 526, 5: 523}


class TestDroppingBadValues:
    def test_the_row_is_sent_and_reported(self) -> None:
        found = encode(
            {"id": ["a", "b"], "mail": ["nope", "b@c.co"], "Age": ["old", "35"], "Name": ["Asha", "Ben"]},
            {"mail": "Email"},
            on_bad_value="drop",
        )
        assert properties(found) == [{"Name": "Asha"}, {"Name": "Ben", "Email": "b@c.co", "Age": 35}]
        assert found.unsent == {}
        (outcome,) = found.dropped.values()
        assert (outcome.outcome, outcome.code, outcome.values_dropped) == (Outcome.ACCEPTED, 515, 2)
        assert outcome.field == "mail, Age"

    def test_who_and_when_are_never_dropped(self) -> None:
        found = encode({"id": ["null", "b"], "ts": ["5", "0"], "Email": ["nope", "b@c.co"]}, on_bad_value="drop")
        assert found.dropped == {}
        assert {index: outcome.code for index, outcome in found.unsent.items()} == {0: 523, 1: 525}
        assert all(outcome.values_dropped == 0 for outcome in found.unsent.values())

    def test_a_row_the_source_could_not_read_is_not_mended(self) -> None:
        found = encode({"id": ["a"], "Name": ["Asha"]}, row_errors={0: RowError("broken", "Name")}, on_bad_value="drop")
        assert found.unsent[0].outcome is Outcome.INVALID


class TestColumnsThatComeAndGo:
    """Nested sources: every block may have other columns."""

    def test_each_block_has_its_own_columns(self) -> None:
        made = encoder({"id": "identity", "mail": "Email"}, fixed=False)
        assert records(made.encode(block_of({}, rows=0))) == {}
        assert properties(made.encode(block_of({"id": ["a"], "Tier": ["x"]}))) == [{"Tier": "x"}]
        assert made.unused_columns() == ["mail"]
        assert properties(made.encode(block_of({"id": ["b"], "mail": ["b@c.co"], "Tier": [5]}))) == [
            {"Email": "b@c.co", "Tier": 5}
        ]
        assert made.unused_columns() == []

    def test_a_block_in_which_nobody_is_named(self) -> None:
        found = encoder(fixed=False).encode(block_of({"Tier": ["x", None]}))
        assert [outcome.outcome for outcome in found.unsent.values()] == [Outcome.INVALID, Outcome.SKIPPED]
        assert "no identity" in found.unsent[0].reason

    @pytest.mark.parametrize("name", ["address.city", "\ud800", "", "x" * 121])
    def test_a_name_no_property_can_have_spoils_only_the_rows_that_fill_it(self, name: str) -> None:
        found = encoder(fixed=False).encode(block_of({"id": ["a", "b"], name: (None, "v")}))
        assert records(found).keys() == {0}
        assert "name" in found.unsent[1].reason

    def test_fixed_columns_must_have_an_identity(self) -> None:
        with pytest.raises(MappingError, match="the owner of a row"):
            encoder({}).encode(block_of({"Tier": ["x"]}))


class TestNotes:
    def test_a_corrected_name_is_reported_once(self) -> None:
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
    names = [*PROFILES.schema.known, "ts", "Joined"]
    columns = {"Joined": Column(type="date")}
    found = encode({"id": ["a"], **{name: [mark] for name in names}}, columns)
    assert len(found.unsent[0].reason.split("; ")) > 10
    assert mark not in found.unsent[0].reason
