"""Every promise of the documentation names tests, and they are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.doc_pages import DOCS, prose, tables

PAGES = {"guarantees.md": "Promise", "security.md": "Sentence"}
#: A link to a test: its name, and the file.
_TEST = re.compile(r"\[`(test_\w+)`\]\((\S+?)\)")


@cache
def names_in(path: Path) -> frozenset[str]:
    """Give the names of the test functions of a file, those in classes as well."""
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(one.name for one in found if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_a_test(page: str) -> None:
    rows = [row for table in tables(page, PAGES[page], "Held by") for row in table]
    assert len(rows) > 10
    assert [promise for promise, held_by in rows if not _TEST.search(held_by)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_test_named_is_there(page: str) -> None:
    named = _TEST.findall(prose(page))
    assert [f"{file}::{name}" for name, file in named if name not in names_in((DOCS / file).resolve())] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_test_is_named_without_its_file(page: str) -> None:
    assert set(re.findall(r"\btest_\w+(?=`)", prose(page))) == {name for name, _ in _TEST.findall(prose(page))}
