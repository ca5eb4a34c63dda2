"""The hook, the operators, the decorators and the provider's metadata follow from one entry for each kind of record."""

from __future__ import annotations

import inspect
import sys
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from airflow_provider_clevertap import provider_info, upload_kinds
from airflow_provider_clevertap.api.endpoints import Endpoint
from airflow_provider_clevertap.decorators.base import DecoratedUploadOperator, decorate, template_fields_of
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
from airflow_provider_clevertap.loading.record_kinds import PROFILES, RecordKind
from airflow_provider_clevertap.operators.base.upload import CleverTapUploadOperator
from airflow_provider_clevertap.task_runtime.task_load import TaskLoad
from airflow_provider_clevertap.upload_kinds import UPLOAD_KINDS, UploadKind

#: a kind that no part of the package knows
PETS = UploadKind(
    module="pets", record_kind="PETS", operator="UploadPetsOperator", hook_method="upload_pets", max_in_flight=2
)


@pytest.mark.parametrize("kind", UPLOAD_KINDS, ids=lambda kind: kind.module)
def test_everything_an_entry_names_exists_and_agrees(kind: UploadKind) -> None:
    operator = getattr(import_module(kind.operator_module), kind.operator)
    assert operator.upload_kind is kind
    module, _, function = kind.decorator_path.rpartition(".")
    task = getattr(import_module(module), function)(lambda: None)
    assert task.operator_class.custom_operator_name == f"@task.{kind.decorator_name}"
    assert issubclass(task.operator_class, operator)
    assert set(kind.options) <= set(operator.template_fields)
    assert callable(getattr(CleverTapHook, kind.hook_method))


@pytest.mark.parametrize("kind", UPLOAD_KINDS, ids=lambda kind: kind.module)
def test_an_entry_agrees_with_its_record_kind(kind: UploadKind) -> None:
    module = import_module(f"airflow_provider_clevertap.loading.record_kinds.{kind.module}")
    found = getattr(module, kind.record_kind)
    assert tuple(inspect.signature(found).parameters if callable(found) else ()) == kind.options
    record_kind = kind.make_record_kind(dict.fromkeys(kind.options))
    assert isinstance(record_kind, RecordKind)
    assert record_kind.endpoint.max_in_flight == kind.max_in_flight


def test_the_hook_has_a_method_for_each_kind_and_no_other() -> None:
    methods = {name for name in vars(upload_kinds.UploadMethods) if not name.startswith("_")}
    assert methods == {kind.hook_method for kind in UPLOAD_KINDS}


@pytest.mark.parametrize("kind", UPLOAD_KINDS, ids=lambda kind: kind.module)
def test_the_hook_loads_the_kind_of_the_method(kind: UploadKind, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(TaskLoad, "run", lambda self, *_arguments, **_options: loaded.append(self._kind.name) or {})
    options: dict[str, Any] = dict.fromkeys(kind.options)
    assert getattr(CleverTapHook(), kind.hook_method)("rows.csv", **options) == {}
    assert loaded == [kind.make_record_kind({}).name]


@pytest.fixture
def pets(monkeypatch: pytest.MonkeyPatch) -> type[CleverTapUploadOperator]:
    """Add a kind as a developer would: its own modules, and an entry in the registry."""

    class UploadPetsOperator(CleverTapUploadOperator):
        upload_kind = PETS

    modules = {
        "loading.record_kinds.pets": {"PETS": replace(PROFILES, name="pets", endpoint=Endpoint("/1/pets", 2, False))},
        "operators.pets": {"UploadPetsOperator": UploadPetsOperator},
    }
    for name, content in modules.items():
        module = ModuleType(f"airflow_provider_clevertap.{name}")
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(provider_info, "UPLOAD_KINDS", (*UPLOAD_KINDS, PETS))
    return UploadPetsOperator


def test_an_entry_is_all_that_a_new_kind_needs(pets: type[CleverTapUploadOperator]) -> None:
    info = provider_info.get_provider_info()
    assert "airflow_provider_clevertap.operators.pets" in info["operators"][0]["python-modules"]
    assert info["task-decorators"][-1] == {
        "name": "clevertap_pets",
        "class-name": "airflow_provider_clevertap.decorators.pets.clevertap_pets_task",
    }
    operator = pets(task_id="load", source="pets.csv", pool="clevertap")
    assert operator._kind().name == "pets"
    assert operator.pool_slots == 2


def test_a_new_kind_has_a_decorator_with_its_slots(pets: Any) -> None:
    class DecoratedPetsOperator(DecoratedUploadOperator, pets):  # type: ignore[misc]
        template_fields = template_fields_of(pets)
        custom_operator_name = f"@task.{PETS.decorator_name}"

    def rows(path: str) -> str:
        return path

    decorated: Any = decorate(DecoratedPetsOperator, rows, {"pool": "clevertap", "max_in_flight": 9})
    assert decorated("pets.csv").operator.pool_slots == 2
    assert decorated.expand(path=["a.csv", "b.csv"]).operator.pool_slots == 2
