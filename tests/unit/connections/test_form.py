"""The connection form is stated once and shown the same by every Airflow."""

from __future__ import annotations

import importlib.util

import pytest

from airflow_provider_clevertap.api.regions import REGIONS
from airflow_provider_clevertap.connections.form import EXTRA_FIELDS, conn_fields
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
from airflow_provider_clevertap.provider_info import get_provider_info

needs_wtforms = pytest.mark.skipif(
    importlib.util.find_spec("flask_appbuilder") is None, reason="this Airflow shows no wtforms"
)


def test_metadata_describes_every_field() -> None:
    (connection_type,) = get_provider_info()["connection-types"]
    fields = connection_type["conn-fields"]
    assert list(fields) == ["region", "max_in_flight", "timeout", "gzip", "project_timezone"]
    assert fields["region"]["schema"]["enum"] == list(REGIONS)
    assert fields["region"]["schema"]["values_display"]["in1"] == "in1: India"
    assert [name for name, field in fields.items() if "section" in field["schema"]] == ["region"]
    assert fields["max_in_flight"]["schema"] == {"type": ["integer", "null"], "minimum": 1, "maximum": 15}
    assert fields["gzip"]["schema"] == {"type": ["boolean", "null"]}
    assert all(field["label"] and field["description"] for field in fields.values())


def test_no_field_has_a_default() -> None:
    assert not any("default" in field["schema"] for field in conn_fields().values())


def test_metadata_and_hook_agree_on_the_standard_fields() -> None:
    (connection_type,) = get_provider_info()["connection-types"]
    behaviour = CleverTapHook.get_ui_field_behaviour()
    declared = connection_type["ui-field-behaviour"]
    assert behaviour == {name.replace("-", "_"): value for name, value in declared.items()}
    assert set(behaviour["hidden_fields"]) == {"schema", "extra"}
    assert all("(required)" in behaviour["relabeling"][name] for name in ("login", "password"))


@needs_wtforms
def test_widgets_and_metadata_agree() -> None:
    from wtforms import BooleanField, Form, IntegerField, StringField

    fields = conn_fields()
    unbound = CleverTapHook.get_connection_form_widgets()
    form = type("ConnectionForm", (Form,), unbound)()
    assert list(unbound) == list(fields)
    for name, declared in fields.items():
        widget = form[name]
        assert str(widget.label.text) == declared["label"]
        assert widget.description == declared["description"]
        makes = {"boolean": BooleanField, "integer": IntegerField, "string": StringField}
        assert type(widget) is makes[declared["schema"]["type"][0]]


@needs_wtforms
@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ({}, True),
        ({"region": "in1", "max_in_flight": "15", "timeout": "30"}, True),
        ({"region": "in2"}, False),
        ({"max_in_flight": "16"}, False),
        ({"timeout": "0"}, False),
        ({"gzip": "y"}, True),
    ],
)
def test_widgets_check_what_the_metadata_says(value: dict[str, str], valid: bool) -> None:
    from werkzeug.datastructures import MultiDict
    from wtforms import Form

    form = type("ConnectionForm", (Form,), CleverTapHook.get_connection_form_widgets())(MultiDict(value))
    assert form.validate() is valid


def test_every_release_can_show_the_field_types() -> None:
    assert {field.type for field in EXTRA_FIELDS} <= {"string", "integer", "boolean"}
