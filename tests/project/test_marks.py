"""Every test that uses Airflow has the mark: the others run once, not on every Airflow line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import AIRFLOW_ROOMS
from tests.support.paths import ROOT

TESTS = ROOT / "tests"
#: Modules that use Airflow, and fixtures that do.
AIRFLOW_MODULES = ("airflow", "airflow_provider_clevertap.decorators", "airflow_provider_clevertap.operators")
HOOKS = "airflow_provider_clevertap.hooks"
FIXTURES = {"airflow_db", "airflow_home", "connection", "run_airflow", "run_dag", "returned", "scheduler_database"}
FILES = sorted(path for path in TESTS.rglob("test_*.py"))


def modules_in(tree: ast.AST) -> Iterator[str]:
    """Yield every module that is imported somewhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def fixtures_in(tree: ast.AST) -> set[str]:
    """Return the fixtures that the tests and fixtures of a file ask for."""
    return {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (node.name.startswith("test_") or any("fixture" in ast.unparse(mark) for mark in node.decorator_list))
        for argument in node.args.args
    }


def uses_airflow(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in (*AIRFLOW_MODULES, HOOKS))


@cache
def reason(path: Path) -> str:
    """Return what in a file uses Airflow, itself or through ``tests.support``; empty when nothing does."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for module in modules_in(tree):
        if uses_airflow(module):
            return module
        support = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        if module.startswith("tests.support.") and support.exists() and support != path and reason(support):
            return module
    return min(fixtures_in(tree) & FIXTURES, default="")


def is_marked(path: Path) -> bool:
    room = path.relative_to(TESTS).as_posix()
    return room.startswith(AIRFLOW_ROOMS) or "pytest.mark.airflow" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_what_uses_airflow_is_marked(path: Path) -> None:
    if path == Path(__file__):
        return
    assert not reason(path) or is_marked(path), f"it uses {reason(path)}: mark its tests with pytest.mark.airflow"


def test_the_check_finds_uses_of_airflow() -> None:
    assert reason(TESTS / "integration" / "airflow" / "test_upload_profiles.py")
    assert reason(TESTS / "system" / "test_killed_worker.py")
    assert not reason(TESTS / "unit" / "records" / "test_limits.py")
    assert is_marked(TESTS / "unit" / "operators" / "test_arguments.py")
    assert not is_marked(TESTS / "unit" / "records" / "test_limits.py")
