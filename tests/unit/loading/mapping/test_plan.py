"""Rules made from the mapping of columns, and mistakes found before the first row is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.exceptions import ConfigurationError, MappingError
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.mapping.plan import PlannedColumn, notes_on, plan_columns
from airflow_provider_clevertap.records.column_rules import DeclaredType
from airflow_provider_clevertap.records.models.event import EVENT_SCHEMA
from airflow_provider_clevertap.records.models.profile import PROFILE_SCHEMA
from airflow_provider_clevertap.records.operations import NUMBER_OPERATORS, OPERATORS


def plan(names: list[str], columns: Mapping[str, Any] | None = None, **options: Any) -> tuple[PlannedColumn, ...]:
    return plan_columns(names, parse_columns(columns), schema=PROFILE_SCHEMA, **options)


def targets(names: list[str], columns: Mapping[str, Any] | None = None, **options: Any) -> dict[str, str]:
    return {column.source: column.rule.key for column in plan(names, columns, **options)}


def mapping_error(names: list[str], columns: Mapping[str, Any] | None = None, **options: Any) -> str:
    with pytest.raises(MappingError) as error:
        plan(names, columns, **options)
    return str(error.value)


def notes(names: list[str], columns: Mapping[str, Any] | None = None) -> list[str]:
    return list(notes_on(plan(names, columns), PROFILE_SCHEMA))


@pytest.mark.parametrize("columns", ['{"id": "identity"}', ["id"], {"id"}])
def test_columns_that_are_no_mapping_are_an_error(columns: Any) -> None:
    with pytest.raises(MappingError, match="columns must be a mapping from source columns to fields"):
        parse_columns(columns)


class TestWhereColumnsGo:
    def test_columns_go_where_they_are_mapped_and_the_others_under_their_own_name(self) -> None:
        found = targets(["id", "mail", "Tier", "secret"], {"id": "identity", "mail": "Email", "secret": None})
        assert found == {"id": "identity", "mail": "Email", "Tier": "Tier"}

    def test_unmapped_columns_can_be_left_out(self) -> None:
        assert targets(["id", "Tier"], {"id": "identity"}, unmapped="ignore") == {"id": "identity"}

    def test_unmapped_columns_can_be_an_error(self) -> None:
        message = mapping_error(["id", "Tier", "Level", "x"], {"id": "identity", "x": None}, unmapped="error")
        assert "'Tier', 'Level'" in message
        assert "unmapped='error'" in message
        assert "None to leave it out" in message

    @pytest.mark.parametrize("field", [*PROFILE_SCHEMA.top, *PROFILE_SCHEMA.known])
    @pytest.mark.parametrize("change", [str, str.lower, str.upper, str.title, lambda name: f" {name} "])
    def test_case_slips_in_known_names_are_mended(self, field: str, change: Any) -> None:
        name = change(field)
        found = targets(["id", name], {"id": "GPID"})[name] if field != "GPID" else targets([name])[name]
        assert found == field

    def test_custom_names_keep_their_case(self) -> None:
        assert targets(["identity", "tier", "TIER", "e-mail"]).keys() == {"identity", "tier", "TIER", "e-mail"}

    @pytest.mark.parametrize(
        ("column", "declared"),
        [
            ("DOB", DeclaredType.DATE),
            (Column("DOB", type="text"), DeclaredType.DATE),
            (Column("Joined", format="dd/MM/yyyy"), DeclaredType.DATE),
            (Column("Joined", timezone="Asia/Kolkata"), None),
            (Column("Joined", type="integer"), DeclaredType.INTEGER),
            (Column("Spent", decimal=","), DeclaredType.FLOAT),
            (Column("Visits", type="integer", thousands=","), DeclaredType.INTEGER),
            (Column("Points", operator="$incr", decimal=","), None),
            ("Joined", None),
            ("Email", None),
            ("ts", None),
        ],
    )
    def test_what_the_cells_are_taken_to_hold(self, column: Any, declared: DeclaredType | None) -> None:
        (_, found) = plan(["id", "x"], {"id": "identity", "x": column})
        assert found.rule.type is declared

    def test_only_what_clevertap_does_not_know_is_custom(self) -> None:
        found = {
            column.rule.key: (column.rule.in_data, column.rule.custom) for column in plan(["identity", "Email", "x"])
        }
        assert found == {"identity": (False, False), "Email": (True, False), "x": (True, True)}


class TestManifestForm:
    """CleverTap's own way to describe a file: ``{"col": {"ctName": ..., "dataType": ...}}``."""

    @pytest.mark.parametrize(
        ("declared", "expected"),
        [
            ("STRING", Column("Amount", type="text")),
            ("integer", Column("Amount", type="integer")),
            ("LONG", Column("Amount", type="integer")),
            ("FLOAT", Column("Amount", type="float")),
            ("BOOLEAN", Column("Amount", type="boolean")),
            ("DATE", Column("Amount", type="date")),
            ("dd/MM/yyyy", Column("Amount", type="date", format="dd/MM/yyyy")),
        ],
    )
    def test_types(self, declared: str, expected: Column) -> None:
        assert parse_columns({"amt": {"ctName": "Amount", "dataType": declared}}) == {"amt": expected}

    def test_name_and_type_may_each_be_left_out(self) -> None:
        assert parse_columns({"a": {"ctName": "Amount"}, "b": {"dataType": "LONG"}}) == {
            "a": Column("Amount", type="text"),
            "b": Column(None, type="integer"),
        }

    @pytest.mark.parametrize(
        ("choice", "says"),
        [
            ({"ctName": "A", "dataType": "VARCHAR"}, ["'VARCHAR'", "STRING, INTEGER, LONG, FLOAT, BOOLEAN, DATE"]),
            ({"ctName": "A", "type": "date"}, ["'type'", "ctName and dataType"]),
        ],
    )
    def test_mistakes(self, choice: dict[str, str], says: list[str]) -> None:
        with pytest.raises(MappingError) as error:
            parse_columns({"amt": choice})
        assert all(part in str(error.value) for part in ["'amt'", *says])


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (5.5, ["expected a name or a Column, not float"]),
        (["Email"], ["not list"]),
        ({"nam": "Email"}, ["'nam' is not an option", "name, type, format, timezone"]),
        (Column(5), ["name must be text, not int"]),  # type: ignore[arg-type]
        (Column(type=["date"]), ["type must be text, not list"]),  # type: ignore[arg-type]
        (Column(timezone=5), ["timezone must be text"]),  # type: ignore[arg-type]
        (Column(separator=5), ["separator must be text"]),  # type: ignore[arg-type]
        (Column(operator=["$add"]), ["operator must be text"]),  # type: ignore[arg-type]
        (Column(format=[]), ["format must be a date pattern"]),
        (Column(percent=1), ["percent=1 is not known"]),  # type: ignore[arg-type]
        (Column(format=5), ["format must be a date pattern"]),  # type: ignore[arg-type]
        (Column(format=[5]), ["format must be a date pattern"]),  # type: ignore[list-item]
        (Column(type="number"), ["type 'number' is not known", "integer, float, boolean, date, list"]),  # type: ignore[arg-type]
        (Column(operator="add"), ["operator 'add' is not known", "$add"]),  # type: ignore[arg-type]
        (Column(empty="null"), ["empty='null' is not known", "'omit' or 'delete'"]),  # type: ignore[arg-type]
        (Column(separator=""), ["separator cannot be empty"]),
        (Column("identity", allowed_identities="NaT"), ["allowed_identities must be a list"]),
        (Column("identity", allowed_identities=[5]), ["allowed_identities must be a list"]),  # type: ignore[list-item]
        (Column("identity", allowed_identities=[" NULL"]), ["CleverTap accepts no identity 'null'"]),
        (Column("Tier", allowed_identities=["NaT"]), ["columns that become an identifier, not for Tier"]),
        (Column(type="integer", format="dd/MM/yyyy"), ["a date format cannot be used with type 'integer'"]),
        (Column(format="dd/mm/yyyy"), ["'dd/mm/yyyy'", "MM is the month, mm the minute"]),
        (Column(format="DD.MM.YYYY"), ["'DD.MM.YYYY'", "yyyy MM MMM dd HH mm ss"]),
        (Column(format=["dd/MM/yyyy", "%d/%m/%Y"]), ["'dd/MM/yyyy' and '%d/%m/%Y' are the same", "leave one out"]),
        (Column(type="date", timezone="IST"), ["time zone 'IST'", "Asia/Kolkata"]),
        (Column(""), ["must have a name"]),
        (Column("a.b"), ["must not contain the character .", "another name"]),
        (Column("$x"), ["must not contain the character $"]),
        (Column("x" * 121), ["longer than 120 bytes"]),
        (Column("\ud800"), ["not valid Unicode"]),
        (Column("ts", operator="$incr"), ["ts is not a property", "no operator"]),
        (Column("objectId", empty="delete"), ["objectId is not a property", "cannot be deleted"]),
        (Column(values=["a"]), ["values must map cells", "{'weiblich': 'F', 'divers': None}"]),  # type: ignore[arg-type]
        (Column(values={"": "x"}), ["values: ''", "write default="]),
        (Column(on_bad_value="skip"), ["on_bad_value='skip' is not known", "'reject' or 'drop'"]),  # type: ignore[arg-type]
        (Column("objectId", on_bad_value="drop"), ["on_bad_value='drop' does not suit objectId"]),
        (Column("ts", on_bad_value="drop"), ["on_bad_value='drop' does not suit ts"]),
        (Column("FBID", default="x"), ["FBID cannot have a default", "the same owner"]),
        (Column(default="x", empty="delete"), ["both have a default and delete"]),
        (Column(default=" "), ["default must be text, a number", "not empty"]),
        (Column(default={"$incr": 1}), ["default must be text, a number"]),
        (Column(operator="$delete", default=True), ["$delete cannot have a default"]),
        (Column(decimal=";"), ["decimal=';' is not known; use '.' or ','"]),  # type: ignore[arg-type]
        (Column(thousands="_"), ["thousands='_' is not known; use ',', '.', ' ', \"'\""]),
        (Column(thousands="."), ["decimal and thousands are both '.'", "such as ','"]),
        (Column(decimal=",", thousands=","), ["decimal and thousands are both ','", "such as '.'"]),
        (Column(percent="share"), ["percent='share' is not known", "true (12% is 12)"]),  # type: ignore[arg-type]
        (Column(currency="5"), ["currency '5' is not a currency", "'€' or 'EUR'"]),
        (Column(currency=[]), ["currency must be true, or a currency"]),
        (Column(currency=5), ["currency must be true, or a currency"]),
        (Column(parentheses="yes"), ["parentheses must be true or false"]),  # type: ignore[arg-type]
        (Column(type="text", decimal=","), ["decimal is for numbers", "type 'text'"]),
        (Column(type="date", thousands=","), ["thousands is for numbers", "type 'date'"]),
        (Column(format="dd/MM/yyyy", currency=True), ["currency is for numbers", "type 'date'"]),
        (Column(operator="$add", percent="number"), ["percent is for numbers, not for $add"]),
        (Column("Email", decimal=","), ["decimal does not suit Email"]),
        (Column("ts", thousands=","), ["thousands does not suit ts"]),
        (Column("Age", currency=True), ["currency does not suit Age"]),
        (Column("objectId", parentheses=True), ["parentheses does not suit objectId"]),
    ],
)
@pytest.mark.parametrize("fixed", [True, False])
def test_a_mistake_names_its_column_and_what_to_write_instead(choice: Any, says: list[str], fixed: bool) -> None:
    message = mapping_error(["id", "the column"], {"id": "identity", "the column": choice}, fixed=fixed)
    assert "'the column'" in message
    assert all(part in message for part in says), message


@pytest.mark.parametrize("field", ["Email", "Phone", "Gender", "DOB", "Married", "MSG-push", "category-unsubscribe"])
@pytest.mark.parametrize("operator", sorted(OPERATORS - {"$delete"}))
def test_a_field_with_a_format_of_its_own_takes_no_operator_but_delete(field: str, operator: Any) -> None:
    message = mapping_error(["id", "x"], {"id": "identity", "x": Column(field, operator=operator)})
    assert f"'x': {field} has a fixed format and does not take {operator}, only $delete" in message


@pytest.mark.parametrize("field", ["identity", "ts", "Email", "Phone", "DOB", "Age", "MSG-push"])
def test_a_field_with_a_format_of_its_own_is_no_list(field: str) -> None:
    columns = {"id": None if field == "identity" else "identity", "x": Column(field, type="list")}
    assert f"'x': {field} cannot be a list" in mapping_error(["id", "x"], columns)
    assert plan(["id", "x"], {"id": "identity", "x": Column("Customer Type", type="list")})


@pytest.mark.parametrize("column", [Column("FBID", type="date"), Column("FBID", format="dd/MM/yyyy")])
def test_an_identity_is_no_date(column: Column) -> None:
    assert "'x': FBID cannot be a date" in mapping_error(["x"], {"x": column})
    assert plan(["id", "x"], {"id": "identity", "x": Column("ts", format="dd/MM/yyyy")})


def test_an_age_can_be_counted_on() -> None:
    for operator in NUMBER_OPERATORS:
        assert plan(["id", "x"], {"id": "identity", "x": {"name": "Age", "operator": operator}})


class TestColumnsTheSourceDoesNotHave:
    NAMES = ("Customer ID", "email", "PHONE")

    def test_the_source_is_listed(self) -> None:
        message = mapping_error([*self.NAMES], {"Customer ID": "identity", "colour": "Colour"})
        assert "no column 'colour'" in message
        assert "its columns are 'Customer ID', 'email', 'PHONE'" in message

    @pytest.mark.parametrize(
        ("written", "meant"),
        [("E-mail", "email"), ("Phone", "PHONE"), ("Customer Id ", "Customer ID"), ("customer_id", "Customer ID")],
    )
    def test_a_near_miss_is_suggested(self, written: str, meant: str) -> None:
        assert f"(did you mean {meant!r}?)" in mapping_error([*self.NAMES], {written: "identity"})

    def test_all_of_them_are_reported(self) -> None:
        message = mapping_error([*self.NAMES], {"colour": "Colour", "shoe": "Shoe"})
        assert "'colour'" in message
        assert "'shoe'" in message

    def test_a_source_without_columns(self) -> None:
        assert "its columns are none" in mapping_error([], {"id": "identity"})

    def test_a_long_list_is_cut(self) -> None:
        message = mapping_error([f"c{number}" for number in range(100)], {"id": "identity"})
        assert "'c29' and 70 more" in message
        assert "'c30'" not in message

    def test_where_columns_may_appear_later_it_is_no_mistake_yet(self) -> None:
        assert targets(["a"], {"id": "identity"}, fixed=False) == {"a": "a"}


class TestTwoColumnsForOneField:
    @pytest.mark.parametrize(
        ("names", "columns", "field"),
        [
            (["id", "a", "b"], {"id": "identity", "a": "Email", "b": "Email"}, "Email"),
            (["id", "a", "Email"], {"id": "identity", "a": "email"}, "Email"),
            (["id", "email", "Email"], {"id": "identity"}, "Email"),
            (["id", "a", "Tier"], {"id": "identity", "a": "Tier"}, "Tier"),
            (["identity", "customer"], {"customer": "identity"}, "identity"),
        ],
    )
    def test_they_are_named_in_the_error(self, names: list[str], columns: dict[str, str], field: str) -> None:
        message = mapping_error(names, columns)
        assert f"would all become {field}" in message
        assert ", ".join(map(repr, names[-2:])) in message

    def test_leaving_one_out_mends_it(self) -> None:
        assert targets(["id", "email", "Email"], {"id": "identity", "email": None})["Email"] == "Email"


class TestWhoARowBelongsTo:
    def test_no_identifier_at_all(self) -> None:
        message = mapping_error(["name", "email"])
        assert "the owner of a row" in message
        assert "identity or objectId or FBID or GPID" in message
        assert "columns={'customer_id': 'identity'}" in message
        assert "'name', 'email'" in message

    @pytest.mark.parametrize("identifier", PROFILE_SCHEMA.identifiers)
    def test_any_of_the_four_will_do(self, identifier: str) -> None:
        assert targets(["id"], {"id": identifier}) == {"id": identifier}

    def test_it_must_not_be_left_out(self) -> None:
        assert "the owner of a row" in mapping_error(["identity", "x"], {"identity": None})
        assert "the owner of a row" in mapping_error(["identity", "x"], {"x": "Tier"}, unmapped="ignore")

    def test_it_may_appear_later_where_columns_do(self) -> None:
        assert targets(["name"], fixed=False) == {"name": "Name"}


class TestNamesNoPropertyCanHave:
    def test_all_of_them_are_reported(self) -> None:
        message = mapping_error(["identity", "address.city", "address.zip", "a$b"])
        problem = "the name of a property must not contain the character ."
        assert f"'address.city' cannot become a property: {problem}" in message
        assert "The same applies to 'address.zip', 'a$b'" in message

    def test_where_columns_may_appear_later_they_spoil_only_the_rows_that_fill_them(self) -> None:
        (_, column) = plan(["identity", "address.city"], fixed=False)
        assert column.rule.problem == "the name of a property must not contain the character ."


class TestNotes:
    def test_a_corrected_name_is_reported(self) -> None:
        assert notes(["IDENTITY", "mail", "Name"], {"mail": "EMAIL"}) == [
            "'IDENTITY' is taken for CleverTap's field 'identity'",
            "'EMAIL' is taken for CleverTap's field 'Email'",
        ]

    def test_more_custom_attributes_than_clevertap_documents(self) -> None:
        names = [f"custom {number}" for number in range(256)]
        assert notes(["identity", "Email", *names]) == []
        (note,) = notes(["identity", "Email", *names, "one more"])
        assert "257 custom attributes" in note
        assert "256" in note

    def test_properties_of_events_are_no_attributes(self) -> None:
        names = ["identity", "evtName", "ts", *(f"property {number}" for number in range(300))]
        assert list(notes_on(plan_columns(names, {}, schema=EVENT_SCHEMA), EVENT_SCHEMA)) == []


def test_mapping_mistakes_are_mistakes_of_configuration() -> None:
    assert issubclass(MappingError, ConfigurationError)
