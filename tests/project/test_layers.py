"""Imports run downward only: Airflow's face, then loading, then api and records. The emulator stands alone."""

from __future__ import annotations

import ast

import pytest

from tests.support.package_modules import MODULES, PACKAGE, imports

#: What each part may import of our own. ``exceptions`` is everybody's.
ALLOWED = {
    "api": {"api", "exceptions"},
    "records": {"records", "exceptions"},
    "emulator": {"emulator"},
    "loading": {"loading", "api", "records", "exceptions"},
    "hooks": {"hooks", "loading", "api", "records", "exceptions"},
    "operators": {"operators", "hooks", "loading", "api", "records", "exceptions"},
    "decorators": {"decorators", "operators", "exceptions"},
    "provider_info": {"hooks"},
    "exceptions": set[str](),
}
#: The one upward name, needed for a type alone: an error carries the summary of the load it ended.
TYPE_ONLY = {("exceptions", "loading")}
#: What each part must not import of others: records do no I/O, and only the face knows Airflow.
FOREIGN = {
    "records": {
        "airflow", "aiohttp", "asyncio", "fsspec", "http", "httpx", "io", "os", "pathlib", "requests", "shutil",
        "socket", "sqlite3", "subprocess", "tempfile", "urllib",
    },
    "api": {"airflow", "aiohttp", "fsspec", "pandas", "pyarrow", "numpy", "polars", "phonenumbers"},
    "loading": {"airflow", "aiohttp", "httpx"},
    "emulator": {"airflow", "httpx", "pandas", "pyarrow", "pydantic", "phonenumbers"},
    "exceptions": {"airflow"},
}  # fmt: skip


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_every_part_of_the_package_has_its_place() -> None:
    parts = {part_of(module) for module in MODULES} - {""}
    assert parts == set(ALLOWED)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_downward(module: str) -> None:
    part = part_of(module)
    for name, typing_only in imports(module, MODULES[module]):
        if name.split(".")[0] != PACKAGE:
            continue
        target = part_of(name)
        allowed = target in ALLOWED.get(part, set()) or (typing_only and (part, target) in TYPE_ONLY)
        assert allowed, f"{module} imports {name}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_each_part_keeps_to_its_trade(module: str) -> None:
    forbidden = FOREIGN.get(part_of(module), set())
    for name, _ in imports(module, MODULES[module]):
        assert name.split(".")[0] not in forbidden, f"{module} imports {name}"


def test_the_package_itself_imports_nothing() -> None:
    assert list(imports(PACKAGE, MODULES[PACKAGE])) == []


def test_the_check_sees_imports_in_functions_and_relative_ones() -> None:
    tree = ast.parse(
        "def f():\n    import httpx.x\nfrom ..api import client\nfrom airflow_provider_clevertap import api\n"
    )
    assert [name for name, _ in imports(f"{PACKAGE}.loading.load", tree)] == [
        f"{PACKAGE}.api",
        f"{PACKAGE}.api",
        "httpx.x",
    ]
