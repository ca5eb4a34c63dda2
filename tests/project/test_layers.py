"""Imports run downward only, between the parts of the package and between the rooms of the load engine."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from graphlib import TopologicalSorter

import pytest

from tests.support.doc_pages import blocks, code, spans, tables
from tests.support.package_modules import MODULES, PACKAGE, imports
from tests.support.paths import PACKAGE as DIRECTORY

#: What every room may import: errors, and what users write in DAG files.
PUBLIC = {"exceptions", "locations", "arguments", "columns", "sources"}
#: The parts of this package that each part may import, besides itself; of some only a room.
ALLOWED: Mapping[str, set[str]] = {
    "airflow_compat": set(),
    "exceptions": set(),
    "locations": set(),
    "arguments": {"exceptions", "locations"},
    "columns": set(),
    "sources": {"locations", "exported"},
    "api": {"records", "exceptions"},
    "records": {"exceptions"},
    "emulator": set(),
    "storage": {"exceptions", "locations"},
    "exported": {"storage", "exceptions", "locations"},
    "exporting": {
        "api", "records", "storage", "exported", "loading.rows", "loading.outcomes.rate_series", "exceptions",
        "locations",
    },
    "loading": {"api", "records", "storage", "exported", *PUBLIC},
    "connections": {"api", "records", "exceptions"},
    "task_runtime": {
        "airflow_compat", "connections", "loading", "exporting", "exported", "api", "records", "storage", *PUBLIC,
    },
    "upload_kinds": {"loading", "records"},
    "export_kinds": {"records"},
    "hooks": {
        "airflow_compat", "upload_kinds", "export_kinds", "task_runtime", "connections", "loading", "api", "records",
        *PUBLIC,
    },
    "operators": {
        "airflow_compat", "upload_kinds", "export_kinds", "hooks", "triggers", "task_runtime", "loading", "records",
        *PUBLIC,
    },
    "triggers": {"hooks", "task_runtime", "exceptions"},
    "sensors": {"airflow_compat", "triggers", "operators", "hooks", "task_runtime", "exported", "exceptions"},
    "decorators": {"airflow_compat", "task_runtime", "upload_kinds", "operators", "exceptions"},
    "plugin": {"airflow_compat"},
    "provider_info": {"upload_kinds", "export_kinds", "connections"},
}  # fmt: skip
#: The same for the rooms of the engine; a module at its root is a room of its own. Who may import errors, columns,
#: sources, records and api is defined above.
ENGINE_ALLOWED: Mapping[str, set[str]] = {
    "rows": set(),
    "outcomes": {"options"},
    "mapping": {"options"},
    "options": set(),
    "record_kinds": {"mapping"},
    "artifacts": {"rows", "outcomes", "options", "record_kinds"},
    "sources": {"rows", "artifacts.rejects_format"},
    "encoding": {"rows", "mapping", "record_kinds", "outcomes", "options"},
    "delivery": {"rows", "encoding.blocks", "outcomes", "options"},
    "checkpoint": {"rows", "delivery", "encoding.blocks", "outcomes", "options", "record_kinds"},
    "ledger": {"checkpoint", "delivery", "artifacts", "outcomes", "encoding.blocks", "rows"},
    "dispatch": {"ledger", "delivery", "encoding.blocks", "record_kinds"},
    "memory_pool": set(),
    "reader": {"memory_pool", "encoding.block_encoder", "encoding.blocks", "encoding.duplicates", "rows"},
    "conductor": {"reader", "dispatch", "ledger", "delivery", "outcomes", "rows"},
    "specs": {"rows", "mapping", "options", "record_kinds", "sources.message_lines"},
    "load": {
        "specs", "rows", "outcomes", "mapping", "options", "record_kinds", "artifacts", "encoding", "delivery",
        "checkpoint", "ledger", "dispatch", "reader", "conductor", "memory_pool",
    },
}  # fmt: skip
#: Libraries that each part must not import: records do no I/O, and only the Airflow parts import Airflow.
FOREIGN = {
    "records": {
        "airflow", "aiohttp", "asyncio", "fsspec", "http", "httpx", "io", "os", "pathlib", "requests", "shutil",
        "socket", "sqlite3", "subprocess", "tempfile", "urllib",
    },
    "api": {"airflow", "aiohttp", "fsspec", "pandas", "pyarrow", "numpy", "polars", "phonenumbers"},
    "loading": {"airflow", "aiohttp", "httpx"},
    "storage": {"airflow", "aiohttp", "httpx"},
    "exported": {"airflow", "aiohttp", "httpx"},
    "exporting": {"airflow", "aiohttp", "httpx"},
    "emulator": {"airflow", "httpx", "pandas", "pyarrow", "pydantic", "phonenumbers"},
    "exceptions": {"airflow"},
    "columns": {"airflow"},
    "sources": {"airflow"},
    "locations": {"airflow"},
    "arguments": {"airflow"},
}  # fmt: skip
#: The maximum number of modules in a folder, its ``__init__`` included, so that its list stays short.
FOLDER_LIMIT = 14
ENGINE_ROOT_LIMIT = 8
LINES_LIMIT = 285


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def path_in_engine(module: str) -> str:
    return module.removeprefix(f"{PACKAGE}.loading").removeprefix(".")


def test_every_part_of_the_package_is_in_the_table() -> None:
    parts = {part_of(module) for module in MODULES} - {""}
    assert parts == set(ALLOWED)


def test_every_room_of_the_engine_is_in_the_table() -> None:
    rooms = {path_in_engine(module).split(".")[0] for module in MODULES if part_of(module) == "loading"} - {""}
    assert rooms == set(ENGINE_ALLOWED)


@pytest.mark.parametrize("table", [ALLOWED, ENGINE_ALLOWED], ids=["parts", "rooms"])
def test_the_allowed_imports_have_no_circle(table: Mapping[str, set[str]]) -> None:
    TopologicalSorter({room: {name.split(".")[0] for name in allowed} for room, allowed in table.items()}).prepare()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_downward(module: str) -> None:
    part = part_of(module)
    for name in imports(module, MODULES[module]):
        if name.split(".")[0] == PACKAGE:
            target = name.removeprefix(f"{PACKAGE}.")
            allowed = {part, *ALLOWED.get(part, set())}
            assert any(f"{target}.".startswith(f"{path}.") for path in allowed), f"{module} imports {name}"


@pytest.mark.parametrize("module", sorted(module for module in MODULES if part_of(module) == "loading"))
def test_imports_in_the_engine_run_downward(module: str) -> None:
    room = path_in_engine(module).split(".")[0]
    for name in imports(module, MODULES[module]):
        target = path_in_engine(name)
        if not name.startswith(f"{PACKAGE}.loading.") or target.split(".")[0] == room:
            continue
        allowed = ENGINE_ALLOWED.get(room, set())
        assert any(target == path or target.startswith(f"{path}.") for path in allowed), f"{module} imports {name}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {name for name in imports(module, tree) if name in MODULES and name != module}
        for module, tree in MODULES.items()
    }
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_part_imports_a_forbidden_library(module: str) -> None:
    forbidden = FOREIGN.get(part_of(module), set())
    for name in imports(module, MODULES[module]):
        assert name.split(".")[0] not in forbidden, f"{module} imports {name}"


def test_the_architecture_page_lists_every_room() -> None:
    parts, engine = tables("architecture.md", "Room")
    assert {room for row in parts for room in spans(row[0])} == set(ALLOWED)
    named = [code(row[0]) for row in engine]
    assert sorted(room.removeprefix("loading/").removesuffix(".py") for room in named) == sorted(ENGINE_ALLOWED)


def test_the_pictures_of_the_architecture_page_show_allowed_imports() -> None:
    for block, table in zip(blocks("architecture.md", "mermaid"), (ALLOWED, ENGINE_ALLOWED), strict=False):
        arrows = re.findall(r"^ +(\w+) --> (\w+)$", block, re.MULTILINE)
        assert len(arrows) > 8
        assert [arrow for arrow in arrows if arrow[1] not in {name.split(".")[0] for name in table[arrow[0]]}] == []


def test_the_package_itself_imports_nothing() -> None:
    assert list(imports(PACKAGE, MODULES[PACKAGE])) == []


def test_folders_and_modules_stay_small() -> None:
    for folder in [DIRECTORY, *(path for path in DIRECTORY.rglob("*") if path.is_dir())]:
        limit = ENGINE_ROOT_LIMIT if folder == DIRECTORY / "loading" else FOLDER_LIMIT
        modules = list(folder.glob("*.py"))
        assert len(modules) <= limit, f"{folder.name} holds {len(modules)} modules"
        for module in modules:
            lines = len(module.read_text(encoding="utf-8").splitlines())
            assert lines <= LINES_LIMIT, f"{module} has {lines} lines"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_has_a_docstring(module: str) -> None:
    assert ast.get_docstring(MODULES[module]), f"{module} has no docstring"


def test_the_check_finds_imports_in_functions_relative_imports_and_those_for_types() -> None:
    tree = ast.parse(
        "if TYPE_CHECKING:\n    import pydantic\n"
        "def f():\n    import httpx.x\nfrom ..api import client\nfrom airflow_provider_clevertap import api\n"
        "from airflow_provider_clevertap.loading import ledger\n"
    )
    assert sorted(imports(f"{PACKAGE}.loading.load", tree)) == [
        f"{PACKAGE}.api",
        f"{PACKAGE}.api.client",
        f"{PACKAGE}.loading.ledger",
        "httpx.x",
        "pydantic",
    ]
