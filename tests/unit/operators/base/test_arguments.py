"""Arguments as templates render them, and operators that do nothing when a DAG file is parsed."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.operators.base.arguments import (
    column_mapping,
    columns_or_names,
    names,
    optional_text,
    source_or_list,
    whole_number,
)
from airflow_provider_clevertap.operators.base.upload import CleverTapUploadOperator
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator
from airflow_provider_clevertap.sources import CsvSource, JsonLinesSource


@pytest.mark.parametrize(
    ("given", "read"), [("8", 8), (" 8 ", 8), (8, 8), ("", None), ("None", None), ("null", None), (None, None)]
)
def test_whole_numbers(given: Any, read: Any) -> None:
    assert whole_number("max_in_flight", given) == read


@pytest.mark.parametrize("given", ["8.0", "-8", "eight", "1e1", "0x8", "٣", "8 or so"])
def test_anything_else_is_no_whole_number(given: str) -> None:
    with pytest.raises(ConfigurationError, match="max_in_flight must be a whole number"):
        whole_number("max_in_flight", given)


def test_a_list_of_paths_may_be_json_also_in_a_source_object() -> None:
    assert source_or_list('["a.csv", "b.csv"]') == ["a.csv", "b.csv"]
    given = CsvSource('["a.txt", "b.txt"]', delimiter=";")
    assert source_or_list(given) == CsvSource(["a.txt", "b.txt"], delimiter=";")
    assert given.path == '["a.txt", "b.txt"]'


@pytest.mark.parametrize("given", ["", " ", "None", CsvSource(""), JsonLinesSource("None")])
def test_a_source_that_rendered_to_nothing_is_an_error(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="source is empty"):
        source_or_list(given)


def test_columns_may_be_json() -> None:
    assert column_mapping('{"id": "identity"}') == {"id": "identity"}
    assert column_mapping({"id": "identity"}) == {"id": "identity"}
    assert column_mapping("None") is None


def test_a_key_that_json_has_twice_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="'divers' twice"):
        column_mapping('{"sex": {"name": "Gender", "values": {"divers": null, "divers": "F"}}}')


@pytest.mark.parametrize("given", ["{'id': 'identity'}", "[1]", "text", ["id"], 3])
def test_columns_must_be_a_mapping(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="columns must be a mapping"):
        column_mapping(given)


def test_names_are_one_a_list_or_its_json() -> None:
    assert names("events", "Charged") == "Charged"
    assert names("events", ' ["Charged", "Viewed"] ') == names("events", ["Charged", "Viewed"]) == ["Charged", "Viewed"]
    assert names("events", "[beta] Opened") == "[beta] Opened"
    assert names("events", "[beta]") == "[beta]"
    assert names("events", " None ") is None
    with pytest.raises(ConfigurationError, match=r"events is the text of a list.*tojson"):
        names("events", "['Charged', 'Viewed']")


@pytest.mark.parametrize("given", [["Email", "City"], '["Email", "City"]', ("Email", "City")])
def test_columns_may_be_names_where_nothing_else_is_to_be_said(given: Any) -> None:
    assert list(columns_or_names("profile_columns", given) or ()) == ["Email", "City"]
    assert columns_or_names("profile_columns", '{"mail": "Email"}') == {"mail": "Email"}
    assert columns_or_names("profile_columns", " None ") is None


@pytest.mark.parametrize("given", ["Email", "['Email']", '"Email"', "7", 7])
def test_anything_else_is_no_list_of_columns(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"profile_columns must be .*params\.profile_columns \| tojson"):
        columns_or_names("profile_columns", given)


def test_text_stays_text() -> None:
    assert optional_text("IN") == "IN"
    assert optional_text(" none ") is None
    assert optional_text(7) == 7


def operator(**arguments: Any) -> CleverTapUploadProfilesOperator:
    return CleverTapUploadProfilesOperator(task_id="load", **({"source": "rows.csv"} | arguments))


def test_making_an_operator_does_no_work() -> None:
    """Whatever is wrong is found in the task: parsing a DAG file reads no file and no connection."""
    made = operator(
        source="/nowhere/at/all.csv",
        clevertap_conn_id="nowhere",
        max_rejects="{{ params.few }}",
        dry_run="{{ params.dry }}",
    )
    assert made.source == "/nowhere/at/all.csv"
    assert made.max_rejects == "{{ params.few }}"


def test_init_only_stores_its_arguments() -> None:
    tree = ast.parse(Path(inspect.getsourcefile(CleverTapUploadOperator) or "").read_text())
    (init,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    first, *rest = init.body
    assert ast.unparse(first) == "super().__init__(**with_slots(kwargs, max_in_flight, self.upload_kind))"
    for statement in rest:
        assert isinstance(statement, ast.Assign), ast.unparse(statement)
        assert isinstance(statement.value, ast.Name), ast.unparse(statement)


def test_every_argument_is_templated_and_stored() -> None:
    made = operator()
    arguments = {
        name
        for kind in type(made).__mro__
        if issubclass(kind, CleverTapUploadOperator)
        for name in inspect.signature(kind.__init__).parameters
        if name not in ("self", "kwargs")
    }
    assert set(made.template_fields) == arguments - {"dry_run"} | {"dry_run_mode"}
    assert all(hasattr(made, name) for name in made.template_fields)


def test_arguments_must_be_named() -> None:
    with pytest.raises(Exception, match=r"keyword|positional"):  # each line of Airflow has its own class for it
        CleverTapUploadProfilesOperator("load")  # type: ignore[misc]


def test_paths_are_never_read_as_template_files() -> None:
    assert list(operator().template_ext) == []


def test_airflows_own_dry_run_still_works() -> None:
    operator(dry_run="local").dry_run()
