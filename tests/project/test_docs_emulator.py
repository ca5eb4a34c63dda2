"""The page of the emulator lists every setting, fault and condition that the emulator has."""

from __future__ import annotations

import json
from typing import get_args

import msgspec

from airflow_provider_clevertap.emulator import options
from airflow_provider_clevertap.emulator.faults.rules import FaultRule, Rule
from airflow_provider_clevertap.emulator.settings import Settings
from tests.support.doc_pages import code, spans, table

PAGE = "emulator.md"


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {code(name): code(default) for name, default, _ in table(PAGE, "Setting")}
    defaults = msgspec.to_builtins(Settings())
    assert documented == {name: _written(value) for name, value in defaults.items()}


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_setting_has_an_option_with_a_text() -> None:
    assert set(options.documented()) == set(msgspec.to_builtins(Settings()))


def test_every_fault_and_condition_is_documented() -> None:
    faults = {str(fault.__struct_config__.tag): fault for fault in get_args(Rule)}
    rows = {code(name): " ".join(rest) for name, *rest in table(PAGE, "`do`")}
    assert set(rows) == set(faults)
    conditions = {name for row in table(PAGE, "Field") for name in spans(row[0])}
    assert conditions == set(FaultRule.__struct_fields__)
    for name, fault in faults.items():
        own = set(fault.__struct_fields__) - conditions - {"stored"}
        assert own <= set(spans(rows[name])), name
