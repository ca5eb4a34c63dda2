"""Every promise in the documentation names its tests, and the tests exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.doc_pages import DOCS, prose, tables

PAGES = ("guarantees.md", "security.md")
#: A link to a test: its name, and the file.
_TEST = re.compile(r"\[`(test_\w+)`\]\((\S+?)\)")


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return the names of the test functions of a file, including those in classes."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_a_test(page: str) -> None:
    rows = [row for table in tables(page, "Promise", "Tested by") for row in table]
    assert len(rows) > 10
    assert [promise for promise, tests in rows if not _TEST.search(tests)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists(page: str) -> None:
    named = _TEST.findall(prose(page))
    assert [f"{file}::{name}" for name, file in named if name not in names_in((DOCS / file).resolve())] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_test_is_named_without_its_file(page: str) -> None:
    assert set(re.findall(r"\btest_\w+(?=`)", prose(page))) == {name for name, _ in _TEST.findall(prose(page))}
