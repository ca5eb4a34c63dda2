"""The hook, the operators and the provider's metadata follow from one entry for each export."""

from __future__ import annotations

from dataclasses import MISSING, fields
from importlib import import_module

import pytest

from airflow_provider_clevertap import export_kinds
from airflow_provider_clevertap.export_kinds import EXPORT_KINDS, ExportKind
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
from airflow_provider_clevertap.provider_info import get_provider_info
from airflow_provider_clevertap.records.limits import OTHER_APIS_IN_FLIGHT


@pytest.mark.parametrize("kind", EXPORT_KINDS, ids=lambda kind: kind.name)
def test_everything_an_entry_names_exists_and_agrees(kind: ExportKind) -> None:
    operator = getattr(import_module(kind.operator_module), kind.operator)
    assert operator.export_kind is kind
    assert kind.max_in_flight == OTHER_APIS_IN_FLIGHT
    options = {option.name for option in fields(kind.load_options())} - {"zone", "artifacts_mode"}
    arguments = {"output" if name == "output_path" else name for name in operator.template_fields}
    assert options == arguments - {"clevertap_conn_id"}
    assert callable(kind.load_export().run)
    assert kind.operator_module in get_provider_info()["operators"][0]["python-modules"]


@pytest.mark.parametrize("kind", EXPORT_KINDS, ids=lambda kind: kind.name)
def test_an_operator_passes_all_its_arguments_on(kind: ExportKind) -> None:
    operator_class = getattr(import_module(kind.operator_module), kind.operator)
    required = [
        option.name
        for option in fields(kind.load_options())
        if option.default is MISSING and option.default_factory is MISSING
    ]
    given = {name: "x" for name in required if name not in ("zone", "start", "end")}
    operator = operator_class(task_id="export", **given)
    names = {option.name for option in fields(kind.load_options())} - {"zone", "artifacts_mode"}
    assert set(operator._options()) == names


def test_the_hook_has_a_method_for_each_export_and_no_other() -> None:
    methods = {name for name in vars(export_kinds.ExportMethods) if not name.startswith("_")}
    assert methods == {kind.hook_method for kind in EXPORT_KINDS}
    assert all(callable(getattr(CleverTapHook, method)) for method in methods)
